//! What the policy of offers has learnt, what the log says of another one, and whom it tells apart, for whoever answers for offers.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use milepost_engine::offers::Arm;
use milepost_engine::offers::judge::{Judged, interval};
use milepost_engine::offers::regroup::Change;
use milepost_engine::policy::Policy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Lead;
use crate::i18n::{Format, timestamp};
use crate::offers::{Extent, Wanted, change_policy, judged, regroup, waiting};
use crate::rules::Method;
use crate::web::{AppState, Reader, view};

/// What the policy has learnt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyBody {
    policy: LearntBody,
}

/// The policy in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LearntBody {
    /// `learning` or `fixed`.
    in_force: &'static str,
    /// Who chose it last, when and why; absent while the configuration's is in force.
    chosen: Option<ChosenPolicyBody>,
    /// What the log says of the policies that there could be.
    candidates: Vec<JudgedBody>,
    /// How much of the log that rests on.
    read: ExtentBody,
    /// By which segments the policy tells owners apart.
    told_apart: ToldApartBody,
    version: u32,
    learnt: u64,
    /// Outcomes that were refused, such as those without a probability.
    refused: u64,
    arms: Vec<BeliefBody>,
}

/// Who chose the policy.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChosenPolicyBody {
    version: u32,
    by: String,
    at: Timestamp,
    /// Why, although the log did not support it.
    despite: Option<String>,
}

/// What the log says of a policy, in the currency's own unit for each decision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JudgedBody {
    /// `learning` or `fixed`.
    policy: &'static str,
    /// Decisions that had a choice and whose outcome is known.
    decisions: usize,
    /// What was earned, as it was decided.
    logged: f64,
    /// The doubly robust value; absent where the log cannot say.
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    /// As many decisions the log is worth for it.
    effective_size: f64,
    /// `better`, `alike`, `worse` or `refused`.
    support: &'static str,
    /// The same in plain words.
    words: String,
}

/// How much of the log was read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExtentBody {
    /// Cars that were read, each with all of its decisions of the period.
    cars: usize,
    of_cars: usize,
    /// `whole`, or `cars-by-lot`: each car had the same chance, and the same cars are read at every look.
    sampled: &'static str,
    /// Decisions that were read, and those of them that had a choice.
    decisions: usize,
    with_choice: usize,
    from: Timestamp,
    until: Timestamp,
    /// After how many days it is known what came of a decision; newer ones are not read.
    window_days: u32,
    /// The same in plain words.
    words: String,
}

/// By which segments the policy tells owners apart.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ToldApartBody {
    segments: Vec<String>,
    /// How they came to be in force; absent before the first change.
    last: Option<RegroupedBody>,
    /// What the catalogue would change, while the policy still decides by its own segments; absent where nothing waits.
    waiting: Option<WaitingBody>,
}

/// What other segments change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeBody {
    /// What was learnt of them stays.
    kept: Vec<String>,
    /// They begin with what is believed of everybody.
    begins: Vec<String>,
    /// They tell nobody apart any more.
    goes: Vec<String>,
}

/// How segments came to be in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegroupedBody {
    at: Timestamp,
    /// The policy's version since then.
    version: u32,
    change: ChangeBody,
    /// `same-members`, `nothing-learnt`, `not-in-force`, `supported` or `despite`.
    because: &'static str,
    /// The same in plain words.
    words: String,
}

/// Segments that wait.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitingBody {
    change: ChangeBody,
    /// What the log says of the policy with them.
    judged: JudgedBody,
    read: ExtentBody,
}

/// Why segments that wait shall take over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedSegmentsBody {
    /// Why, even if the log does not support it.
    #[serde(default)]
    pub(crate) despite: Option<String>,
}

/// The policy that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPolicyBody {
    /// `learning` or `fixed`.
    policy: String,
    /// The share of nothing for `fixed`, from 0 to 1; 0.2 where it is not given.
    nothing: Option<f64>,
    /// Why, even if the log does not support it.
    despite: Option<String>,
}

/// What is expected of an arm for a car of no segment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BeliefBody {
    arm: String,
    /// In the currency's own unit; absent before the first outcome.
    expected: Option<f64>,
    /// Its standard deviation.
    deviation: Option<f64>,
    share: f64,
    halted: bool,
}

impl JudgedBody {
    fn new(method: Method, one: &Judged, format: &Format) -> Self {
        let value = one.evaluation.estimates.ok().map(|estimates| (estimates.dr.value, interval(estimates.dr)));
        Self {
            policy: method_name(method),
            decisions: one.decisions,
            logged: one.logged.value,
            value: value.map(|(value, _)| value),
            low: value.map(|(_, (low, _))| low),
            high: value.map(|(_, (_, high))| high),
            effective_size: one.evaluation.effective_size,
            support: view::support_name(one.support),
            words: view::support_words(one, format),
        }
    }
}

