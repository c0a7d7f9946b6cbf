//! What the car does, derived from signals: trips, counters, battery, tyres, energy.
//!
//! Signals and time go in, records and an updated [`Ledger`] come out; nothing here touches flash or knows a bus.
//! Invariant: the ledger already holds what a record tells when the record comes out, so that storing both at once is never wrong.

mod battery;
pub mod consent;
pub mod distance;
mod energy;
pub mod latest;
pub mod ledger;
mod summary;
mod trip;
mod tyres;

use milepost_protocol::SignalId;
use milepost_protocol::record::{Body, Counters, DistanceSource, SignalChange, TripEnd};

use crate::facts::Facts;
use battery::Battery;
use distance::{Integral, Judged, MAX_GAP_MS, Odometer};
use energy::{Flows, Level};
use latest::{Latest, tenths};
use ledger::Ledger;
use summary::{SUMMED, Summary};
use tyres::Tyres;

/// How many bytes of records wait to be stored at most; a trip's end makes the most and needs half of it.
pub const MAX_PENDING_LEN: usize = 512;

/// Below this many revolutions per minute an engine does not run by itself.
const RUNNING_RPM: f32 = 300.0;

/// Below this many metres per second a car stands.
const STANDING_MPS: f32 = 0.3;

/// The usage of one car.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// What survives a restart.
    pub ledger: Ledger,
    /// The newest values.
    pub latest: Latest,
    /// Signal values that were no values.
    pub invalid: u32,
    /// Records that found no room to wait; they are told as a gap.
    pub overflow: u32,
    pending: Facts<MAX_PENDING_LEN>,
    tank_ml: Option<u32>,
    speed: Integral,
    odometer_at_speed: Option<u32>,
    odometer: Odometer,
    flows: Flows,
    fuel_level: Level,
    charge_level: Level,
    battery: Battery,
    tyres: Tyres,
    summaries: [Summary; SUMMED.len()],
    advanced_ms: Option<u64>,
    /// The newest frame of any kind.
    frame_ms: Option<u64>,
    /// The newest sign that the car is on.
    on_ms: Option<u64>,
    off_since_ms: Option<u64>,
    trip_since_ms: u64,
    trips_begun: u32,
    parked_ms: Option<u64>,
    rested_at_begin_s: Option<u32>,
    running: bool,
    /// Nobody has seen yet whether the engine ran since the car woke.
    unstarted: bool,
}

impl Usage {
    /// The usage of a car of which nothing is known but its tank.
    pub fn new(tank_ml: Option<u32>) -> Self {
        Self { tank_ml, unstarted: true, ..Self::default() }
    }

    /// A frame was seen: the bus is alive.
    pub fn alive(&mut self, uptime_ms: u64) {
        self.frame_ms = Some(uptime_ms);
    }

    /// When the newest frame was seen, as uptime.
    pub fn alive_ms(&self) -> Option<u64> {
        self.frame_ms
    }

    /// When ignition, engine or motion last said that the car is on, as uptime.
    pub fn on_ms(&self) -> Option<u64> {
        self.on_ms
    }

    /// Whether the engine has not been seen running since the car woke.
    pub fn is_starting(&self) -> bool {
        self.unstarted
    }

    /// Whether the car is known to stand: by its speed, or because its bus is silent.
    pub fn is_stationary(&self, uptime_ms: u64) -> bool {
        if let Some(speed) = self.latest.fresh(SignalId::SPEED, uptime_ms, MAX_GAP_MS) {
            return speed < STANDING_MPS;
        }
        let silent = self.frame_ms.is_none_or(|frame_ms| uptime_ms.saturating_sub(frame_ms) >= MAX_GAP_MS);
        silent || self.ignition(uptime_ms) == Some(false)
    }

    /// The lowest 12 V voltage of this boot, in millivolts.
    pub fn lowest_mv(&self) -> Option<u16> {
        self.battery.lowest_mv
    }

    /// The lifetime counters.
    pub fn counters(&self) -> Counters {
        self.ledger.counters()
    }

    /// Records that wait to be stored.
    pub fn pending(&self) -> &Facts<MAX_PENDING_LEN> {
        &self.pending
    }

