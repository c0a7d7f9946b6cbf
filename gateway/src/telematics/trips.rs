//! Trips between the rows of a telematics table.
//!
//! Such a table knows a car only now and then, so a trip here is the time between two rows in which the car has moved:
//! its odometer went on, it is somewhere else, its charge went down as only driving makes it, or its engine or drive was on.
//! Invariant: the trips' distances add up to what the odometer went on, and none is longer than it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::odometer::{Verdict, judge};
use super::table::{Row, Table};
use crate::usage::Battery12v;

/// How far apart two positions are before the car is somewhere else, in metres.
const ELSEWHERE_M: f64 = 200.0;

/// The loss of charge that only driving explains, in percent.
const USED_PERCENT: f64 = 2.0;

/// How late a reading may come, in seconds.
const LATE_S: f64 = 600.0;

/// About how far a car goes on a percent of its charge; it only shares a known distance out.
const METRES_A_PERCENT: f64 = 4_000.0;

/// A silence with movement that is told as a gap, in seconds.
const GAP_S: f64 = 6.0 * 3_600.0;

/// A trip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trip {
    /// The last row before it.
    pub start: String,
    /// The first row behind it.
    pub end: String,
    /// Metres.
    pub distance_m: u32,
    /// Metres a second, where the table has speeds.
    pub max_speed_mps: Option<f64>,
    /// Seconds with engine or drive on while the odometer stood.
    pub idle_s: u32,
    /// `odometer`, or `odometer_shared` where several trips lie between two believed readings.
    pub source: &'static str,
}

/// A silence in which the car moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// The row before it.
    pub from: String,
    /// The row behind it.
    pub to: String,
    /// How far the odometer went on.
    pub distance_m: u32,
}

/// What a table amounts to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// In order.
    pub trips: Vec<Trip>,
    /// Metres, all of it.
    pub distance_m: u32,
    /// The first believed reading, in metres.
    pub odometer_start_m: Option<u32>,
    /// The last one.
    pub odometer_end_m: Option<u32>,
    /// Seconds with engine or drive on, as far as rows show it.
    pub engine_s: u32,
    /// Seconds of these in which the odometer stood.
    pub idle_s: u32,
    /// The 12 V battery.
    pub battery_12v: Battery12v,
    /// Not known from tables.
    pub coolant_warmup_s: Option<u32>,
    /// Silences in which the car moved.
    pub gaps: Vec<Gap>,
    /// What did not count, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// A row with what of it is believed.
#[derive(Debug, Clone)]
struct Reading<'t> {
    row: &'t Row,
    odometer_m: Option<f64>,
}

/// Finds the trips of a table.
pub fn summarise(table: &Table) -> Summary {
    let verdicts = judge(&table.rows.iter().map(|row| (row.at_s, row.odometer_m)).collect::<Vec<_>>());
    let stale = verdicts.iter().filter(|verdict| **verdict == Verdict::Stale).count() as u64;
    let (readings, duplicate) = one_a_moment(&table.rows, &verdicts);
    let spans = spans(&readings);
    let idle_of = |span: &Span| (span.idle_s.round() as u32).min(u32::MAX / 2);
    let trips: Vec<_> = spans
        .iter()
        .map(|span| Trip {
            start: readings[span.from].row.time.clone(),
            end: readings[span.to].row.time.clone(),
            distance_m: span.distance_m.round() as u32,
            max_speed_mps: readings[span.from..=span.to]
                .iter()
                .filter_map(|reading| reading.row.speed_mps)
                .reduce(f64::max),
            idle_s: idle_of(span),
            source: if span.shared { "odometer_shared" } else { "odometer" },
        })
        .collect();
    let gaps = spans.iter().flat_map(|span| span.from..span.to).filter_map(|at| {
        let (before, behind) = (&readings[at], &readings[at + 1]);
        let distance_m = behind.odometer_m? - before.odometer_m?;
        (behind.row.at_s - before.row.at_s > GAP_S && distance_m > 0.0).then(|| Gap {
            from: before.row.time.clone(),
            to: behind.row.time.clone(),
            distance_m: distance_m.round() as u32,
        })
    });
    let odometers: Vec<f64> = readings.iter().filter_map(|reading| reading.odometer_m).collect();
    let metres = |metres: Option<&f64>| metres.map(|metres| metres.round() as u32);
    let distance_m: f64 = odometers.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).sum();
    let off = readings.iter().filter(|reading| reading.row.on != Some(true)).filter_map(|reading| reading.row.volts);
    let rejected = [("stale", stale), ("duplicate", duplicate), ("broken_row", table.broken)];
    Summary {
        distance_m: distance_m.round() as u32,
        odometer_start_m: metres(odometers.first()),
        odometer_end_m: metres(odometers.last()),
        engine_s: spans.iter().map(|span| span.on_s.round() as u32).sum(),
        idle_s: trips.iter().map(|trip| trip.idle_s).sum(),
        battery_12v: Battery12v {
            rest_v: off.reduce(f64::max),
            min_v: readings.iter().filter_map(|reading| reading.row.volts).reduce(f64::min),
        },
        coolant_warmup_s: None,
        gaps: gaps.collect(),
        rejected: rejected.into_iter().filter(|&(_, count)| count > 0).collect(),
        trips,
    }
}

