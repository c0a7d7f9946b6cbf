//! Rollouts: where each stands, and the buttons that ask the same of it as the command line.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_engine::rollout::{
    Gates, LocalWindow, PauseReason, Rollout, State as RolloutState, StopReason, Tally, Wave,
};
use serde::Deserialize;

use super::images::Image;
use crate::accounts::Engineer;
use crate::api::Problem;
use crate::firmware::{Entry, Member, RolloutDoc};
use crate::i18n::{Format, Localizer};
use crate::web::page::{Page, Section};
use crate::web::view::{self, Badge, Fact};
use crate::web::{AppState, Reader, render};

/// How many devices of a rollout the page shows; those that stand worst are among them.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "lab/rollouts.html")]
struct RolloutsPage {
    page: Page,
    rows: Vec<Row>,
    images: Vec<Image>,
}

#[derive(Template)]
#[template(path = "lab/rollout.html")]
struct RolloutPage {
    page: Page,
    row: Row,
    why: Option<String>,
    done: Option<String>,
    waves: Vec<WaveStep>,
    tiles: Vec<Figure>,
    asks: Asks,
    settings: Vec<Fact>,
    gates: Vec<Fact>,
    image: Option<Image>,
    history: Vec<Fact>,
    members: Vec<MemberRow>,
    hidden: Option<String>,
}

struct Row {
    id: u32,
    href: String,
    name: String,
    badge: Badge,
    wave: String,
    progress: String,
    approved: String,
    created: String,
}

struct WaveStep {
    name: String,
    /// `done`, `now` or nothing.
    class: &'static str,
    state: String,
}

struct Figure {
    label: String,
    value: String,
    tone: &'static str,
}

/// What can be asked of a rollout now.
struct Asks {
    approve: bool,
    waits_for_other: bool,
    pause: bool,
    resume: bool,
    stop: bool,
}

struct MemberRow {
    id: String,
    href: String,
    version: String,
    phase: Badge,
    standing: Badge,
    moved: String,
}

/// What was just asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

/// `GET /lab/rollouts`.
pub(crate) async fn list(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let page = Page::of(&reader, account, "lab-rollouts-title", Section::Rollouts);
    let docs = state.firmware.rollouts().await?;
    let images = state.firmware.images().await?;
    let images = images.iter().rev().map(|image| Image::of(image, &format)).collect::<Result<_, _>>()?;
    render::html(&RolloutsPage { page, rows: docs.iter().rev().map(|doc| row(doc, &format)).collect(), images })
}

/// `GET /lab/rollouts/{rollout}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Path(id): Path<u32>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let localizer = format.localizer;
    let mut page = Page::of(&reader, account, "lab-rollouts-title", Section::Rollouts);
    let doc = state.firmware.rollout(id).await?;
    let rollout = &doc.rollout;
    let row = row(&doc, &format);
    page.title.clone_from(&row.name);
    let mut members = state.firmware.members(rollout).await?;
    members.sort_by_key(rank);
    let hidden = members.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let image = state.firmware.image(&rollout.board, rollout.version).await.ok();
    let image = image.map(|image| Image::of(&image, &format)).transpose()?;
    let done = match done.done.as_str() {
        "approve" => Some("lab-rollout-done-approve"),
        "pause" => Some("lab-rollout-done-pause"),
        "resume" => Some("lab-rollout-done-resume"),
        "stop" => Some("lab-rollout-done-stop"),
        _ => None,
    };
    render::html(&RolloutPage {
        why: why(rollout.state, &format),
        done: done.map(|key| localizer.text(key)),
        waves: waves(rollout, localizer),
        tiles: tiles(&doc.tally, &format),
        asks: asks(rollout, account.id.as_str()),
        settings: settings(rollout, &format),
        gates: gates(&rollout.settings.gates, &format),
        image,
        history: doc.history.iter().rev().map(|entry| history(entry, &format)).collect(),
        members: members.iter().take(SHOWN).map(|member| member_row(member, &format)).collect(),
        hidden: hidden.map(|n| localizer.with("lab-rollout-hidden", [("n", n.into())])),
        row,
        page,
    })
}

/// `POST /lab/rollouts/{rollout}/{ask}`: `approve`, `pause`, `resume` or `stop`.
pub(crate) async fn act(
    State(state): State<AppState>,
    engineer: Engineer,
    Path((id, ask)): Path<(u32, String)>,
) -> Result<Response, Problem> {
    let by = &engineer.0.account.id;
    match ask.as_str() {
        "approve" => state.firmware.approve(id, by).await?,
        "pause" => state.firmware.pause(id, by).await?,
        "resume" => state.firmware.resume(id, by).await?,
        "stop" => state.firmware.stop(id, by).await?,
        _ => return Err(Problem::not_found()),
    };
    Ok(render::see_other(&format!("/lab/rollouts/{id}?done={ask}")))
}

