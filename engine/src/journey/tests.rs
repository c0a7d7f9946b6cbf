use alloc::string::{String, ToString};
use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use proptest::prelude::*;

use super::*;
use crate::usage::Outside;

/// 2026-11-12, at midnight in UTC.
const NOW_MS: u64 = 20_769 * DAY_MS;

/// The date of a moment in UTC (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn date(at_ms: u64) -> Date {
    let days = (at_ms / DAY_MS).cast_signed() + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year: year as i16, month: month as u8, day: day as u8 }
}

fn facts(now_ms: u64, outside: &Outside) -> Facts<'_> {
    Facts {
        today: date(now_ms),
        outside,
        zone: "Europe/Berlin",
        cars: 1,
        owned_since_ms: Some(NOW_MS),
        registered: Some(Date { year: 2023, month: 11, day: 20 }),
        born: None,
        heard_ms: Some(now_ms),
        month_m: 800_000,
        verified: 0,
        service_open: false,
        segments: Vec::new(),
    }
}

fn built_in() -> Programmes {
    Programmes::new(BUILT_IN.iter().map(|(file, text)| read(file, text).unwrap()).collect()).unwrap()
}

fn only(text: &str) -> Programmes {
    Programmes::new([read("own.toml", text).unwrap()].to_vec()).unwrap()
}

const OFTEN: Cap = Cap { contacts: 1_000, days: 1 };

/// Looks at a journey once; answers the steps that were told.
fn look(journey: &mut Journey, programmes: &Programmes, now_ms: u64, cap: Cap) -> Vec<String> {
    let outside = Outside::default();
    let facts = facts(now_ms, &outside);
    let world = World {
        now_ms,
        facts: &facts,
        consent: Purposes::FUNCTION.and(Purposes::OFFERS).and(Purposes::WORKSHOP),
        others: &[],
        cap,
        promotions: OFTEN,
        open_safety: false,
        quiet_until_ms: None,
        fatigued_until_ms: None,
        held_out: false,
        said: &[],
    };
    let tellings = journey.advance(programmes, &world);
    tellings.iter().map(|telling| [telling.programme.name.as_str(), &telling.step.id].join("/")).collect()
}

/// Looks whenever the journey asks to, for so many days; answers what was told on which day.
fn live(journey: &mut Journey, programmes: &Programmes, days: u64, cap: Cap) -> Vec<(u64, String)> {
    let mut told = Vec::new();
    for day in 0..days {
        let now_ms = NOW_MS + day * DAY_MS;
        if day == 0 || journey.next_ms.is_some_and(|next_ms| next_ms <= now_ms) {
            told.extend(look(journey, programmes, now_ms, cap).into_iter().map(|step| (day, step)));
        }
    }
    told
}

/// A journey that was looked after before.
fn known_since(since_ms: u64) -> Journey {
    serde_json::from_value(serde_json::json!({ "since_ms": since_ms })).unwrap()
}

fn event(trigger: Trigger, day: u64) -> Event {
    Event { at_ms: NOW_MS + day * DAY_MS, id: 1, trigger }
}

#[test]
fn every_programme_that_comes_along_holds() {
    let programmes = built_in();
    assert_eq!(programmes.all().len(), BUILT_IN.len());
    assert_eq!(programmes.get("welcome").map(Programme::lasts_days), Some(360));
}

#[test]
fn the_pack_comes_within_thirty_days_of_the_purchase_and_the_year_ends_within_365() {
    let mut journey = Journey::default();
    journey.apply(event(Trigger::Purchase, 0));
    let told = live(&mut journey, &built_in(), 400, OFTEN);
    let days: Vec<_> = told.iter().filter(|(_, step)| step.starts_with("welcome/")).map(|(day, _)| *day).collect();
    assert_eq!(days, [10, 40, 70, 180, 360]);
}

#[test]
fn a_follow_up_comes_two_days_after_each_visit_and_not_twice() {
    let mut journey = Journey::default();
    journey.apply(event(Trigger::VisitDone, 0));
    journey.apply(event(Trigger::VisitDone, 0));
    let follow_ups = |told: Vec<(u64, String)>| -> Vec<u64> {
        told.into_iter().filter(|(_, step)| step == "visit-follow-up/ask").map(|(day, _)| day).collect()
    };
    assert_eq!(follow_ups(live(&mut journey, &built_in(), 30, OFTEN)), [2]);
}

