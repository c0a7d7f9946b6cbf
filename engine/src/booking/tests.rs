use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use milepost_protocol::plan::{DAY_MS, ItemId};
use proptest::prelude::*;

use super::*;

const HOUR_MS: u64 = 3_600_000;

/// Clocks that are changed at given moments.
#[derive(Debug, Clone)]
struct Changing {
    first_s: i32,
    changes: Vec<(u64, i32)>,
}

impl Zone for Changing {
    fn offset_s(&self, at_ms: u64) -> i32 {
        self.changes.iter().rev().find(|(from_ms, _)| *from_ms <= at_ms).map_or(self.first_s, |(_, offset)| *offset)
    }
}

/// 2026 in Berlin: summer time from 29 March to 25 October, 01:00 UTC.
fn berlin() -> Changing {
    Changing { first_s: 3_600, changes: vec![(1_774_746_000_000, 7_200), (1_792_890_000_000, 3_600)] }
}

fn hours(opens_h: u16, closes_h: u16) -> Hours {
    Hours { opens_min: opens_h * 60, closes_min: closes_h * 60 }
}

/// Open on working days from 8 to 12 and from 13 to 17.
fn workshop(bays: u16) -> Workshop {
    let day = vec![hours(8, 12), hours(13, 17)];
    Workshop {
        hours: [day.clone(), day.clone(), day.clone(), day.clone(), day, vec![], vec![]],
        closed: BTreeSet::new(),
        capacity: Capacity { bays, limits: vec![Limit { at_least_min: 120, at_once: 1 }] },
        grain_min: 30,
        lead_min: 120,
        horizon_days: 60,
        durations: BTreeMap::from([(ItemId::ENGINE_OIL, 60), (ItemId::BRAKE_FLUID, 90)]),
        other_min: 30,
    }
}

/// Monday, 16 November 2026, 00:00 UTC.
const MONDAY_MS: u64 = 1_794_787_200_000;

fn wish(minutes: u16, from_days: u64, due_days: u64, to_days: u64) -> Wish {
    let at = |days: u64| MONDAY_MS + days * DAY_MS;
    let band = Band { p10_ms: at(from_days), due_ms: at(due_days), p90_ms: at(to_days) };
    Wish { now_ms: MONDAY_MS + 7 * HOUR_MS, minutes, band, usual: None, most: 6 }
}

#[test]
fn work_takes_as_long_as_its_items_together() {
    let workshop = workshop(1);
    assert_eq!(workshop.minutes(&[ItemId::ENGINE_OIL, ItemId::BRAKE_FLUID]), 150);
    assert_eq!(workshop.minutes(&[ItemId(99)]), 30);
    assert_eq!(workshop.minutes(&[]), 30);
}

#[test]
fn the_first_offer_lies_at_the_begin_of_the_band_and_not_before_the_workshop_can_know() {
    let (workshop, agenda) = (workshop(1), Agenda::<u32>::default());
    let far = offer(&workshop, &berlin(), &agenda, &wish(60, 14, 20, 30), None);
    let begin = Local { day: (MONDAY_MS / DAY_MS) as i32 + 14, minute: 480 };
    assert_eq!(local(&berlin(), far[0].start_ms), begin);
    let overdue = offer(&workshop, &berlin(), &agenda, &wish(60, 0, 0, 0), None);
    assert_eq!(overdue[0].start_ms, MONDAY_MS + 9 * HOUR_MS, "two hours from now, at ten by the clocks there");
}

#[test]
fn the_usual_time_wins_over_a_day_but_not_over_the_due_date() {
    let (workshop, agenda) = (workshop(1), Agenda::<u32>::default());
    let usual = Some(Usual { weekday: Some(2), minute: 15 * 60 });
    let offered = offer(&workshop, &berlin(), &agenda, &Wish { usual, ..wish(60, 1, 20, 30) }, None);
    let first = local(&berlin(), offered[0].start_ms);
    assert_eq!((first.weekday(), first.minute), (2, 15 * 60));
    let due_tomorrow = offer(&workshop, &berlin(), &agenda, &Wish { usual, ..wish(60, 0, 2, 2) }, None);
    assert!(due_tomorrow[0].start_ms < MONDAY_MS + 2 * DAY_MS);
}