/// Failed and stuck devices first, then those under way, then those that are well.
fn rank(member: &Member) -> (u8, milepost_protocol::DeviceId) {
    use milepost_engine::rollout::Standing;
    let rank = match member.standing {
        Standing::Failed(_) => 0,
        Standing::Stuck => 1,
        Standing::UnderWay => 2,
        Standing::Soaking => 3,
        Standing::Healthy => 4,
        Standing::Waiting | Standing::Elsewhere | Standing::Withdrawn => 5,
    };
    (rank, member.device.clone())
}

fn row(doc: &RolloutDoc, format: &Format) -> Row {
    let RolloutDoc { rollout, tally, .. } = doc;
    let localizer = format.localizer;
    let created = doc.history.first().map_or(0, |entry| entry.at_ms);
    Row {
        id: rollout.id,
        href: format!("/lab/rollouts/{}", rollout.id),
        name: localizer.with(
            "lab-rollout-name",
            [("board", rollout.board.clone().into()), ("version", rollout.version.to_string().into())],
        ),
        badge: badge(rollout.state, localizer),
        wave: rollout.state.wave().map_or_else(|| localizer.text("lab-wave-none"), |wave| wave_name(wave, localizer)),
        progress: localizer
            .with("lab-rollout-progress", [("healthy", tally.healthy.into()), ("members", tally.members.into())]),
        approved: if rollout.approvals.is_empty() {
            localizer.text("lab-rollout-approved-none")
        } else {
            rollout.approvals.join(", ")
        },
        created: localizer.with(
            "lab-rollout-created",
            [("who", doc.created_by.to_string().into()), ("when", format.date_time(created).into())],
        ),
    }
}

fn badge(state: RolloutState, localizer: Localizer) -> Badge {
    match state {
        RolloutState::Draft => Badge::new(localizer, "", "inspect", "lab-rollout-draft"),
        RolloutState::Running { .. } => Badge::new(localizer, "accent", "chevron", "lab-rollout-running"),
        RolloutState::Paused { .. } => Badge::new(localizer, "soon", "clock", "lab-rollout-paused"),
        RolloutState::Stopped { .. } => Badge::new(localizer, "over", "stop", "lab-rollout-stopped"),
        RolloutState::Done { .. } => Badge::new(localizer, "ok", "check", "lab-rollout-finished"),
    }
}

fn wave_name(wave: Wave, localizer: Localizer) -> String {
    match wave {
        Wave::Canary => localizer.text("lab-wave-canary"),
        Wave::Tenth | Wave::Half | Wave::All => wave.name().to_owned(),
    }
}

fn why(state: RolloutState, format: &Format) -> Option<String> {
    let localizer = format.localizer;
    match state {
        RolloutState::Paused { reason: PauseReason::Asked, .. } => Some(localizer.text("lab-why-paused")),
        RolloutState::Paused { reason: PauseReason::Stuck { stuck, of }, .. } => {
            Some(localizer.with("lab-why-stuck", [("n", stuck.into()), ("of", of.into())]))
        }
        RolloutState::Stopped { reason: StopReason::Asked, .. } => Some(localizer.text("lab-why-stopped")),
        RolloutState::Stopped { reason: StopReason::Gate { failure, failed, of }, .. } => Some(localizer.with(
            "lab-why-gate",
            [("what", view::failure(failure, localizer).into()), ("n", failed.into()), ("of", of.into())],
        )),
        RolloutState::Draft => Some(localizer.text("lab-why-draft")),
        RolloutState::Running { .. } | RolloutState::Done { .. } => None,
    }
}

fn waves(rollout: &Rollout, localizer: Localizer) -> Vec<WaveStep> {
    let now = rollout.state.wave();
    let finished = matches!(rollout.state, RolloutState::Done { .. });
    let step = |wave: Wave| {
        let (class, key) = match now {
            Some(present) if wave < present || (finished && wave == present) => ("done", "lab-wave-done"),
            Some(present) if wave == present => ("now", "lab-wave-now"),
            _ => ("", "lab-wave-ahead"),
        };
        WaveStep { name: wave_name(wave, localizer), class, state: localizer.text(key) }
    };
    [Wave::Canary, Wave::Tenth, Wave::Half, Wave::All].map(step).into()
}

