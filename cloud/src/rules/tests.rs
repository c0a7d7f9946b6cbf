mod complaints;
mod detected;

use milepost_engine::offers::event::Event;
use milepost_engine::offers::{Arm, Outcome, Rejection};
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::{Answer, NoticeState, Surface};
use milepost_protocol::plan::{DAY_MS, ItemId, Level};
use milepost_protocol::record::{Counters, NoticeAnswered, NoticeRaised, NoticeShown, TyreSample, Wheel};
use milepost_protocol::{Downlink, NoticeId, Record};

use super::{Around, Effects, carry_out, evaluate, notice_record};
use crate::bench::{NOW_MS, device, rules};
use crate::domain::{Actor, Intent, IntentError, Profile, Remarks, Vehicle};

const OIL: ItemId = ItemId::ENGINE_OIL;
const KM: u32 = 1_000;

struct Car {
    vehicle: Vehicle,
    now_ms: u64,
    sent: Vec<Downlink>,
    decisions: Vec<crate::store::DecisionRow>,
    events: Vec<Event>,
}

impl Car {
    /// A car at 50,000 km whose every cycle begins now.
    fn new() -> Self {
        let vehicle = Vehicle::new(device("d"), NOW_MS);
        let mut car = Self { vehicle, now_ms: NOW_MS, sent: Vec::new(), decisions: Vec::new(), events: Vec::new() };
        car.drive_to(50_000);
        car
    }

    fn owned() -> Self {
        let mut car = Self::new();
        let owner = Some("anna".parse().unwrap());
        car.wish(Intent::Register { profile: Profile::default(), owner }, &Actor::System).unwrap();
        car
    }

    /// Drives at 60 km/h, because a reading that jumps is not believed.
    fn drive_to(&mut self, km: u32) {
        let from_km = self.vehicle.state.usage().odometer_m.map_or(km, |m| m / KM);
        self.now_ms += u64::from(km - from_km) * 60_000;
        let counters = Counters { odometer_m: km * KM, odometer_anchored: true, ..Counters::default() };
        self.record(Record::Counters(counters));
    }

    fn record(&mut self, record: Record) {
        self.record_at(record, self.now_ms);
    }

    /// A record with the time that the car's own clock gave it.
    #[expect(clippy::needless_pass_by_value, reason = "the scenarios read better")]
    fn record_at(&mut self, record: Record, measured_at_ms: u64) {
        let times = milepost_engine::usage::Times { measured_at_ms, received_at_ms: self.now_ms };
        let mut effects = Effects::default();
        self.vehicle.state.apply(1, times, &record);
        notice_record(&mut self.vehicle, &record, times.when_ms(), self.now_ms, &mut effects);
        self.settle(effects);
    }

    #[expect(clippy::needless_pass_by_value, reason = "the scenarios read better")]
    fn wish(&mut self, intent: Intent, by: &Actor) -> Result<bool, IntentError> {
        let mut effects = Effects::default();
        let result = carry_out(&mut self.vehicle, &intent, by, self.now_ms, &mut effects);
        self.settle(effects);
        result
    }

    fn answer(&mut self, notice: NoticeId, answer: Answer, by: &Actor) -> Result<bool, IntentError> {
        self.wish(Intent::Answer { notice, answer }, by)
    }

    fn days(&mut self, days: u64) {
        self.now_ms += days * DAY_MS;
        self.settle(Effects::default());
    }

    fn settle(&mut self, mut effects: Effects) {
        evaluate(&mut self.vehicle, &rules(), &Around::default(), self.now_ms, &mut effects);
        self.events.append(&mut effects.offers);
        self.decisions.extend(effects.decision.take());
        for message in effects.messages {
            self.sent.extend(Downlink::parse(&message.bytes).unwrap());
        }
    }

    fn state(&self, id: NoticeId) -> NoticeState {
        self.vehicle.notices[&id].state()
    }

    fn notices_sent(&self, id: NoticeId) -> usize {
        self.sent.iter().filter(|message| matches!(message, Downlink::Notice(notice) if notice.id == id)).count()
    }

    fn last_update(&self, id: NoticeId) -> Option<NoticeState> {
        self.sent.iter().rev().find_map(|message| match message {
            Downlink::NoticeUpdate(update) if update.id == id => Some(update.state),
            _ => None,
        })
    }
}

