//! Rollouts of firmware images: drafting, two approvals, waves, and stopping by hand.

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use milepost_engine::rollout::{
    Gates, LocalWindow, PauseReason, Phase, Settings, Standing, State as RolloutState, StopReason, Tally, Wave,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::firmware::{FirmwareError, Member, RolloutDoc};
use crate::i18n::timestamp;
use crate::web::AppState;

/// Rollouts by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RolloutsBody {
    rollouts: Vec<RolloutBody>,
}

/// One rollout.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneRolloutBody {
    rollout: RolloutBody,
}

/// How a rollout stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RolloutBody {
    id: u32,
    board: String,
    version: String,
    /// `draft`, `running`, `paused`, `stopped` or `done`.
    state: &'static str,
    /// `canary`, `10 %`, `50 %` or `100 %`.
    wave: Option<&'static str>,
    /// Why it paused or stopped: `asked`, `stuck`, or the gate: `refused`, `reverted`, `reconnect`, `resets`, `backlog`, `current`.
    reason: Option<&'static str>,
    created_by: String,
    approved_by: Vec<String>,
    tally: TallyBody,
    history: Vec<EntryBody>,
}

/// How many devices of the wave, and of those before it, stand where.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TallyBody {
    members: u32,
    waiting: u32,
    under_way: u32,
    soaking: u32,
    healthy: u32,
    stuck: u32,
    failed: u32,
    withdrawn: u32,
}

impl From<Tally> for TallyBody {
    fn from(tally: Tally) -> Self {
        let Tally { members, waiting, under_way, soaking, healthy, stuck, failed, withdrawn } = tally;
        Self { members, waiting, under_way, soaking, healthy, stuck, failed, withdrawn }
    }
}

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryBody {
    at: Timestamp,
    /// The account; absent where the service moved by itself.
    by: Option<String>,
    what: String,
}

impl From<RolloutDoc> for RolloutBody {
    fn from(doc: RolloutDoc) -> Self {
        let rollout = doc.rollout;
        let entry = |entry: crate::firmware::Entry| EntryBody {
            at: timestamp(entry.at_ms),
            by: entry.by.map(|by| by.to_string()),
            what: entry.what,
        };
        Self {
            id: rollout.id,
            board: rollout.board,
            version: rollout.version.to_string(),
            state: rollout.state.name(),
            wave: rollout.state.wave().map(Wave::name),
            reason: reason(rollout.state),
            created_by: doc.created_by.to_string(),
            approved_by: rollout.approvals,
            tally: doc.tally.into(),
            history: doc.history.into_iter().map(entry).collect(),
        }
    }
}

fn reason(state: RolloutState) -> Option<&'static str> {
    match state {
        RolloutState::Paused { reason: PauseReason::Asked, .. }
        | RolloutState::Stopped { reason: StopReason::Asked, .. } => Some("asked"),
        RolloutState::Paused { reason: PauseReason::Stuck { .. }, .. } => Some("stuck"),
        RolloutState::Stopped { reason: StopReason::Gate { failure, .. }, .. } => Some(failure.name()),
        RolloutState::Draft | RolloutState::Running { .. } | RolloutState::Done { .. } => None,
    }
}

/// A rollout to draft; what is absent has its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRolloutBody {
    board: String,
    version: String,
    /// How many devices the first wave has; 5 by default.
    canaries: Option<usize>,
    /// How long a confirmed device is watched before it counts as well; a day by default.
    soak_ms: Option<u64>,
    /// Without any movement for this long a device is stuck; a week by default.
    stuck_after_ms: Option<u64>,
    /// How many devices may be on their way at once; 500 by default.
    max_active: Option<usize>,
    /// Whether devices may restart at any time of the day when parked.
    #[serde(default)]
    any_time: bool,
    /// The window of the vehicle's own day in which devices may restart; from 01:00 for four hours by default.
    window: Option<WindowBody>,
    gates: Option<GatesBody>,
}

/// A window of the vehicle's own day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowBody {
    /// The minute of the day at which it opens.
    from_minute: u16,
    /// For how many minutes.
    minutes: u16,
}