fn tiles(tally: &Tally, format: &Format) -> Vec<Figure> {
    [
        ("lab-tally-members", tally.members, ""),
        ("lab-standing-waiting", tally.waiting, ""),
        ("lab-standing-under-way", tally.under_way, ""),
        ("lab-standing-soaking", tally.soaking, ""),
        ("lab-standing-healthy", tally.healthy, "ok"),
        ("lab-standing-stuck", tally.stuck, "due"),
        ("lab-tally-failed", tally.failed, "over"),
        ("lab-phase-withdrawn", tally.withdrawn, ""),
    ]
    .into_iter()
    .map(|(key, count, tone)| Figure {
        label: format.localizer.text(key),
        value: format.integer(count.into()),
        tone: if count > 0 { tone } else { "" },
    })
    .collect()
}

fn asks(rollout: &Rollout, account: &str) -> Asks {
    let is_draft = rollout.state == RolloutState::Draft;
    let has_approved = rollout.approvals.iter().any(|approved| approved == account);
    Asks {
        approve: is_draft && !has_approved,
        waits_for_other: is_draft && has_approved,
        pause: matches!(rollout.state, RolloutState::Running { .. }),
        resume: matches!(rollout.state, RolloutState::Paused { .. }),
        stop: !rollout.state.is_final(),
    }
}

fn settings(rollout: &Rollout, format: &Format) -> Vec<Fact> {
    let localizer = format.localizer;
    let settings = &rollout.settings;
    let count = |count: usize| format.integer(i64::try_from(count).unwrap_or(i64::MAX));
    let window = settings.window.map_or_else(|| localizer.text("lab-window-any"), |at| window(at, localizer));
    [
        ("lab-set-canaries", count(settings.canaries)),
        ("lab-set-soak", format.duration(settings.soak_ms)),
        ("lab-set-stuck", format.duration(settings.stuck_after_ms)),
        ("lab-set-active", count(settings.max_active)),
        ("lab-set-window", window),
    ]
    .into_iter()
    .map(|(key, value)| Fact { name: localizer.text(key), value })
    .collect()
}

fn window(window: LocalWindow, localizer: Localizer) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute % 1440 / 60, minute % 60);
    let to = window.from_minute.saturating_add(window.minutes);
    localizer.with("lab-window", [("from", time(window.from_minute).into()), ("to", time(to).into())])
}

fn gates(gates: &Gates, format: &Format) -> Vec<Fact> {
    let localizer = format.localizer;
    let relative = |factor: f64, slack: String| {
        localizer.with("lab-gate-relative", [("factor", format.decimal(factor, 2).into()), ("slack", slack.into())])
    };
    let seconds =
        localizer.with("lab-seconds", [("value", format.decimal(gates.reconnect_slack_ms / 1000.0, 0).into())]);
    [
        ("lab-gate-failed", format.percent(gates.max_failed_share)),
        ("lab-gate-stuck", format.percent(gates.max_stuck_share)),
        ("lab-reconnect", relative(gates.reconnect_factor, seconds)),
        ("lab-resets", format.integer(gates.max_resets.into())),
        ("lab-backlog", relative(gates.backlog_factor, format.decimal(gates.backlog_slack, 0))),
        ("lab-current", relative(gates.current_factor, format.milliamperes(gates.current_slack_ma))),
    ]
    .into_iter()
    .map(|(key, value)| Fact { name: localizer.text(key), value })
    .collect()
}

fn history(entry: &Entry, format: &Format) -> Fact {
    let localizer = format.localizer;
    let what = match entry.what.as_str() {
        "created" => localizer.text("lab-did-created"),
        "approved" => localizer.text("lab-did-approved"),
        "paused" => localizer.text("lab-did-paused"),
        "resumed" => localizer.text("lab-did-resumed"),
        "stopped" => localizer.text("lab-did-stopped"),
        // What the service moved it to: a state and a wave.
        moved => localizer.with("lab-did-moved", [("state", moved.trim().to_owned().into())]),
    };
    let who = entry.by.as_ref().map_or_else(|| localizer.text("actor-system"), ToString::to_string);
    let name = format.date_time(entry.at_ms);
    Fact { name, value: localizer.with("lab-did-line", [("who", who.into()), ("what", what.into())]) }
}

fn member_row(member: &Member, format: &Format) -> MemberRow {
    MemberRow {
        id: member.device.to_string(),
        href: format!("/lab/devices/{}", member.device),
        version: member.version.map_or_else(|| format.localizer.text("state-unknown"), |version| version.to_string()),
        phase: view::phase(&member.offered, format),
        standing: view::standing(member.standing, format.localizer),
        moved: format.age(member.offered.moved_ms),
    }
}
