//! Which times an owner is offered: free ones that suit the due date first, and the owner's usual time among these.
//!
//! Invariant: every offered time is free, within opening hours, and not sooner than the workshop needs to know.

use alloc::vec::Vec;

use super::zone::{MINUTE_MS, Zone, local};
use super::{Agenda, Span, Workshop};

/// What a day further from the best day weighs, in minutes by which a time of day differs from the usual one.
const DAY_WEIGHS_MIN: u64 = 60;

/// What another day of the week than the usual one weighs, in the same minutes.
const WEEKDAY_WEIGHS_MIN: u64 = 90;

/// How many times of one day are offered at most, so that there is a choice of days.
const OF_ONE_DAY: usize = 2;

/// When the work will be due. Milliseconds of Unix time, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// One time in ten it is due before this.
    pub p10_ms: u64,
    /// As likely before as after.
    pub due_ms: u64,
    /// One time in ten it is due after this.
    pub p90_ms: u64,
}

/// When the owner likes to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// The day of the week, 0 is Monday; `None` if any is as good.
    pub weekday: Option<u8>,
    /// The minute of the day.
    pub minute: u16,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Now, in milliseconds of Unix time.
    pub now_ms: u64,
    /// How long the visit takes.
    pub minutes: u16,
    /// When the work will be due.
    pub band: Band,
    /// When the owner likes to come.
    pub usual: Option<Usual>,
    /// How many times to offer at most.
    pub most: usize,
}

/// How good a time is; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// 0 before it is due and not too early, 1 when it may be due, 2 too early, 3 too late.
    tier: u8,
    weight: u64,
    start_ms: u64,
}

/// The free times of one local day for a visit of so many minutes, from `earliest_ms` on.
pub fn free_on<K: PartialEq + Clone>(
    workshop: &Workshop,
    zone: &impl Zone,
    agenda: &Agenda<K>,
    day: i32,
    minutes: u16,
    earliest_ms: u64,
    except: Option<&K>,
) -> Vec<Span> {
    let grain_ms = u64::from(workshop.grain_min.max(1)) * MINUTE_MS;
    let mut free = Vec::new();
    for open in workshop.open_on(zone, day) {
        let held = agenda.during(open);
        let mut slot = Span::of(open.start_ms, minutes);
        while slot.end_ms <= open.end_ms {
            if slot.start_ms >= earliest_ms && held.fits(&workshop.capacity, slot, except) {
                free.push(slot);
            }
            slot = Span::of(slot.start_ms.saturating_add(grain_ms), minutes);
        }
    }
    free
}

/// The times to offer, the best first; it is the one to suggest.
///
/// `agenda` holds every visit from now to the workshop's horizon; `except` is the visit that shall move.
pub fn offer<K: PartialEq + Clone>(
    workshop: &Workshop,
    zone: &impl Zone,
    agenda: &Agenda<K>,
    wish: &Wish,
    except: Option<&K>,
) -> Vec<Span> {
    let earliest_ms = wish.now_ms.saturating_add(u64::from(workshop.lead_min) * MINUTE_MS);
    let first = local(zone, earliest_ms).day;
    let days = first..=local(zone, wish.now_ms).day.saturating_add(workshop.horizon_days.into());
    let best_day = local(zone, wish.band.p10_ms.max(earliest_ms)).day;
    let mut ranked: Vec<(Cost, i32, Span)> = Vec::new();
    for day in days {
        let mut of_day: Vec<(Cost, i32, Span)> =
            free_on(workshop, zone, agenda, day, wish.minutes, earliest_ms, except)
                .into_iter()
                .map(|slot| (cost(zone, wish, best_day, slot), day, slot))
                .collect();
        of_day.sort_unstable_by_key(|(cost, ..)| *cost);
        ranked.extend(of_day.into_iter().take(OF_ONE_DAY));
    }
    ranked.sort_unstable_by_key(|(cost, ..)| *cost);
    ranked.into_iter().take(wish.most).map(|(_, _, slot)| slot).collect()
}

fn cost(zone: &impl Zone, wish: &Wish, best_day: i32, slot: Span) -> Cost {
    let Band { p10_ms, due_ms, p90_ms } = wish.band;
    let at = local(zone, slot.start_ms);
    let tier = match slot.start_ms {
        at_ms if at_ms > p90_ms => 3,
        at_ms if at_ms > due_ms => 1,
        at_ms if at_ms < p10_ms && at.day != best_day => 2,
        _ => 0,
    };
    let away = u64::from(at.day.abs_diff(best_day)).saturating_mul(DAY_WEIGHS_MIN);
    let unusual = wish.usual.map_or(0, |usual| {
        let other_day = usual.weekday.is_some_and(|weekday| weekday != at.weekday());
        u64::from(at.minute.abs_diff(usual.minute)) + if other_day { WEEKDAY_WEIGHS_MIN } else { 0 }
    });
    Cost { tier, weight: away.saturating_add(unusual), start_ms: slot.start_ms }
}
