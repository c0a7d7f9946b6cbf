//! Programmes: what an owner is told along the way, as notices like all others.
//!
//! Invariant: a step's notice, its place in the run and the contact that caps count are one commit.

use std::sync::Arc;

use jiff::Timestamp;
use milepost_engine::journey::{
    Cap, Cause, Contact, Date, Direction, Event, Facts, Message, Outcome, Programmes, Scene, Signal, Touchpoint,
    Trigger, World,
};
use milepost_engine::maintenance::Assessment;
use milepost_engine::offers::Caps;
use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_engine::service_book::Source;
use milepost_protocol::notice::Actions;
use milepost_protocol::plan::{DAY_MS, Level, SafetyClass};
use milepost_protocol::{DeviceId, Record};

use super::{Effects, Rules};
use crate::domain::{
    Actor, Asked, ChangeKind, Figures, IntentError, Moment, NoticeDoc, ProgrammeStep, Question, Reply, Subject, Vehicle,
};
use crate::offers::Catalogue;
use crate::zones::{minute_of_day, zone};

/// A trip below this is too short to warm an engine, in metres.
const SHORT_TRIP_M: u32 = 5_000;

/// What programmes run with.
#[derive(Debug, Clone)]
pub struct JourneyRules {
    /// The programmes.
    pub programmes: Arc<Programmes>,
    /// How many contacts all of them together make with an owner at most.
    pub cap: Cap,
}

impl JourneyRules {
    /// Programmes with the usual cap: three contacts a week. What promotes something is capped as offers are, together with them.
    pub fn new(programmes: Programmes) -> Self {
        Self { programmes: Arc::new(programmes), cap: Cap { contacts: 3, days: 7 } }
    }

    /// Whether somebody has to look at a vehicle's programmes now.
    pub fn is_due(&self, vehicle: &Vehicle, now_ms: u64) -> bool {
        let journey = &vehicle.journey;
        let is_new = journey.since_ms == 0;
        vehicle.owner.is_some() && (is_new || journey.next_ms.is_some_and(|next_ms| next_ms <= now_ms))
    }
}

/// What is known of the owner's other cars.
#[derive(Debug, Clone, Default)]
pub struct OtherCars {
    /// How many there are.
    pub count: u32,
    /// Whether one of them comes before this one, so that what concerns the owner alone is told there.
    pub is_behind: bool,
    /// The owner's birthday, as it was told with one of them.
    pub born: Option<Date>,
    /// Contacts about them: when, and whether they promoted something.
    pub contacts: Vec<(u64, bool)>,
}

impl OtherCars {
    /// Adds one of the owner's cars to those beside `device`.
    pub fn add(&mut self, device: &DeviceId, other: &Vehicle) {
        self.count += 1;
        self.is_behind |= other.device < *device;
        self.born = self.born.or(other.asked.born);
        self.contacts.extend(contacts(other));
    }
}

/// Every contact about a car that caps count, by offers and by programmes: when, and whether it promoted something.
pub fn contacts(vehicle: &Vehicle) -> impl Iterator<Item = (u64, bool)> {
    let offers = vehicle.offers.contacts_ms().map(|at_ms| (at_ms, true));
    offers.chain(vehicle.journey.contacts().iter().copied())
}

/// Takes in what a record tells programmes.
pub fn journey_record(vehicle: &mut Vehicle, record: &Record, at_ms: u64) {
    if vehicle.owner.is_none() {
        return;
    }
    let (trigger, id) = match record {
        Record::TripStarted(trip) => (Trigger::IgnitionOn, trip.trip),
        Record::TripEnded(trip) => (Trigger::TripFinished, trip.trip),
        _ => return,
    };
    vehicle.journey.apply(Event { at_ms, id: id.into(), trigger });
    if trigger == Trigger::TripFinished {
        vehicle.journey.note(Signal::Drove, at_ms);
    }
}

/// A new owner's journey begins.
pub(super) fn begin(vehicle: &mut Vehicle, now_ms: u64) {
    vehicle.journey = milepost_engine::journey::Journey::default();
    vehicle.asked = Asked::default();
    vehicle.journey.apply(Event { at_ms: now_ms, id: 0, trigger: Trigger::Purchase });
    vehicle.journey.note(Signal::Bought, now_ms);
}

