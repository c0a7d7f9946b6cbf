//! Who else may see a vehicle: its owner's page, and what its forms do.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::owner::{Did, owner_page};
use super::page::{Page, Section};
use super::view::Flash;
use super::{AppState, Opened, Reader, render};
use crate::accounts::{Granted, Own, Owner};
use crate::api::{Problem, family::dismissed};
use crate::channels::{Address, Asked, Target};
use crate::domain::{FamilyChange, FamilyRole, Grant, Intent, Vehicle};
use crate::family::{Invitation, InvitationId};
use crate::i18n::{Format, Localizer};

#[derive(Template)]
#[template(path = "owner/family.html")]
struct FamilyPage {
    page: Page,
    base: String,
    members: Vec<MemberLine>,
    invitations: Vec<InvitationLine>,
    roles: Vec<RoleChoice>,
    email: String,
    error: Option<String>,
    flash: Option<Flash>,
}

struct MemberLine {
    account: String,
    name: String,
    since: String,
    trips: bool,
    roles: Vec<RoleChoice>,
}

struct InvitationLine {
    id: String,
    to: String,
    about: String,
    until: String,
    mail: Option<String>,
    link: String,
}

struct RoleChoice {
    name: &'static str,
    text: String,
    about: String,
    chosen: bool,
}

/// What is granted, as the forms send it.
#[derive(Debug, Deserialize)]
pub(crate) struct GrantForm {
    role: String,
    #[serde(default)]
    trips: String,
    #[serde(default)]
    email: String,
}

impl GrantForm {
    fn grant(&self) -> Result<Grant, Problem> {
        let role = FamilyRole::from_name(&self.role).ok_or_else(Problem::invalid)?;
        Ok(Grant { role, trips: self.trips == "on" })
    }
}

/// `GET /vehicles/{vehicle}/family`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let flash = did.flash(&format);
    page(&state, &owner, &reader, &vehicle, flash, None).await
}

async fn page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    flash: Option<Flash>,
    refused: Option<(String, String)>,
) -> Result<Response, Problem> {
    let format = reader.format(&owner.0.account, Some(vehicle));
    let mut page = owner_page(state, owner, reader, vehicle, "family-title", Section::Account).await?;
    // The links of invitations must not come back from a browser's store.
    page.keeps = false;
    let mut members = Vec::with_capacity(vehicle.family.len());
    for (account, member) in &vehicle.family {
        let known = state.accounts.account(account).await?;
        members.push(MemberLine {
            account: account.to_string(),
            name: known.map_or_else(|| account.to_string(), |known| known.display_name),
            since: page.t1("family-since", "date", format.date(member.since_ms)),
            trips: member.grant.trips,
            roles: roles(page.localizer, member.grant.role),
        });
    }
    let open = state.family.open(vehicle).await?;
    let (email, error) = refused.map_or((String::new(), None), |(email, error)| (email, Some(error)));
    render::html(&FamilyPage {
        base: format!("/vehicles/{}", vehicle.device),
        members,
        invitations: open.iter().map(|open| invitation(state, open, &format)).collect(),
        roles: roles(page.localizer, FamilyRole::Driver),
        email,
        error,
        flash,
        page,
    })
}

fn roles(localizer: Localizer, present: FamilyRole) -> Vec<RoleChoice> {
    let choice = |role: FamilyRole| {
        let (key, about) = keys(role);
        RoleChoice {
            name: role.name(),
            text: localizer.text(key),
            about: localizer.text(about),
            chosen: role == present,
        }
    };
    FamilyRole::ALL.into_iter().map(choice).collect()
}

/// The texts of a role: its name, and what it opens.
fn keys(role: FamilyRole) -> (&'static str, &'static str) {
    match role {
        FamilyRole::Driver => ("family-role-driver", "family-role-driver-about"),
        FamilyRole::Viewer => ("family-role-viewer", "family-role-viewer-about"),
    }
}

/// What is granted, in words.
pub(super) fn granted(localizer: Localizer, grant: Grant) -> String {
    let role = localizer.text(keys(grant.role).0);
    if grant.trips { format!("{role} · {}", localizer.text("family-with-trips")) } else { role }
}

fn invitation(state: &AppState, open: &Invitation, format: &Format) -> InvitationLine {
    let localizer = format.localizer;
    InvitationLine {
        id: open.id.to_string(),
        to: open.to.as_str().to_owned(),
        about: granted(localizer, open.grant),
        until: localizer.with("family-until", [("date", format.date(open.until_ms).into())]),
        mail: open.mail.map(|mail| {
            localizer.text(match mail {
                Asked::Waits => "family-mail-waits",
                Asked::Sent => "family-mail-sent",
                Asked::Failed => "family-mail-failed",
            })
        }),
        link: state.channels.links().url(&Target::invite(open)),
    }
}

/// `POST /vehicles/{vehicle}/family`: what does not hold comes back as it was typed.
pub(crate) async fn invite(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Form(form): Form<GrantForm>,
) -> Result<Response, Problem> {
    let invited = match (Address::email(&form.email), form.grant()) {
        (Some(to), Ok(grant)) => {
            state.family.invite(&vehicle, &owner.0.account, to, grant).await.map_err(Problem::from)
        }
        (None, _) => Err(Problem::invalid_at("email".to_owned())),
        (_, Err(problem)) => Err(problem),
    };
    match invited {
        Ok(_) => Ok(render::see_other(&format!("/vehicles/{}/family?did=invited", vehicle.device))),
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(problem) => {
            let said = problem.detail(reader.localizer(Some(&owner.0.account)));
            let page = page(&state, &owner, &reader, &vehicle, None, Some((form.email, said))).await?;
            Ok((problem.status, page).into_response())
        }
    }
}

/// `POST /vehicles/{vehicle}/family/members/{member}`.
pub(crate) async fn regrant(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, member)): Path<(String, String)>,
    Form(form): Form<GrantForm>,
) -> Result<Response, Problem> {
    let account = member.parse().map_err(|_| Problem::not_found())?;
    let change = FamilyChange::Regrant { account, grant: form.grant()? };
    state.service.submit(&vehicle.device, Intent::Family { change }, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/family?did=regranted", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/family/members/{member}/remove`: by the owner, or by the member.
pub(crate) async fn dismiss(
    State(state): State<AppState>,
    owner: Owner,
    Path((id, member)): Path<(String, String)>,
) -> Result<Response, Problem> {
    dismissed(&state, &owner, &id, &member).await?;
    if member == owner.0.account.id.as_str() {
        return Ok(render::see_other("/account?did=left"));
    }
    Ok(render::see_other(&format!("/vehicles/{id}/family?did=dismissed")))
}

/// `POST /vehicles/{vehicle}/family/invitations/{invitation}/withdraw`.
pub(crate) async fn withdraw(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Path((_, invitation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let invitation: InvitationId = invitation.parse().map_err(|_| Problem::not_found())?;
    state.family.withdraw(&vehicle.device, &invitation).await?;
    Ok(render::see_other(&format!("/vehicles/{}/family?did=withdrawn", vehicle.device)))
}
