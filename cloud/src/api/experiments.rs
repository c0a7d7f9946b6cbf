//! Experiments on offers: put, let run, stopped, and what they have shown, for whoever answers for offers.

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use milepost_engine::experiments::analysis::Effect;
use milepost_engine::experiments::srm::Phase;
use milepost_engine::offers::trial::{Allocation, Intake, Trial, TrialArm};
use serde::Serialize;
use utoipa::ToSchema;

use super::offers::StateBody;
use super::results::verdict_name;
use super::{Problem, ProblemBody};
use crate::accounts::Lead;
use crate::i18n::{Format, timestamp};
use crate::offers::{ListedTrial, TrialState, put_trial, set_trial};
use crate::web::{AppState, Reader, view};

/// Experiments by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExperimentsBody {
    experiments: Vec<ExperimentBody>,
}

/// One experiment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneExperimentBody {
    experiment: ExperimentBody,
}

/// An experiment and what it has shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExperimentBody {
    id: String,
    version: u32,
    /// `draft`, `running` or `stopped`.
    state: &'static str,
    layer: String,
    /// The part of the layer that takes part, from 0 to 1.
    span: (f64, f64),
    /// Only cars of one of these segments; any, where there is none.
    segments: Vec<String>,
    /// Until when accounts are taken in; absent for no end.
    until: Option<Timestamp>,
    /// For how many days from its exposure on what an account earns counts.
    window_days: u32,
    /// What is still taken in: `not-begun`, `accounts`, `outcomes` of those who were exposed, or `closed`.
    intake: &'static str,
    /// Until when outcomes count; absent unless nothing else is taken in.
    counting_until: Option<Timestamp>,
    phases: Vec<TrialPhaseBody>,
    /// The arms, the control first.
    arms: Vec<TrialArmBody>,
    /// The arms against the control, all accounts together.
    effects: Vec<TrialEffectBody>,
    /// The same by the segment that an account had when it was enrolled.
    segment_effects: Vec<TrialEffectBody>,
    /// Whether the arms' sizes are as they should be; without that nothing is concluded.
    sizes_ok: bool,
    /// The probability bound of such sizes that holds at every look.
    sizes_p: f64,
    /// Accounts that saw more than one arm, and count in none.
    excluded: u64,
    /// How much of the spread the service visits of the year before explain, from 0 to 1.
    variance_reduction: f64,
    /// Whether effects are adjusted by them; too small a gain is none.
    adjusted: bool,
}

/// A span of time in which the shares stood still.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrialPhaseBody {
    from: Timestamp,
    shares: Vec<f64>,
    /// The accounts that each arm received.
    accounts: Vec<u64>,
}

/// One arm.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrialArmBody {
    name: String,
    /// `nothing`, or offer, channel and timing.
    arm: String,
    accounts: u64,
    /// What an account earned since it was enrolled, in the currency's own unit; absent before the first.
    margin: Option<f64>,
}

/// One arm against the control, in the currency's own unit for each account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrialEffectBody {
    arm: String,
    /// The segment; absent for all together, empty for no segment.
    segment: Option<String>,
    /// Absent before two accounts of each arm.
    effect: Option<f64>,
    /// The interval that holds at every look; absent while it is unbounded.
    low: Option<f64>,
    high: Option<f64>,
    /// The p-value that holds at every look.
    p: f64,
    /// `winner`, `loser`, `no-difference`, `learning` or `invalid`.
    verdict: &'static str,
    /// The same in plain words.
    words: String,
}

impl TrialEffectBody {
    fn new(trial: &Trial, segment: Option<&str>, effect: &Effect, format: &Format) -> Self {
        let finite = |number: f64| number.is_finite().then_some(number);
        Self {
            arm: trial.arms.get(effect.arm).map_or_else(String::new, |one| one.name.clone()),
            segment: segment.map(str::to_owned),
            effect: finite(effect.effect),
            low: finite(effect.interval.low),
            high: finite(effect.interval.high),
            p: effect.p,
            verdict: verdict_name(effect.verdict),
            words: view::effect_words(trial, effect, format),
        }
    }
}

