//! When a trip begins and ends, and what is counted in between.
//!
//! A trip begins with the ignition, a running engine or motion.
//! It ends when the ignition has been off for a minute, or the bus silent for a minute, or, on a car without an ignition line, when for three minutes
//! neither engine nor wheels turned: shorter stops belong to the trip.
//! The end is dated back to the last sign that the car was on.
//! Invariant: at most one trip is open, and it is in the ledger from its first moment.

use milepost_protocol::SignalId;
use milepost_protocol::record::{DistanceSource, TripEnd, TripEnded, TripStarted};

use super::distance::{MAX_GAP_MS, of_trip};
use super::ledger::{Ledger, Trip, whole};
use super::{RUNNING_RPM, STANDING_MPS, SUMMED, Usage};

/// The ignition must be off for this long.
const OFF_MS: u64 = 60_000;

/// The bus must be silent for this long.
pub(super) const SILENCE_MS: u64 = 60_000;

/// On a car without an ignition line, nothing must turn for this long.
const STILL_MS: u64 = 180_000;

/// An engine that starts below this many degrees Celsius starts cold.
const COLD_C: f32 = 40.0;

/// An engine is warm from this many degrees Celsius on.
const WARM_C: f32 = 70.0;

/// A trip below this many metres is short: the engine's oil does not get hot.
const SHORT_M: u32 = 8_000;

/// A fuel level that fell by this many thousandths says how much was burnt, where nothing else does.
const LEVEL_FALL: u16 = 20;

impl Usage {
    /// Lets time pass: counts what runs, and ends a trip that is over.
    pub fn advance(&mut self, uptime_ms: u64, unix_ms: Option<u64>) {
        let since_ms = self.advanced_ms.replace(uptime_ms).unwrap_or(uptime_ms);
        let span_ms = uptime_ms.saturating_sub(since_ms);
        if unix_ms.is_some() {
            self.ledger.unix_ms = unix_ms;
        }
        if self.ledger.trip.is_none() {
            return;
        }
        let frame_ms = self.frame_ms.unwrap_or(uptime_ms);
        let on_ms = self.on_ms.unwrap_or(self.trip_since_ms);
        let past = |ms: u64| unix_ms.map(|unix_ms| unix_ms.saturating_sub(uptime_ms.saturating_sub(ms)));
        if let Some(off_ms) = self.off_since_ms.filter(|off_ms| uptime_ms.saturating_sub(*off_ms) >= OFF_MS) {
            self.end_trip(off_ms, past(off_ms), TripEnd::Off);
        } else if uptime_ms.saturating_sub(frame_ms) >= SILENCE_MS {
            self.end_trip(frame_ms, past(frame_ms), TripEnd::Silence);
        } else if self.ignition(uptime_ms).is_none() && uptime_ms.saturating_sub(on_ms) >= STILL_MS {
            self.end_trip(on_ms, past(on_ms), TripEnd::Off);
        } else if span_ms <= MAX_GAP_MS {
            self.count(uptime_ms, unix_ms, span_ms);
        } else if let Some(trip) = &mut self.ledger.trip {
            trip.duration_ms = uptime_ms.saturating_sub(self.trip_since_ms);
            trip.newest_unix_ms = unix_ms.or(trip.newest_unix_ms);
        }
    }

    /// How long the car has stood with everything off, in seconds; `None` if the device cannot know.
    pub(super) fn rested_s(&self, uptime_ms: u64, unix_ms: Option<u64>) -> Option<u32> {
        if self.ledger.trip.is_some() {
            return Some(0);
        }
        let rested_ms = match self.parked_ms {
            Some(parked_ms) => uptime_ms.saturating_sub(parked_ms),
            None => unix_ms?.checked_sub(self.ledger.parked_unix_ms?)?,
        };
        Some(u32::try_from(rested_ms / 1000).unwrap_or(u32::MAX))
    }

    pub(super) fn ignition_changed(&mut self, uptime_ms: u64, unix_ms: Option<u64>, state: f32) {
        if state >= 2.0 {
            self.sign_of_life(uptime_ms, unix_ms);
            if state >= 3.0 && !self.running {
                self.battery.start_asked(uptime_ms);
            }
        } else if !self.running {
            self.off_since_ms.get_or_insert(uptime_ms);
        }
    }

    pub(super) fn engine_speed(&mut self, uptime_ms: u64, unix_ms: Option<u64>, rpm: f32) {
        let running = rpm > RUNNING_RPM;
        if running {
            let rested_s = self.rested_s(uptime_ms, unix_ms);
            self.sign_of_life(uptime_ms, unix_ms);
            if !self.running {
                self.engine_started(uptime_ms, rested_s);
            }
        }
        self.running = running;
    }