#[test]
fn whoever_looks_for_a_time_and_finds_none_is_helped_two_days_later_and_whoever_books_is_not() {
    let helped = |booked: bool| {
        let (outside, programmes, mut journey) = (Outside::default(), built_in(), known_since(NOW_MS - 30 * DAY_MS));
        journey.apply(event(Trigger::PageVisited, 0));
        let mut told = Vec::new();
        for day in 0..20 {
            if booked && day == 1 {
                journey.apply(event(Trigger::VisitBooked, day));
            }
            let now_ms = NOW_MS + day * DAY_MS;
            let facts = Facts { service_open: true, ..facts(now_ms, &outside) };
            let world = World {
                now_ms,
                facts: &facts,
                consent: Purposes::FUNCTION.and(Purposes::WORKSHOP),
                others: &[],
                cap: OFTEN,
                promotions: OFTEN,
                open_safety: false,
                quiet_until_ms: None,
                fatigued_until_ms: None,
                held_out: false,
                said: &[],
            };
            let tellings = journey.advance(&programmes, &world);
            told.extend(tellings.iter().filter(|one| one.tell.message == Message::BookingHelp).map(|_| day));
        }
        told
    };
    assert_eq!((helped(false), helped(true)), (std::vec![2], std::vec![]));
}

#[test]
fn an_event_that_becomes_known_too_late_begins_nothing() {
    let mut journey = Journey::default();
    journey.apply(event(Trigger::VisitDone, 0));
    assert_eq!(look(&mut journey, &built_in(), NOW_MS + 8 * DAY_MS, OFTEN), Vec::<String>::new());
    assert!(journey.runs().iter().all(|run| run.programme != "visit-follow-up"));
}

#[test]
fn winter_begins_when_the_car_has_measured_it_and_tips_come_before_tyres() {
    let mut outside = Outside::default();
    let mut journey = known_since(NOW_MS - 30 * DAY_MS);
    let programmes = built_in();
    let mut told = Vec::new();
    for day in 0..30 {
        let now_ms = NOW_MS + day * DAY_MS;
        outside.note(now_ms, if day < 10 { 12.0 } else { 1.0 }, 60, |_| ());
        journey.apply(event(Trigger::IgnitionOn, day));
        let facts = facts(now_ms, &outside);
        let world = World {
            now_ms,
            facts: &facts,
            consent: Purposes::FUNCTION,
            others: &[],
            cap: OFTEN,
            promotions: OFTEN,
            open_safety: false,
            quiet_until_ms: None,
            fatigued_until_ms: None,
            held_out: false,
            said: &[],
        };
        let tellings = journey.advance(&programmes, &world);
        told.extend(tellings.iter().map(|telling| (day, telling.tell.message)));
    }
    let winter: Vec<_> =
        told.into_iter().filter(|(_, m)| matches!(m, Message::WinterTips | Message::WinterTyres)).collect();
    assert_eq!(
        winter.iter().map(|(_, message)| *message).collect::<Vec<_>>(),
        [Message::WinterTips, Message::WinterTyres]
    );
    assert!(winter[0].0 >= 12, "not before most of the days were cold: {winter:?}");
}

#[test]
fn a_birthday_is_told_once_a_year_and_the_29th_of_february_every_year() {
    let mut journey = Journey::default();
    let told = live(&mut journey, &built_in(), 400, OFTEN);
    let birthdays = told.iter().filter(|(_, step)| step == "car-birthday/greet");
    assert_eq!(birthdays.map(|(day, _)| *day).collect::<Vec<_>>(), [8, 373]);
    let leap = Date { year: 2024, month: 2, day: 29 };
    assert_eq!(next_yearly(Date { year: 2026, month: 1, day: 1 }, leap), Date { year: 2026, month: 2, day: 28 });
    assert_eq!(next_monthly(Date { year: 2026, month: 12, day: 5 }, 5), Date { year: 2027, month: 1, day: 5 });
}

