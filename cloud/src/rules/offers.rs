//! When an offer is decided on, from what, and what the decision leaves behind.
//!
//! Invariant: without consent no fact is stored with a decision; and whatever is drawn is stored with the shares that it was drawn from.

use std::sync::Arc;

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan};
use milepost_engine::experiments::{Group, Holdout, Key, draw};
use milepost_engine::maintenance::Assessment;
use milepost_engine::offers::book::Book;
use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_engine::offers::event::Event;
use milepost_engine::offers::increment::Unit;
use milepost_engine::offers::judge::Rule;
use milepost_engine::offers::trial::Exposure;
use milepost_engine::offers::trial_book::Enrolled;
use milepost_engine::offers::{Arm, Bet, Caps, Decision, Draw, Lane, QuietHours, Rejection, Timing, decide, objection};
use milepost_engine::policy::Policy;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;

use super::desktop::Desktop;
use super::outcomes::{account_for_work, count_silence, leave_segments};
use super::{Effects, presenting};
use crate::config::Evaluation;
use crate::domain::{Decided, Planned, Texts, Vehicle};
use crate::offers::{Catalogue, Desk};
use crate::store::DecisionRow;
use crate::zones::zone;

/// The hour of a Saturday at which what waits for it is shown.
const SATURDAY_HOUR: i8 = 10;

/// By what arms are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// By what was learnt so far.
    Learning,
    /// By fixed shares.
    Fixed(Policy),
}

impl Method {
    /// The same, as the engine judges it.
    pub fn rule(self) -> Rule {
        match self {
            Self::Learning => Rule::Learnt,
            Self::Fixed(policy) => Rule::Fixed(policy),
        }
    }
}

impl OfferRules {
    /// By what arms are drawn now: as somebody has chosen, or else as it is configured.
    pub fn in_force(&self) -> Method {
        self.desk.method().unwrap_or(self.method)
    }

    /// The version of the configured policy.
    pub fn version(&self) -> u32 {
        match self.method {
            Method::Learning => 0,
            Method::Fixed(policy) => policy.version,
        }
    }
}

/// What decisions are made with.
#[derive(Debug, Clone)]
pub struct OfferRules {
    /// The installation's secret for assignments.
    pub key: Key,
    /// Who never gets an offer.
    pub holdout: Holdout,
    /// The share of accounts whose arms are drawn evenly.
    pub uniform: f64,
    /// How many promotions an owner gets in a year at most, by offers and programmes together.
    pub contacts_per_year: u32,
    /// How many contacts all owners together get in a month at most; any number, where none is given.
    pub contacts_per_month: Option<u64>,
    /// How often an owner is asked at most.
    pub caps: Caps,
    /// Hours to leave alone.
    pub quiet: QuietHours,
    /// By what arms are drawn, until somebody chooses otherwise.
    pub method: Method,
    /// The dealer that the cars belong to.
    pub dealer: Option<String>,
    /// How much of the log another policy is judged by.
    pub evaluation: Evaluation,
    /// What can be offered.
    pub desk: Desk,
}

/// What a decision needs that lies outside of the vehicle.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// When the owner was contacted about other cars, in milliseconds of Unix time, and whether that promoted something.
    pub contacts: Vec<(u64, bool)>,
    /// How many other cars the owner has here.
    pub other_cars: u32,
    /// What all offers together have led to.
    pub book: Arc<Book>,
    /// What the owner counts in the comparison with the holdout.
    pub unit: Option<Unit>,
    /// What the owner counts in experiments.
    pub enrolled: Vec<Enrolled>,
}

/// Whether a decision is due; vehicles that nobody owns get no offers.
pub(super) fn is_due(vehicle: &Vehicle, now_ms: u64) -> bool {
    let due = vehicle.decided.is_none_or(|decided| now_ms >= decided.again_at_ms);
    let planned = vehicle.planned.as_ref();
    vehicle.owner.is_some() && planned.map_or(due, |planned| now_ms >= planned.at_ms)
}

/// Whether anything about offers is looked at.
pub(super) fn attends(vehicle: &Vehicle, now_ms: u64) -> bool {
    vehicle.owner.is_some() && (is_due(vehicle, now_ms) || presenting::looks_again(vehicle, now_ms))
}

/// When the next decision is due, or what was drawn for later is to be shown.
pub(super) fn next_ms(vehicle: &Vehicle) -> Option<u64> {
    vehicle.owner.as_ref()?;
    let decision_ms = || vehicle.decided.map_or(0, |decided| decided.again_at_ms);
    Some(vehicle.planned.as_ref().map_or_else(decision_ms, |planned| planned.at_ms))
}