impl ExperimentBody {
    fn new(listed: &ListedTrial, state: &AppState, format: &Format) -> Self {
        let trial = &listed.trial;
        let shown = view::Shown::of(trial, &state.service.book());
        let phase = |(allocation, phase): (&Allocation, &Phase)| TrialPhaseBody {
            from: timestamp(allocation.from_ms),
            shares: allocation.shares.clone(),
            accounts: phase.counts.clone(),
        };
        let arm = |(number, one): (usize, &TrialArm)| {
            let summary = shown.tally.arm(number);
            TrialArmBody {
                name: one.name.clone(),
                arm: one.arm.to_string(),
                accounts: summary.n as u64,
                margin: (summary.n > 0.0).then_some(summary.mean),
            }
        };
        let (variance_reduction, adjusted) = shown.covariate();
        let intake = shown.intake(listed, state.now_ms());
        Self {
            id: trial.id.clone(),
            version: trial.version,
            state: listed.state.name(),
            layer: trial.layer.clone(),
            span: trial.span,
            segments: trial.segments.clone(),
            until: (trial.until_ms != u64::MAX).then(|| timestamp(trial.until_ms)),
            window_days: trial.window_days,
            intake: view::intake_name(intake),
            counting_until: match intake {
                Some(Intake::Outcomes { until_ms }) => Some(timestamp(until_ms)),
                _ => None,
            },
            phases: trial.phases.iter().zip(shown.tally.phases()).map(phase).collect(),
            arms: trial.arms.iter().enumerate().map(arm).collect(),
            effects: shown.overall().map(|effect| TrialEffectBody::new(trial, None, effect, format)).collect(),
            segment_effects: shown
                .by_segment()
                .map(|(segment, effect)| TrialEffectBody::new(trial, Some(segment), effect, format))
                .collect(),
            sizes_ok: shown.findings.srm.ok,
            sizes_p: shown.findings.srm.sequential_p,
            excluded: shown.tally.excluded,
            variance_reduction,
            adjusted,
        }
    }
}

fn one(state: &AppState, reader: &Reader, lead: &Lead, id: &str) -> Result<Json<OneExperimentBody>, Problem> {
    let catalogue = state.service.desk().now();
    let listed = catalogue.trial(id).ok_or_else(Problem::not_found)?;
    let format = reader.format(&lead.0.account, None);
    Ok(Json(OneExperimentBody { experiment: ExperimentBody::new(listed, state, &format) }))
}

/// The experiments on offers, with what they have shown.
#[utoipa::path(get, path = "/api/v1/experiments", tag = "lead", responses(
    (status = 200, body = ExperimentsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, lead: Lead, reader: Reader) -> Json<ExperimentsBody> {
    let catalogue = state.service.desk().now();
    let format = reader.format(&lead.0.account, None);
    let experiments = catalogue.trials().map(|listed| ExperimentBody::new(listed, &state, &format)).collect();
    Json(ExperimentsBody { experiments })
}

/// Put an experiment, as TOML; it waits until it is let run, a version must be above the present one, and takes its place.
#[utoipa::path(put, path = "/api/v1/experiments", tag = "lead",
    request_body(content = String, content_type = "application/toml"), responses(
    (status = 200, body = OneExperimentBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn put(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    body: String,
) -> Result<Json<OneExperimentBody>, Problem> {
    let doc = put_trial(&state.service, &body, &lead.0.account.id).await?;
    one(&state, &reader, &lead, &doc.trial.id)
}

/// One experiment, with what it has shown.
#[utoipa::path(get, path = "/api/v1/experiments/{experiment}", tag = "lead",
    params(("experiment" = String, Path, description = "The experiment's name")), responses(
    (status = 200, body = OneExperimentBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Json<OneExperimentBody>, Problem> {
    one(&state, &reader, &lead, &id)
}

/// Let an experiment run, or stop it for good.
#[utoipa::path(put, path = "/api/v1/experiments/{experiment}/state", tag = "lead",
    params(("experiment" = String, Path, description = "The experiment's name")),
    request_body = StateBody, responses(
    (status = 200, body = OneExperimentBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn set_state(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<String>,
    Json(body): Json<StateBody>,
) -> Result<Json<OneExperimentBody>, Problem> {
    set_trial(&state.service, &id, body.trial()?, &lead.0.account.id).await?;
    one(&state, &reader, &lead, &id)
}

impl StateBody {
    /// Where an experiment shall stand; nobody makes a draft of what has run.
    pub(crate) fn trial(&self) -> Result<TrialState, Problem> {
        let known = [TrialState::Running, TrialState::Stopped].into_iter().find(|state| state.name() == self.state);
        known.ok_or_else(Problem::invalid)
    }
}
