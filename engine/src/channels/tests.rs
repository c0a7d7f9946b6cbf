use std::vec::Vec;

use milepost_protocol::notice::NoticeKind;
use milepost_protocol::plan::{DAY_MS, Level, SafetyClass};
use proptest::prelude::*;

use super::*;
use crate::offers::QuietHours;

const HOUR_MS: u64 = 3_600_000;
/// A Sunday's midnight in UTC, on which the zone below changes.
const MIDNIGHT_MS: u64 = 20_000 * DAY_MS;

/// One hour ahead of UTC, two from 01:00 UTC on: the change to summer time in Europe.
fn spring(at_ms: u64) -> u16 {
    shifted(at_ms, if at_ms < MIDNIGHT_MS + HOUR_MS { 1 } else { 2 })
}

/// Two hours ahead of UTC, one from 01:00 UTC on: the change back.
fn autumn(at_ms: u64) -> u16 {
    shifted(at_ms, if at_ms < MIDNIGHT_MS + HOUR_MS { 2 } else { 1 })
}

fn shifted(at_ms: u64, hours: u64) -> u16 {
    ((at_ms + hours * HOUR_MS) % DAY_MS / 60_000) as u16
}

fn facts() -> Facts {
    Facts {
        kind: NoticeKind::Reminder,
        level: Some(Level::Due),
        safety: SafetyClass::Wear,
        waits: true,
        snoozed_until_ms: None,
        open_since_ms: MIDNIGHT_MS,
        workshop: true,
    }
}

fn at(now_ms: u64, zone: &dyn Fn(u64) -> u16) -> Turn<'_> {
    Turn { now_ms, gather_ms: 600_000, zone }
}

fn held(verdict: Verdict) -> Option<(Rule, u64)> {
    match verdict {
        Verdict::Hold(hold) => Some((hold.rule, hold.until_ms)),
        _ => None,
    }
}

#[test]
fn quiet_hours_end_at_eight_by_the_owners_clock_whatever_the_clock_did_that_night() {
    let nine_pm_before = MIDNIGHT_MS - 4 * HOUR_MS;
    let quiet = QuietHours::default();
    assert_eq!(quiet_until(quiet, &spring, nine_pm_before + HOUR_MS), Some(MIDNIGHT_MS + 6 * HOUR_MS));
    assert_eq!(quiet_until(quiet, &autumn, nine_pm_before), Some(MIDNIGHT_MS + 7 * HOUR_MS));
    assert_eq!(quiet_until(quiet, &spring, MIDNIGHT_MS + 6 * HOUR_MS), None, "eight o'clock is not quiet");
}

#[test]
fn quiet_hours_that_end_in_the_hour_that_is_skipped_end_with_the_change() {
    let quiet = QuietHours { from_minute: 60, to_minute: 150 };
    assert_eq!(quiet_until(quiet, &spring, MIDNIGHT_MS + HOUR_MS / 2), Some(MIDNIGHT_MS + HOUR_MS));
}

#[test]
fn a_digest_comes_once_a_day_even_where_its_minute_is_skipped_or_comes_twice() {
    let half_past_two = 150;
    assert_eq!(next_minute(half_past_two, &spring, MIDNIGHT_MS), MIDNIGHT_MS + HOUR_MS, "skipped: at the change");
    let first = next_minute(half_past_two, &autumn, MIDNIGHT_MS);
    assert_eq!(first, MIDNIGHT_MS + HOUR_MS / 2);
    assert_eq!(
        next_minute(300, &autumn, MIDNIGHT_MS),
        MIDNIGHT_MS + 4 * HOUR_MS,
        "the hour that comes twice is no day"
    );
    assert_eq!(
        next_minute(0, &autumn, MIDNIGHT_MS),
        MIDNIGHT_MS + 23 * HOUR_MS,
        "midnight is reached over the end of the day"
    );
}

