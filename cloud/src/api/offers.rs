//! The catalogue, its preview, segments, what offers bring and what the policy does, for whoever answers for offers.

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use milepost_engine::experiments::verdict::Verdict;
use milepost_engine::offers::book::{Sums, Tally};
use milepost_engine::offers::catalogue::Kind;
use milepost_engine::offers::judge::{Judged, interval};
use milepost_engine::offers::{self, Arm};
use milepost_engine::policy::Policy;
use milepost_engine::policy::guardrail::Standing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Lead;
use crate::i18n::timestamp;
use crate::offers::{
    Listed, Preview, Previewed, Wanted, change_policy, judged, preview, put as put_offer, set_live, stop_arms,
};
use crate::rules::{Method, stage_name};
use crate::web::{AppState, Reader, view};

/// The catalogue by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OffersBody {
    offers: Vec<OfferBody>,
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneOfferBody {
    offer: OfferBody,
}

/// An entry of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferBody {
    id: u16,
    code: String,
    /// `tip` or `offer`.
    kind: &'static str,
    version: u32,
    live: bool,
    title: String,
    /// In the hundredth of the currency.
    price: i64,
    /// In the hundredth of the currency.
    margin: i64,
    /// How many are left; absent for any number.
    left: Option<u32>,
    arms: Vec<ArmStandBody>,
}

/// What came of an arm.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArmStandBody {
    arm: String,
    shown: u64,
    booked: u64,
    refused: u64,
    expired: u64,
    complaints: u64,
    /// In the hundredth of the currency.
    margin: i64,
    /// `safe`, `watched` or `halted`.
    guardrail: &'static str,
    /// Whether nobody is shown it: by the guardrail, or by a person.
    halted: bool,
}

/// What a preview shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewBody {
    preview: TriedBody,
}

/// An entry tried on cars.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TriedBody {
    looked_at: usize,
    /// Cars whose owners do not allow it; nothing else of them was looked at.
    not_allowed: usize,
    fits: usize,
    falls: Vec<FallBody>,
    /// Some of them one by one, those that it fits first.
    cars: Vec<CarBody>,
}

/// How many cars fall at a stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FallBody {
    stage: &'static str,
    cars: usize,
}

/// One car that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CarBody {
    device: String,
    rejected_at: Option<&'static str>,
    rejected_because: Option<String>,
    /// In the hundredth of the currency.
    saves: Option<i64>,
}

/// Whether an entry is made to anybody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateBody {
    /// `live` or `paused`.
    state: String,
}

/// Segments in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentsBody {
    segments: Vec<SegmentBody>,
}

/// A named group of cars.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SegmentBody {
    name: String,
    version: u32,
    cars: u64,
}

/// What offers bring, by the accounts that get none.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultsBody {
    results: ResultBody,
}

/// The comparison with the holdout.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResultBody {
    held_out: GroupBody,
    measured: GroupBody,
    /// The difference for each account, in the currency's own unit; absent before two accounts of each group.
    effect: Option<f64>,
    /// The interval that holds at every look; absent while it is unbounded.
    low: Option<f64>,
    high: Option<f64>,
    /// Whether the groups' sizes are as they should be; without that nothing is concluded.
    sizes_ok: bool,
    /// `winner`, `loser`, `no-difference`, `learning` or `invalid`.
    verdict: &'static str,
    /// The same in plain words.
    words: String,
}

/// One group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupBody {
    accounts: u64,
    /// In the currency's own unit.
    margin: f64,
}

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

impl OfferBody {
    fn new(listed: &Listed, state: &AppState, language: &str) -> Self {
        let book = state.service.book();
        let halted = book.halted();
        let Listed { entry, live } = listed;
        let stand = |arm: Arm| {
            let Tally { shown, booked, refused, expired, complaints, margin } = book.tally(arm);
            ArmStandBody {
                arm: arm.to_string(),
                shown,
                booked,
                refused,
                expired,
                complaints,
                margin,
                guardrail: guardrail_name(book.standing(arm)),
                halted: halted.contains(&arm),
            }
        };
        let words = entry.content.get(language).or_else(|| entry.content.get("en"));
        Self {
            id: entry.id,
            code: entry.code.clone(),
            kind: if entry.kind == Kind::Tip { "tip" } else { "offer" },
            version: entry.version,
            live: *live,
            title: words.map_or_else(|| entry.code.clone(), |words| words.title.clone()),
            price: entry.price,
            margin: entry.margin,
            left: book.left(entry.id, entry.stock),
            arms: offers::book::arms_of(entry).map(stand).collect(),
        }
    }
}

/// The name of a standing.
pub(crate) fn guardrail_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Safe => "safe",
        Standing::Watched => "watched",
        Standing::Halted => "halted",
    }
}

fn one(state: &AppState, reader: &Reader, lead: &Lead, id: u16) -> Result<Json<OneOfferBody>, Problem> {
    let language = reader.localizer(Some(&lead.0.account)).language().code();
    let catalogue = state.service.desk().now();
    let listed = catalogue.entry(id).ok_or_else(Problem::not_found)?;
    Ok(Json(OneOfferBody { offer: OfferBody::new(listed, state, language) }))
}

/// The catalogue, with what came of each arm.
#[utoipa::path(get, path = "/api/v1/offers", tag = "lead", responses(
    (status = 200, body = OffersBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, lead: Lead, reader: Reader) -> Json<OffersBody> {
    let language = reader.localizer(Some(&lead.0.account)).language().code();
    let catalogue = state.service.desk().now();
    let offers = catalogue.entries().map(|listed| OfferBody::new(listed, &state, language)).collect();
    Json(OffersBody { offers })
}