fn oil(cycle: u32, level: Level) -> NoticeId {
    NoticeId::reminder(OIL, cycle, level)
}

fn anna() -> Actor {
    Actor::Owner("anna".parse().unwrap())
}

#[test]
fn a_reminder_is_raised_once_for_each_level_and_the_later_takes_the_earlier_ones_place() {
    let mut car = Car::new();
    assert!(car.vehicle.notices.is_empty());
    car.drive_to(64_500);
    car.drive_to(64_600);
    assert_eq!(car.notices_sent(oil(1, Level::Upcoming)), 1);
    car.drive_to(65_100);
    assert_eq!(car.state(oil(1, Level::Upcoming)), NoticeState::Expired);
    assert_eq!(car.last_update(oil(1, Level::Upcoming)), Some(NoticeState::Expired));
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Raised);
}

#[test]
fn what_the_car_raised_by_itself_is_the_same_notice() {
    let mut car = Car::new();
    let raised = NoticeRaised { item: OIL, cycle: 1, level: Level::Upcoming, odometer_m: 64_500 * KM };
    car.record(Record::NoticeRaised(raised));
    car.drive_to(64_500);
    let of_oil = car.vehicle.notices.values().filter(|notice| notice.subject.item() == Some(OIL));
    assert_eq!(of_oil.count(), 1);
    assert_eq!(car.vehicle.notices[&oil(1, Level::Upcoming)].raised_by(), &Actor::Car);
    assert_eq!(car.notices_sent(oil(1, Level::Upcoming)), 0, "the car has it already");
}

#[test]
fn a_notice_that_both_raised_carries_the_earlier_time_and_was_seen_no_sooner() {
    let mut car = Car::new();
    car.drive_to(64_500);
    let id = oil(1, Level::Upcoming);
    let (ours_ms, theirs_ms) = (car.now_ms, car.now_ms - DAY_MS);
    car.record_at(Record::NoticeShown(NoticeShown { notice: id }), theirs_ms + 60_000);
    let notice = &car.vehicle.notices[&id];
    assert_eq!(notice.raised_ms(), ours_ms);
    assert_eq!(notice.seen()[0].at_ms, ours_ms, "what we raised cannot have been seen before");

    let raised = NoticeRaised { item: OIL, cycle: 1, level: Level::Upcoming, odometer_m: 64_500 * KM };
    car.record_at(Record::NoticeRaised(raised), theirs_ms);
    let notice = &car.vehicle.notices[&id];
    assert_eq!((notice.raised_ms(), notice.raised_by()), (theirs_ms, &Actor::Car));

    car.record_at(Record::NoticeRaised(raised), theirs_ms + 1);
    assert_eq!(car.vehicle.notices[&id].raised_ms(), theirs_ms, "a later time changes nothing");
}

#[test]
fn an_answer_by_a_clock_that_lags_is_taken_and_stands_after_the_raise() {
    let mut car = Car::new();
    car.drive_to(65_100);
    let id = oil(1, Level::Due);
    let answered = NoticeAnswered { notice: id, answer: Answer::Snooze { days: 3 }, odometer_m: 65_100 * KM };
    car.record_at(Record::NoticeAnswered(answered), NOW_MS - DAY_MS);
    let notice = &car.vehicle.notices[&id];
    assert_eq!(notice.history()[0].at_ms, notice.raised_ms());
    let until_ms = notice.raised_ms() + 3 * DAY_MS;
    assert_eq!(car.state(id), NoticeState::Snoozed { until_ms });
    assert_eq!(car.last_update(id), Some(NoticeState::Snoozed { until_ms }), "the car believes in an earlier end");

    let answered = NoticeAnswered { notice: id, answer: Answer::Done, odometer_m: 65_100 * KM };
    car.record_at(Record::NoticeAnswered(answered), NOW_MS - DAY_MS);
    assert_eq!(car.state(id), NoticeState::Done);
    assert!(car.vehicle.item(OIL).unwrap().anchor.at_ms >= NOW_MS, "work is done within its cycle");
    assert_eq!(car.vehicle.counts.stray_answers, 0);
}

