//! How far an item's present cycle has come.
//!
//! Invariant: within a cycle the level never falls while usage and time rise, and a reading that is not available counts for nothing.

use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::notice::{MAX_REASONS, Reason, Reasons};
use milepost_protocol::plan::{Condition, DAY_MS, ItemId, Level, PlanItem};

use super::bounds::{lead_within, limits};
use super::usage::{BatteryHealth, UNKNOWN_ODOMETER_M, Usage, is_plausible};

/// Rest voltage of a charged battery, in millivolts: 0 of its condition's share is used there.
const REST_CHARGED_MV: u16 = 12_700;

/// Lowest cranking voltage of a strong battery at 21 °C, in millivolts.
const CRANKING_STRONG_MV: u16 = 11_000;

/// Where an item stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The item.
    pub item: ItemId,
    /// Its present cycle; with the item and the level it makes the key of a notice, so that each is raised once.
    pub cycle: u32,
    /// How far the cycle has come.
    pub level: Level,
    /// Every bound that could be measured, the one that decides first.
    pub reasons: Reasons,
    /// The share of the nearest bound that is used; 1 at the bound, above it behind it.
    pub used: f32,
    /// When the calendar bound is reached, in milliseconds of Unix time.
    pub due_at_ms: Option<u64>,
    /// At which odometer the distance bound is reached, in metres.
    pub due_odometer_m: Option<u32>,
}

/// One bound, measured.
struct Measured {
    level: Level,
    share: f32,
    reason: Reason,
}

/// Assesses an item at `now_ms` (milliseconds of Unix time; a clock that is not set yet or stands before the anchor counts no time).
pub fn assess(item: &PlanItem, usage: &Usage, now_ms: u64) -> Assessment {
    let mut measured = Vec::<Measured, 5>::new();
    for found in [
        distance(item, usage),
        time(item, now_ms),
        engine_time(item, usage),
        fuel(item, usage),
        item.rule.condition.and_then(|condition| self::condition(condition, usage.battery)),
    ] {
        let Some(found) = found else { continue };
        // Five at most: putting each in its place takes far less code than sorting.
        let place = measured.iter().position(|other| decides_before(&found, other)).unwrap_or(measured.len());
        // There is room for one of each bound.
        let _ = measured.insert(place, found);
    }

    let (anchor, limits) = (&item.anchor, limits(item));
    Assessment {
        item: item.rule.item,
        cycle: anchor.cycle,
        level: measured.first().map_or(Level::Scheduled, |first| first.level),
        reasons: measured.iter().take(MAX_REASONS).map(|bound| bound.reason).collect(),
        used: measured.iter().map(|bound| bound.share).fold(0.0, f32::max),
        due_at_ms: limits
            .days
            .filter(|&days| days > 0 && anchor.at_ms > 0)
            .map(|days| anchor.at_ms.saturating_add(u64::from(days) * DAY_MS)),
        due_odometer_m: limits
            .distance_m
            .filter(|&distance_m| distance_m > 0 && anchor.odometer_m != UNKNOWN_ODOMETER_M)
            .map(|distance_m| anchor.odometer_m.saturating_add(distance_m)),
    }
}

fn decides_before(one: &Measured, other: &Measured) -> bool {
    one.level.cmp(&other.level).then(one.share.total_cmp(&other.share)).is_gt()
}

fn distance(item: &PlanItem, usage: &Usage) -> Option<Measured> {
    let limit_m = limits(item).distance_m.filter(|&limit| limit > 0)?;
    let odometer_m = usage.odometer_m.filter(|&m| is_plausible(m) && item.anchor.odometer_m != UNKNOWN_ODOMETER_M)?;
    let used_m = odometer_m.saturating_sub(item.anchor.odometer_m);
    let reason = Reason::Distance { used_m, limit_m };
    Some(bound(used_m, limit_m, item.rule.lead.distance_m, item.rule.grace.distance_m, reason))
}