    /// Tells something of the counters with the next records.
    pub(crate) fn tell(&mut self, uptime_ms: u64, record: impl Body) {
        self.push(uptime_ms, record);
    }

    /// The first `count` records are stored.
    pub fn stored(&mut self, count: usize) {
        self.pending.drop_first(count);
    }

    /// Takes the value of a signal other than the odometer. `unix_ms` is the time if it is known.
    ///
    /// Single precision tells 1 in 16 million apart, more than any sensor of a car does; what is added up over a trip is added up in integers.
    pub fn signal(&mut self, uptime_ms: u64, unix_ms: Option<u64>, signal: SignalId, value: f32) {
        if !value.is_finite() {
            self.invalid = self.invalid.saturating_add(1);
            return;
        }
        self.advance(uptime_ms, unix_ms);
        self.latest.set(signal, value, uptime_ms);
        match signal {
            SignalId::SPEED => self.speed(uptime_ms, unix_ms, value),
            SignalId::ENGINE_SPEED => self.engine_speed(uptime_ms, unix_ms, value),
            SignalId::IGNITION => self.ignition_changed(uptime_ms, unix_ms, value),
            SignalId::BATTERY_12V => self.voltage(uptime_ms, unix_ms, value),
            SignalId::COOLANT_TEMPERATURE => self.coolant(uptime_ms),
            SignalId::FUEL_RATE => {
                let burnt = self.flows.fuel_rate(uptime_ms, value);
                self.burn(burnt);
            }
            SignalId::MASS_AIR_FLOW => {
                let burnt = self.flows.air(uptime_ms, value, &self.latest);
                self.burn(burnt);
            }
            SignalId::TRACTION_POWER => {
                let drawn_mj = self.flows.power(uptime_ms, value);
                if let Some(trip) = &mut self.ledger.trip {
                    trip.energy_mj = trip.energy_mj.saturating_add(drawn_mj);
                }
            }
            SignalId::FUEL_LEVEL => self.level(uptime_ms, value, false),
            SignalId::STATE_OF_CHARGE => self.level(uptime_ms, value, true),
            SignalId::MIL => self.told_flag(uptime_ms, signal, value, |told| &mut told.mil),
            SignalId::CHARGING => self.told_flag(uptime_ms, signal, value, |told| &mut told.charging),
            SignalId::STATE_OF_HEALTH => {
                let told = self.ledger.told.state_of_health;
                self.ledger.told.state_of_health = self.told_share(uptime_ms, signal, Some(value), told, 10);
            }
            _ => {}
        }
        self.summed(signal, value);
        self.tyre(uptime_ms, signal);
    }

    /// Takes a fuel rate by mass, in kilograms per second.
    pub fn fuel_mass_rate(&mut self, uptime_ms: u64, unix_ms: Option<u64>, kg_per_s: f32) {
        let rate = kg_per_s / energy::density(&self.latest);
        self.signal(uptime_ms, unix_ms, SignalId::FUEL_RATE, rate);
    }

    /// The owner or the workshop says what the odometer reads; `false` if that would let it fall.
    pub fn anchor_odometer(&mut self, odometer_m: u32) -> bool {
        if odometer_m < self.ledger.odometer_m || odometer_m == u32::MAX {
            return false;
        }
        self.ledger.odometer_m = odometer_m;
        self.ledger.anchored = true;
        true
    }

    fn push(&mut self, uptime_ms: u64, record: impl Body) {
        if !self.pending.push(uptime_ms, record) {
            self.overflow = self.overflow.saturating_add(1);
        }
    }

    fn outside_decicelsius(&self, uptime_ms: u64) -> Option<i16> {
        let celsius = self.latest.fresh(SignalId::OUTSIDE_TEMPERATURE, uptime_ms, 600_000)?;
        Some(tenths(celsius))
    }

    /// What the ignition line says: `None` if there is none or the bus has been silent since.
    fn ignition(&self, uptime_ms: u64) -> Option<bool> {
        let ignition = self.latest.get(SignalId::IGNITION)?;
        let alive = self.frame_ms.is_none_or(|frame_ms| uptime_ms.saturating_sub(frame_ms) < trip::SILENCE_MS);
        alive.then_some(ignition.value >= 2.0)
    }

