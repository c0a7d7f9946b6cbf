//! The page of the policy of offers: what it draws, what the log says of another one, and whom it tells apart.
//!
//! Invariant: it shows sums, never a person but those who answer for the policy; what is asked for goes the same way as through the
//! API.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use milepost_engine::offers::book::Book;
use milepost_engine::policy::guardrail::Standing;
use serde::Deserialize;

use super::experience::arm_name;
use super::page::{Page, Section};
use super::view::{self, OfferNames};
use super::{AppState, Reader, render};
use crate::accounts::Lead;
use crate::api::Problem;
use crate::api::policy::{WantedSegmentsBody, method_name, wanted};
use crate::i18n::Format;
use crate::offers::{Waiting, change_policy, judged, regroup, waiting};

struct BeliefRow {
    name: String,
    share: String,
    expected: String,
}

#[derive(Template)]
#[template(path = "experience/policy.html")]
struct PolicyPage {
    page: Page,
    learnt: String,
    rows: Vec<BeliefRow>,
    halted: Vec<String>,
    watched: String,
    policies: Vec<PolicyRow>,
    chosen: Option<String>,
    read: String,
    told_apart: String,
    last: Option<LastRow>,
    waiting: Option<WaitingRow>,
}

/// How the segments came to be in force.
struct LastRow {
    when: String,
    because: String,
    change: Vec<String>,
}

/// Segments that wait.
struct WaitingRow {
    change: Vec<String>,
    allows: bool,
    words: String,
    why: Option<String>,
    read: String,
}

struct PolicyRow {
    code: &'static str,
    name: String,
    in_force: bool,
    allows: bool,
    words: String,
    why: Option<String>,
}

/// The policy that is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct PolicyForm {
    policy: String,
    #[serde(default)]
    despite: String,
}

/// `GET /experience/policy`.
pub(crate) async fn show(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let names = OfferNames::of(&catalogue, &format);
    let expected = |belief: Option<(f64, f64)>| match belief {
        Some((mean, deviation)) if deviation.is_finite() => {
            format!("{} ± {}", format.worth(mean), format.worth(deviation))
        }
        _ => format.localizer.text("policy-unknown"),
    };
    let in_force = state.service.offers().in_force();
    let methods = view::methods(in_force);
    let (judged, extent) = judged(&state.service, &methods).await?;
    let chosen = state.service.policy().await?.map(|doc| {
        let who = [("who", doc.by.to_string().into()), ("when", format.date_time(doc.at_ms).into())];
        let words = format.localizer.with("policy-chosen", who);
        doc.despite.map_or(words.clone(), |why| {
            format!("{words} {}", format.localizer.with("policy-despite", [("why", why.into())]))
        })
    });
    let policies = methods.iter().zip(judged).map(|(method, one)| PolicyRow {
        code: method_name(*method),
        name: format.localizer.text(&format!("policy-{}", method_name(*method))),
        in_force: *method == in_force,
        allows: one.support.allows(),
        words: view::support_words(&one, &format),
        why: one.evaluation.estimates.err().map(|refusal| refusal.to_string()),
    });
    let policies = policies.collect();
    let standings = || book.arms().map(|(arm, _)| book.standing(arm));
    let of = |standing: Standing| standings().filter(|one| *one == standing).count();
    let counts = [("safe", of(Standing::Safe)), ("watched", of(Standing::Watched)), ("halted", of(Standing::Halted))];
    let watched = format.localizer.with("policy-guardrails", counts.map(|(name, number)| (name, number.into())));
    let rows = view::beliefs(&catalogue, &book, in_force.rule()).into_iter().map(|(arm, belief, share)| BeliefRow {
        name: arm_name(arm, &names, &format),
        share: format.percent(share),
        expected: expected(belief),
    });
    let learner = &book.learner;
    let figures: BTreeMap<&str, u64> =
        [("version", u64::from(learner.version)), ("learnt", learner.learnt), ("refused", learner.refused)].into();
    let figures = figures.into_iter().map(|(name, number)| (name, number.into()));
    render::html(&PolicyPage {
        page: Page::of(&reader, account, "policy-title", Section::Policy),
        learnt: format.localizer.with("policy-learnt", figures),
        rows: rows.collect(),
        halted: book.halted().into_iter().map(|arm| arm_name(arm, &names, &format)).collect(),
        watched,
        policies,
        chosen,
        read: view::extent_words(&extent, &format),
        told_apart: told_apart(&book, &format),
        last: last(&state, &book, &format).await?,
        waiting: waiting(&state.service).await?.map(|waiting| waiting_row(&waiting, &format)),
    })
}

/// By which segments the policy tells owners apart, as a sentence.
fn told_apart(book: &Book, format: &Format) -> String {
    let names: Vec<&str> = book.learner.told_apart().iter().map(|segment| segment.name.as_str()).collect();
    if names.is_empty() {
        return format.localizer.text("policy-segments-none");
    }
    format.localizer.with("policy-segments-now", [("segments", names.join(", ").into())])
}

async fn last(state: &AppState, book: &Book, format: &Format) -> Result<Option<LastRow>, Problem> {
    let Some(last) = &book.regrouped else { return Ok(None) };
    let word = state.service.segments_word().await?;
    let when = [("when", format.date_time(last.at_ms).into()), ("version", last.version.into())];
    Ok(Some(LastRow {
        when: format.localizer.with("policy-segments-since", when),
        because: view::because_words(&last.because, word.as_ref(), format),
        change: view::change_words(&last.change, format),
    }))
}

fn waiting_row(waiting: &Waiting, format: &Format) -> WaitingRow {
    WaitingRow {
        change: view::change_words(&waiting.change, format),
        allows: waiting.judged.support.allows(),
        words: view::support_words(&waiting.judged, format),
        why: waiting.judged.evaluation.estimates.err().map(|refusal| refusal.to_string()),
        read: view::extent_words(&waiting.extent, format),
    }
}

/// `POST /experience/policy/segments`.
pub(crate) async fn set_segments(
    State(state): State<AppState>,
    lead: Lead,
    Form(form): Form<WantedSegmentsBody>,
) -> Result<Response, Problem> {
    regroup(&state.service, form.despite, Some(&lead.0.account.id)).await?;
    Ok(render::see_other("/experience/policy"))
}

/// `POST /experience/policy`.
pub(crate) async fn choose(
    State(state): State<AppState>,
    lead: Lead,
    Form(form): Form<PolicyForm>,
) -> Result<Response, Problem> {
    let wanted = wanted(&form.policy, None, Some(form.despite)).ok_or_else(Problem::invalid)?;
    change_policy(&state.service, wanted, &lead.0.account.id).await?;
    Ok(render::see_other("/experience/policy"))
}