#[test]
fn a_choice_has_more_than_one_day() {
    let offered = offer(&workshop(1), &berlin(), &Agenda::<u32>::default(), &wish(30, 0, 10, 20), None);
    let days: BTreeSet<_> = offered.iter().map(|slot| local(&berlin(), slot.start_ms).day).collect();
    assert_eq!((offered.len(), days.len()), (6, 3));
}

#[test]
fn a_closed_day_and_a_weekend_have_no_free_time() {
    let mut workshop = workshop(1);
    let monday = (MONDAY_MS / DAY_MS) as i32;
    workshop.closed.insert(monday);
    let free = |day| free_on(&workshop, &berlin(), &Agenda::<u32>::default(), day, 30, 0, None).len();
    assert_eq!((free(monday), free(monday + 1), free(monday + 5)), (0, 16, 0));
}

#[test]
fn long_work_waits_for_the_one_lift_while_short_work_goes_on() {
    let workshop = workshop(3);
    let mut agenda = Agenda::default();
    agenda.take(&workshop.capacity, 1, Span::of(0, 180)).unwrap();
    assert_eq!(agenda.take(&workshop.capacity, 2, Span::of(60_000, 120)), Err(Full));
    agenda.take(&workshop.capacity, 3, Span::of(60_000, 30)).unwrap();
    assert!(agenda.release(&1) && !agenda.release(&1));
    agenda.take(&workshop.capacity, 2, Span::of(60_000, 120)).unwrap();
}

#[test]
fn hours_that_overlap_or_end_before_they_begin_are_refused_with_their_day() {
    for blocks in [vec![hours(8, 12), hours(11, 17)], vec![hours(12, 8)], vec![hours(8, 25)]] {
        let mut workshop = workshop(1);
        workshop.hours[2] = blocks;
        assert_eq!(workshop.check(), Err(WorkshopError::Hours { weekday: 2 }));
    }
    assert_eq!(workshop(0).check(), Err(WorkshopError::NoBay));
    assert_eq!(workshop(1).check(), Ok(()));
}

#[test]
fn nobody_is_missed_before_the_visit_begins_and_a_final_visit_stays() {
    let start_ms = 10 * DAY_MS;
    assert!(Standing::Planned.after(Turn::Miss, start_ms, start_ms - 1).is_err());
    assert_eq!(Standing::Planned.after(Turn::Miss, start_ms, start_ms), Ok(Standing::NoShow));
    assert!(Standing::Planned.after(Turn::Arrive, start_ms, start_ms - 2 * DAY_MS).is_err());
    for standing in Standing::ALL.into_iter().filter(|standing| standing.is_final()) {
        for turn in [Turn::Move, Turn::Cancel, Turn::Arrive, Turn::Miss, Turn::Finish] {
            if let Ok(after) = standing.after(turn, start_ms, start_ms) {
                assert_eq!(after, standing, "{turn:?}");
            }
        }
    }
}

