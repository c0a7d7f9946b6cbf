//! What offers bring in money, against the accounts that get none.

use axum::Json;
use axum::extract::State;
use milepost_engine::experiments::verdict::Verdict;
use milepost_engine::offers::increment::Sums;
use serde::Serialize;
use utoipa::ToSchema;

use super::ProblemBody;
use crate::accounts::Lead;
use crate::web::{AppState, Reader, view};

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