#[test]
fn a_clock_that_runs_ahead_is_believed_no_further_than_ours() {
    let mut car = Car::new();
    let ahead_ms = car.now_ms + 600_000;
    let raised = NoticeRaised { item: OIL, cycle: 1, level: Level::Upcoming, odometer_m: 64_500 * KM };
    car.record_at(Record::NoticeRaised(raised), ahead_ms);
    let id = oil(1, Level::Upcoming);
    car.record_at(Record::NoticeShown(NoticeShown { notice: id }), ahead_ms);
    let notice = &car.vehicle.notices[&id];
    assert_eq!((notice.raised_ms(), notice.seen()[0].at_ms), (car.now_ms, car.now_ms));
}

#[test]
fn work_may_have_been_done_before_the_reminder_was_raised() {
    let mut car = Car::new();
    car.days(40);
    car.drive_to(65_100);
    let told_ms = car.now_ms - 7 * DAY_MS;
    car.wish(
        Intent::Complete { item: OIL, at_ms: Some(told_ms), odometer_m: None, remarks: Remarks::default() },
        &anna(),
    )
    .unwrap();
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor.at_ms, told_ms);
    let notice = &car.vehicle.notices[&oil(1, Level::Due)];
    assert_eq!(
        notice.history().last().map(|step| step.at_ms),
        Some(car.now_ms),
        "the notice was answered when it was told"
    );
}

#[test]
fn a_reminder_of_a_cycle_that_is_over_is_taken_back_in_the_car() {
    let mut car = Car::new();
    car.wish(Intent::Complete { item: OIL, at_ms: None, odometer_m: None, remarks: Remarks::default() }, &anna())
        .unwrap();
    let raised = NoticeRaised { item: OIL, cycle: 1, level: Level::Due, odometer_m: 1 };
    car.record(Record::NoticeRaised(raised));
    assert_eq!(car.last_update(oil(1, Level::Due)), Some(NoticeState::Expired));
}

#[test]
fn an_answer_in_the_account_clears_the_notice_in_the_car() {
    let mut car = Car::new();
    car.drive_to(65_100);
    let id = oil(1, Level::Due);
    assert_eq!(car.answer(id, Answer::Book, &anna()), Ok(true));
    assert_eq!(car.last_update(id), Some(NoticeState::Booked));
    assert_eq!(car.answer(id, Answer::Book, &anna()), Ok(false), "the same answer twice is harmless");
}

#[test]
fn an_answer_in_the_car_is_the_answer_in_the_account() {
    let mut car = Car::new();
    car.drive_to(65_100);
    let id = oil(1, Level::Due);
    car.record(Record::NoticeShown(NoticeShown { notice: id }));
    assert!(matches!(car.state(id), NoticeState::Shown { on: Surface::Car, .. }));
    let answered = NoticeAnswered { notice: id, answer: Answer::Done, odometer_m: 65_200 * KM };
    car.record(Record::NoticeAnswered(answered));
    assert_eq!(car.state(id), NoticeState::Done);
    let anchor = car.vehicle.item(OIL).unwrap().anchor;
    assert_eq!(anchor.cycle, 2);
    assert!(matches!(car.sent.last(), Some(Downlink::Plan(plan)) if plan.version == car.vehicle.plan.version));
}

#[test]
fn an_answer_that_comes_too_late_is_counted_and_the_car_is_told_the_truth() {
    let mut car = Car::new();
    car.drive_to(65_100);
    let id = oil(1, Level::Due);
    car.answer(id, Answer::Done, &anna()).unwrap();
    car.sent.clear();
    let answered = NoticeAnswered { notice: id, answer: Answer::Snooze { days: 3 }, odometer_m: 1 };
    car.record(Record::NoticeAnswered(answered));
    assert_eq!(car.vehicle.counts.stray_answers, 1);
    assert_eq!(car.last_update(id), Some(NoticeState::Done));
}

#[test]
fn a_snooze_is_bounded_by_what_ignoring_it_can_lead_to_and_ends_by_itself() {
    let mut car = Car::new();
    car.days(710);
    let id = car.vehicle.notices.values().find(|n| n.subject.item() == Some(ItemId::BRAKE_FLUID)).unwrap().id();
    car.answer(id, Answer::Snooze { days: 90 }, &anna()).unwrap();
    let until_ms = car.now_ms + 14 * DAY_MS;
    assert_eq!(car.state(id), NoticeState::Snoozed { until_ms });
    assert!(car.vehicle.timer_ms.unwrap() <= until_ms);
    car.days(14);
    assert_eq!(car.state(id), NoticeState::Raised);
    let again = car.answer(id, Answer::Snooze { days: 1 }, &anna());
    assert_eq!(again, Err(IntentError::SnoozeSpent), "asking again grants no more");
    assert_eq!(car.vehicle.notices[&id].history().len(), 2);
    assert_eq!(car.last_update(id), Some(NoticeState::Raised));
}

