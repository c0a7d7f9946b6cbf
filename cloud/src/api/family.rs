//! Who else may see a vehicle: members, invitations, and taking one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Account, Caller, Granted, Own, Owner, Role};
use crate::channels::{Address, Asked, Target};
use crate::domain::{AccountId, FamilyChange, FamilyRole, Grant, Intent, Right, Vehicle};
use crate::family::{Invitation, InvitationId};
use crate::i18n::{Language, timestamp};
use crate::web::{AppState, Reader, vehicle_name};

/// Who has access to a vehicle, and who is invited to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FamilyBody {
    family: FamilyDetail,
}

/// Members and invitations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FamilyDetail {
    /// Those with access, by account.
    members: Vec<MemberBody>,
    /// Invitations that nobody has taken, the newest first.
    invitations: Vec<InvitationBody>,
}

/// Somebody with access.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberBody {
    account: String,
    name: String,
    role: FamilyRole,
    /// Whether the vehicle's trips are shown too.
    trips: bool,
    since_at: Timestamp,
}

/// An invitation that nobody has taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitationBody {
    id: String,
    to: String,
    role: FamilyRole,
    trips: bool,
    made_at: Timestamp,
    until_at: Timestamp,
    /// `waits`, `sent` or `failed`; absent where the service sends no mails.
    #[schema(value_type = Option<String>)]
    mail: Option<Asked>,
    /// What the mail links to; whoever has it may take the invitation, once.
    link: String,
}

/// Whom to invite, and as what.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct InviteBody {
    email: String,
    role: FamilyRole,
    /// Whether the vehicle's trips are shown too.
    #[serde(default)]
    trips: bool,
}

/// What is granted.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct GrantBody {
    role: FamilyRole,
    /// Whether the vehicle's trips are shown too.
    trips: bool,
}

/// An invitation as whoever was invited sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedBody {
    invitation: Invited,
}

/// What is offered by whom.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the fields are the API's")]
pub(super) struct Invited {
    vehicle: String,
    invited_by: String,
    role: FamilyRole,
    trips: bool,
    until_at: Timestamp,
}

/// Who takes an invitation: the caller, unless a new account is wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct TakeBody {
    new_account: Option<NewAccount>,
}

/// An account that comes into being by an invitation.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewAccount {
    /// 1 to 64 characters of `[a-z0-9_-]`.
    pub(crate) account: String,
    /// What the pages call the person.
    pub(crate) display_name: String,
    /// At least 12 characters.
    pub(crate) password: String,
}

/// The longest name of a person, in characters.
const MAX_NAME: usize = 60;

/// Who has access to one of the caller's vehicles, and who is invited to it.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/family", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = FamilyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Json<FamilyBody>, Problem> {
    body(&state, &vehicle).await
}

