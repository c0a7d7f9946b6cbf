//! The pages of experiments on offers: all of them, and what one has shown, with its stop button.
//!
//! Invariant: they show sums, never a person; what is asked for goes the same way as through the API.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use milepost_engine::experiments::analysis::Effect;
use milepost_engine::offers::trial::Trial;
use serde::Deserialize;

use super::experience::arm_name;
use super::page::{Page, Section};
use super::view::{self, Badge, OfferNames, Shown};
use super::{AppState, Reader, render};
use crate::accounts::Lead;
use crate::api::{Problem, StateBody};
use crate::i18n::Format;
use crate::offers::{ListedTrial, TrialState, put_trial, set_trial};

struct Line {
    id: String,
    badge: Badge,
    accounts: String,
    /// What is still taken in.
    intake: String,
    words: Vec<String>,
}

#[derive(Template)]
#[template(path = "experience/experiments.html")]
struct ExperimentsPage {
    page: Page,
    lines: Vec<Line>,
}

struct ArmLine {
    name: String,
    does: String,
    accounts: String,
    margin: String,
}

struct EffectLine {
    arm: String,
    segment: String,
    effect: String,
    interval: String,
    accounts: String,
    badge: Badge,
}

struct PhaseLine {
    from: String,
    shares: String,
    accounts: String,
}

#[derive(Template)]
#[template(path = "experience/experiment.html")]
struct ExperimentPage {
    page: Page,
    line: Line,
    running: bool,
    draft: bool,
    about: Vec<String>,
    arms: Vec<ArmLine>,
    effects: Vec<EffectLine>,
    segments: Vec<EffectLine>,
    phases: Vec<PhaseLine>,
    sizes: String,
    covariate: String,
    excluded: String,
    holdout: String,
}

/// An experiment as TOML.
#[derive(Debug, Deserialize)]
pub(crate) struct PutForm {
    text: String,
}

fn line(listed: &ListedTrial, shown: &Shown, now_ms: u64, format: &Format) -> Line {
    let badge = match listed.state {
        TrialState::Draft => Badge::new(format.localizer, "", "clock", "experiment-draft"),
        TrialState::Running => Badge::new(format.localizer, "accent", "check", "experiment-running"),
        TrialState::Stopped => Badge::new(format.localizer, "", "close", "experiment-stopped"),
    };
    let accounts: f64 = (0..listed.trial.arms.len()).map(|arm| shown.tally.arm(arm).n).sum();
    Line {
        id: listed.trial.id.clone(),
        badge,
        accounts: format.integer(accounts as i64),
        intake: view::intake_words(shown.intake(listed, now_ms), format),
        words: shown.overall().map(|effect| view::effect_words(&listed.trial, effect, format)).collect(),
    }
}

fn effect(trial: &Trial, segment: Option<&str>, effect: &Effect, format: &Format) -> EffectLine {
    let localizer = format.localizer;
    let [arm, control] = effect.units.map(|units| format.integer(units as i64));
    EffectLine {
        arm: trial.arms.get(effect.arm).map_or_else(String::new, |one| one.name.clone()),
        segment: match segment {
            None => String::new(),
            Some("") => localizer.text("experiment-no-segment"),
            Some(name) => name.to_owned(),
        },
        effect: if effect.effect.is_finite() && effect.units.iter().all(|units| *units > 0.0) {
            format.worth(effect.effect)
        } else {
            "–".to_owned()
        },
        interval: view::interval(effect, format),
        accounts: localizer.with("experiment-against", [("arm", arm.into()), ("control", control.into())]),
        badge: view::verdict_badge(effect.verdict, format),
    }
}

/// `GET /experience/experiments`.
pub(crate) async fn list(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let now_ms = state.now_ms();
    let one = |listed: &ListedTrial| line(listed, &Shown::of(&listed.trial, &book), now_ms, &format);
    let lines = catalogue.trials().map(one).collect();
    let page = Page::of(&reader, account, "experiments-title", Section::Experiments);
    render::html(&ExperimentsPage { page, lines })
}

/// `POST /experience/experiments`.
pub(crate) async fn put(
    State(state): State<AppState>,
    lead: Lead,
    Form(form): Form<PutForm>,
) -> Result<Response, Problem> {
    let doc = put_trial(&state.service, &form.text, &lead.0.account.id).await?;
    Ok(render::see_other(&format!("/experience/experiments/{}", doc.trial.id)))
}

/// `GET /experience/experiments/{experiment}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let localizer = format.localizer;
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let listed = catalogue.trial(&id).ok_or_else(Problem::not_found)?;
    let (trial, shown) = (&listed.trial, Shown::of(&listed.trial, &book));
    let names = OfferNames::of(&catalogue, &format);
    let percents = |shares: &[f64]| shares.iter().map(|share| format.percent(*share)).collect::<Vec<_>>().join(" · ");
    let arms = trial.arms.iter().enumerate().map(|(number, one)| {
        let summary = shown.tally.arm(number);
        let known = summary.n > 0.0;
        ArmLine {
            name: one.name.clone(),
            does: arm_name(one.arm, &names, &format),
            accounts: format.integer(summary.n as i64),
            margin: if known { format.worth(summary.mean) } else { "–".to_owned() },
        }
    });
    let phases = trial.phases.iter().zip(shown.tally.phases()).map(|(allocation, phase)| PhaseLine {
        from: if allocation.from_ms == 0 {
            localizer.text("experiment-from-start")
        } else {
            format.date(allocation.from_ms)
        },
        shares: percents(&allocation.shares),
        accounts: phase.counts.iter().map(|count| format.integer(count.cast_signed())).collect::<Vec<_>>().join(" · "),
    });
    let (from, to) = (format.percent(trial.span.0), format.percent(trial.span.1));
    let layer = [("layer", trial.layer.clone().into()), ("from", from.into()), ("to", to.into())];
    let mut about = vec![localizer.with("experiment-layer", layer)];
    if !trial.segments.is_empty() {
        about.push(localizer.with("experiment-segments", [("segments", trial.segments.join(", ").into())]));
    }
    if trial.until_ms != u64::MAX {
        about.push(localizer.with("experiment-until", [("date", format.date(trial.until_ms).into())]));
    }
    about.push(localizer.with("experiment-window", [("days", trial.window_days.into())]));
    render::html(&ExperimentPage {
        page: Page::of(&reader, account, "experiments-title", Section::Experiments),
        line: line(listed, &shown, state.now_ms(), &format),
        running: listed.state == TrialState::Running,
        draft: listed.state == TrialState::Draft,
        about,
        arms: arms.collect(),
        effects: shown.overall().map(|one| effect(trial, None, one, &format)).collect(),
        segments: shown.by_segment().map(|(segment, one)| effect(trial, Some(segment), one, &format)).collect(),
        phases: phases.collect(),
        sizes: shown.sizes_words(&format),
        covariate: shown.covariate_words(&format),
        excluded: localizer.with("experiment-excluded", [("count", shown.tally.excluded.into())]),
        holdout: view::verdict_words(&book.increment(), &format),
    })
}

/// `POST /experience/experiments/{experiment}/state`.
pub(crate) async fn set_state(
    State(state): State<AppState>,
    lead: Lead,
    Path(id): Path<String>,
    Form(form): Form<StateBody>,
) -> Result<Response, Problem> {
    set_trial(&state.service, &id, form.trial()?, &lead.0.account.id).await?;
    Ok(render::see_other(&format!("/experience/experiments/{id}")))
}