/// Of rows of one moment the last believed one stands for all; answers how many others there were that are not stale.
fn one_a_moment<'t>(rows: &'t [Row], verdicts: &[Verdict]) -> (Vec<Reading<'t>>, u64) {
    let mut readings: Vec<Reading<'_>> = Vec::new();
    let mut duplicate = 0;
    for (row, verdict) in rows.iter().zip(verdicts) {
        let odometer_m = row.odometer_m.filter(|_| *verdict == Verdict::Believed);
        match readings.last_mut().filter(|last| last.row.at_s.total_cmp(&row.at_s).is_eq()) {
            Some(last) => {
                duplicate += u64::from(last.odometer_m.is_some() && *verdict != Verdict::Stale);
                if odometer_m.is_some() || last.odometer_m.is_none() {
                    *last = Reading { row, odometer_m };
                }
            }
            None => readings.push(Reading { row, odometer_m }),
        }
    }
    (readings, duplicate)
}

/// The readings between which the car moved.
#[derive(Debug, Clone)]
struct Span {
    from: usize,
    to: usize,
    distance_m: f64,
    shared: bool,
    idle_s: f64,
    on_s: f64,
}

fn spans(readings: &[Reading<'_>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    // Between two believed readings the odometer says how far, and whether at all.
    let known: Vec<usize> = (0..readings.len()).filter(|&at| readings[at].odometer_m.is_some()).collect();
    let mut bounds = known.clone();
    bounds.insert(0, 0);
    bounds.push(readings.len().saturating_sub(1));
    bounds.dedup();
    for pair in bounds.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let rise_m = readings[to].odometer_m.zip(readings[from].odometer_m).map(|(to, from)| (to - from).max(0.0));
        let alone = to - from == 1;
        let (moved, legs): (Vec<_>, Vec<_>) =
            (from..to).filter_map(|at| Some((at, leg(&readings[at], &readings[at + 1], rise_m, alone)?))).unzip();
        // Where rows show no place, the whole rise belongs to the last step before it was seen.
        let weighed = legs.iter().any(|(weight, _)| *weight > 0.0);
        let (moved, legs) = if !weighed && rise_m.is_some_and(|rise_m| rise_m > 0.0) {
            let on = readings[to - 1].row.on == Some(true);
            let others = moved.iter().zip(&legs).filter(|(at, _)| **at != to - 1).map(|(at, leg)| (*at, *leg));
            others.chain([(to - 1, (1.0, on))]).unzip()
        } else {
            (moved, legs)
        };
        let whole: f64 = legs.iter().map(|(weight, _)| weight).sum();
        let moving = legs.iter().filter(|(weight, _)| *weight > 0.0).count();
        for (&at, &(weight, on)) in moved.iter().zip(&legs) {
            let distance_m = if whole > 0.0 { rise_m.unwrap_or(0.0) * weight / whole } else { 0.0 };
            let lasts_s = readings[at + 1].row.at_s - readings[at].row.at_s;
            let on_s = if on { lasts_s } else { 0.0 };
            let idle_s = if on && distance_m <= 0.0 { lasts_s } else { 0.0 };
            let shared = moving > 1 && distance_m > 0.0;
            // A car that was on at the row between two legs has not ended its trip there.
            match spans.last_mut().filter(|last| last.to == at && readings[at].row.on == Some(true)) {
                Some(last) => {
                    last.to = at + 1;
                    last.distance_m += distance_m;
                    last.shared |= shared;
                    last.idle_s += idle_s;
                    last.on_s += on_s;
                }
                None => spans.push(Span { from: at, to: at + 1, distance_m, shared, idle_s, on_s }),
            }
        }
    }
    spans
}

/// Whether the car moved or was on between two neighbouring rows: the weight of the leg, and whether it was on.
fn leg(before: &Reading<'_>, behind: &Reading<'_>, rise_m: Option<f64>, alone: bool) -> Option<(f64, bool)> {
    let on = before.row.on == Some(true);
    let rose = rise_m.is_none_or(|rise_m| rise_m > 0.0);
    if alone && rise_m.is_some_and(|rise_m| rise_m > 0.0) {
        return Some((1.0, on));
    }
    // A position may come late, so it counts only while the odometer does not say that the car stood.
    let apart_m = before.row.position.zip(behind.row.position).map_or(0.0, |(from, to)| apart_m(from, to));
    let elsewhere = rose && apart_m > ELSEWHERE_M;
    // A car that is back where it was has used charge on its way; little or quick loss may be a late reading or a parked car.
    let used_percent = before.row.charge_percent.zip(behind.row.charge_percent).map_or(0.0, |(from, to)| from - to);
    let lasts_s = behind.row.at_s - before.row.at_s;
    let used = rose && used_percent >= USED_PERCENT && lasts_s > LATE_S;
    let weight = if used_percent > 0.0 { used_percent * METRES_A_PERCENT } else { apart_m };
    (on || elsewhere || used).then_some((if elsewhere || used { weight } else { 0.0 }, on))
}

