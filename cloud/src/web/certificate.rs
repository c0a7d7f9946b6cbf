//! The certificate of a used car: its owner's page with the link, and what a buyer sees behind that link.
//!
//! Invariant: a link's address is shown once, when it is made; who opens it learns nothing that the certificate does not say.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HOST};
use axum::response::{IntoResponse, Response};

use super::owner::{Did, owner_page};
use super::page::{Page, Section};
use super::view::Flash;
use super::{AppState, Opened, Reader, render};
use crate::accounts::{Granted, Own, Owner, Token};
use crate::api::Problem;
use crate::certificate::{Certificate, Certificates, Words, draw};
use crate::domain::Vehicle;
use crate::i18n::{Format, Language};
use crate::pdf::PdfError;
use crate::zones::zone;

#[derive(Template)]
#[template(path = "owner/certificate.html")]
struct OwnerPage {
    page: Page,
    base: String,
    words: Words,
    flash: Option<Flash>,
    address: Option<String>,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "certificate.html")]
struct BuyerPage {
    page: Page,
    pdf: String,
    words: Words,
}

/// `GET /vehicles/{vehicle}/certificate`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    page(&state, &owner, &reader, &vehicle, &did, None).await
}

/// `POST /vehicles/{vehicle}/certificate/link`.
pub(crate) async fn share(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (secret, _) = certificates(&state).share(&vehicle).await?;
    let address = address(&state, &headers, &vehicle, &secret);
    page(&state, &owner, &reader, &vehicle, &Did::default(), Some(address)).await
}

/// `POST /vehicles/{vehicle}/certificate/end`.
pub(crate) async fn end(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Response, Problem> {
    certificates(&state).end(&vehicle).await?;
    Ok(render::see_other(&format!("/vehicles/{}/certificate?did=certificate-ended", vehicle.device)))
}

/// `GET /vehicles/{vehicle}/certificate.pdf`.
pub(crate) async fn download(Opened { vehicle, format, .. }: Opened<Own>) -> Result<Response, Problem> {
    pdf(&vehicle, &format, None)
}

/// `GET /certificates/{vehicle}/{secret}`: whoever has the address reads it.
pub(crate) async fn open(
    State(state): State<AppState>,
    reader: Reader,
    Path((device, secret)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let vehicle = opened(&state, &device, &secret).await?;
    let words = words(&vehicle, &buyers(&reader, &vehicle));
    let page = Page::anonymous(&reader, "certificate-title");
    render::html(&BuyerPage { page, pdf: format!("/certificates/{device}/{secret}/certificate.pdf"), words })
}

/// `GET /certificates/{vehicle}/{secret}/certificate.pdf`.
pub(crate) async fn take(
    State(state): State<AppState>,
    reader: Reader,
    headers: HeaderMap,
    Path((device, secret)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let vehicle = opened(&state, &device, &secret).await?;
    let secret = secret.parse().map_err(|_| Problem::not_found())?;
    let address = address(&state, &headers, &vehicle, &secret);
    pdf(&vehicle, &buyers(&reader, &vehicle), Some(&address))
}

/// The address of a link.
pub(crate) fn address(state: &AppState, headers: &HeaderMap, vehicle: &Vehicle, secret: &Token) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if state.cookies.secure { "https" } else { "http" };
    format!("{scheme}://{host}/certificates/{}/{}", vehicle.device, secret.reveal())
}

/// The links of certificates.
pub(crate) fn certificates(state: &AppState) -> Certificates {
    Certificates::new(state.service.clone())
}

async fn opened(state: &AppState, device: &str, secret: &str) -> Result<Vehicle, Problem> {
    let secret: Token = secret.parse().map_err(|_| Problem::not_found())?;
    certificates(state).open(device, &secret).await?.ok_or_else(Problem::not_found)
}

/// How figures are written for a buyer, whose clock is taken to be the car's.
fn buyers(reader: &Reader, vehicle: &Vehicle) -> Format {
    Format { zone: zone(&vehicle.profile.time_zone), ..reader.plain_format() }
}

fn words(vehicle: &Vehicle, format: &Format) -> Words {
    Words::of(&Certificate::of(vehicle, format.now_ms), vehicle, format)
}

/// The document, in the reader's language where the font has its characters.
fn pdf(vehicle: &Vehicle, format: &Format, link: Option<&str>) -> Result<Response, Problem> {
    let drawn = match draw(format.localizer, &words(vehicle, format), link) {
        // The font has no characters of some languages; everybody can have it in the first one.
        Err(PdfError::Character(_)) => {
            let localizer = Language::DEFAULT.localizer();
            draw(localizer, &words(vehicle, &Format { localizer, ..format.clone() }), link)
        }
        drawn => drawn,
    };
    let bytes = drawn.map_err(crate::certificate::CertificateError::from)?;
    let name = format!("attachment; filename=\"certificate-{}.pdf\"", vehicle.device);
    Ok(([(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, name)], bytes).into_response())
}

async fn page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    did: &Did,
    address: Option<String>,
) -> Result<Response, Problem> {
    let format = reader.format(&owner.0.account, Some(vehicle));
    let shared = certificates(state).shared(vehicle).await?;
    render::html(&OwnerPage {
        page: owner_page(state, owner, reader, vehicle, "certificate-title", Section::Services).await?,
        base: format!("/vehicles/{}", vehicle.device),
        words: words(vehicle, &format),
        flash: did.flash(&format),
        address,
        until: shared.map(|shared| format.date(shared.until_ms)),
    })
}
