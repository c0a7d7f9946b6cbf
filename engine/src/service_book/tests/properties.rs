//! What holds for any events.

use std::vec::Vec;

use milepost_protocol::plan::Level;
use proptest::prelude::*;

use super::*;

fn any_source() -> impl Strategy<Value = Source> {
    prop_oneof![Just(Source::DetectedReset), Just(Source::Import), Just(Source::Owner), Just(Source::Workshop)]
}

fn any_item() -> impl Strategy<Value = ItemId> {
    prop_oneof![4 => Just(OIL), 2 => Just(BRAKES), 1 => Just(ItemId(77))]
}

fn any_level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::Upcoming), Just(Level::Due), Just(Level::Overdue)]
}

fn any_done() -> impl Strategy<Value = Completion> {
    (0u64..1_600, prop::option::of(0u32..90_000)).prop_map(|(on, km)| Completion {
        at_ms: day(on) - 40 * DAY_MS,
        odometer_m: km.map(|km| km * KM),
        ..Completion::default()
    })
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        5 => (any_item(), any_done(), any_source()).prop_map(|(item, done, by)| Kind::Completed { item, done, by }),
        2 => (0u64..30, any_done()).prop_map(|(of, done)| Kind::Edited { of: EventId(of), done }),
        2 => (0u64..30).prop_map(|of| Kind::Erased { of: EventId(of) }),
        1 => (0u64..30).prop_map(|of| Kind::Restored { of: EventId(of) }),
        3 => (any_item(), 0u32..3, any_level(), 0u64..3_000).prop_map(|(item, cycle, level, until)| {
            Kind::Snoozed { item, cycle, level, until_ms: day(until), reason: Reason::NoTime }
        }),
        1 => (any_item(), any::<bool>()).prop_map(|(item, applies)| Kind::Applies { item, applies }),
        1 => (any_item(), any_source(), 0u32..9_000).prop_map(|(item, by, km)| {
            let anchor = Anchor { cycle: 1, at_ms: day(2), odometer_m: km * KM, ..Anchor::default() };
            Kind::Anchored { item, anchor, by }
        }),
        1 => Just(Kind::Transferred),
        1 => Just(Kind::Sold),
    ]
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((0u64..30, 0u64..1_500, any_kind()).prop_map(|(id, said, kind)| event(id, said, kind)), 0..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_order_and_any_duplication_of_the_same_events_gives_the_same_state(
        (events, shuffled) in any_events().prop_flat_map(|events| {
            let doubled: Vec<_> = events.iter().chain(&events).copied().collect();
            (Just(events), Just(doubled).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(fold(&plan(), car(1_500), &events), fold(&plan(), car(1_500), &shuffled));
    }

    #[test]
    fn no_notice_key_is_told_twice_while_events_come_in(events in any_events(), km_a_day in 0u32..120) {
        let mut told: Vec<Told> = Vec::new();
        for (at, _) in events.iter().enumerate() {
            for now_day in [at as u64 * 60, at as u64 * 60 + 30] {
                let book = fold(&plan(), car(now_day), &events[..=at]);
                let new = to_tell(&book, &driven(km_a_day * now_day as u32), day(now_day), Level::Upcoming, &told);
                for one in new {
                    prop_assert!(!told.iter().any(|known| (known.owner, known.key) == (one.owner, one.key)), "{:?}", one);
                    told.push(one);
                }
            }
        }
    }

    #[test]
    fn a_snooze_never_exceeds_its_bound_however_often_it_is_asked_for(events in any_events()) {
        let plan = plan();
        let book = fold(&plan, car(1_500), &events);
        for tracked in &plan {
            let state = &book.items[&tracked.rule.item];
            for snooze in &state.snoozes {
                let same = |other: &&Snooze| (other.cycle, other.level) == (snooze.cycle, snooze.level);
                let first_ms = state.snoozes.iter().filter(same).map(|other| other.at_ms).min().expect("itself");
                let most_ms = longest_snooze_ms(tracked.rule.safety, snooze.level);
                prop_assert!(snooze.until_ms <= (first_ms + most_ms).max(snooze.at_ms));
                prop_assert!(snooze.until_ms <= snooze.asked_ms.max(snooze.at_ms));
            }
        }
    }

    #[test]
    fn erasing_a_record_and_adding_it_again_is_neutral(events in any_events(), added in (any_item(), any_done(), any_source())) {
        let (item, done, by) = added;
        let record = |id, said| event(id, said, Kind::Completed { item, done, by });
        let erased = event(1_002, 1_400, Kind::Erased { of: EventId(1_001) });
        let once: Vec<_> = events.iter().copied().chain([record(1_001, 1_300)]).collect();
        let again: Vec<_> = once.iter().copied().chain([erased, record(1_003, 1_450)]).collect();
        let without: Vec<_> = once.iter().copied().chain([erased]).collect();
        let anchors = |events: &[Event]| -> Vec<_> {
            fold(&plan(), car(1_500), events).items.values().map(|state| (state.planned.anchor, state.applies)).collect()
        };
        prop_assert_eq!(anchors(&once), anchors(&again));
        prop_assert_eq!(anchors(&events), anchors(&without));
    }

    #[test]
    fn only_completions_move_a_cycle(events in any_events()) {
        let still: Vec<_> = events.iter().copied().filter(|event| !matches!(event.kind, Kind::Completed { .. } | Kind::Anchored { .. })).collect();
        let book = fold(&plan(), car(1_500), &still);
        prop_assert!(book.items.values().all(|state| state.planned.anchor.cycle == 0));
    }
}