/// Put an entry, as TOML; a new one is paused until it is let live, and a version must be above the present one.
#[utoipa::path(put, path = "/api/v1/offers", tag = "lead",
    request_body(content = String, content_type = "application/toml"), responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn put(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    body: String,
) -> Result<Json<OneOfferBody>, Problem> {
    let doc = put_offer(&state.service, &body, &lead.0.account.id).await?;
    one(&state, &reader, &lead, doc.entry.id)
}

/// Let an entry live, or pause it.
#[utoipa::path(put, path = "/api/v1/offers/{offer}/state", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), request_body = StateBody, responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn set_state(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
    Json(body): Json<StateBody>,
) -> Result<Json<OneOfferBody>, Problem> {
    let live = match body.state.as_str() {
        "live" => true,
        "paused" => false,
        _ => return Err(Problem::invalid()),
    };
    set_live(&state.service, id, live, &lead.0.account.id).await?;
    one(&state, &reader, &lead, id)
}

/// Try an entry on the cars that there are: whom it would fit now, whom not, and why. Nothing is made or changed.
#[utoipa::path(get, path = "/api/v1/offers/{offer}/preview", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), responses(
    (status = 200, body = PreviewBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn try_out(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Json<PreviewBody>, Problem> {
    let catalogue = state.service.desk().now();
    let listed = catalogue.entry(id).ok_or_else(Problem::not_found)?;
    let Preview { looked_at, not_allowed, fits, falls, cars } =
        preview(&state.service, state.service.offers(), &listed.entry).await?;
    let format = reader.format(&lead.0.account, None);
    let car = |car: Previewed| CarBody {
        device: car.device.to_string(),
        rejected_at: car.rejection.as_ref().map(|rejection| stage_name(rejection.stage())),
        rejected_because: car.rejection.as_ref().map(|rejection| view::rejected(rejection, &format)),
        saves: car.saves,
    };
    let falls = falls.into_iter().map(|(stage, cars)| FallBody { stage: stage_name(stage), cars }).collect();
    let cars = cars.into_iter().map(car).collect();
    Ok(Json(PreviewBody { preview: TriedBody { looked_at, not_allowed, fits, falls, cars } }))
}

/// Stop all arms of an offer at once, whatever they earn.
#[utoipa::path(post, path = "/api/v1/offers/{offer}/stop", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn stop(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Json<OneOfferBody>, Problem> {
    stop_arms(&state.service, id, true).await?;
    one(&state, &reader, &lead, id)
}

/// Let the arms of an offer go on that were stopped by hand; what the guardrail has halted stays halted.
#[utoipa::path(post, path = "/api/v1/offers/{offer}/resume", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn resume(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Json<OneOfferBody>, Problem> {
    stop_arms(&state.service, id, false).await?;
    one(&state, &reader, &lead, id)
}

/// The segments, with how many cars belong to each.
#[utoipa::path(get, path = "/api/v1/segments", tag = "lead", responses(
    (status = 200, body = SegmentsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn segments(State(state): State<AppState>, _lead: Lead) -> Json<SegmentsBody> {
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let segments = catalogue.segments().iter().map(|segment| SegmentBody {
        name: segment.name.clone(),
        version: segment.version,
        cars: book.members(&segment.name),
    });
    Json(SegmentsBody { segments: segments.collect() })
}

/// What offers bring in money, against the accounts that get none.
#[utoipa::path(get, path = "/api/v1/offer-results", tag = "lead", responses(
    (status = 200, body = ResultsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn results(State(state): State<AppState>, lead: Lead, reader: Reader) -> Json<ResultsBody> {
    let increment = state.service.book().increment();
    let format = reader.format(&lead.0.account, None);
    let group = |sums: Sums| GroupBody { accounts: sums.units, margin: sums.sum };
    let effect = increment.findings.effects.first();
    let finite = |number: f64| number.is_finite().then_some(number);
    let verdict = effect.map_or(Verdict::Learning, |effect| effect.verdict);
    Json(ResultsBody {
        results: ResultBody {
            held_out: group(increment.held_out),
            measured: group(increment.measured),
            effect: effect.and_then(|effect| finite(effect.effect)),
            low: effect.and_then(|effect| finite(effect.interval.low)),
            high: effect.and_then(|effect| finite(effect.interval.high)),
            sizes_ok: increment.findings.srm.ok,
            verdict: verdict_name(verdict),
            words: view::verdict_words(&increment, &format),
        },
    })
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
    let judged = judged(&state.service, &methods).await?;
    let candidate = |(method, one): (&Method, Judged)| {
        let value = one.evaluation.estimates.ok().map(|estimates| (estimates.dr.value, interval(estimates.dr)));
        JudgedBody {
            policy: method_name(*method),
            decisions: one.decisions,
            logged: one.logged.value,
            value: value.map(|(value, _)| value),
            low: value.map(|(_, (low, _))| low),
            high: value.map(|(_, (_, high))| high),
            effective_size: one.evaluation.effective_size,
            support: view::support_name(one.support),
            words: view::support_words(&one, &format),
        }
    };
    let candidates = methods.iter().zip(judged).map(candidate).collect();
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
    Ok(Json(PolicyBody { policy: LearntBody { in_force, chosen, candidates, version, learnt, refused, arms } }))
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

/// The name of a verdict.
pub(crate) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Winner => "winner",
        Verdict::Loser => "loser",
        Verdict::NoDifference => "no-difference",
        Verdict::Learning => "learning",
        Verdict::Invalid => "invalid",
    }
}
