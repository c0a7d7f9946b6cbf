//! Offers and how they were decided, with every reason.

use std::collections::BTreeMap;

use milepost_engine::offers::catalogue::Unfit;
use milepost_engine::offers::eligibility::{Ground, Test, Value};
use milepost_engine::offers::{Arm, Candidate, Lane, Rejection};
use milepost_protocol::notice::{Actions, NoticeKind, NoticeState};
use milepost_protocol::plan::ItemId;

use super::state;
use crate::domain::{NoticeDoc, Vehicle};
use crate::i18n::{Format, item_name, text, title};
use crate::offers::Catalogue;
use crate::store::DecisionRow;

/// How many decisions the page shows.
const DECISIONS: usize = 8;

/// One offer.
#[derive(Debug, Clone)]
pub(crate) struct OfferView {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) why: Vec<String>,
    pub(crate) raised: String,
    pub(crate) status: Option<String>,
    pub(crate) open: bool,
    pub(crate) bookable: bool,
    pub(crate) price: Option<String>,
    pub(crate) saves: Option<String>,
}

/// What the entries of the catalogue are called in one language.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfferNames(BTreeMap<u16, String>);

impl OfferNames {
    /// The names of a catalogue; a name with a figure in it gives way to the entry's code.
    pub(crate) fn of(catalogue: &Catalogue, format: &Format) -> Self {
        let language = format.localizer.language().code();
        let name = |entry: &milepost_engine::offers::catalogue::Entry| {
            let words = entry.content.get(language).or_else(|| entry.content.get("en"));
            let title = words.map(|words| words.title.clone()).filter(|title| !title.contains('{'));
            (entry.id, title.unwrap_or_else(|| entry.code.clone()))
        };
        Self(catalogue.entries().map(|listed| name(&listed.entry)).collect())
    }

    /// The name of an entry.
    pub(crate) fn get(&self, offer: u16, format: &Format) -> String {
        self.0.get(&offer).cloned().unwrap_or_else(|| format.localizer.text("offer-other-title"))
    }
}

/// One decision.
#[derive(Debug, Clone)]
pub(crate) struct DecisionLine {
    pub(crate) outcome: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) when: String,
    pub(crate) machine: String,
}

/// The offers, open ones first, then the newest.
pub(crate) fn offers(vehicle: &Vehicle, rows: &[DecisionRow], format: &Format) -> Vec<OfferView> {
    let mut offers: Vec<&NoticeDoc> =
        vehicle.notices.values().filter(|notice| notice.subject.kind() == NoticeKind::Offer).collect();
    let is_open = |notice: &NoticeDoc| notice.state().is_open(format.now_ms);
    offers.sort_by_key(|notice| (!is_open(notice), std::cmp::Reverse(notice.raised_ms())));
    let view = |notice: &NoticeDoc| OfferView {
        id: notice.id().to_string(),
        title: title(format.localizer, notice),
        text: text(format, notice),
        bookable: notice.actions.contains(Actions::BOOK),
        price: notice.made.as_ref().filter(|made| made.price > 0).map(|made| format.money(made.price)),
        saves: notice
            .made
            .as_ref()
            .and_then(|made| made.saves)
            .filter(|saves| *saves > 0)
            .map(|saves| format.money(saves)),
        why: why(notice, rows, format),
        raised: format.age(notice.raised_ms()),
        status: match notice.state() {
            NoticeState::Raised | NoticeState::Shown { .. } => None,
            other => Some(state(format, other)),
        },
        open: is_open(notice),
    };
    offers.into_iter().map(view).collect()
}

/// Why an offer is shown: consent, what was measured, and the chance that it was drawn with.
fn why(notice: &NoticeDoc, rows: &[DecisionRow], format: &Format) -> Vec<String> {
    let localizer = format.localizer;
    let mut lines = vec![localizer.text("offer-why-consent")];
    let grounds = notice.made.as_ref().map_or(&[][..], |made| &made.grounds);
    lines.extend(grounds.iter().map(|ground| ground_words(ground, format)));
    if let Some(row) = rows.iter().find(|row| Some(row.number) == notice.decision) {
        let chance = format.percent(row.decision.propensity);
        lines.push(localizer.with("offer-why-chance", [("chance", chance.into())]));
    }
    lines.push(localizer.text("offer-why-holdout"));
    lines
}

/// A figure that spoke for or against something, as a line.
pub(crate) fn ground_words(ground: &Ground, format: &Format) -> String {
    let localizer = format.localizer;
    let name = fact_name(&ground.name, format);
    let Some(found) = &ground.found else { return localizer.with("ground-unknown", [("fact", name.into())]) };
    let found = value_words(found, format);
    let (key, asked) = match &ground.test {
        Test::AtLeast(bound) => ("ground-at-least", format.decimal(*bound, 1)),
        Test::Below(bound) => ("ground-below", format.decimal(*bound, 1)),
        Test::Is(flag) => ("ground-is", flag.to_string()),
        Test::OneOf(words) => ("ground-one-of", words.join(", ")),
    };
    localizer.with(key, [("fact", name.into()), ("found", found.into()), ("asked", asked.into())])
}

/// What a fact is called.
pub(crate) fn fact_name(name: &str, format: &Format) -> String {
    let localizer = format.localizer;
    if let Some(item) =
        name.strip_prefix("used_").and_then(|item| milepost_engine::plans::item_id(&item.replace('_', "-")))
    {
        return localizer.with("fact-used", [("item", item_name(localizer, item).into())]);
    }
    let key = format!("fact-{}", name.replace('_', "-"));
    if localizer.has(&key) { localizer.text(&key) } else { name.to_owned() }
}

