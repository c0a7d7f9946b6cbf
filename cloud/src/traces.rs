//! How a vehicle's values went: out of its state where that holds them, and out of its newest envelopes.
//!
//! Invariant: reading changes nothing, and a trace has at most [`MOST_POINTS`] points, among them the extremes of what was left out.

use milepost_engine::usage::Times;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::envelope::Header;
use milepost_protocol::record::{Record, Wheel};
use milepost_protocol::{Envelope, SignalId};

use crate::domain::Vehicle;
use crate::ingest::place;
use crate::series::Part;
use crate::service::Service;
use crate::store::{History, StoreError, TelemetryRow};

/// The most points of one trace.
pub const MOST_POINTS: usize = 800;

/// How many of the newest envelopes are looked through.
const ENVELOPES: usize = 1_500;

/// How far a device's clock may run ahead, in milliseconds.
const TOLERANCE_MS: u64 = 3_600_000;

/// What a trace is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The odometer, in metres.
    Odometer,
    /// The 12 V battery at rest, in volts.
    RestVoltage,
    /// A tyre's pressure relative to the surroundings, in pascals.
    Pressure(Wheel),
    /// The fuel level, from 0 to 1.
    Fuel,
    /// The traction battery's charge, from 0 to 1.
    Charge,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Odometer,
        Self::RestVoltage,
        Self::Pressure(Wheel::FrontLeft),
        Self::Pressure(Wheel::FrontRight),
        Self::Pressure(Wheel::RearLeft),
        Self::Pressure(Wheel::RearRight),
        Self::Fuel,
        Self::Charge,
    ];

    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Odometer => "odometer",
            Self::RestVoltage => "battery_rest",
            Self::Pressure(Wheel::FrontLeft) => "tyre_front_left",
            Self::Pressure(Wheel::FrontRight) => "tyre_front_right",
            Self::Pressure(Wheel::RearLeft) => "tyre_rear_left",
            Self::Pressure(Wheel::RearRight) => "tyre_rear_right",
            Self::Fuel => "fuel_level",
            Self::Charge => "state_of_charge",
        }
    }

    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Odometer => "m",
            Self::RestVoltage => "V",
            Self::Pressure(_) => "Pa",
            Self::Fuel | Self::Charge => "ratio",
        }
    }

    fn of_signal(signal: SignalId) -> Option<Self> {
        match signal {
            SignalId::FUEL_LEVEL => Some(Self::Fuel),
            SignalId::STATE_OF_CHARGE => Some(Self::Charge),
            _ => None,
        }
    }
}

/// How one value went.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Of what.
    pub quantity: Quantity,
    /// Milliseconds of Unix time, and value in the quantity's unit; the oldest first.
    pub points: Vec<(u64, f64)>,
}

/// How a vehicle's values went, as far as one of `purposes` lets a collected sample be seen; quantities without a reading are left out.
pub async fn traces(service: &Service, vehicle: &Vehicle, purposes: Purposes) -> Result<Vec<Trace>, StoreError> {
    let rows = service.history(History::newest(vehicle.device.clone(), ENVELOPES)).await?;
    Ok(of(vehicle, &rows, purposes))
}