/// How far two positions are apart, in metres, on a sphere.
fn apart_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (from, to) = ((from.0.to_radians(), from.1.to_radians()), (to.0.to_radians(), to.1.to_radians()));
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let chord = half(to.0 - from.0) + from.0.cos() * to.0.cos() * half(to.1 - from.1);
    2.0 * 6_371_000.0 * chord.sqrt().min(1.0).asin()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>26} {:>26} {:>11} {:>8}  source", "start", "end", "distance m", "idle s")?;
        for trip in &self.trips {
            writeln!(
                f,
                "{:>26} {:>26} {:>11} {:>8}  {}",
                trip.start, trip.end, trip.distance_m, trip.idle_s, trip.source
            )?;
        }
        writeln!(f)?;
        writeln!(f, "distance       {} m", self.distance_m)?;
        for gap in &self.gaps {
            writeln!(f, "gap            {} to {}, {} m", gap.from, gap.to, gap.distance_m)?;
        }
        for (reason, count) in &self.rejected {
            writeln!(f, "rejected       {count} ({reason})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at_s: f64, odometer_m: f64, place: f64, on: bool) -> Row {
        let time = format!("{at_s}");
        Row { time, at_s, odometer_m: Some(odometer_m), position: Some((50.0, place)), on: Some(on), ..Row::default() }
    }

    fn of(rows: Vec<Row>) -> Summary {
        summarise(&Table { rows, broken: 0 })
    }

    fn brief(summary: &Summary) -> Vec<(&str, &str, u32)> {
        summary.trips.iter().map(|trip| (trip.start.as_str(), trip.end.as_str(), trip.distance_m)).collect()
    }

    #[test]
    fn a_trip_is_where_the_odometer_went_on_and_a_late_position_is_none() {
        let summary = of(vec![
            row(0.0, 5_000.0, 6.0, false),
            row(100.0, 5_000.0, 6.0, false),
            row(200.0, 9_000.0, 6.0, false),
            row(300.0, 9_000.0, 6.1, false),
        ]);
        assert_eq!(brief(&summary), [("100", "200", 4_000)]);
        assert_eq!(summary.distance_m, 4_000);
    }

    #[test]
    fn stale_rows_are_counted_and_what_they_hide_is_shared_among_the_places() {
        let summary = of(vec![
            row(-100.0, 4_900.0, 6.0, false),
            row(0.0, 5_000.0, 6.0, false),
            row(100.0, 10.0, 6.1, false),
            row(200.0, 10.0, 6.1, false),
            row(300.0, 25_000.0, 6.3, false),
            row(300.0, 10.0, 6.3, false),
            row(400.0, 26_000.0, 6.3, false),
        ]);
        assert_eq!(summary.rejected.get("stale"), Some(&3));
        let trips = [("-100", "0", 100), ("0", "100", 6_667), ("200", "300", 13_333), ("300", "400", 1_000)];
        assert_eq!(brief(&summary), trips);
        assert_eq!(summary.trips[1].source, "odometer_shared");
        assert_eq!(summary.distance_m, 21_100);
    }

    #[test]
    fn a_round_trip_that_a_stale_row_hides_is_seen_by_the_charge_it_took() {
        let charged =
            |at_s, odometer_m, percent| Row { charge_percent: Some(percent), ..row(at_s, odometer_m, 6.0, false) };
        let summary = of(vec![
            charged(0.0, 5_000.0, 80.0),
            charged(10_000.0, 6_000.0, 80.0),
            charged(20_000.0, 10.0, 75.0),
            charged(30_000.0, 10.0, 75.0),
            charged(40_000.0, 36_000.0, 70.0),
        ]);
        let trips = [("0", "10000", 1_000), ("10000", "20000", 15_000), ("30000", "40000", 15_000)];
        assert_eq!(brief(&summary), trips);
    }

    #[test]
    fn a_car_that_is_on_has_not_ended_its_trip_and_one_that_stands_idles() {
        let summary = of(vec![
            row(0.0, 5_000.0, 6.0, false),
            row(100.0, 5_000.0, 6.0, true),
            row(200.0, 5_000.0, 6.0, true),
            row(300.0, 7_000.0, 6.1, false),
            row(300.0, 7_000.0, 6.1, false),
        ]);
        assert_eq!(brief(&summary), [("100", "300", 2_000)]);
        assert_eq!((summary.idle_s, summary.engine_s), (100, 200));
        assert_eq!(summary.rejected.get("duplicate"), Some(&1));
    }
}