#[test]
fn what_concerns_safety_passes_quiet_hours_digest_and_level() {
    let preferences = Preferences { digest_minute: Some(480), ..Preferences::default() };
    let night = MIDNIGHT_MS + HOUR_MS;
    let safety = Facts { safety: SafetyClass::Safety, level: Some(Level::Upcoming), ..facts() };
    assert_eq!(decide(&safety, &preferences, Channel::Email, at(night, &spring)), Verdict::Send);
    assert_eq!(decide(&safety, &preferences, Channel::Push, at(night, &spring)), Verdict::Send);
    let wear = Facts { level: Some(Level::Upcoming), ..facts() };
    assert_eq!(decide(&wear, &preferences, Channel::Email, at(night, &spring)), Verdict::Leave(Leave::Level));
}

#[test]
fn a_held_notice_names_its_rule_and_its_end() {
    let night = MIDNIGHT_MS + 2 * HOUR_MS;
    let plain = Preferences::default();
    let push = decide(&facts(), &plain, Channel::Push, at(night, &spring));
    assert_eq!(held(push), Some((Rule::QuietHours, MIDNIGHT_MS + 6 * HOUR_MS)));
    let email = decide(&facts(), &plain, Channel::Email, at(MIDNIGHT_MS, &spring));
    assert_eq!(held(email), Some((Rule::Gather, MIDNIGHT_MS + 600_000)));
    let daily = Preferences { digest_minute: Some(9 * 60), ..plain };
    let email = decide(&facts(), &daily, Channel::Email, at(night, &spring));
    assert_eq!(held(email), Some((Rule::Digest, MIDNIGHT_MS + 7 * HOUR_MS)));
    let overdue = Facts { level: Some(Level::Overdue), ..facts() };
    let call = decide(&overdue, &plain, Channel::Call, at(night, &spring));
    assert_eq!(held(call), Some((Rule::Ignored, MIDNIGHT_MS + 14 * DAY_MS)));
    let snoozed = Facts { snoozed_until_ms: Some(night + DAY_MS), ..facts() };
    let push = decide(&snoozed, &plain, Channel::Push, at(night, &spring));
    assert_eq!(held(push), Some((Rule::Snoozed, night + DAY_MS)));
}

#[test]
fn an_ignored_notice_escalates_and_an_answered_one_does_not() {
    let overdue = Facts { level: Some(Level::Overdue), ..facts() };
    let noon = MIDNIGHT_MS + 14 * DAY_MS + 10 * HOUR_MS;
    let plain = Preferences::default();
    assert_eq!(decide(&overdue, &plain, Channel::Call, at(noon, &spring)), Verdict::Send);
    let answered = Facts { waits: false, ..overdue };
    assert_eq!(decide(&answered, &plain, Channel::Call, at(noon, &spring)), Verdict::Leave(Leave::Closed));
    let private = Facts { workshop: false, ..overdue };
    assert_eq!(decide(&private, &plain, Channel::Call, at(noon, &spring)), Verdict::Leave(Leave::Consent));
    let offer = Facts { kind: NoticeKind::Offer, level: None, ..facts() };
    assert_eq!(decide(&offer, &plain, Channel::Push, at(noon, &spring)), Verdict::Leave(Leave::Offer));
}

#[test]
fn a_wait_grows_to_its_bound_and_ends() {
    let backoff = Backoff { first_ms: 30_000, most_ms: HOUR_MS, give_up_ms: 3 * DAY_MS };
    let waits: Vec<_> = [1, 2, 3, 20, u32::MAX].map(|failures| backoff.wait_ms(failures, 0, 1.0)).into();
    assert_eq!(waits, [Some(30_000), Some(60_000), Some(120_000), Some(HOUR_MS), Some(HOUR_MS)]);
    assert_eq!(backoff.wait_ms(1, 0, 0.0), Some(15_000));
    assert_eq!(backoff.wait_ms(9, 3 * DAY_MS, 0.5), None);
}

fn choices() -> impl Strategy<Value = Choice> {
    let when = prop_oneof![Just(Use::Never), Just(Use::AtOnce), (0_u16..40).prop_map(|days| Use::IfIgnored { days })];
    let from = prop_oneof![Just(Level::Upcoming), Just(Level::Due), Just(Level::Overdue)];
    (when, from).prop_map(|(when, from)| Choice { when, from })
}