/// The owner leaves a programme, or joins again; answers whether anything changed.
///
/// What it has told and nobody has answered goes away with it.
pub(super) fn take_part(
    vehicle: &mut Vehicle,
    programme: &str,
    takes_part: bool,
    now_ms: u64,
    effects: &mut Effects,
) -> bool {
    if takes_part {
        return vehicle.journey.join(programme, now_ms);
    }
    if !vehicle.journey.leave(programme, now_ms) {
        return false;
    }
    let contact = Contact {
        at_ms: now_ms,
        touchpoint: Touchpoint::Account,
        direction: Direction::Inbound,
        scene: Scene::default(),
        cause: Cause::Programme { programme: programme.to_owned(), step: String::new() },
        thread: programme.to_owned(),
        cost_cents: 0,
        outcome: Outcome::Left,
    };
    effects.contacts.extend(crate::journey::take(vehicle, &contact));
    let is_of = |notice: &&NoticeDoc| notice.programme.as_ref().is_some_and(|step| step.programme == programme);
    let ids: Vec<_> = vehicle.notices.values().filter(is_of).map(NoticeDoc::id).collect();
    for id in ids {
        let Some(notice) = vehicle.notices.get_mut(&id) else { continue };
        if notice.expire(Moment::now(now_ms), &Actor::System) {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
    true
}

/// The owner replies to a question; answers whether anything changed.
pub(super) fn reply(vehicle: &mut Vehicle, question: Question, reply: Reply, now_ms: u64) -> bool {
    let changed = vehicle.asked.reply(question, reply, now_ms);
    if changed {
        // A birthday may be near.
        vehicle.journey.next_ms = Some(now_ms);
    }
    changed
}

/// The owner changes what they want from a pack; answers whether anything changed.
pub(super) fn choose(vehicle: &mut Vehicle, programme: &str, chosen: &[String]) -> Result<bool, IntentError> {
    let is_active = vehicle.journey.runs().iter().any(|run| run.programme == programme && run.is_active());
    if !is_active {
        return Err(IntentError::UnknownItem);
    }
    Ok(vehicle.journey.choose(programme, chosen))
}

/// Looks at the programmes if that is due, raises what they tell, and keeps the timer.
pub fn advance(vehicle: &mut Vehicle, rules: &Rules, others: &OtherCars, now_ms: u64, effects: &mut Effects) {
    if rules.journeys.is_due(vehicle, now_ms) {
        let assessments = vehicle.assessments(now_ms);
        tell(vehicle, rules, others, &assessments, now_ms, effects);
    }
    let notices = vehicle.notices.values().filter_map(NoticeDoc::next_timer_ms).min();
    let journey = vehicle.owner.as_ref().and(vehicle.journey.next_ms);
    let timers = vehicle.timer_ms.into_iter().chain(notices).chain(journey);
    vehicle.timer_ms = timers.min().map(|at_ms| at_ms.max(now_ms + 1));
}

fn tell(
    vehicle: &mut Vehicle,
    rules: &Rules,
    others: &OtherCars,
    assessments: &[Assessment],
    now_ms: u64,
    effects: &mut Effects,
) {
    let Some(owner) = vehicle.owner.clone() else { return };
    let catalogue = rules.offers.desk.now();
    let said = said(vehicle, &catalogue, now_ms);
    let minute = minute_of_day(&zone(&vehicle.profile.time_zone), now_ms);
    let beside: Vec<(u64, bool)> =
        others.contacts.iter().copied().chain(vehicle.offers.contacts_ms().map(|at_ms| (at_ms, true))).collect();
    let mut journey = std::mem::take(&mut vehicle.journey);
    let figures = figures(vehicle, others, assessments, now_ms);
    let born = vehicle.asked.born.or(others.born);
    // What concerns the owner and no car is told with one car alone.
    let facts = Facts {
        cars: if others.is_behind { 1 } else { figures.cars },
        ..facts(vehicle, &figures, born.filter(|_| !others.is_behind), now_ms)
    };
    let is_safety = |assessment: &&Assessment| {
        let item = vehicle.item(assessment.item);
        assessment.level >= Level::Due && item.is_some_and(|item| item.rule.safety == SafetyClass::Safety)
    };
    let world = World {
        now_ms,
        facts: &facts,
        consent: vehicle.consent.purposes,
        others: &beside,
        cap: rules.journeys.cap,
        promotions: promotions(rules.offers.caps),
        open_safety: assessments.iter().any(|assessment| is_safety(&assessment)),
        quiet_until_ms: rules.offers.quiet.until_ms(now_ms, minute),
        fatigued_until_ms: vehicle.offers.fatigued_until_ms(now_ms),
        held_out: rules.offers.holdout.place(&rules.offers.key, owner.as_str()).is_held_out(),
        said: &said,
    };
    let tellings = journey.advance(&rules.journeys.programmes, &world);
    let today = world.facts.today;
    vehicle.journey = journey;
    for telling in tellings {
        // Advice that a programme gives is not given by the catalogue too.
        let tip = telling
            .tell
            .same_as
            .as_deref()
            .and_then(|code| catalogue.live(Kind::Tip).find(|entry| entry.code == code).map(|entry| entry.id));
        if let Some(tip) = tip {
            vehicle.offers.tip(tip, now_ms);
        }
        let figures = match (telling.tell.message, born) {
            (Message::OwnerBirthday, Some(born)) => Figures { years: years(born, today), ..figures },
            _ => figures,
        };
        let subject = Subject::Programme { message: telling.tell.message, serial: vehicle.next_information };
        vehicle.next_information += 1;
        let at = Moment::now(now_ms);
        let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), at, Actor::System);
        notice.actions = Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE).and(Actions::REFUSE);
        notice.expires_ms = Some(now_ms + u64::from(telling.tell.stands_days) * DAY_MS);
        notice.in_car = telling.tell.in_car;
        notice.programme = Some(ProgrammeStep {
            programme: telling.programme.name.clone(),
            step: telling.step.id.clone(),
            by: telling.tell.by.clone(),
            promotes: telling.tell.promotes,
            chosen: telling.chosen,
            figures,
        });
        if notice.in_car {
            effects.send_notice(vehicle, &notice, rules.texts.as_ref());
        }
        effects.note(ChangeKind::NoticeRaised(notice.id()));
        vehicle.notices.insert(notice.id(), notice);
    }
}