impl ExtentBody {
    fn new(extent: &Extent, format: &Format) -> Self {
        let Extent { cars, of_cars, decisions, with_choice, from_ms, until_ms, window_days } = *extent;
        let sampled = if extent.is_whole() { "whole" } else { "cars-by-lot" };
        let (from, until) = (timestamp(from_ms), timestamp(until_ms));
        let words = view::extent_words(extent, format);
        Self { cars, of_cars, sampled, decisions, with_choice, from, until, window_days, words }
    }
}

impl ChangeBody {
    fn new(change: &Change) -> Self {
        let Change { kept, begins, goes } = change.clone();
        Self { kept, begins, goes }
    }
}

/// What the policy has learnt, and would do for a car of no segment.
#[utoipa::path(get, path = "/api/v1/offer-policy", tag = "lead", responses(
    (status = 200, body = PolicyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn policy(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
) -> Result<Json<PolicyBody>, Problem> {
    let format = reader.format(&lead.0.account, None);
    let in_force = state.service.offers().in_force();
    let methods = view::methods(in_force);
    let (judged, extent) = judged(&state.service, &methods).await?;
    let candidates = methods.iter().zip(&judged).map(|(method, one)| JudgedBody::new(*method, one, &format)).collect();
    let told_apart = told_apart(&state, &format).await?;
    let chosen = state.service.policy().await?.map(|doc| ChosenPolicyBody {
        version: doc.version,
        by: doc.by.to_string(),
        at: timestamp(doc.at_ms),
        despite: doc.despite,
    });
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let halted = book.halted();
    let beliefs = view::beliefs(&catalogue, &book, in_force.rule());
    let belief = |(arm, belief, share): (Arm, Option<(f64, f64)>, f64)| BeliefBody {
        arm: arm.to_string(),
        expected: belief.map(|(mean, _)| mean),
        deviation: belief.map(|(_, deviation)| deviation).filter(|deviation| deviation.is_finite()),
        share,
        halted: halted.contains(&arm),
    };
    let learner = &book.learner;
    let (version, learnt, refused) = (learner.version, learner.learnt, learner.refused);
    let arms = beliefs.into_iter().map(belief).collect();
    let in_force = method_name(in_force);
    let read = ExtentBody::new(&extent, &format);
    let policy = LearntBody { in_force, chosen, candidates, read, told_apart, version, learnt, refused, arms };
    Ok(Json(PolicyBody { policy }))
}

async fn told_apart(state: &AppState, format: &Format) -> Result<ToldApartBody, Problem> {
    let (book, word) = (state.service.book(), state.service.segments_word().await?);
    let last = book.regrouped.as_ref().map(|last| RegroupedBody {
        at: timestamp(last.at_ms),
        version: last.version,
        change: ChangeBody::new(&last.change),
        because: view::because_name(&last.because),
        words: view::because_words(&last.because, word.as_ref(), format),
    });
    let waiting = waiting(&state.service).await?.map(|waiting| WaitingBody {
        change: ChangeBody::new(&waiting.change),
        judged: JudgedBody::new(Method::Learning, &waiting.judged, format),
        read: ExtentBody::new(&waiting.extent, format),
    });
    let segments = book.learner.told_apart().iter().map(|segment| segment.name.clone()).collect();
    Ok(ToldApartBody { segments, last, waiting })
}

/// Let the catalogue's segments take over: refused where the log does not support it, unless it is said why they shall all the same.
#[utoipa::path(put, path = "/api/v1/offer-policy/segments", tag = "lead", request_body = WantedSegmentsBody, responses(
    (status = 200, body = PolicyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn set_segments(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Json(body): Json<WantedSegmentsBody>,
) -> Result<Json<PolicyBody>, Problem> {
    regroup(&state.service, body.despite, Some(&lead.0.account.id)).await?;
    policy(State(state), lead, reader).await
}

/// Change the policy: refused where the log does not support it, unless it is said why it shall be all the same.
#[utoipa::path(put, path = "/api/v1/offer-policy", tag = "lead", request_body = WantedPolicyBody, responses(
    (status = 200, body = PolicyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn set_policy(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Json(body): Json<WantedPolicyBody>,
) -> Result<Json<PolicyBody>, Problem> {
    let wanted = wanted(&body.policy, body.nothing, body.despite).ok_or_else(Problem::invalid)?;
    change_policy(&state.service, wanted, &lead.0.account.id).await?;
    policy(State(state), lead, reader).await
}

/// The policy that somebody asks for by its name.
pub(crate) fn wanted(policy: &str, nothing: Option<f64>, despite: Option<String>) -> Option<Wanted> {
    match policy {
        "learning" => Some(Wanted { nothing: None, despite }),
        "fixed" => Some(Wanted { nothing: Some(nothing.unwrap_or(Policy::default().nothing)), despite }),
        _ => None,
    }
}

/// The name of a policy.
pub(crate) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Learning => "learning",
        Method::Fixed(_) => "fixed",
    }
}