#[test]
fn without_consent_a_step_is_passed_over_and_says_so() {
    let outside = Outside::default();
    let mut journey = known_since(NOW_MS - 30 * DAY_MS);
    let now_ms = NOW_MS + 8 * DAY_MS;
    let facts = facts(now_ms, &outside);
    let world = World {
        now_ms,
        facts: &facts,
        consent: Purposes::FUNCTION,
        others: &[],
        cap: OFTEN,
        promotions: OFTEN,
        open_safety: false,
        quiet_until_ms: None,
        fatigued_until_ms: None,
        held_out: false,
        said: &[],
    };
    assert!(journey.advance(&built_in(), &world).is_empty());
    let run = journey.runs().iter().find(|run| run.programme == "car-birthday").unwrap();
    assert_eq!(run.log.iter().map(|entry| entry.what).collect::<Vec<_>>(), [What::NoConsent]);
}

const HEAD: &str = "name = \"own\"\nversion = 1\nresponsible = \"x\"\npurpose = \"function\"\nentry = { on = \"purchase\" }\ncap = { contacts = 9, days = 1 }\n";

#[test]
fn what_is_wrong_with_a_programme_is_said_with_file_line_and_key() {
    let step = |id: &str, more: &str| ["[[step]]\nid = \"", id, "\"\ntell = \"welcome-pack\"\n", more, "\n"].concat();
    let cases = [
        (String::new(), "own.toml:1: step: there are no steps"),
        (step("a", "colour = 1"), "own.toml:10: colour: unknown field"),
        (step("a", "").replace("welcome-pack", "hello"), "own.toml:9: step.a.tell: \"hello\" is no message"),
        (step("a", "by = [\"fax\"]"), "own.toml:10: step.a.by: \"fax\" is no channel"),
        (step("a", "next = \"b\""), "own.toml:10: step.a.next: there is no step \"b\""),
        (
            step("a", "") + &step("b", "next = \"a\""),
            "own.toml:8: step.b.next: steps lead to each other in a circle: a -> b -> a",
        ),
        (step("a", "next = \"end\"") + &step("b", ""), "own.toml:12: step.b: no path from the first step leads here"),
        (step("a", "promotes = true"), "own.toml:8: step.a.promotes: a promotion needs purpose = \"offers\""),
        (step("a", "wait = { for = \"rain\", days = 2 }"), "own.toml:10: step.a.wait.for: \"rain\" is no trigger"),
        (step("a", "after_days = 9999"), "own.toml:8: step.a.after_days, stands_days or lapses_days: outside"),
        (step("a", "") + &step("a", ""), "own.toml:12: step.id: the step \"a\" stands twice"),
    ];
    for (steps, expected) in cases {
        let error = read("own.toml", &(HEAD.to_string() + &steps)).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\nis not\n{expected}");
    }
    let twice =
        [read("a.toml", &(HEAD.to_string() + &step("a", ""))), read("b.toml", &(HEAD.to_string() + &step("a", "")))];
    let error = Programmes::new(twice.into_iter().map(Result::unwrap).collect()).unwrap_err();
    assert_eq!(error.to_string(), "b.toml:1: name: a.toml has a programme of the same name");
}

#[test]
fn an_owner_who_just_bought_is_at_the_beginning_and_one_who_falls_silent_drifts_away() {
    let mut evidence = Evidence::default();
    evidence.note(Signal::Bought, NOW_MS);
    assert_eq!(estimate(&evidence, NOW_MS).likeliest().stage, Stage::Purchase);
    for day in 30..200 {
        evidence.note(Signal::Drove, NOW_MS + day * DAY_MS);
    }
    assert_eq!(estimate(&evidence, NOW_MS + 200 * DAY_MS).likeliest().stage, Stage::Use);
    evidence.note(Signal::Booked, NOW_MS + 200 * DAY_MS);
    evidence.note(Signal::Serviced, NOW_MS + 205 * DAY_MS);
    assert_eq!(estimate(&evidence, NOW_MS + 206 * DAY_MS).likeliest().stage, Stage::Service);
    let silent = estimate(&evidence, NOW_MS + 600 * DAY_MS);
    assert_eq!(silent.likeliest().stage, Stage::Lapsed);
    let unknown = estimate(&Evidence::default(), NOW_MS);
    assert!(!unknown.is_clear() && unknown.shares.iter().all(|share| share.high - share.low > 0.3));
}