fn figures(vehicle: &Vehicle, others: &OtherCars, assessments: &[Assessment], now_ms: u64) -> Figures {
    let month_ms = now_ms.saturating_sub(30 * DAY_MS);
    let mut figures = Figures { cars: others.count + 1, ..Figures::default() };
    for trip in vehicle.state.trips.ended.iter().filter(|trip| trip.ended_ms >= month_ms) {
        figures.trips += 1;
        figures.distance_m += u64::from(trip.distance_m);
        figures.fuel_ml += u64::from(trip.fuel_ml);
        figures.short_trips += u32::from(trip.distance_m < SHORT_TRIP_M);
    }
    let today = local_date(now_ms, &vehicle.profile.time_zone);
    figures.years = registered(vehicle).map_or(0, |of| years(of, today));
    let vouched = |service: &crate::domain::Service| service.stands && service.source != Source::Owner;
    let open = assessments.iter().filter(|assessment| assessment.level > Level::Scheduled);
    figures.open = u32::try_from(open.count()).unwrap_or(u32::MAX);
    figures.records = u32::try_from(vehicle.book.services().iter().filter(|one| vouched(one)).count()).unwrap_or(0);
    figures
}

/// Whole years from one date to another.
fn years(from: Date, to: Date) -> u32 {
    u32::try_from(to.year - from.year - i16::from((to.month, to.day) < (from.month, from.day))).unwrap_or(0)
}

/// The cap of offers, which promotions by programmes keep together with them.
fn promotions(caps: Caps) -> Cap {
    Cap { contacts: u16::try_from(caps.limit).unwrap_or(u16::MAX), days: caps.window_days }
}

/// The entries that the catalogue tells the owner: advice that was given lately, and offers that may be made or were.
fn said(vehicle: &Vehicle, catalogue: &Catalogue, now_ms: u64) -> Vec<String> {
    let lately = |entry: &Entry, at_ms: u64| now_ms.saturating_sub(at_ms) < u64::from(entry.rest_days) * DAY_MS;
    let tips =
        catalogue.live(Kind::Tip).filter(|tip| vehicle.offers.tipped_ms(tip.id).is_some_and(|at| lately(tip, at)));
    let offers = catalogue.live(Kind::Offer).filter(|offer| {
        vehicle.consent.purposes.contains(offer.needs)
            || vehicle.offers.of(offer.id).any(|known| lately(offer, known.at_ms))
    });
    tips.chain(offers).map(|entry| entry.code.clone()).collect()
}

fn facts<'a>(vehicle: &'a Vehicle, figures: &Figures, born: Option<Date>, now_ms: u64) -> Facts<'a> {
    let since_ms = if vehicle.book.owned_since_ms > 0 { vehicle.book.owned_since_ms } else { vehicle.created_ms };
    Facts {
        today: local_date(now_ms, &vehicle.profile.time_zone),
        outside: &vehicle.state.outside,
        zone: &vehicle.profile.time_zone,
        cars: figures.cars,
        owned_since_ms: Some(since_ms),
        registered: registered(vehicle),
        born,
        heard_ms: Some(vehicle.state.last_received_ms).filter(|at_ms| *at_ms > 0),
        month_m: figures.distance_m,
        verified: figures.records,
        service_open: figures.open > 0,
        segments: vehicle.segments.members().map(|(name, _)| name.to_owned()).collect(),
    }
}

fn registered(vehicle: &Vehicle) -> Option<Date> {
    let at_ms = vehicle.profile.registered_ms;
    (at_ms > 0).then(|| local_date(at_ms, &vehicle.profile.time_zone))
}

/// The owner's date; an unknown zone counts as UTC.
fn local_date(at_ms: u64, zone_name: &str) -> Date {
    let at = Timestamp::from_millisecond(at_ms.cast_signed()).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = at.to_zoned(zone(zone_name));
    Date { year: local.year(), month: local.month().unsigned_abs(), day: local.day().unsigned_abs() }
}