fn value_words(value: &Value, format: &Format) -> String {
    match value {
        Value::Number(number) => format.decimal(*number, 1),
        Value::Flag(flag) => flag.to_string(),
        Value::Word(word) => word.clone(),
    }
}

/// The decisions, the newest first; a run of equal ones is told once.
pub(crate) fn decisions(rows: &[DecisionRow], names: &OfferNames, format: &Format) -> Vec<DecisionLine> {
    let mut lines: Vec<DecisionLine> = Vec::new();
    for row in rows {
        let line = decision(row, names, format);
        let repeats = lines.last().is_some_and(|last| last.outcome == line.outcome && last.reasons == line.reasons);
        if !repeats {
            lines.push(line);
        }
        if lines.len() == DECISIONS {
            break;
        }
    }
    lines
}

fn decision(row: &DecisionRow, names: &OfferNames, format: &Format) -> DecisionLine {
    let localizer = format.localizer;
    let outcome = match row.decision.chosen {
        Arm::Nothing => localizer.text("decision-nothing"),
        Arm::Offer { offer, .. } => localizer.with("decision-offer", [("offer", names.get(offer, format).into())]),
    };
    let is_chosen =
        |candidate: &&Candidate| matches!(row.decision.chosen, Arm::Offer { offer, .. } if offer == candidate.offer);
    let others = row.decision.candidates.iter().filter(|candidate| !is_chosen(candidate));
    let line = |candidate: &Candidate| {
        let offer = names.get(candidate.offer, format);
        if let Some(rejection) = &candidate.rejection {
            let reason = rejected(rejection, format);
            localizer.with("decision-considered", [("offer", offer.into()), ("reason", reason.into())])
        } else {
            let of_offer = |arm: &Arm| matches!(*arm, Arm::Offer { offer, .. } if offer == candidate.offer);
            let chance =
                row.decision.arms.iter().filter(|share| of_offer(&share.arm)).map(|share| share.propensity).sum();
            localizer.with("decision-chance", [("offer", offer.into()), ("chance", format.percent(chance).into())])
        }
    };
    let mut reasons: Vec<String> = others.map(line).collect();
    if row.decision.arms.len() > 1 {
        reasons.insert(0, localizer.text(lane_key(row.decision.lane)));
    }
    DecisionLine { outcome, reasons, when: format.date_time(row.at_ms), machine: format.machine(row.at_ms) }
}

/// Why a candidate fell, as the middle of a sentence.
pub(crate) fn rejected(rejection: &Rejection, format: &Format) -> String {
    let localizer = format.localizer;
    match rejection {
        Rejection::NoConsent { .. } => localizer.text("rejected-consent"),
        Rejection::SafetyOpen { items } => {
            let names: Vec<String> = items.iter().map(|item: &ItemId| item_name(localizer, *item)).collect();
            localizer.with("rejected-safety", [("items", names.join(", ").into())])
        }
        Rejection::Unfit(unfit) => unfit_words(unfit, format),
        Rejection::NotEligible(_) => localizer.text("rejected-earlier"),
        Rejection::Fewer { until_ms } => localizer.with("rejected-fewer", [("date", format.date(*until_ms).into())]),
        Rejection::Fatigued { until_ms } => {
            localizer.with("rejected-fatigued", [("date", format.date(*until_ms).into())])
        }
        Rejection::Capped { shown, window_days, .. } => {
            localizer.with("rejected-cap", [("shown", (*shown).into()), ("days", (*window_days).into())])
        }
        Rejection::Quiet { .. } => localizer.text("rejected-quiet"),
        Rejection::BudgetSpent(_) | Rejection::Paced(_) => localizer.text("rejected-budget"),
        Rejection::HeldOut(_) => localizer.text("rejected-holdout"),
        Rejection::Halted => localizer.text("rejected-halted"),
    }
}

fn lane_key(lane: Lane) -> &'static str {
    match lane {
        Lane::Policy | Lane::Measured => "lane-policy",
        Lane::Uniform => "lane-uniform",
    }
}

/// Why an entry does not fit, as the middle of a sentence.
fn unfit_words(unfit: &Unfit, format: &Format) -> String {
    let localizer = format.localizer;
    match unfit {
        Unfit::AlreadyOpen { .. } => localizer.text("rejected-open"),
        Unfit::Answered { at_ms } => localizer.with("rejected-answered", [("date", format.date(*at_ms).into())]),
        Unfit::TipFirst { .. } => localizer.text("rejected-tip-first"),
        Unfit::NotYet { from_ms } => localizer.with("rejected-not-yet", [("date", format.date(*from_ms).into())]),
        Unfit::Over { until_ms } => localizer.with("rejected-over", [("date", format.date(*until_ms).into())]),
        Unfit::OutOfStock => localizer.text("rejected-stock"),
        Unfit::Dealer { .. } => localizer.text("rejected-dealer"),
        Unfit::Language => localizer.text("rejected-language"),
        Unfit::Condition(grounds) | Unfit::NotKnown(grounds) => {
            let words: Vec<String> = grounds.iter().map(|ground| ground_words(ground, format)).collect();
            words.join("; ")
        }
    }
}