    fn speed(&mut self, uptime_ms: u64, unix_ms: Option<u64>, mps: f32) {
        if mps > STANDING_MPS && self.ignition(uptime_ms) != Some(false) {
            self.sign_of_life(uptime_ms, unix_ms);
        }
        let reading_m = self.ledger.reading.map(|reading| reading.metres);
        if !self.speed.is_live(uptime_ms) && reading_m != self.odometer_at_speed {
            self.ledger.calibration.interrupted();
        }
        self.odometer_at_speed = reading_m;
        let mmps = i64::from((mps * 1000.0) as i32);
        // Millimetres per second times milliseconds are micrometres.
        let raw_um = self.speed.add(uptime_ms, mmps).max(0).cast_unsigned();
        self.ledger.calibration.driven(raw_um);
        let um = self.ledger.calibration.apply(raw_um);
        self.odometer.driven(um);
        let Some(trip) = &mut self.ledger.trip else { return };
        trip.has_speed = true;
        trip.distance_um = trip.distance_um.saturating_add(um);
        trip.max_speed_cmps = trip.max_speed_cmps.max((mps * 100.0) as u16);
        let total_um = trip.total_before_um.saturating_add(trip.distance_um);
        self.ledger.totals.distance_um = self.ledger.totals.distance_um.max(total_um);
        match self.ledger.reading {
            Some(reading) => self.follow(self.odometer.interpolated(&reading, uptime_ms)),
            None => self.carry_on(um),
        }
    }

    /// Moves the odometer that is told without a reading of the car's own.
    fn carry_on(&mut self, um: u64) {
        // Whole metres only; the rest stays in the odometer's own remainder.
        let metres = self.odometer.whole_metres(um);
        self.ledger.odometer_m = self.ledger.odometer_m.saturating_add(metres);
    }

    fn follow(&mut self, odometer_m: u32) {
        self.ledger.odometer_m = self.ledger.odometer_m.max(odometer_m);
    }

    /// Takes a reading of the car's odometer, in whole metres.
    pub fn odometer(&mut self, uptime_ms: u64, unix_ms: Option<u64>, metres: u32, source: DistanceSource) {
        self.advance(uptime_ms, unix_ms);
        let before = self.ledger.reading;
        match self.odometer.read(&mut self.ledger.reading, metres, source, uptime_ms) {
            Judged::Invalid => {
                self.invalid = self.invalid.saturating_add(1);
                return;
            }
            Judged::Doubted => return,
            Judged::Taken => {}
        }
        self.latest.set(SignalId::ODOMETER, metres as f32, uptime_ms);
        let Some(reading) = self.ledger.reading else { return };
        if before.is_some_and(|before| before.source == reading.source && before.metres < reading.metres) {
            self.ledger.calibration.stepped(reading.metres, reading.step_m.unwrap_or(1));
        }
        self.follow(reading.metres);
        if let Some(trip) = &mut self.ledger.trip {
            let start_m = *trip.odometer_start_m.get_or_insert(reading.metres);
            if before.is_some_and(|before| before.source != reading.source) || reading.metres < start_m {
                trip.odometer_start_m = Some(reading.metres);
            }
            trip.odometer_m = Some(reading.metres);
        }
    }

    fn burn(&mut self, nl: u64) {
        if let Some(trip) = &mut self.ledger.trip {
            trip.fuel_nl = trip.fuel_nl.saturating_add(nl);
            self.ledger.totals.fuel_nl = self.ledger.totals.fuel_nl.saturating_add(nl);
        }
    }