#[test]
fn what_concerns_safety_cannot_be_refused() {
    let mut car = Car::new();
    car.days(740);
    let id = car.vehicle.notices.values().find(|n| n.subject.item() == Some(ItemId::BRAKE_FLUID)).unwrap().id();
    assert_eq!(car.answer(id, Answer::Refuse, &anna()), Err(IntentError::NotInvited));
}

#[test]
fn a_completion_begins_a_cycle_and_can_be_taken_back() {
    let mut car = Car::new();
    car.drive_to(65_100);
    let before = car.vehicle.item(OIL).unwrap().anchor;
    let version = car.vehicle.plan.version;
    car.wish(Intent::Complete { item: OIL, at_ms: None, odometer_m: None, remarks: Remarks::default() }, &anna())
        .unwrap();
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Done);
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor.odometer_m, 65_100 * KM);
    assert_eq!(car.vehicle.plan.version, version + 1);
    car.wish(Intent::Undo { item: OIL }, &anna()).unwrap();
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor, before);
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Raised);
    assert_eq!(car.vehicle.plan.version, version + 2, "the car takes only newer plans");
    assert_eq!(car.wish(Intent::Undo { item: OIL }, &anna()), Err(IntentError::NothingToUndo));
}

#[test]
fn a_completion_that_cannot_be_changes_nothing() {
    let mut car = Car::new();
    let late =
        Intent::Complete { item: OIL, at_ms: Some(NOW_MS + 3 * DAY_MS), odometer_m: None, remarks: Remarks::default() };
    assert_eq!(car.wish(late, &anna()), Err(IntentError::OutsideCycle));
    for km in [1, 49_000, 500_000] {
        let mistyped =
            Intent::Complete { item: OIL, at_ms: None, odometer_m: Some(km * KM), remarks: Remarks::default() };
        assert_eq!(car.wish(mistyped, &anna()), Err(IntentError::OutsideCycle), "{km}");
    }
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor.cycle, 1);
}

#[test]
fn an_appointment_stands_until_the_item_is_overdue() {
    let mut car = Car::new();
    car.drive_to(64_500);
    car.answer(oil(1, Level::Upcoming), Answer::Book, &anna()).unwrap();
    car.drive_to(65_100);
    assert!(!car.vehicle.notices.contains_key(&oil(1, Level::Due)));
    car.drive_to(80_000);
    assert_eq!(car.state(oil(1, Level::Overdue)), NoticeState::Raised);
    assert_eq!(car.state(oil(1, Level::Upcoming)), NoticeState::Booked);
}

#[test]
fn nobody_who_did_not_consent_gets_an_offer_and_the_reason_is_stored() {
    let mut car = Car::owned();
    assert!(matches!(car.decisions[0].decision.candidates[0].rejection, Some(Rejection::NoConsent { .. })));
    assert_eq!(car.decisions[0].decision.chosen, Arm::Nothing);
    let decided = car.decisions.len();
    car.drive_to(50_010);
    assert_eq!(car.decisions.len(), decided, "not with every record");
    car.wish(Intent::SetConsent { purposes: Purposes::OFFERS }, &anna()).unwrap();
    assert_eq!(car.decisions.len(), decided + 1, "consent is asked about at once");
    assert!(matches!(car.sent.last(), Some(Downlink::Consent(consent)) if consent.version == 2));
}

/// A summer and an autumn on the same wheels.
fn summer_wheels_in_the_cold() -> Car {
    let mut car = Car::owned();
    car.wish(Intent::SetConsent { purposes: Purposes::OFFERS }, &anna()).unwrap();
    for (days, decicelsius) in [(12, 240), (20, 20)] {
        for _ in 0..days {
            car.days(1);
            for (wheel, sensor) in
                [Wheel::FrontLeft, Wheel::FrontRight, Wheel::RearLeft, Wheel::RearRight].into_iter().zip(1..)
            {
                car.record(Record::TyreSample(TyreSample {
                    wheel,
                    pressure_pa: 230_000,
                    air_decicelsius: None,
                    outside_decicelsius: Some(decicelsius),
                    sensor: Some(sensor),
                }));
            }
        }
    }
    car
}