    /// A sign that the car is on.
    pub(super) fn sign_of_life(&mut self, uptime_ms: u64, unix_ms: Option<u64>) {
        self.on_ms = Some(uptime_ms);
        self.off_since_ms = None;
        if self.ledger.trip.is_none() {
            self.begin_trip(uptime_ms, unix_ms);
        }
    }

    /// Closes a trip that an earlier boot left open: the power was cut.
    pub fn end_cut_trip(&mut self, uptime_ms: u64) -> Option<u64> {
        let newest_unix_ms = self.ledger.trip.as_ref()?.newest_unix_ms;
        self.ledger.parked_unix_ms = newest_unix_ms;
        self.close(uptime_ms, TripEnd::PowerCut);
        newest_unix_ms
    }

    fn begin_trip(&mut self, uptime_ms: u64, unix_ms: Option<u64>) {
        self.rested_at_begin_s = self.rested_s(uptime_ms, unix_ms);
        self.trip_since_ms = uptime_ms;
        self.tyres.begin();
        self.fuel_level.begin();
        self.charge_level.begin();
        let odometer_m = self.ledger.odometer();
        let reading_m = self.ledger.reading.map(|reading| reading.metres);
        self.ledger.trip = Some(Trip {
            number: self.trips_begun,
            odometer_start_m: self.latest.get(SignalId::ODOMETER).and(reading_m),
            total_before_um: self.ledger.totals.distance_um,
            newest_unix_ms: unix_ms,
            ..Trip::default()
        });
        let trip = self.trips_begun;
        self.trips_begun = trip.saturating_add(1);
        let outside_decicelsius = self.outside_decicelsius(uptime_ms);
        self.push(uptime_ms, TripStarted { trip, odometer_m, outside_decicelsius });
        // What was measured shortly before belongs to the trip's start.
        if self.latest.fresh(SignalId::COOLANT_TEMPERATURE, uptime_ms, 60_000).is_some() {
            self.coolant(uptime_ms);
        }
    }

    fn engine_started(&mut self, uptime_ms: u64, rested_s: Option<u32>) {
        // After a trip within this boot the rest is known, also when this start came within a trip.
        let known =
            rested_s.filter(|_| !self.unstarted || self.parked_ms.is_some() || self.ledger.parked_unix_ms.is_some());
        self.unstarted = false;
        let outside = self.outside_decicelsius(uptime_ms);
        let (rest, cranking) = self.battery.started(uptime_ms, known, outside);
        if let Some(rest) = rest {
            self.ledger.battery.rest(&rest);
            self.ledger.rest_mv = Some(rest.millivolts);
            self.push(uptime_ms, rest);
        }
        if let Some(cranking) = cranking {
            self.ledger.battery.cranking(&cranking);
            self.ledger.cranking_mv = Some(cranking.min_millivolts);
            self.push(uptime_ms, cranking);
        }
        let since_ms = uptime_ms.saturating_sub(self.trip_since_ms);
        if let Some(trip) = &mut self.ledger.trip {
            trip.engine_start_ms.get_or_insert(since_ms);
        }
        self.coolant(uptime_ms);
    }

    /// Judges the engine's start and its warming up by the coolant.
    pub(super) fn coolant(&mut self, uptime_ms: u64) {
        let Some(celsius) = self.latest.fresh(SignalId::COOLANT_TEMPERATURE, uptime_ms, 60_000) else { return };
        let since_ms = uptime_ms.saturating_sub(self.trip_since_ms);
        let Some(trip) = &mut self.ledger.trip else { return };
        let start_c = *trip.coolant_start_c.get_or_insert(celsius as i16);
        let Some(engine_start_ms) = trip.engine_start_ms else { return };
        if !trip.start_judged {
            trip.start_judged = true;
            if celsius < COLD_C {
                self.ledger.totals.cold_starts = self.ledger.totals.cold_starts.saturating_add(1);
            }
        }
        if celsius >= WARM_C && f32::from(start_c) < WARM_C && trip.warmup_s.is_none() {
            trip.warmup_s = Some(whole(since_ms.saturating_sub(engine_start_ms), 1000));
        }
    }