/// Keeps segments and advice up, shows what was drawn for later, and decides if that is due.
pub(super) fn attend(
    vehicle: &mut Vehicle,
    assessments: &[Assessment],
    rules: &OfferRules,
    around: &Around,
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    account_for_work(vehicle, rules, now_ms, effects);
    if vehicle.owner.is_none() {
        leave_segments(vehicle, effects);
        return;
    }
    if !attends(vehicle, now_ms) {
        return;
    }
    let due = is_due(vehicle, now_ms);
    vehicle.looked_ms = now_ms;
    count_silence(vehicle, &around.book, now_ms, effects);
    let desktop = Desktop::gather(vehicle, assessments, rules, around, now_ms);
    if vehicle.consent.purposes.contains(Purposes::OFFERS) {
        let moves = vehicle.segments.keep_up(desktop.catalogue.segments(), &desktop.facts, now_ms);
        effects.offers.extend(moves.into_iter().map(Event::Moved));
    } else {
        leave_segments(vehicle, effects);
    }
    presenting::advise(vehicle, &desktop, now_ms, texts, effects);
    if let Some(planned) = vehicle.planned.clone() {
        if now_ms >= planned.at_ms {
            due_now(vehicle, planned, &desktop, now_ms, texts, effects);
        }
    } else if due {
        decide_now(vehicle, &desktop, now_ms, texts, effects);
    }
}

/// Shows what was drawn for this moment, if nothing has come to speak against it.
fn due_now(
    vehicle: &mut Vehicle,
    planned: Planned,
    desktop: &Desktop<'_>,
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    let entry = desktop.catalogue.live(Kind::Offer).find(|entry| entry.id == planned.offer);
    let entry = entry.map(|entry| desktop.stocked(entry));
    let against = match &entry {
        Some(entry) => desktop.ask(vehicle, |context| objection(context, entry)),
        None => Some(Rejection::Halted),
    };
    match (against, entry) {
        (Some(Rejection::Quiet { until_ms }), _) => vehicle.planned = Some(Planned { at_ms: until_ms, ..planned }),
        (None, Some(entry)) => {
            vehicle.planned = None;
            presenting::present(vehicle, &entry, planned.channel, planned.bet, desktop, now_ms, texts, effects);
        }
        (against, _) => {
            vehicle.planned = None;
            let stage = against.map_or("gone", |rejection| stage_name(rejection.stage()));
            crate::events::OfferDropped { device: &vehicle.device, offer: planned.offer, stage }.emit();
        }
    }
}

/// Decides, stores the decision, and shows what was chosen or plans it.
fn decide_now(vehicle: &mut Vehicle, desktop: &Desktop<'_>, now_ms: u64, texts: &dyn Texts, effects: &mut Effects) {
    let Some(owner) = vehicle.owner.clone() else { return };
    let rules = desktop.rules;
    let number = vehicle.next_decision;
    let at = draw(&rules.key, &format!("{} {number}", vehicle.device));
    let group = rules.holdout.place(&rules.key, owner.as_str()).group(rules.uniform);
    let consents = vehicle.consent.purposes.contains(Purposes::OFFERS);
    let members: Vec<String> = vehicle.segments.members().map(|(name, _)| name.to_owned()).collect();
    let offers = desktop.offers();
    let learner = &desktop.around.book.learner;
    let features = desktop.features(vehicle);
    let shares = |arms: &[Arm]| {
        let (lane, policy, shares) = match (group, rules.in_force()) {
            (Group::Uniform, _) => (Lane::Uniform, learner.version, vec![1.0 / arms.len() as f64; arms.len()]),
            (_, Method::Fixed(policy)) => (lane(group), policy.version, policy.shares(arms.len() - 1)),
            (_, Method::Learning) => (lane(group), learner.version, learner.shares(&features, arms)),
        };
        Draw { lane, policy, features: features.clone(), shares, at }
    };
    let parts = desktop.parts(vehicle);
    let mut decision = desktop.ask_within(vehicle, &parts, |context| decide(context, &offers, shares));
    drop(parts);
    if let Some(exposure) = &decision.exposure {
        effects.exposed = Some(enrolled(vehicle, exposure, &desktop.catalogue, now_ms));
    }
    if consents {
        decision.segments = members;
        effects.enrols = Some(group);
    } else {
        decision.features.clear();
    }
    vehicle.next_decision += 1;
    let had_choice = decision.arms.len() > 1;
    vehicle.decided = Some(Decided { at_ms: now_ms, again_at_ms: decision.again_at_ms, had_choice });
    let entry = decision.chosen.offer().and_then(|offer| offers.iter().find(|entry| entry.id == offer));
    let bet = bet(&decision, number, entry.map_or(0, |entry| entry.margin), learner.version);
    if had_choice {
        effects.offers.push(Event::Drawn { bet: bet.clone(), at_ms: now_ms });
    }
    if let (Arm::Offer { channel, timing, offer }, Some(entry)) = (decision.chosen, entry) {
        match timing {
            Timing::Now => presenting::present(vehicle, entry, channel, bet, desktop, now_ms, texts, effects),
            Timing::Saturday => {
                let at_ms = next_saturday_ms(now_ms, &vehicle.profile.time_zone);
                vehicle.planned = Some(Planned { offer, channel, at_ms, bet });
            }
        }
    }
    effects.decision = Some(DecisionRow { device: vehicle.device.clone(), number, at_ms: now_ms, decision });
}