fn contact(at_ms: u64, touchpoint: Touchpoint, direction: Direction, thread: &str, outcome: Outcome) -> Contact {
    let cost_cents = if direction == Direction::Outbound { touchpoint.usual_cost_cents() } else { 0 };
    let programme = Cause::Programme { programme: "welcome".into(), step: "pack".into() };
    let (scene, thread) = (Scene::default(), thread.into());
    Contact { at_ms, touchpoint, direction, scene, cause: programme, thread, cost_cents, outcome }
}

#[test]
fn the_audit_says_who_was_reached_at_what_cost_what_followed_and_whom_we_annoyed() {
    use Direction::{Inbound, Outbound};
    let happy = Person {
        contacts: [
            contact(NOW_MS, Touchpoint::Letter, Outbound, "a", Outcome::Sent),
            contact(NOW_MS + DAY_MS, Touchpoint::Account, Inbound, "a", Outcome::Booked),
        ]
        .to_vec(),
    };
    let cross = Person {
        contacts: [
            contact(NOW_MS, Touchpoint::Call, Outbound, "b", Outcome::Talked),
            contact(NOW_MS + 1, Touchpoint::Call, Inbound, "b", Outcome::Complained),
            contact(NOW_MS + 40 * DAY_MS, Touchpoint::Letter, Outbound, "c", Outcome::Sent),
        ]
        .to_vec(),
    };
    let unreached = Person { contacts: [contact(NOW_MS, Touchpoint::Email, Outbound, "d", Outcome::Failed)].to_vec() };
    let audit = audit(&[happy.clone(), cross.clone(), unreached, Person::default()], 0, u64::MAX);
    let letter = audit.lines[&Touchpoint::Letter];
    assert_eq!((letter.outbound, letter.people, letter.cost_cents, letter.followed, letter.annoyed), (2, 2, 300, 1, 0));
    let call = audit.lines[&Touchpoint::Call];
    assert_eq!((call.outbound, call.inbound, call.people, call.annoyed), (1, 1, 1, 1));
    assert_eq!((audit.people, audit.never_reached, audit.annoyed), (4, [2, 3].to_vec(), [1].to_vec()));
    let sums = returns(&[happy, cross], 9_000, |contact| contact.programme().map(ToString::to_string));
    let welcome = sums["welcome"];
    assert_eq!((welcome.contacts, welcome.cost_cents, welcome.followed, welcome.margin_cents), (3, 900, 1, 9_000));
    assert!(welcome.ratio().is_some_and(|ratio| (ratio - 9.0).abs() < 1e-9));
}

fn some_event() -> impl Strategy<Value = Event> {
    (0..Trigger::ALL.len(), 0..60u64, 0..3u64).prop_map(|(trigger, day, id)| Event {
        at_ms: NOW_MS + day * DAY_MS,
        id,
        trigger: Trigger::ALL[trigger],
    })
}

fn some_signal() -> impl Strategy<Value = (Signal, u64)> {
    let signals = [Signal::Met, Signal::Bought, Signal::Drove, Signal::Booked, Signal::Refused, Signal::Parted];
    (0..signals.len(), 0..2_500u64).prop_map(move |(signal, day)| (signals[signal], NOW_MS + day * DAY_MS))
}

/// A programme without exits that tells on every trip.
const CHATTY: &str = "name = \"own\"\nversion = 1\nresponsible = \"x\"\npurpose = \"function\"\nentry = { on = \"trip-finished\", within_days = 300 }\ncap = { contacts = 3, days = 10 }\n[[step]]\nid = \"a\"\ntell = \"at-dealer\"\nlapses_days = 300\n[[step]]\nid = \"b\"\nafter_days = 1\ntell = \"winter-tips\"\nlapses_days = 300\n";

