use milepost_protocol::notice::{Answer, NoticeState, Surface};
use milepost_protocol::plan::{DAY_MS, ItemId, Level, SafetyClass};
use proptest::prelude::*;

use super::{Actor, Moment, NoticeDoc, Subject};

/// Something that becomes of a notice, at a moment that the car's clock or ours tells.
#[derive(Debug, Clone, Copy)]
enum Step {
    RaisedInCar,
    Seen(Surface),
    Answered(Answer),
    Expired,
    Woken,
    Reopened,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::RaisedInCar),
        prop_oneof![Just(Surface::Car), Just(Surface::Account), Just(Surface::Advisor)].prop_map(Step::Seen),
        prop_oneof![
            (0..100_u16).prop_map(|days| Answer::Snooze { days }),
            Just(Answer::Book),
            Just(Answer::Done),
            Just(Answer::Refuse)
        ]
        .prop_map(Step::Answered),
        Just(Step::Expired),
        Just(Step::Woken),
        Just(Step::Reopened),
    ]
}

fn take(notice: &mut NoticeDoc, step: Step, at: Moment, now_ms: u64) {
    match step {
        Step::RaisedInCar => notice.raised_in_car(at),
        Step::Seen(on) => notice.mark_seen(on, at, &Actor::Car),
        Step::Answered(answer) => notice.answer(answer, at, &Actor::Car),
        Step::Expired => notice.expire(at, &Actor::System),
        Step::Woken => notice.wake(now_ms),
        Step::Reopened => notice.reopen(at, &Actor::System),
    };
}

fn raised(at: Moment) -> NoticeDoc {
    let subject = Subject::Reminder { item: ItemId::ENGINE_OIL, cycle: 1, level: Level::Due };
    NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), at, Actor::System)
}

/// What must hold of a notice's times when our clock has shown `now_ms` at the latest.
fn assert_in_order(notice: &NoticeDoc, now_ms: u64) -> Result<(), TestCaseError> {
    let raised_ms = notice.raised_ms();
    prop_assert!(raised_ms <= now_ms);
    for seen in notice.seen() {
        prop_assert!((raised_ms..=now_ms).contains(&seen.at_ms), "{seen:?} of {raised_ms}");
    }
    let mut before_ms = raised_ms;
    for step in notice.history() {
        prop_assert!((before_ms..=now_ms).contains(&step.at_ms), "{step:?} after {before_ms}");
        match step.to {
            NoticeState::Shown { at_ms, .. } => prop_assert_eq!(at_ms, step.at_ms),
            NoticeState::Snoozed { until_ms } => prop_assert!(until_ms >= step.at_ms + DAY_MS),
            _ => {}
        }
        before_ms = step.at_ms;
    }
    Ok(())
}

proptest! {
    /// The car's clock says whatever it likes; ours may be set back between two steps.
    #[test]
    fn the_times_of_a_notice_are_in_order_whatever_the_clocks_say(
        start_ms in 0..20 * DAY_MS,
        told in proptest::collection::vec((steps(), any::<bool>(), 0..40 * DAY_MS, 0..30 * DAY_MS), 0..24),
    ) {
        let mut notice = raised(Moment::now(start_ms));
        let mut latest_ms = start_ms;
        for (step, by_car, car_ms, now_ms) in told {
            latest_ms = latest_ms.max(now_ms);
            let at = if by_car { Moment::told(car_ms, now_ms) } else { Moment::now(now_ms) };
            take(&mut notice, step, at, now_ms);
            assert_in_order(&notice, latest_ms)?;
        }
    }

    #[test]
    fn a_notice_that_both_raised_was_raised_at_the_earlier_moment(ours_ms in 0..9_u64, theirs_ms in 0..9_u64) {
        let mut notice = raised(Moment::now(ours_ms));
        let first = notice.raised_in_car(Moment::told(theirs_ms, ours_ms));
        prop_assert_eq!(notice.raised_ms(), theirs_ms.min(ours_ms));
        prop_assert_eq!(first, theirs_ms < ours_ms);
        prop_assert_eq!(notice.raised_by() == &Actor::Car, first);
        prop_assert!(notice.in_car);
    }
}

#[test]
fn what_the_car_saw_while_others_answered_keeps_its_own_time() {
    let mut notice = raised(Moment::now(100));
    notice.mark_seen(Surface::Account, Moment::now(900), &Actor::System);
    notice.mark_seen(Surface::Car, Moment::told(300, 1_000), &Actor::Car);
    assert_eq!(notice.seen()[1].at_ms, 300, "the car was offline, and its display came first");
}