    fn count(&mut self, uptime_ms: u64, unix_ms: Option<u64>, span_ms: u64) {
        let fresh = |signal| self.latest.fresh(signal, uptime_ms, MAX_GAP_MS);
        let running = fresh(SignalId::ENGINE_SPEED).is_some_and(|rpm| rpm > RUNNING_RPM);
        let drive_on = running || self.ignition(uptime_ms) == Some(true);
        let standing = fresh(SignalId::SPEED).is_some_and(|mps| mps < STANDING_MPS);
        let (engine_ms, idle_ms) = (if running { span_ms } else { 0 }, if drive_on && standing { span_ms } else { 0 });
        let totals = &mut self.ledger.totals;
        totals.engine_ms = totals.engine_ms.saturating_add(engine_ms);
        totals.idle_ms = totals.idle_ms.saturating_add(idle_ms);
        if let Some(trip) = &mut self.ledger.trip {
            trip.engine_ms = trip.engine_ms.saturating_add(engine_ms);
            trip.idle_ms = trip.idle_ms.saturating_add(idle_ms);
            trip.duration_ms = uptime_ms.saturating_sub(self.trip_since_ms);
            trip.newest_unix_ms = unix_ms.or(trip.newest_unix_ms);
        }
    }

    pub(super) fn end_trip(&mut self, end_ms: u64, end_unix_ms: Option<u64>, end: TripEnd) {
        if let Some(trip) = &mut self.ledger.trip {
            trip.duration_ms = end_ms.saturating_sub(self.trip_since_ms);
        }
        self.ledger.parked_unix_ms = end_unix_ms;
        self.parked_ms = Some(end_ms);
        self.running = false;
        self.unstarted = true;
        self.off_since_ms = None;
        self.battery.parked();
        self.close(end_ms, end);
    }

    fn close(&mut self, end_ms: u64, end: TripEnd) {
        let Some(mut trip) = self.ledger.trip.take() else { return };
        self.estimate_fuel(&mut trip);
        let (distance_m, source) = settle_distance(&mut self.ledger, &trip);
        let energy_mj = trip.energy_mj.max(0).cast_unsigned();
        let totals = &mut self.ledger.totals;
        totals.energy_mj = totals.energy_mj.saturating_add(energy_mj);
        totals.trips = totals.trips.saturating_add(1);
        if distance_m < SHORT_M {
            totals.short_trips = totals.short_trips.saturating_add(1);
        }
        let ended = TripEnded {
            trip: trip.number,
            duration_ms: trip.duration_ms,
            distance_m,
            source,
            max_speed_cmps: trip.max_speed_cmps,
            idle_s: whole(trip.idle_ms, 1000),
            engine_s: whole(trip.engine_ms, 1000),
            fuel_ml: whole(trip.fuel_nl, 1_000_000),
            energy_wh: whole(energy_mj, 3_600_000),
            coolant_start_c: trip.coolant_start_c,
            warmup_s: trip.warmup_s,
            odometer_m: self.ledger.odometer(),
            end,
        };
        self.push(end_ms, ended);
        self.push(end_ms, self.ledger.counters());
        for (signal, place) in SUMMED.into_iter().zip(0..) {
            let summary = self.summaries.get_mut(place).and_then(|summary| summary.finish(signal, trip.duration_ms));
            if let Some(summary) = summary {
                self.push(end_ms, summary);
            }
        }
        let share = |thousandths: Option<u16>| thousandths.map(|share| f32::from(share) / 1000.0);
        let (fuel, charge) = (share(self.fuel_level.thousandths()), share(self.charge_level.thousandths()));
        let told = self.ledger.told;
        self.ledger.told.fuel_level = self.told_share(end_ms, SignalId::FUEL_LEVEL, fuel, told.fuel_level, 20);
        self.ledger.told.state_of_charge =
            self.told_share(end_ms, SignalId::STATE_OF_CHARGE, charge, told.state_of_charge, 20);
    }

    /// Where no rate was seen, the level tells what was burnt, as finely as a gauge can.
    fn estimate_fuel(&mut self, trip: &mut Trip) {
        let levels = trip.fuel_level_start.zip(self.fuel_level.thousandths());
        if let (0, Some(tank_ml), Some((start, end))) = (trip.fuel_nl, self.tank_ml, levels)
            && start.saturating_sub(end) >= LEVEL_FALL
        {
            // Thousandths of millilitres are microlitres, a thousand nanolitres.
            let nl = u64::from(start - end) * u64::from(tank_ml) * 1_000;
            trip.fuel_nl = nl;
            self.ledger.totals.fuel_nl = self.ledger.totals.fuel_nl.saturating_add(nl);
        }
    }
}

fn settle_distance(ledger: &mut Ledger, trip: &Trip) -> (u32, DistanceSource) {
    let integral_m = trip.has_speed.then(|| whole(trip.distance_um, 1_000_000));
    let (distance_m, source) = of_trip(trip.odometer_start_m, trip.odometer_m, ledger.reading.as_ref(), integral_m);
    let total_um = trip.total_before_um.saturating_add(u64::from(distance_m) * 1_000_000);
    ledger.totals.distance_um = ledger.totals.distance_um.max(total_um);
    (distance_m, source)
}