/// The notice of the winter tyres, once it was shown; it may have been drawn for a Saturday.
fn tyre_offer(car: &Car) -> NoticeId {
    let id = NoticeId::offer(1, 0);
    assert!(car.vehicle.notices.contains_key(&id), "{:?}", car.decisions.last());
    id
}

#[test]
fn advice_comes_first_and_winter_tyres_are_offered_with_reasons_and_the_decision_behind_them() {
    let car = summer_wheels_in_the_cold();
    let notice = &car.vehicle.notices[&tyre_offer(&car)];
    let tip = car.vehicle.notices.values().find(|notice| notice.id().as_offer().is_none()).unwrap();
    assert!(tip.raised_ms() + DAY_MS <= notice.raised_ms(), "the advice stands a day before the offer");
    let made = notice.made.as_ref().unwrap();
    assert_eq!((made.grounds.len(), made.saves, made.price), (2, Some(1500), 4900));
    assert!(made.words("de").unwrap().body.contains(" °C"));
    let decision = car.decisions.iter().find(|row| Some(row.number) == notice.decision).unwrap();
    assert!(decision.decision.propensity > 0.1);
    let total: f64 = decision.decision.arms.iter().map(|arm| arm.propensity).sum();
    assert!((total - 1.0).abs() < 1e-9);
    assert!(decision.decision.facts.contains_key("outside_week_c"), "the context is stored");
}

#[test]
fn a_booking_is_entered_once_with_what_the_arm_was_drawn_with_and_taken_back_as_a_whole() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    car.answer(id, Answer::Book, &anna()).unwrap();
    car.answer(id, Answer::Book, &anna()).unwrap();
    car.wish(Intent::Unbook { notice: id }, &anna()).unwrap();
    let settled: Vec<_> = car.events.iter().filter(|event| matches!(event, Event::Settled { .. })).collect();
    let [Event::Settled { bet: Some(bet), outcome: Outcome::Booked, booked_ago_ms: None, .. }] = settled[..] else {
        panic!("{settled:?}")
    };
    assert_eq!(bet.margin, 1900);
    assert!(car.events.iter().any(|event| matches!(event, Event::Unbooked { bet: back, .. } if back == bet)));
}

#[test]
fn a_refused_offer_is_not_made_again_this_season() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    car.answer(id, Answer::Refuse, &anna()).unwrap();
    for _ in 0..40 {
        car.days(1);
    }
    assert_eq!(car.vehicle.offers.of(1).count(), 1);
    assert_eq!(car.state(id), NoticeState::Refused);
}

#[test]
fn an_offer_that_nobody_answers_expires() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    for _ in 0..31 {
        car.days(1);
    }
    assert_eq!(car.state(id), NoticeState::Expired);
    assert!(matches!(car.vehicle.offers.presentations[0].outcome, Some((Outcome::Expired, _))));
}

#[test]
fn fewer_like_this_refuses_the_offer_and_counts_as_a_complaint_once() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    assert_eq!(car.wish(Intent::Fewer { notice: id }, &anna()), Ok(true));
    assert_eq!(car.wish(Intent::Fewer { notice: id }, &anna()), Ok(false));
    assert_eq!(car.state(id), NoticeState::Refused);
    assert_eq!(car.events.iter().filter(|event| matches!(event, Event::Complained { .. })).count(), 1);
    let reminder = car.wish(Intent::Fewer { notice: oil(1, Level::Due) }, &anna());
    assert_eq!(reminder, Err(IntentError::UnknownNotice));
}

#[test]
fn whoever_takes_the_consent_back_soon_after_an_offer_has_complained_and_leaves_every_segment() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    let soon = car.now_ms - car.vehicle.notices[&id].raised_ms() < 7 * DAY_MS;
    car.wish(Intent::SetConsent { purposes: Purposes::FUNCTION }, &anna()).unwrap();
    assert_eq!(car.events.iter().any(|event| matches!(event, Event::Complained { .. })), soon);
    assert_eq!((car.vehicle.segments.members().count(), car.vehicle.planned.clone()), (0, None));
}

#[test]
fn work_without_an_offer_earns_what_the_offer_would_have() {
    let mut car = Car::owned();
    let item = ItemId::TYRES;
    car.wish(Intent::Complete { item, at_ms: None, odometer_m: None, remarks: Remarks::default() }, &anna()).unwrap();
    assert!(car.events.contains(&Event::Unprompted { margin: 1900 }), "{:?}", car.events);
}