/// What an account counts in an experiment from its first decision on; the service visits of the year before are its covariate.
fn enrolled(vehicle: &Vehicle, exposure: &Exposure, catalogue: &Catalogue, now_ms: u64) -> Enrolled {
    let member = |name: &str| vehicle.segments.members().any(|(known, _)| known == name);
    let segment = catalogue.segments().iter().find(|segment| member(&segment.name));
    let since_ms = now_ms.saturating_sub(365 * DAY_MS);
    let visits = vehicle.book.services().iter().filter(|one| one.stands && one.done.at_ms >= since_ms).count();
    Enrolled {
        exposure: exposure.clone(),
        since_ms: now_ms,
        segment: segment.map_or_else(String::new, |segment| segment.name.clone()),
        before: visits as f64,
        margin: 0,
        excluded: false,
    }
}

fn lane(group: Group) -> Lane {
    if group == Group::Measured { Lane::Measured } else { Lane::Policy }
}

fn bet(decision: &Decision, number: u64, margin: i64, learner: u32) -> Bet {
    Bet {
        decision: number,
        arm: decision.chosen,
        propensity: decision.propensity,
        features: decision.features.clone(),
        margin,
        learner,
    }
}

/// Tries one entry on one vehicle: why it could not be made now, and what it would save.
pub fn tried(
    vehicle: &Vehicle,
    entry: &Entry,
    rules: &OfferRules,
    around: &Around,
    now_ms: u64,
) -> (Option<Rejection>, Option<i64>) {
    let assessments = vehicle.assessments(now_ms);
    let desktop = Desktop::gather(vehicle, &assessments, rules, around, now_ms);
    let entry = desktop.stocked(entry);
    let rejection = desktop.ask(vehicle, |context| objection(context, &entry));
    let saves = entry.benefit.of(&desktop.facts);
    (rejection, saves)
}

/// What the policy would do for a vehicle now, without deciding: its shares of the arms that are left.
pub fn would_do(vehicle: &Vehicle, rules: &OfferRules, around: &Around, now_ms: u64) -> Decision {
    let assessments = vehicle.assessments(now_ms);
    let desktop = Desktop::gather(vehicle, &assessments, rules, around, now_ms);
    let learner = &around.book.learner;
    let features = desktop.features(vehicle);
    let offers = desktop.offers();
    let parts = desktop.parts(vehicle);
    desktop.ask_within(vehicle, &parts, |context| {
        decide(context, &offers, |arms| {
            let shares = rules.in_force().rule().shares(learner, &features, arms);
            Draw { lane: Lane::Policy, policy: learner.version, features: features.clone(), shares, at: 0.0 }
        })
    })
}

/// The name of a stage, as labels and the API write it.
pub fn stage_name(stage: milepost_engine::offers::Stage) -> &'static str {
    use milepost_engine::offers::Stage;
    match stage {
        Stage::Consent => "consent",
        Stage::Safety => "safety",
        Stage::Eligibility => "eligibility",
        Stage::Cap => "cap",
        Stage::QuietHours => "quiet_hours",
        Stage::Budget => "budget",
        Stage::Holdout => "holdout",
        Stage::Guardrail => "guardrail",
        Stage::Experiment => "experiment",
    }
}

/// The next Saturday at ten by the owner's clock, in milliseconds of Unix time; never the moment itself.
fn next_saturday_ms(now_ms: u64, zone_name: &str) -> u64 {
    let later_ms = now_ms + 7 * DAY_MS;
    let Ok(now) = Timestamp::from_millisecond(now_ms.cast_signed()) else { return later_ms };
    let zoned = now.to_zoned(zone(zone_name));
    (0..=7_i64)
        .find_map(|days| {
            let date = zoned.date().checked_add(days.days()).ok()?;
            let at = date.at(SATURDAY_HOUR, 0, 0, 0).to_zoned(zoned.time_zone().clone()).ok()?;
            let at_ms = u64::try_from(at.timestamp().as_millisecond()).ok()?;
            (date.weekday() == Weekday::Saturday && at_ms > now_ms).then_some(at_ms)
        })
        .unwrap_or(later_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zones::minute_of_day;

    #[test]
    fn saturday_at_ten_is_the_owners_also_where_clocks_change_before_it() {
        // 2026-03-27, a Friday, 12:00 UTC; the Saturday is in winter time, the one after it in summer time.
        let friday_ms = 1_774_612_800_000;
        let saturday_ms = next_saturday_ms(friday_ms, "Europe/Berlin");
        assert_eq!(saturday_ms, 1_774_688_400_000);
        let next_ms = next_saturday_ms(saturday_ms, "Europe/Berlin");
        assert_eq!(next_ms - saturday_ms, 7 * DAY_MS - 3_600_000);
        assert_eq!(minute_of_day(&zone("Europe/Berlin"), next_ms), 600);
    }
}