fn of(vehicle: &Vehicle, rows: &[TelemetryRow], purposes: Purposes) -> Vec<Trace> {
    let mut found = Found::default();
    let days = vehicle.state.days.readings().iter();
    found.0.extend(days.map(|day| (Quantity::Odometer, day.at_ms, f64::from(day.odometer_m))));
    let rests = vehicle.state.rests.iter();
    found.0.extend(rests.map(|rest| (Quantity::RestVoltage, rest.at_ms, f64::from(rest.millivolts) / 1000.0)));
    for row in rows {
        // What does not decode stands with the engineers; here it has nothing to show.
        let Ok(envelope) = Envelope::parse(&row.bytes) else { continue };
        for entry in envelope.entries() {
            found.record(&envelope.header, entry.at_ms, row.received_ms, &entry.record(), purposes);
        }
    }
    let trace = |quantity: Quantity| {
        let mine = found.0.iter().filter(|(of, ..)| *of == quantity);
        let mut points: Vec<(u64, f64)> = mine.map(|(_, at_ms, value)| (*at_ms, *value)).collect();
        points.retain(|(at_ms, value)| *at_ms > 0 && value.is_finite());
        points.sort_by_key(|(at_ms, _)| *at_ms);
        points.dedup_by_key(|(at_ms, _)| *at_ms);
        Trace { quantity, points: thinned(points, MOST_POINTS) }
    };
    Quantity::ALL.into_iter().map(trace).filter(|trace| !trace.points.is_empty()).collect()
}

#[derive(Debug, Default)]
struct Found(Vec<(Quantity, u64, f64)>);

impl Found {
    fn record(&mut self, header: &Header, at_ms: u64, received_ms: u64, record: &Record, purposes: Purposes) {
        let (times, _): (Times, bool) = place(header, at_ms, received_ms, TOLERANCE_MS);
        let when_ms = times.when_ms();
        let mut add = |quantity, value: f64| self.0.push((quantity, when_ms, value));
        match record {
            Record::BatteryRest(rest) => add(Quantity::RestVoltage, f64::from(rest.millivolts) / 1000.0),
            Record::TyreSample(tyre) => add(Quantity::Pressure(tyre.wheel), f64::from(tyre.pressure_pa)),
            Record::SignalChange(change) => {
                if let Some(quantity) = Quantity::of_signal(change.signal) {
                    add(quantity, change.value.into());
                }
            }
            Record::SignalSummary(summary) => {
                if let Some(quantity) = Quantity::of_signal(summary.signal) {
                    add(quantity, summary.mean.into());
                }
            }
            Record::Refuelled(stop) => {
                add(if stop.electric { Quantity::Charge } else { Quantity::Fuel }, stop.after.into());
            }
            Record::SeriesBlock(block) if block.purposes.0 & purposes.0 != 0 => {
                let mut part = Part::default();
                part.add(block, when_ms, None);
                for one in part.series {
                    if let Some(quantity) = Quantity::of_signal(one.signal) {
                        self.0.extend(one.samples.into_iter().map(|(at_ms, value)| (quantity, at_ms, value)));
                    }
                }
            }
            _ => {}
        }
    }
}

/// At most about `most` points: of each stretch the least and the greatest, in their order.
fn thinned(points: Vec<(u64, f64)>, most: usize) -> Vec<(u64, f64)> {
    if points.len() <= most {
        return points;
    }
    let stretch = points.len().div_ceil(most / 2);
    let mut kept = Vec::with_capacity(most);
    for part in points.chunks(stretch) {
        let by_value = |a: &&(u64, f64), b: &&(u64, f64)| a.1.total_cmp(&b.1);
        let (Some(least), Some(greatest)) = (part.iter().min_by(by_value), part.iter().max_by(by_value)) else {
            continue;
        };
        let (first, second) = if least.0 <= greatest.0 { (least, greatest) } else { (greatest, least) };
        kept.push(*first);
        if first.0 != second.0 {
            kept.push(*second);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes_and_the_order() {
        let mut points: Vec<(u64, f64)> = (0..10_000).map(|at| (at, (at % 7) as f64)).collect();
        points[5_432].1 = 99.0;
        points[7_001].1 = -99.0;
        let kept = thinned(points, MOST_POINTS);
        assert!(kept.len() <= MOST_POINTS, "{}", kept.len());
        assert!(kept.contains(&(5_432, 99.0)) && kept.contains(&(7_001, -99.0)));
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = vec![(1, 3.0), (2, 1.0), (3, 2.0)];
        assert_eq!(thinned(points.clone(), MOST_POINTS), points);
    }
}