proptest! {
    #[test]
    fn events_in_any_order_and_however_often_lead_to_the_same_journey(
        events in proptest::collection::vec(some_event(), 0..80),
        order in any::<u64>(),
    ) {
        let programmes = built_in();
        let mut shuffled: Vec<Event> = events.iter().chain(&events).copied().collect();
        let mut draw = order;
        for at in (1..shuffled.len()).rev() {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, (draw >> 33) as usize % (at + 1));
        }
        let lived = |events: &[Event]| {
            let mut journey = known_since(NOW_MS);
            for event in events {
                journey.apply(*event);
            }
            look(&mut journey, &programmes, NOW_MS + 60 * DAY_MS, OFTEN);
            look(&mut journey, &programmes, NOW_MS + 75 * DAY_MS, OFTEN);
            journey
        };
        prop_assert_eq!(lived(&events), lived(&shuffled));
    }

    #[test]
    fn signs_in_any_order_lead_to_the_same_shares_which_add_to_one(
        signs in proptest::collection::vec(some_signal(), 0..60),
        days in 0..3_000u64,
    ) {
        let (mut there, mut back) = (Evidence::default(), Evidence::default());
        for (signal, at_ms) in &signs {
            there.note(*signal, *at_ms);
        }
        for (signal, at_ms) in signs.iter().rev() {
            back.note(*signal, *at_ms);
        }
        prop_assert_eq!(&there, &back);
        let estimate = estimate(&there, NOW_MS + days * DAY_MS);
        let sum: f64 = estimate.shares.iter().map(|share| share.mean).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9);
        for share in estimate.shares {
            prop_assert!(0.0 < share.mean && share.mean < 1.0 && share.low <= share.mean && share.mean <= share.high);
        }
    }

    #[test]
    fn no_programme_and_no_owner_is_told_more_than_the_caps_allow(
        trips in proptest::collection::vec(0..100u64, 0..60),
        contacts in 1..4u16,
        within in 1..20u16,
    ) {
        let programmes = only(CHATTY);
        let cap = Cap { contacts, days: within };
        let mut journey = Journey::default();
        let mut told: Vec<u64> = Vec::new();
        for day in 0..140u64 {
            for trip in trips.iter().filter(|trip| **trip == day) {
                journey.apply(event(Trigger::TripFinished, *trip));
            }
            told.extend(look(&mut journey, &programmes, NOW_MS + day * DAY_MS, cap).iter().map(|_| day));
        }
        for from in 0..140 {
            let count = |days: u64| told.iter().filter(|day| (from..from + days).contains(*day)).count();
            prop_assert!(count(within.into()) <= contacts.into(), "{told:?}");
            prop_assert!(count(10) <= 3, "{told:?}");
        }
    }

    #[test]
    fn whoever_left_hears_nothing_more_of_it_until_they_join_again(
        trips in proptest::collection::vec(0..60u64, 1..40),
        leaves in 1..30u64,
        joins in 31..60u64,
    ) {
        let programmes = only(CHATTY);
        let mut journey = Journey::default();
        let mut told: Vec<u64> = Vec::new();
        for day in 0..90u64 {
            for trip in trips.iter().filter(|trip| **trip == day) {
                journey.apply(event(Trigger::TripFinished, *trip));
            }
            if day == leaves {
                prop_assert!(journey.leave("own", NOW_MS + day * DAY_MS));
                prop_assert!(!journey.takes_part("own"));
            }
            if day == joins {
                prop_assert!(journey.join("own", NOW_MS + day * DAY_MS));
                prop_assert!(journey.takes_part("own"));
            }
            told.extend(look(&mut journey, &programmes, NOW_MS + day * DAY_MS, OFTEN).iter().map(|_| day));
        }
        prop_assert!(told.iter().all(|day| *day < leaves || *day >= joins), "{told:?}");
        let is_again = trips.iter().any(|trip| (joins..60).contains(trip));
        prop_assert_eq!(told.iter().any(|day| *day >= joins), is_again, "{:?}", told);
    }
}

const SELLING: &str = r#"
name = "selling"
version = 1
responsible = "sales"
purpose = "offers"
entry = { on = "purchase" }
cap = { contacts = 9, days = 1 }
[[step]]
id = "sell"
tell = "finance"
promotes = true
same_as = "finance-check"
lapses_days = 30
"#;