#[test]
fn work_that_is_undone_gives_back_what_it_earned_and_earns_it_again_when_it_stands() {
    let mut car = Car::owned();
    let item = ItemId::TYRES;
    car.wish(Intent::Complete { item, at_ms: None, odometer_m: None, remarks: Remarks::default() }, &anna()).unwrap();
    car.wish(Intent::Undo { item }, &anna()).unwrap();
    let reversed = |restored| move |event: &&Event| matches!(event, Event::Reversed { bet: None, margin: 1900, restored: again, .. } if *again == restored);
    assert_eq!(car.events.iter().filter(reversed(false)).count(), 1, "{:?}", car.events);
    let record = car.vehicle.book.services()[0].id;
    car.wish(Intent::Stand { of: record, stands: true }, &anna()).unwrap();
    assert_eq!(car.events.iter().filter(reversed(true)).count(), 1, "{:?}", car.events);
    let earned: i64 = car.events.iter().map(Event::earned).sum();
    assert_eq!(earned, 1900);
}

#[test]
fn work_that_an_offer_led_to_takes_its_arms_margin_along_when_it_is_undone_once_for_all_its_records() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    car.answer(id, Answer::Book, &anna()).unwrap();
    let item = ItemId::TYRES;
    let done = Intent::Complete { item, at_ms: None, odometer_m: None, remarks: Remarks::default() };
    car.wish(done.clone(), &anna()).unwrap();
    car.wish(done, &anna()).unwrap();
    assert!(!car.events.iter().any(|event| matches!(event, Event::Unprompted { .. })));
    let records: Vec<_> = car.vehicle.book.services().iter().filter(|one| one.item == item).map(|one| one.id).collect();
    assert_eq!(records.len(), 2);
    for of in records {
        car.wish(Intent::Stand { of, stands: false }, &anna()).unwrap();
    }
    let reversed: Vec<_> = car.events.iter().filter(|event| matches!(event, Event::Reversed { .. })).collect();
    let [Event::Reversed { bet: Some(bet), margin: 1900, restored: false, .. }] = reversed[..] else {
        panic!("{reversed:?}")
    };
    assert_eq!(Some(1), bet.arm.offer());
    assert_eq!(car.events.iter().map(Event::earned).sum::<i64>(), 0);
}

#[test]
fn silence_counts_as_it_lasts_and_the_answer_counts_the_rest() {
    let mut car = summer_wheels_in_the_cold();
    let id = tyre_offer(&car);
    for _ in 0..6 {
        car.days(1);
    }
    let counted: f64 = car.vehicle.offers.presentations[0].counted;
    let mut waited = 0.0;
    for event in &car.events {
        if let Event::Waited { from, to, .. } = event {
            assert!((from - waited).abs() < 1e-12 && to > from, "{event:?}");
            waited = *to;
        }
    }
    assert!((waited - counted).abs() < 1e-12 && (0.5..1.0).contains(&counted), "{counted}");
    car.answer(id, Answer::Book, &anna()).unwrap();
    let told = car.events.iter().any(
        |event| matches!(event, Event::Settled { counted: told, waited_ms, .. } if (told - counted).abs() < 1e-12 && *waited_ms > 0),
    );
    assert!(told, "{:?}", car.events);
}

#[test]
fn who_wants_fewer_of_a_tip_is_left_without_it_and_nobody_has_complained() {
    let mut car = summer_wheels_in_the_cold();
    let tip = car.vehicle.notices.values().find(|notice| notice.made.as_ref().is_some_and(|made| made.entry == 2));
    let tip = tip.unwrap();
    assert!(tip.made.as_ref().unwrap().safety);
    let id = tip.id();
    assert_eq!(car.wish(Intent::Fewer { notice: id }, &anna()), Ok(true));
    assert_eq!(car.state(id), NoticeState::Done);
    assert!(!car.events.iter().any(|event| matches!(event, Event::Complained { .. })));
    assert!(car.vehicle.offers.fewer_until_ms(2, car.now_ms).is_some());
}