fn time(item: &PlanItem, now_ms: u64) -> Option<Measured> {
    let limit_days = limits(item).days.filter(|&limit| limit > 0)?;
    if item.anchor.at_ms == 0 {
        return None;
    }
    let used_days = (now_ms.saturating_sub(item.anchor.at_ms) / DAY_MS).min(u64::from(u16::MAX)) as u32;
    let (lead, grace) = (item.rule.lead.days.into(), item.rule.grace.days.into());
    let reason = Reason::Time { used_days: used_days as u16, limit_days };
    Some(bound(used_days, limit_days.into(), lead, grace, reason))
}

fn engine_time(item: &PlanItem, usage: &Usage) -> Option<Measured> {
    let limit_s = limits(item).engine_s.filter(|&limit| limit > 0)?;
    let used_s = counted(usage.engine_s, item.anchor.engine_s)?;
    let reason = Reason::EngineTime { used_s, limit_s };
    Some(bound(used_s, limit_s, item.rule.lead.engine_s, item.rule.grace.engine_s, reason))
}

fn fuel(item: &PlanItem, usage: &Usage) -> Option<Measured> {
    let limit_ml = limits(item).fuel_ml.filter(|&limit| limit > 0)?;
    let used_ml = counted(usage.fuel_ml, item.anchor.fuel_ml)?;
    let reason = Reason::Fuel { used_ml, limit_ml };
    Some(bound(used_ml, limit_ml, item.rule.lead.fuel_ml, item.rule.grace.fuel_ml, reason))
}

fn counted(reading: u32, anchor: u32) -> Option<u32> {
    is_plausible(reading).then(|| reading.saturating_sub(anchor))
}

/// Places `used` among lead, limit and grace; with no grace the limit itself is still due, and only what lies behind it overdue.
#[inline(never)]
fn bound(used: u32, limit: u32, lead: u32, grace: u32, reason: Reason) -> Measured {
    let (used_wide, limit_wide) = (u64::from(used), u64::from(limit));
    let level = if used > limit && used - limit >= grace {
        Level::Overdue
    } else if used >= limit {
        Level::Due
    } else if used_wide + lead_within(lead.into(), limit_wide) >= limit_wide {
        Level::Upcoming
    } else {
        Level::Scheduled
    };
    Measured { level, share: used as f32 / limit as f32, reason }
}

/// The worse of rest and cranking.
fn condition(condition: Condition, battery: BatteryHealth) -> Option<Measured> {
    let Condition::Battery12v { rest_upcoming_mv, rest_due_mv, cranking_due_mv } = condition;
    let rest = battery.rest_mv.and_then(|mv| sagged(mv, rest_upcoming_mv, rest_due_mv, REST_CHARGED_MV));
    let cranking = battery.cranking_mv.and_then(|mv| sagged(mv, cranking_due_mv, cranking_due_mv, CRANKING_STRONG_MV));
    [rest, cranking].into_iter().flatten().max_by(|a, b| a.level.cmp(&b.level).then(a.share.total_cmp(&b.share)))
}

fn sagged(mv: u16, upcoming_mv: u16, due_mv: u16, healthy_mv: u16) -> Option<Measured> {
    if !is_plausible(mv.into()) || mv == u16::MAX {
        return None;
    }
    let (level, limit_mv) = if mv < due_mv {
        (Level::Due, due_mv)
    } else if mv < upcoming_mv {
        (Level::Upcoming, upcoming_mv)
    } else {
        (Level::Scheduled, upcoming_mv)
    };
    let share = f32::from(healthy_mv.saturating_sub(mv)) / f32::from(healthy_mv.saturating_sub(due_mv).max(1));
    let volts = |mv: u16| f32::from(mv) / 1000.0;
    let reason = Reason::Signal { signal: SignalId::BATTERY_12V, value: volts(mv), limit: volts(limit_mv) };
    Some(Measured { level, share, reason })
}