    fn voltage(&mut self, uptime_ms: u64, unix_ms: Option<u64>, volts: f32) {
        let millivolts = (volts * 1000.0 + 0.5) as u16;
        // Without an ignition line and an engine, an alternator or converter at work is what tells that the car is on.
        let no_engine = self.latest.get(SignalId::ENGINE_SPEED).is_none();
        if millivolts > 13_200
            && no_engine
            && self.latest.get(SignalId::IGNITION).is_none()
            && self.ledger.trip.is_some()
        {
            self.sign_of_life(uptime_ms, unix_ms);
        }
        if self.running {
            self.battery.engine_on(millivolts);
            return;
        }
        // A car whose bus sleeps shows its rest voltage only once it is switched on; the first seconds still tell it.
        let before_start = self.ledger.trip.as_ref().is_some_and(|trip| trip.engine_start_ms.is_none())
            && uptime_ms.saturating_sub(self.trip_since_ms) <= MAX_GAP_MS;
        let rested_s = if before_start { self.rested_at_begin_s } else { self.rested_s(uptime_ms, unix_ms) };
        let outside = self.outside_decicelsius(uptime_ms);
        let parked = before_start || self.ledger.trip.is_none();
        if let Some(rest) = self.battery.engine_off(uptime_ms, millivolts, rested_s, parked, outside) {
            self.ledger.battery.rest(&rest);
            self.ledger.rest_mv = Some(rest.millivolts);
            self.push(uptime_ms, rest);
        }
    }

    fn level(&mut self, uptime_ms: u64, value: f32, electric: bool) {
        let Some(trip) = &mut self.ledger.trip else { return };
        let told = &self.ledger.told;
        let (level, parked) = if electric {
            (&mut self.charge_level, told.state_of_charge)
        } else {
            (&mut self.fuel_level, told.fuel_level)
        };
        let refuelled = level.sample(uptime_ms, value, parked, electric);
        if !electric && trip.fuel_level_start.is_none() {
            trip.fuel_level_start = level.thousandths();
        }
        if let Some(refuelled) = refuelled {
            if electric {
                self.ledger.told.state_of_charge = self.charge_level.thousandths();
            } else {
                self.ledger.told.fuel_level = self.fuel_level.thousandths();
            }
            self.push(uptime_ms, refuelled);
        }
    }

    fn told_flag(
        &mut self,
        uptime_ms: u64,
        signal: SignalId,
        value: f32,
        told: fn(&mut ledger::Told) -> &mut Option<bool>,
    ) {
        let now = value >= 0.5;
        let told = told(&mut self.ledger.told);
        // "Off" is what everybody assumes until it is told otherwise.
        if told.unwrap_or(false) != now {
            *told = Some(now);
            self.push(uptime_ms, SignalChange { signal, value: if now { 1.0 } else { 0.0 } });
        }
    }

    fn told_share(
        &mut self,
        uptime_ms: u64,
        signal: SignalId,
        value: Option<f32>,
        told: Option<u16>,
        step: u16,
    ) -> Option<u16> {
        let Some(value) = value else { return told };
        let thousandths = (value.clamp(0.0, 1.0) * 1000.0 + 0.5) as u16;
        if told.is_some_and(|told| told.abs_diff(thousandths) < step) {
            return told;
        }
        self.push(uptime_ms, SignalChange { signal, value: f32::from(thousandths) / 1000.0 });
        Some(thousandths)
    }

    fn summed(&mut self, signal: SignalId, value: f32) {
        if self.ledger.trip.is_some()
            && let Some(place) = SUMMED.iter().position(|summed| *summed == signal)
            && let Some(summary) = self.summaries.get_mut(place)
        {
            summary.add(value);
        }
    }

    fn tyre(&mut self, uptime_ms: u64, signal: SignalId) {
        if self.ledger.trip.is_none() {
            return;
        }
        let outside = self.outside_decicelsius(uptime_ms);
        let sensors = &mut self.ledger.told.tyre_sensors;
        let sample = self.tyres.signal(signal, self.trip_since_ms, uptime_ms, &self.latest, sensors, outside);
        if let Some(sample) = sample {
            self.push(uptime_ms, sample);
        }
    }

    /// The input ended: closes the open trip.
    pub fn finish(&mut self, uptime_ms: u64, unix_ms: Option<u64>) {
        self.advance(uptime_ms, unix_ms);
        if self.ledger.trip.is_some() {
            let end_ms = self.off_since_ms.unwrap_or(uptime_ms);
            self.end_trip(end_ms, unix_ms, TripEnd::InputEnded);
        }
    }
}