/// The limits; what is absent has its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GatesBody {
    max_failed_share: Option<f64>,
    max_stuck_share: Option<f64>,
    reconnect_factor: Option<f64>,
    reconnect_slack_ms: Option<f64>,
    max_resets: Option<u16>,
    backlog_factor: Option<f64>,
    backlog_slack: Option<f64>,
    current_factor: Option<f64>,
    current_slack_ma: Option<f64>,
}

impl NewRolloutBody {
    fn settings(&self) -> Settings {
        let default = Settings::default();
        let window =
            self.window.as_ref().map(|window| LocalWindow { from_minute: window.from_minute, minutes: window.minutes });
        Settings {
            canaries: self.canaries.unwrap_or(default.canaries),
            soak_ms: self.soak_ms.unwrap_or(default.soak_ms),
            stuck_after_ms: self.stuck_after_ms.unwrap_or(default.stuck_after_ms),
            max_active: self.max_active.unwrap_or(default.max_active),
            window: if self.any_time { None } else { window.or(default.window) },
            gates: self.gates.as_ref().map_or(default.gates, GatesBody::gates),
        }
    }
}

impl GatesBody {
    fn gates(&self) -> Gates {
        let default = Gates::default();
        Gates {
            max_failed_share: self.max_failed_share.unwrap_or(default.max_failed_share),
            max_stuck_share: self.max_stuck_share.unwrap_or(default.max_stuck_share),
            reconnect_factor: self.reconnect_factor.unwrap_or(default.reconnect_factor),
            reconnect_slack_ms: self.reconnect_slack_ms.unwrap_or(default.reconnect_slack_ms),
            max_resets: self.max_resets.unwrap_or(default.max_resets),
            backlog_factor: self.backlog_factor.unwrap_or(default.backlog_factor),
            backlog_slack: self.backlog_slack.unwrap_or(default.backlog_slack),
            current_factor: self.current_factor.unwrap_or(default.current_factor),
            current_slack_ma: self.current_slack_ma.unwrap_or(default.current_slack_ma),
        }
    }
}

/// The devices that a rollout has offered its image to, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RolloutDevicesBody {
    devices: Vec<RolloutDeviceBody>,
}

/// One device in a rollout.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RolloutDeviceBody {
    id: String,
    /// What runs, as far as the device has told.
    version: Option<String>,
    /// `offered`, `receiving`, `verified`, `installed`, `on_trial`, `confirmed`, `refused`, `reverted` or `withdrawn`.
    phase: &'static str,
    /// How many bytes it has.
    have: Option<u32>,
    /// `under_way`, `soaking`, `healthy`, `stuck`, `withdrawn`, or the gate that it failed.
    standing: &'static str,
    moved_at: Timestamp,
}

/// All rollouts.
#[utoipa::path(get, path = "/api/v1/rollouts", tag = "engineer", responses(
    (status = 200, body = RolloutsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, _engineer: Engineer) -> Result<Json<RolloutsBody>, Problem> {
    let rollouts = state.firmware.rollouts().await?;
    Ok(Json(RolloutsBody { rollouts: rollouts.into_iter().map(Into::into).collect() }))
}

