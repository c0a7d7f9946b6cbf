//! Offers and how they were decided, with every reason.

use milepost_engine::offers::{Arm, Candidate, Ineligible, Rejection};
use milepost_protocol::SignalId;
use milepost_protocol::notice::{NoticeKind, NoticeState, Reason};
use milepost_protocol::plan::ItemId;

use super::state;
use crate::domain::{NoticeDoc, Subject, Vehicle};
use crate::i18n::{Format, item_name, reason, text, title};
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
        title: title(format.localizer, notice.subject),
        text: text(format, notice),
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
    lines.extend(notice.reasons.iter().map(|why| measured(why, format)));
    if let Some(row) = rows.iter().find(|row| Some(row.number) == notice.decision) {
        let chance = format.percent(row.decision.propensity);
        lines.push(localizer.with("offer-why-chance", [("chance", chance.into())]));
    }
    lines.push(localizer.text("offer-why-holdout"));
    lines
}

fn measured(why: &Reason, format: &Format) -> String {
    match *why {
        Reason::Signal { signal: SignalId::OUTSIDE_TEMPERATURE, value, limit } if value < limit => {
            let celsius = |degrees: f32| format.celsius(degrees.into());
            let arguments = [("mean", celsius(value).into()), ("limit", celsius(limit).into())];
            format.localizer.with("offer-why-outside", arguments)
        }
        Reason::Signal { signal: SignalId::OUTSIDE_TEMPERATURE, value, .. } => {
            format.localizer.with("offer-why-tyres", [("warmest", format.celsius(value.into()).into())])
        }
        _ => reason(format, why),
    }
}

/// The decisions, the newest first; a run of equal ones is told once.
pub(crate) fn decisions(rows: &[DecisionRow], format: &Format) -> Vec<DecisionLine> {
    let mut lines: Vec<DecisionLine> = Vec::new();
    for row in rows {
        let line = decision(row, format);
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

fn decision(row: &DecisionRow, format: &Format) -> DecisionLine {
    let localizer = format.localizer;
    let outcome = match row.decision.chosen {
        Arm::Nothing => localizer.text("decision-nothing"),
        Arm::Offer { offer, .. } => localizer.with("decision-offer", [("offer", offer_name(offer, format).into())]),
    };
    let is_chosen =
        |candidate: &&Candidate| matches!(row.decision.chosen, Arm::Offer { offer, .. } if offer == candidate.offer);
    let others = row.decision.candidates.iter().filter(|candidate| !is_chosen(candidate));
    let line = |candidate: &Candidate| {
        let offer = offer_name(candidate.offer, format);
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
    DecisionLine {
        outcome,
        reasons: others.map(line).collect(),
        when: format.date_time(row.at_ms),
        machine: format.machine(row.at_ms),
    }
}

fn offer_name(offer: u16, format: &Format) -> String {
    title(format.localizer, Subject::Offer { offer, serial: 0 })
}

/// Why a candidate fell, as the middle of a sentence.
pub(crate) fn rejected(rejection: &Rejection, format: &Format) -> String {
    let localizer = format.localizer;
    let celsius = |degrees: f32| format.celsius(degrees.into());
    match rejection {
        Rejection::NoConsent { .. } => localizer.text("rejected-consent"),
        Rejection::SafetyOpen { items } => {
            let names: Vec<String> = items.iter().map(|item: &ItemId| item_name(localizer, *item)).collect();
            localizer.with("rejected-safety", [("items", names.join(", ").into())])
        }
        Rejection::NotEligible(Ineligible::AlreadyOpen { .. }) => localizer.text("rejected-open"),
        Rejection::NotEligible(Ineligible::AnsweredThisSeason { at_ms }) => {
            localizer.with("rejected-answered", [("date", format.date(*at_ms).into())])
        }
        Rejection::NotEligible(Ineligible::NoTyreSamples { .. }) => localizer.text("rejected-no-tyres"),
        Rejection::NotEligible(Ineligible::TooFewDays { known, needed }) => {
            localizer.with("rejected-few-days", [("known", (*known).into()), ("needed", (*needed).into())])
        }
        Rejection::NotEligible(Ineligible::TooWarm { mean_c, limit_c }) => {
            localizer.with("rejected-warm", [("mean", celsius(*mean_c).into()), ("limit", celsius(*limit_c).into())])
        }
        Rejection::NotEligible(Ineligible::NotSummerWheels { .. }) => localizer.text("rejected-wheels"),
        Rejection::Capped { shown, window_days, .. } => {
            localizer.with("rejected-cap", [("shown", (*shown).into()), ("days", (*window_days).into())])
        }
        Rejection::Quiet { .. } => localizer.text("rejected-quiet"),
        Rejection::BudgetSpent(_) => localizer.text("rejected-budget"),
        Rejection::HeldOut(_) => localizer.text("rejected-holdout"),
    }
}