prop_compose! {
    fn any_preferences()(
        choices in proptest::array::uniform6(choices()),
        quiet in (0_u16..1_440, 0_u16..1_440),
        digest_minute in proptest::option::of(0_u16..1_440),
    ) -> Preferences {
        let mut preferences = Preferences {
            quiet: QuietHours { from_minute: quiet.0, to_minute: quiet.1 },
            digest_minute,
            ..Preferences::default()
        };
        for (channel, choice) in Channel::ALL.into_iter().zip(choices) {
            preferences.choose(channel, choice);
        }
        preferences
    }
}

prop_compose! {
    fn any_facts()(
        safety in prop_oneof![Just(SafetyClass::Comfort), Just(SafetyClass::Wear), Just(SafetyClass::Safety)],
        level in prop_oneof![Just(Level::Upcoming), Just(Level::Due), Just(Level::Overdue)],
        snooze in proptest::option::of(0_u64..90 * DAY_MS),
        since in 0_u64..3 * DAY_MS,
        workshop in any::<bool>(),
    ) -> Facts {
        let open_since_ms = MIDNIGHT_MS - DAY_MS + since;
        let snoozed_until_ms = snooze.map(|ms| open_since_ms + ms);
        Facts { safety, level: Some(level), snoozed_until_ms, open_since_ms, workshop, ..facts() }
    }
}

proptest! {
    #[test]
    fn every_hold_ends_later_than_now_and_following_them_comes_to_an_end(
        preferences in any_preferences(),
        facts in any_facts(),
        channel in proptest::sample::select(&Channel::ALL[..]),
        delay in 0_u64..3 * DAY_MS,
        back in any::<bool>(),
    ) {
        let zone: &dyn Fn(u64) -> u16 = if back { &autumn } else { &spring };
        let mut now_ms = facts.open_since_ms + delay;
        let mut rules = Vec::new();
        loop {
            match decide(&facts, &preferences, channel, at(now_ms, zone)) {
                Verdict::Hold(hold) => {
                    prop_assert!(hold.until_ms > now_ms);
                    prop_assert!(!rules.contains(&hold.rule), "{:?} holds twice: {rules:?}", hold.rule);
                    prop_assert!(
                        facts.safety != SafetyClass::Safety || matches!(hold.rule, Rule::Snoozed | Rule::Ignored)
                    );
                    rules.push(hold.rule);
                    now_ms = hold.until_ms;
                }
                Verdict::Send => {
                    let quiet = preferences.quiet.until_ms(now_ms, zone(now_ms)).is_some();
                    prop_assert!(facts.safety == SafetyClass::Safety || !quiet);
                    prop_assert!(preferences.choice(channel).when != Use::Never);
                    break;
                }
                Verdict::Leave(_) => break,
            }
        }
    }

    #[test]
    fn the_end_of_quiet_is_the_first_minute_that_is_not(
        from_minute in 0_u16..1_440,
        to_minute in 0_u16..1_440,
        now_ms in MIDNIGHT_MS - DAY_MS..MIDNIGHT_MS + DAY_MS,
    ) {
        let quiet = QuietHours { from_minute, to_minute };
        if let Some(until_ms) = quiet_until(quiet, &spring, now_ms) {
            prop_assert!(quiet.until_ms(until_ms, spring(until_ms)).is_none());
            prop_assert!(quiet.until_ms(until_ms - 1, spring(until_ms - 1)).is_some());
        }
    }

    #[test]
    fn a_wait_lies_between_half_and_all_of_its_bound(failures in 1_u32..100, draw in 0.0_f64..1.0) {
        let backoff = Backoff { first_ms: 1_000, most_ms: 60_000, give_up_ms: DAY_MS };
        let wait = backoff.wait_ms(failures, 0, draw).unwrap();
        let most = (1_000_u64 << (failures - 1).min(10)).min(60_000);
        prop_assert!(wait >= most / 2 && wait <= most);
    }
}