/// Draft a rollout of a published image; it begins when two different people have approved it.
#[utoipa::path(post, path = "/api/v1/rollouts", tag = "engineer", request_body = NewRolloutBody, responses(
    (status = 200, body = OneRolloutBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn create(
    State(state): State<AppState>,
    engineer: Engineer,
    Json(body): Json<NewRolloutBody>,
) -> Result<Json<OneRolloutBody>, Problem> {
    let version = body.version.parse().map_err(|_| Problem::invalid())?;
    one(state.firmware.draft(&body.board, version, body.settings(), engineer.0.account.id).await)
}

/// One rollout.
#[utoipa::path(get, path = "/api/v1/rollouts/{rollout}", tag = "engineer",
    params(("rollout" = u32, Path, description = "The rollout's number")), responses(
    (status = 200, body = OneRolloutBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    _engineer: Engineer,
    Path(id): Path<u32>,
) -> Result<Json<OneRolloutBody>, Problem> {
    one(state.firmware.rollout(id).await)
}

/// The devices of one rollout.
#[utoipa::path(get, path = "/api/v1/rollouts/{rollout}/devices", tag = "engineer",
    params(("rollout" = u32, Path, description = "The rollout's number")), responses(
    (status = 200, body = RolloutDevicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn devices(
    State(state): State<AppState>,
    _engineer: Engineer,
    Path(id): Path<u32>,
) -> Result<Json<RolloutDevicesBody>, Problem> {
    let rollout = state.firmware.rollout(id).await?.rollout;
    let members = state.firmware.members(&rollout).await?;
    let device = |member: Member| RolloutDeviceBody {
        id: member.device.to_string(),
        version: member.version.map(|version| version.to_string()),
        phase: phase(member.offered.phase),
        have: match member.offered.phase {
            Phase::Receiving(have) => Some(have),
            _ => None,
        },
        standing: stands(member.standing),
        moved_at: timestamp(member.offered.moved_ms),
    };
    let devices = members.into_iter().map(device).collect();
    Ok(Json(RolloutDevicesBody { devices }))
}

/// Approve a rollout; the second person's approval starts it.
#[utoipa::path(post, path = "/api/v1/rollouts/{rollout}/approve", tag = "engineer",
    params(("rollout" = u32, Path, description = "The rollout's number")), responses(
    (status = 200, body = OneRolloutBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn approve(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<u32>,
) -> Result<Json<OneRolloutBody>, Problem> {
    one(state.firmware.approve(id, &engineer.0.account.id).await)
}

/// Pause a running rollout: nobody is offered anything, and no bytes go out.
#[utoipa::path(post, path = "/api/v1/rollouts/{rollout}/pause", tag = "engineer",
    params(("rollout" = u32, Path, description = "The rollout's number")), responses(
    (status = 200, body = OneRolloutBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn pause(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<u32>,
) -> Result<Json<OneRolloutBody>, Problem> {
    one(state.firmware.pause(id, &engineer.0.account.id).await)
}

/// Let a paused rollout go on; devices that are stuck in its wave are accepted.
#[utoipa::path(post, path = "/api/v1/rollouts/{rollout}/resume", tag = "engineer",
    params(("rollout" = u32, Path, description = "The rollout's number")), responses(
    (status = 200, body = OneRolloutBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn resume(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<u32>,
) -> Result<Json<OneRolloutBody>, Problem> {
    one(state.firmware.resume(id, &engineer.0.account.id).await)
}

/// Stop a rollout for ever and withdraw what is not installed yet.
#[utoipa::path(post, path = "/api/v1/rollouts/{rollout}/stop", tag = "engineer",
    params(("rollout" = u32, Path, description = "The rollout's number")), responses(
    (status = 200, body = OneRolloutBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn stop(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<u32>,
) -> Result<Json<OneRolloutBody>, Problem> {
    one(state.firmware.stop(id, &engineer.0.account.id).await)
}

fn one(doc: Result<RolloutDoc, FirmwareError>) -> Result<Json<OneRolloutBody>, Problem> {
    Ok(Json(OneRolloutBody { rollout: doc?.into() }))
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Offered => "offered",
        Phase::Receiving(_) => "receiving",
        Phase::Verified => "verified",
        Phase::Installed => "installed",
        Phase::OnTrial => "on_trial",
        Phase::Confirmed => "confirmed",
        Phase::Refused(_) => "refused",
        Phase::Reverted(_) => "reverted",
        Phase::Withdrawn => "withdrawn",
    }
}

fn stands(standing: Standing) -> &'static str {
    match standing {
        Standing::Elsewhere => "elsewhere",
        Standing::Waiting => "waiting",
        Standing::UnderWay => "under_way",
        Standing::Soaking => "soaking",
        Standing::Healthy => "healthy",
        Standing::Stuck => "stuck",
        Standing::Failed(failure) => failure.name(),
        Standing::Withdrawn => "withdrawn",
    }
}