/// Invite somebody to one of the caller's vehicles; the link works once and for a week.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/family/invitations", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = InviteBody, responses(
    (status = 201, body = FamilyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
pub(crate) async fn invite(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Json(wish): Json<InviteBody>,
) -> Result<(StatusCode, Json<FamilyBody>), Problem> {
    let to = Address::email(&wish.email).ok_or_else(|| Problem::invalid_at("email".to_owned()))?;
    let grant = Grant { role: wish.role, trips: wish.trips };
    state.family.invite(&vehicle, &owner.0.account, to, grant).await?;
    Ok((StatusCode::CREATED, body(&state, &vehicle).await?))
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/api/v1/vehicles/{vehicle}/family/invitations/{invitation}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("invitation" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn withdraw(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Path((_, invitation)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let invitation: InvitationId = invitation.parse().map_err(|_| Problem::not_found())?;
    let was_there = state.family.withdraw(&vehicle.device, &invitation).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Change what somebody with access may do.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/family/members/{member}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("member" = String, Path, description = "The member's account")),
    request_body = GrantBody, responses(
    (status = 200, body = FamilyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn regrant(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, member)): Path<(String, String)>,
    Json(wish): Json<GrantBody>,
) -> Result<Json<FamilyBody>, Problem> {
    let grant = Grant { role: wish.role, trips: wish.trips };
    let change = FamilyChange::Regrant { account: account(&member)?, grant };
    state.service.submit(&vehicle.device, Intent::Family { change }, owner.actor()).await?;
    body(&state, &owner.vehicle(&state, vehicle.device.as_str()).await?).await
}

/// End somebody's access, at once and in every session; a member ends the own one.
#[utoipa::path(delete, path = "/api/v1/vehicles/{vehicle}/family/members/{member}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("member" = String, Path, description = "The member's account")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn dismiss(
    State(state): State<AppState>,
    owner: Owner,
    Path((id, member)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    dismissed(&state, &owner, &id, &member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an access: anybody's to the caller's vehicle, or the caller's to another's.
pub(crate) async fn dismissed(state: &AppState, owner: &Owner, id: &str, member: &str) -> Result<(), Problem> {
    let account = account(member)?;
    let right = if account == owner.0.account.id { Right::See } else { Right::Own };
    let vehicle = owner.vehicle_for(state, id, right).await?;
    let change = FamilyChange::Dismiss { account };
    state.service.submit(&vehicle.device, Intent::Family { change }, owner.actor_on(&vehicle)).await?;
    Ok(())
}

/// What an invitation offers.
#[utoipa::path(get, path = "/api/v1/invitations/{token}", tag = "session",
    params(("token" = String, Path, description = "The last part of the link")), responses(
    (status = 200, body = InvitedBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn look(
    State(state): State<AppState>,
    reader: Reader,
    Path(token): Path<String>,
) -> Result<Json<InvitedBody>, Problem> {
    let (invitation, vehicle) = invited(&state, &token).await?;
    let by = state.accounts.account(&invitation.by).await?;
    Ok(Json(InvitedBody {
        invitation: Invited {
            vehicle: vehicle_name(reader.localizer(None), &vehicle),
            invited_by: by.map(|account| account.display_name).unwrap_or_default(),
            role: invitation.grant.role,
            trips: invitation.grant.trips,
            until_at: timestamp(invitation.until_ms),
        },
    }))
}

/// Take an invitation, with the caller's account or with a new one.
#[utoipa::path(post, path = "/api/v1/invitations/{token}", tag = "session",
    params(("token" = String, Path, description = "The last part of the link")), request_body = TakeBody, responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn take(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(token): Path<String>,
    Json(wish): Json<TakeBody>,
) -> Result<StatusCode, Problem> {
    match (wish.new_account, caller) {
        (Some(new), _) => {
            taken_anew(&state, &token, &new, None).await?;
        }
        (None, Some(caller)) => taken(&state, &token, &caller.account).await?,
        (None, None) => {
            // Whether the invitation counts is said first, so that nobody logs in for nothing.
            invited(&state, &token).await?;
            return Err(Problem::sign_in());
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The invitation that a link names, with its vehicle; "not found" if it does not count.
pub(crate) async fn invited(state: &AppState, token: &str) -> Result<(Invitation, Vehicle), Problem> {
    let (device, id) = named(state, token)?;
    Ok(state.family.find(&device, &id).await?)
}

/// Takes an invitation for an account that there is.
pub(crate) async fn taken(state: &AppState, token: &str, account: &Account) -> Result<(), Problem> {
    let (device, id) = named(state, token)?;
    Ok(state.family.take(&device, &id, account, None).await?)
}

/// Takes an invitation for an account that comes into being by that.
pub(crate) async fn taken_anew(
    state: &AppState,
    token: &str,
    new: &NewAccount,
    language: Option<Language>,
) -> Result<Account, Problem> {
    let (device, id) = named(state, token)?;
    // A password costs memory to hash; whoever has no invitation does not get that far.
    state.family.find(&device, &id).await?;
    let at = |field: &str| Problem::invalid_at(field.to_owned());
    let name = new.account.trim().to_lowercase();
    let account: AccountId = name.parse().map_err(|_| at("account"))?;
    let display_name = new.display_name.trim();
    if display_name.is_empty() || display_name.chars().count() > MAX_NAME || display_name.chars().any(char::is_control)
    {
        return Err(at("display_name"));
    }
    let drafted = state.accounts.draft(account, display_name, Role::Owner, &new.password, language).await;
    let (account, write) = drafted.map_err(|error| match Problem::from(error) {
        problem if problem.code == "invalid" => at("password"),
        problem => problem,
    })?;
    state.family.take(&device, &id, &account, Some(write)).await?;
    Ok(account)
}

fn named(state: &AppState, token: &str) -> Result<(milepost_protocol::DeviceId, InvitationId), Problem> {
    match state.channels.links().read(token, state.now_ms()) {
        Some(Target::Invite { device, invitation, .. }) => Ok((device, invitation)),
        _ => Err(Problem::not_found()),
    }
}

fn account(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

async fn body(state: &AppState, vehicle: &Vehicle) -> Result<Json<FamilyBody>, Problem> {
    Ok(Json(FamilyBody { family: detail(state, vehicle).await? }))
}

/// Who has access to a vehicle, and who is invited to it.
pub(super) async fn detail(state: &AppState, vehicle: &Vehicle) -> Result<FamilyDetail, Problem> {
    let mut members = Vec::with_capacity(vehicle.family.len());
    for (account, member) in &vehicle.family {
        let known = state.accounts.account(account).await?;
        members.push(MemberBody {
            account: account.to_string(),
            name: known.map(|known| known.display_name).unwrap_or_default(),
            role: member.grant.role,
            trips: member.grant.trips,
            since_at: timestamp(member.since_ms),
        });
    }
    let open = state.family.open(vehicle).await?;
    let invitation = |open: &Invitation| InvitationBody {
        id: open.id.to_string(),
        to: open.to.as_str().to_owned(),
        role: open.grant.role,
        trips: open.grant.trips,
        made_at: timestamp(open.made_ms),
        until_at: timestamp(open.until_ms),
        mail: open.mail,
        link: state.channels.links().url(&Target::invite(open)),
    };
    Ok(FamilyDetail { members, invitations: open.iter().map(invitation).collect() })
}