#[test]
fn a_year_that_passes_in_one_step_raises_each_level_at_most_once() {
    let mut car = Car::new();
    car.days(2_000);
    let reminders: Vec<_> = car.vehicle.notices.keys().filter_map(|id| id.as_reminder()).collect();
    assert!(!reminders.is_empty());
    let before = car.vehicle.notices.len();
    car.days(0);
    assert_eq!(car.vehicle.notices.len(), before);
}

#[test]
fn wishes_that_belong_together_are_carried_out_all_or_none_and_an_appointment_can_be_taken_back() {
    let mut car = Car::new();
    car.drive_to(64_500);
    let notice = oil(1, Level::Upcoming);
    let (answer, unknown) = (Answer::Book, Intent::Undo { item: ItemId(99) });
    let (before, sent) = (car.vehicle.notices[&notice].clone(), car.sent.len());
    let wishes = vec![Intent::Answer { notice, answer }, unknown];
    assert_eq!(car.wish(Intent::Together { wishes }, &anna()), Err(IntentError::UnknownItem));
    assert_eq!((&car.vehicle.notices[&notice], car.sent.len()), (&before, sent));
    let wishes = vec![Intent::Answer { notice, answer }];
    assert_eq!(car.wish(Intent::Together { wishes }, &anna()), Ok(true));
    assert_eq!(car.state(notice), NoticeState::Booked);
    assert_eq!(car.wish(Intent::Unbook { notice }, &anna()), Ok(true));
    assert_eq!((car.state(notice), car.last_update(notice)), (NoticeState::Raised, Some(NoticeState::Raised)));
    assert_eq!(car.wish(Intent::Unbook { notice }, &anna()), Ok(false), "once");
}

#[test]
fn a_recall_campaign_is_told_once() {
    let mut car = Car::new();
    let recall = crate::domain::Recall { campaign: "26V100000".to_owned(), ..crate::domain::Recall::default() };
    assert_eq!(car.wish(Intent::Recall { recall: recall.clone() }, &Actor::System), Ok(true));
    assert_eq!(car.wish(Intent::Recall { recall }, &Actor::System), Ok(false));
    assert_eq!(car.vehicle.notices.values().filter(|notice| notice.recall.is_some()).count(), 1);
}

fn recall(campaign: &str, do_not_drive: bool) -> Intent {
    let component = "SERVICE BRAKES, HYDRAULIC: ANTILOCK: CONTROL UNIT/MODULE".to_owned();
    let campaign = campaign.to_owned();
    let recall = crate::domain::Recall { campaign, component, do_not_drive, ..crate::domain::Recall::default() };
    Intent::Recall { recall }
}

fn recalls_sent(car: &Car) -> Vec<&milepost_protocol::notice::Notice> {
    let told = car.sent.iter().filter_map(|sent| match sent {
        Downlink::Notice(notice) => Some(notice),
        _ => None,
    });
    told.filter(|notice| notice.kind == milepost_protocol::notice::NoticeKind::Information).collect()
}

#[test]
fn a_recall_reaches_the_car_as_a_safety_notice_and_an_answer_there_clears_it_everywhere() {
    let mut car = Car::owned();
    car.wish(recall("26V100000", true), &Actor::System).unwrap();
    let (id, answer) = {
        let sent = recalls_sent(&car);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].safety, milepost_protocol::plan::SafetyClass::Safety);
        assert_eq!(
            sent[0].level,
            Some(Level::Overdue),
            "nobody shall drive it, so that the display draws it as urgent"
        );
        (sent[0].id, Answer::Done)
    };
    car.days(1);
    assert_eq!(recalls_sent(&car).len(), 1, "once");
    car.answer(id, answer, &anna()).unwrap();
    assert_eq!(car.last_update(id), Some(NoticeState::Done), "the car takes it off its display");
}

#[test]
fn reminders_keep_their_room_in_the_car_beside_many_recalls() {
    let mut car = Car::owned();
    for number in 0..5 {
        car.wish(recall(&format!("26V10000{number}"), false), &Actor::System).unwrap();
    }
    assert!(recalls_sent(&car).iter().all(|notice| notice.level == Some(Level::Due)), "a recall is urgent by itself");
    let first: Vec<NoticeId> = recalls_sent(&car).iter().map(|notice| notice.id).collect();
    assert_eq!(first.len(), 3);
    car.answer(first[0], Answer::Done, &anna()).unwrap();
    assert_eq!(recalls_sent(&car).len(), 4, "the next one takes the place");
}