#[test]
fn a_night_shift_loses_and_repeats_no_hour_with_the_clocks() {
    let mut night = workshop(1);
    night.hours = core::array::from_fn(|_| vec![Hours { opens_min: 150, closes_min: 360 }]);
    // 29 March 2026: the clocks go from 2 to 3, so that half past two never comes; 25 October: it comes twice.
    for (day, opens_h, closes_h) in [(20_541, 1.5, 4.0), (20_751, 1.5, 5.0)] {
        let open = night.open_on(&berlin(), day)[0];
        let midnight_ms = day as u64 * DAY_MS;
        assert_eq!(open.start_ms, midnight_ms + (opens_h * HOUR_MS as f64) as u64, "{day}");
        assert_eq!(open.end_ms, midnight_ms + (closes_h * HOUR_MS as f64) as u64, "{day}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take { id: u8, start_min: u64, minutes: u16 },
    Release { id: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let take = (0..12_u8, 0..40_u64, 1..8_u16).prop_map(|(id, start, quarters)| Step::Take {
        id,
        start_min: start * 15,
        minutes: quarters * 30,
    });
    let step = prop_oneof![3 => take, 1 => (0..12_u8).prop_map(|id| Step::Release { id })];
    proptest::collection::vec(step, 1..80)
}

fn changing() -> impl Strategy<Value = Changing> {
    let offset = -14 * 4..=14 * 4_i32;
    let change = (5..40_u64, 0..DAY_MS / 60_000, -8..=8_i32);
    (offset, proptest::collection::vec(change, 0..4)).prop_map(|(first, steps)| {
        let (mut at_ms, mut quarters, mut changes) = (MONDAY_MS - 30 * DAY_MS, first, Vec::new());
        for (days, minutes, by) in steps {
            at_ms += days * DAY_MS + minutes * 60_000;
            quarters = (quarters + by).clamp(-56, 56);
            changes.push((at_ms, quarters * 900));
        }
        Changing { first_s: first * 900, changes }
    })
}

fn blocks() -> impl Strategy<Value = Vec<Hours>> {
    proptest::collection::btree_set(0..=96_u16, 0..6).prop_map(|edges| {
        let edges: Vec<_> = edges.into_iter().collect();
        let block = |pair: &[u16]| Hours { opens_min: pair[0] * 15, closes_min: pair[1] * 15 };
        edges.chunks_exact(2).map(block).collect()
    })
}

proptest! {
    #[test]
    fn bays_are_never_taken_twice_in_any_order(steps in steps(), bays in 1..4_u16, at_once in 1..3_u16) {
        let capacity = Capacity { bays, limits: vec![Limit { at_least_min: 120, at_once }] };
        let mut agenda = Agenda::default();
        for step in steps {
            match step {
                Step::Take { id, start_min, minutes } => {
                    let (span, before) = (Span::of(start_min * 60_000, minutes), agenda.clone());
                    if agenda.take(&capacity, id, span).is_err() {
                        prop_assert_eq!(&agenda, &before, "a refused visit keeps the bay it had");
                    }
                }
                Step::Release { id } => { agenda.release(&id); }
            }
            for minute in 0..900_u64 {
                let there = || agenda.holds().iter().filter(|hold| {
                    hold.span.start_ms <= minute * 60_000 && minute * 60_000 < hold.span.end_ms
                });
                prop_assert!(there().count() <= bays.into());
                prop_assert!(there().filter(|hold| hold.span.minutes() >= 120).count() <= at_once.into());
            }
            let ids: BTreeSet<_> = agenda.holds().iter().map(|hold| hold.id).collect();
            prop_assert_eq!(ids.len(), agenda.holds().len());
        }
    }

    #[test]
    fn an_offered_time_is_within_opening_hours_however_the_clocks_change(
        zone in changing(),
        blocks in proptest::array::uniform7(blocks()),
        closed in 0..40_i32,
        minutes in 1..300_u16,
        now_h in 0..400_u64,
    ) {
        let mut workshop = workshop(1);
        workshop.hours = blocks;
        workshop.closed.insert((MONDAY_MS / DAY_MS) as i32 + closed);
        let wish = Wish { now_ms: MONDAY_MS + now_h * HOUR_MS, most: 400, ..wish(minutes, 0, 30, 60) };
        for slot in offer(&workshop, &zone, &Agenda::<u8>::default(), &wish, None) {
            let (from, to) = (local(&zone, slot.start_ms), local(&zone, slot.end_ms - 60_000));
            let hours = &workshop.hours[usize::from(from.weekday())];
            let block = hours.iter().find(|block| {
                from.day == to.day && block.opens_min <= from.minute && to.minute < block.closes_min
            });
            prop_assert!(block.is_some(), "{from:?} to {to:?}: {hours:?}");
            // No minute in between lies outside either, not even in an hour that comes twice.
            for at_ms in (slot.start_ms..slot.end_ms).step_by(60_000) {
                let minute = local(&zone, at_ms).minute;
                prop_assert!(block.is_some_and(|b| b.opens_min <= minute && minute < b.closes_min), "{minute}");
            }
            prop_assert!(!workshop.closed.contains(&from.day));
            prop_assert!(slot.start_ms >= wish.now_ms + 2 * HOUR_MS);
            prop_assert!(workshop.is_open(&zone, slot));
        }
    }

    #[test]
    fn every_offered_time_can_be_taken(steps in steps(), minutes in 15..200_u16) {
        let workshop = workshop(2);
        let open_ms = MONDAY_MS + 7 * HOUR_MS;
        let mut agenda = Agenda::default();
        for step in steps {
            if let Step::Take { id, start_min, minutes } = step {
                // Those that find no bay are not what is asked about here.
                let _ = agenda.take(&workshop.capacity, id, Span::of(open_ms + start_min * 60_000, minutes));
            }
        }
        for slot in offer(&workshop, &berlin(), &agenda, &wish(minutes, 0, 3, 9), None) {
            prop_assert_eq!(agenda.clone().take(&workshop.capacity, 200, slot), Ok(()));
        }
    }
}