/// What becomes of the one step of [`SELLING`] in a world: whether it is told, its log, and why it is held.
fn sell(
    others: &[(u64, bool)],
    said: &[String],
    change: impl FnOnce(&mut World<'_>),
) -> (bool, Vec<What>, Option<Held>) {
    let (outside, programmes) = (Outside::default(), only(SELLING));
    let facts = facts(NOW_MS, &outside);
    let mut world = World {
        now_ms: NOW_MS,
        facts: &facts,
        consent: Purposes::OFFERS,
        others,
        cap: OFTEN,
        promotions: Cap { contacts: 1, days: 30 },
        open_safety: false,
        quiet_until_ms: None,
        fatigued_until_ms: None,
        held_out: false,
        said,
    };
    change(&mut world);
    let mut journey = Journey::default();
    journey.apply(event(Trigger::Purchase, 0));
    let told = !journey.advance(&programmes, &world).is_empty();
    let run = &journey.runs()[0];
    (told, run.log.iter().map(|entry| entry.what).collect(), run.held)
}

#[test]
fn a_promotion_waits_for_everything_that_an_offer_waits_for() {
    let alone = |change: fn(&mut World<'_>)| sell(&[], &[], change);
    assert_eq!(alone(|_| {}), (true, [What::Told].to_vec(), None));
    let held = |why| (false, Vec::new(), Some(why));
    assert_eq!(alone(|world| world.quiet_until_ms = Some(NOW_MS + DAY_MS)), held(Held::Quiet));
    assert_eq!(alone(|world| world.fatigued_until_ms = Some(NOW_MS + DAY_MS)), held(Held::Fatigue));
    assert_eq!(alone(|world| world.open_safety = true), held(Held::Safety));
    assert_eq!(alone(|world| world.held_out = true), (false, [What::HeldOut].to_vec(), None));
    assert_eq!(alone(|world| world.consent = Purposes::FUNCTION), (false, [What::NoConsent].to_vec(), None));
    let yesterday = |promotes| sell(&[(NOW_MS - DAY_MS, promotes)], &[], |_| {});
    assert_eq!(yesterday(true), held(Held::Cap), "an offer was a promotion too");
    assert!(yesterday(false).0);
}

#[test]
fn promotions_take_no_room_from_service() {
    let service = SELLING.replace("promotes = true", "").replace("\"offers\"", "\"function\"");
    let programmes = only(&service);
    let (outside, cap) = (Outside::default(), Cap { contacts: 1, days: 7 });
    let facts = facts(NOW_MS, &outside);
    for (promotes, told) in [(true, 1), (false, 0)] {
        let world = World {
            now_ms: NOW_MS,
            facts: &facts,
            consent: Purposes::FUNCTION,
            others: &[(NOW_MS - DAY_MS, promotes)],
            cap,
            promotions: cap,
            open_safety: false,
            quiet_until_ms: None,
            fatigued_until_ms: None,
            held_out: false,
            said: &[],
        };
        let mut journey = Journey::default();
        journey.apply(event(Trigger::Purchase, 0));
        assert_eq!(journey.advance(&programmes, &world).len(), told);
    }
}

#[test]
fn what_the_catalogue_says_is_not_said_twice() {
    let said = |entry: &str| sell(&[], &[entry.to_string()], |_| {});
    assert_eq!(said("finance-check"), (false, [What::Said].to_vec(), None));
    assert!(said("winter-tyres").0);
}

#[test]
fn what_the_night_holds_is_told_in_the_morning() {
    let (outside, programmes) = (Outside::default(), only(SELLING));
    let mut journey = Journey::default();
    journey.apply(event(Trigger::Purchase, 0));
    let mut told = Vec::new();
    for hour in 0..24 {
        let now_ms = NOW_MS + hour * 3_600_000;
        let facts = facts(now_ms, &outside);
        let world = World {
            now_ms,
            facts: &facts,
            consent: Purposes::OFFERS,
            others: &[],
            cap: OFTEN,
            promotions: OFTEN,
            open_safety: false,
            quiet_until_ms: (hour < 8).then_some(NOW_MS + 8 * 3_600_000),
            fatigued_until_ms: None,
            held_out: false,
            said: &[],
        };
        if journey.next_ms.is_some_and(|next_ms| next_ms <= now_ms) && !journey.advance(&programmes, &world).is_empty()
        {
            told.push(hour);
        }
    }
    assert_eq!(told, [8]);
}
