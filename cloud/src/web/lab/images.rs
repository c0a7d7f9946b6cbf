//! Firmware images, and the form that drafts a rollout of one.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use milepost_engine::rollout::Settings;
use milepost_protocol::update::Version;
use serde::Deserialize;

use crate::accounts::Engineer;
use crate::api::Problem;
use crate::firmware::{FirmwareError, ImageDoc, hex};
use crate::i18n::Format;
use crate::web::{AppState, render};

/// The most devices that a form may ask for as the first wave.
const MAX_CANARIES: usize = 1_000;

/// One image.
pub(super) struct Image {
    pub(super) board: String,
    pub(super) version: String,
    pub(super) build: String,
    pub(super) len: String,
    pub(super) floor: String,
    pub(super) sha256: String,
    pub(super) published: String,
}

impl Image {
    pub(super) fn of(doc: &ImageDoc, format: &Format) -> Result<Self, FirmwareError> {
        let manifest = doc.manifest()?;
        let who = [("who", doc.published_by.to_string().into()), ("when", format.date_time(doc.published_ms).into())];
        Ok(Self {
            board: manifest.board.as_str().to_owned(),
            version: manifest.version.to_string(),
            build: hex(&manifest.build),
            len: format.bytes(manifest.len.into()),
            floor: manifest.floor.to_string(),
            sha256: hex(&manifest.sha256),
            published: format.localizer.with("lab-image-published", who),
        })
    }
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct DraftForm {
    /// The board and the version, with a blank between them.
    image: String,
    canaries: usize,
    soak_h: u64,
    #[serde(default)]
    any_time: Option<String>,
}

/// `POST /lab/rollouts`.
pub(crate) async fn draft(
    State(state): State<AppState>,
    engineer: Engineer,
    Form(form): Form<DraftForm>,
) -> Result<Response, Problem> {
    let (board, version) = form.image.split_once(' ').ok_or_else(Problem::invalid)?;
    let version: Version = version.parse().map_err(|_| Problem::invalid())?;
    if form.canaries > MAX_CANARIES {
        return Err(Problem::invalid());
    }
    let default = Settings::default();
    let settings = Settings {
        canaries: form.canaries,
        soak_ms: form.soak_h.saturating_mul(3_600_000),
        window: if form.any_time.is_some() { None } else { default.window },
        ..default
    };
    let doc = state.firmware.draft(board, version, settings, engineer.0.account.id).await?;
    Ok(render::see_other(&format!("/lab/rollouts/{}", doc.rollout.id)))
}
