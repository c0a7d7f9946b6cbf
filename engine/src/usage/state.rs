//! The state of one vehicle, and the fold that builds it.
//!
//! Invariant: the state is bounded whatever a device sends, holds no number that JSON cannot carry, and an older document
//! reads as far as it goes.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use milepost_protocol::collection::MAX_ROWS;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::record::{
    BatteryRest, Boot, CommandOutcome, Cranking, GapReason, LogLevel, ParkedDay, Record, Refuelled, ResetReason,
    SeriesBlock, SignalChange, SignalSummary, Trouble,
};
use milepost_protocol::series::{Decoder, Sample};
use milepost_protocol::signal::SignalId;
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use serde::{Deserialize, Serialize};

use super::days::{DayReading, Days};
use super::odometer::OdometerHealth;
use super::outside::Outside;
use super::recent::push_recent;
use super::times::Times;
use super::totals::Totals;
use super::trips::Trips;
use super::wheels::Wheels;
use crate::battery;
use crate::maintenance::Usage;
use crate::plans::PartOdometer;
use crate::service_computer::{Counter, ServiceComputer};

const MAX_SIGNALS: usize = 256;
const MAX_TROUBLES: usize = 64;
const MAX_VOLTAGES: usize = 60;
const MAX_LOSSES: usize = 50;
const MAX_LOG: usize = 50;
const MAX_COMMANDS: usize = 20;
const MAX_REFUELS: usize = 20;
const MAX_BOOTS: usize = 20;
const MAX_PARKED: usize = 60;
const MAX_HEALTHS: usize = 24;

/// How far apart two readings of the traction battery's health are kept, in metres: it changes by a point in thousands of kilometres.
const HEALTH_EVERY_M: u32 = 500_000;

/// What a single temperature stands for, in seconds.
const ONE_READING_S: u32 = 60;

/// A signal's last value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignalValue {
    /// In the catalogue's unit.
    pub value: f32,
    /// By the device's clock, in milliseconds of Unix time.
    pub measured_at_ms: u64,
    /// By the cloud's clock.
    pub received_at_ms: u64,
}

/// A trouble code as last heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroubleEntry {
    /// The code.
    pub code: TroubleCode,
    /// The CAN id of the control unit.
    pub ecu: u32,
    /// Its status.
    pub status: TroubleStatus,
    /// When it was first heard of, in milliseconds of Unix time.
    pub first_ms: u64,
    /// When its status last changed.
    pub changed_ms: u64,
    /// The odometer at that change, in metres.
    #[serde(default)]
    pub odometer_m: Option<u32>,
}

/// The device's newest start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootInfo {
    /// Its number.
    pub boot: u32,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Why.
    pub reason: ResetReason,
    /// The firmware's version.
    pub firmware: [u16; 3],
    /// The front of the signal table's SHA-256.
    #[serde(default)]
    pub table: u32,
}

/// A rest voltage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VoltageAtRest {
    /// In milliseconds of Unix time.
    pub at_ms: u64,
    /// In millivolts.
    pub millivolts: u16,
    /// In seconds.
    pub rested_s: u32,
    /// In tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
}

/// A start of the engine as the battery saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    /// In milliseconds of Unix time.
    pub at_ms: u64,
    /// In millivolts.
    pub before_millivolts: u16,
    /// In millivolts.
    pub min_millivolts: u16,
    /// In milliseconds.
    pub duration_ms: u16,
    /// In tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
}

/// Records that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// When it was noticed, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The boot of the lost records.
    pub boot: u32,
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Why.
    pub reason: GapReason,
}

/// A line of the device's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// In milliseconds of Unix time.
    pub at_ms: u64,
    /// The start in which it was said.
    #[serde(default)]
    pub boot: u32,
    /// How much it matters.
    pub level: LogLevel,
    /// The text.
    pub text: alloc::string::String,
}

/// What the device itself took from the battery during a day of parking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Parked {
    /// When the day ended, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By the device's own figures, in microampere-hours.
    pub spent_uah: u32,
    /// What it may take, in microampere-hours.
    pub budget_uah: u32,
    /// How often it woke.
    pub wakes: u32,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandDone {
    /// In milliseconds of Unix time.
    pub at_ms: u64,
    /// Its number.
    pub command: u32,
    /// What became of it.
    pub outcome: CommandOutcome,
}

/// Energy that went into the car.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RefuelStop {
    /// In milliseconds of Unix time.
    pub at_ms: u64,
    /// The level before, from 0 to 1.
    pub before: f32,
    /// And after.
    pub after: f32,
    /// Whether it was the traction battery.
    pub electric: bool,
}

/// The traction battery's health at an odometer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BatteryHealthAt {
    /// The odometer in metres.
    pub odometer_m: u32,
    /// The share of the new capacity, from 0 to 1.
    pub share: f32,
}

/// Everything that records tell of one vehicle, as it is stored.
///
/// Times are milliseconds of Unix time, distances metres, voltages millivolts, energy watt-hours, volumes millilitres, as each
/// field's name says; what was never heard is `None`, nought or empty.
/// It follows from the records alone, in the order in which they were applied; [`VehicleState::apply`] takes every record and cannot fail.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VehicleState {
    /// The newest moment that a record tells of, in milliseconds of Unix time.
    pub last_measured_ms: u64,
    /// When a record last came.
    pub last_received_ms: u64,
    /// The newest start of the device.
    pub boot: Option<BootInfo>,
    /// Lifetime counters.
    pub totals: Totals,
    /// Last values. The odometer among them is an `f32`, coarse beyond 16,777 km; the exact one is in `totals`.
    pub signals: BTreeMap<SignalId, SignalValue>,
    /// Trips.
    pub trips: Trips,
    /// Trouble codes, also those that have been cleared.
    pub troubles: Vec<TroubleEntry>,
    /// Recent rest voltages.
    pub rests: VecDeque<VoltageAtRest>,
    /// Recent starts.
    pub starts: VecDeque<Start>,
    /// The samples by which the present 12 V battery is judged.
    pub battery: battery::Window,
    /// Tyres.
    pub wheels: Wheels,
    /// Outside temperatures.
    pub outside: Outside,
    /// Recent stops for energy.
    pub refuels: VecDeque<RefuelStop>,
    /// Recent losses.
    pub losses: VecDeque<Loss>,
    /// How many records were ever lost.
    pub lost_records: u64,
    /// The end of the device's log.
    pub log: VecDeque<LogLine>,
    /// The latest command results.
    pub commands: VecDeque<CommandDone>,
    /// Recent starts of the device.
    pub boots: VecDeque<BootInfo>,
    /// Recent days of parking.
    pub parked: VecDeque<Parked>,
    /// Counters from day to day.
    pub days: Days,
    /// What was wrong with the odometer.
    pub odometer: OdometerHealth,
    /// What each set of wheels has covered.
    pub parts: PartOdometer,
    /// What went into the traction battery, in thousandths of a full charge.
    pub charges_milli: u32,
    /// The traction battery's health over distance, oldest first.
    pub healths: VecDeque<BatteryHealthAt>,
    /// What the car's own service computer told.
    #[serde(skip_serializing_if = "ServiceComputer::is_empty")]
    pub computer: ServiceComputer,
}

impl VehicleState {
    /// Takes in one record of `boot`. A record must be applied once.
    pub fn apply(&mut self, boot: u32, times: Times, record: &Record) {
        let at_ms = times.when_ms();
        self.last_measured_ms = self.last_measured_ms.max(at_ms);
        self.last_received_ms = self.last_received_ms.max(times.received_at_ms);
        match record {
            Record::Boot(start) => self.booted(boot, at_ms, start),
            Record::TripStarted(start) => {
                self.odometer(start.odometer_m, times);
                self.outside_deci(at_ms, start.outside_decicelsius);
                self.trips.started(boot, at_ms, start);
            }
            Record::TripEnded(end) => {
                self.odometer(end.odometer_m, times);
                self.trips.ended(boot, at_ms, end);
            }
            Record::Counters(counters) => {
                let before = self.totals;
                self.totals.counters(counters, times);
                self.odometer.read(at_ms, counters.odometer_m, &before, &self.totals);
                self.odometer.counted(&self.totals);
                self.note_day();
            }
            Record::SignalChange(change) => self.changed(times, *change),
            Record::SignalSummary(summary) => self.summarised(times, summary),
            Record::Trouble(trouble) => {
                self.odometer(trouble.odometer_m, times);
                self.trouble(at_ms, trouble);
            }
            Record::BatteryRest(rest) => self.rested(at_ms, rest),
            Record::Cranking(cranking) => self.cranked(at_ms, cranking),
            Record::TyreSample(sample) => {
                self.wheels.sample(at_ms, sample);
                if let Some(odometer_m) = self.totals.odometer_m {
                    self.parts.observe(&self.wheels, odometer_m);
                }
                self.outside_deci(at_ms, sample.outside_decicelsius);
            }
            Record::Gap(gap) => {
                self.lost_records = self.lost_records.saturating_add(gap.count.into());
                let loss = Loss { at_ms, boot: gap.boot, first: gap.first, count: gap.count, reason: gap.reason };
                push_recent(&mut self.losses, loss, MAX_LOSSES);
            }
            Record::LogChunk(chunk) => {
                let line = LogLine { at_ms, boot, level: chunk.level, text: chunk.text.as_str().into() };
                push_recent(&mut self.log, line, MAX_LOG);
            }
            Record::CommandResult(result) => {
                let done = CommandDone { at_ms, command: result.command, outcome: result.outcome };
                push_recent(&mut self.commands, done, MAX_COMMANDS);
            }
            Record::Refuelled(refuelled) => self.refuelled(at_ms, refuelled),
            Record::ParkedDay(day) => {
                let &ParkedDay { spent_uah, budget_uah, wakes } = day;
                push_recent(&mut self.parked, Parked { at_ms, spent_uah, budget_uah, wakes }, MAX_PARKED);
            }
            Record::SeriesBlock(series) => self.series(at_ms, series),
            // Notices and settings have a state of their own beside the vehicle's, and an unknown kind waits in the store for a build
            // that reads it.
            Record::NoticeRaised(_)
            | Record::NoticeShown(_)
            | Record::NoticeAnswered(_)
            | Record::CertificateRequest(_)
            | Record::DeviceSettings(_)
            | Record::CollectionReport(_)
            | Record::UpdateReport(_)
            | Record::Health(_)
            | Record::Unknown(_) => {}
        }
    }

    /// What maintenance asks of the state; where the odometer is frozen, the device's own distance goes on in its place.
    pub fn usage(&self) -> Usage {
        let frozen_m = self.odometer.frozen_m().unwrap_or_default();
        Usage {
            odometer_m: self.totals.odometer_m.map(|odometer_m| odometer_m.saturating_add(frozen_m)),
            engine_s: self.totals.engine_s,
            fuel_ml: self.totals.fuel_ml,
            battery: self.battery.health(),
        }
    }

    /// Another 12 V battery was fitted: what was measured of the old one no longer counts.
    pub fn battery_fitted(&mut self) {
        self.battery.clear();
    }

    /// A person corrected the odometer, or the instrument cluster was replaced; the one way for it to fall.
    pub fn correct_odometer(&mut self, odometer_m: u32, at_ms: u64) {
        self.totals.set_odometer(odometer_m, Times { measured_at_ms: at_ms, received_at_ms: at_ms });
    }

    /// A signal as last heard.
    pub fn signal(&self, id: SignalId) -> Option<&SignalValue> {
        self.signals.get(&id)
    }

    fn booted(&mut self, boot: u32, at_ms: u64, start: &Boot) {
        let &Boot { reason, firmware, table, .. } = start;
        let info = BootInfo { boot, at_ms, reason, firmware, table };
        push_recent(&mut self.boots, info, MAX_BOOTS);
        if self.boot.is_none_or(|known| boot >= known.boot) {
            self.boot = Some(info);
        }
    }

    fn odometer(&mut self, odometer_m: Option<u32>, times: Times) {
        if let Some(odometer_m) = odometer_m {
            let before = self.totals;
            self.totals.odometer(odometer_m, times);
            self.odometer.read(times.when_ms(), odometer_m, &before, &self.totals);
            self.note_day();
        }
    }

    fn note_day(&mut self) {
        let Totals { odometer_m, odometer_at_ms: at_ms, engine_s, fuel_ml, .. } = self.totals;
        let Some(odometer_m) = odometer_m else { return };
        let frozen_m = self.odometer.frozen_m().unwrap_or_default();
        let odometer_m = odometer_m.saturating_add(frozen_m);
        self.days.note(DayReading { at_ms, odometer_m, engine_s, fuel_ml, charges_milli: self.charges_milli });
    }

    fn outside_deci(&mut self, at_ms: u64, decicelsius: Option<i16>) {
        if let Some(decicelsius) = decicelsius {
            self.outside(at_ms, f32::from(decicelsius) / 10.0, ONE_READING_S);
        }
    }

    fn outside(&mut self, at_ms: u64, celsius: f32, weight_s: u32) {
        let Self { outside, wheels, totals, .. } = self;
        if !outside.note(at_ms, celsius, weight_s, |day| wheels.driven_on(day)) {
            totals.rejected.absent += 1;
        }
    }

    fn changed(&mut self, times: Times, change: SignalChange) {
        if !change.value.is_finite() {
            self.totals.rejected.not_finite += 1;
            return;
        }
        self.value(times, change.signal, change.value);
        if change.signal == SignalId::OUTSIDE_TEMPERATURE {
            self.outside(times.when_ms(), change.value, ONE_READING_S);
        }
    }

    fn summarised(&mut self, times: Times, summary: &SignalSummary) {
        if ![summary.min, summary.mean, summary.max].iter().all(|value| value.is_finite()) {
            self.totals.rejected.not_finite += 1;
            return;
        }
        self.value(times, summary.signal, summary.mean);
        if summary.signal == SignalId::OUTSIDE_TEMPERATURE {
            self.outside(times.when_ms(), summary.mean, summary.span_s.max(ONE_READING_S));
        }
    }

    fn value(&mut self, times: Times, signal: SignalId, value: f32) {
        let measured_at_ms = times.when_ms();
        if self.signals.len() >= MAX_SIGNALS && !self.signals.contains_key(&signal) {
            self.totals.rejected.too_many += 1;
            return;
        }
        let known = self.signals.entry(signal).or_default();
        if measured_at_ms >= known.measured_at_ms {
            *known = SignalValue { value, measured_at_ms, received_at_ms: times.received_at_ms };
        }
        if signal == SignalId::STATE_OF_HEALTH {
            self.aged(value);
        }
        self.computer.note(signal, measured_at_ms, value.into());
    }

    /// Takes the service computer's signals out of a block whose record has this time; the others are read out of the history by whoever
    /// asked for them. What was collected for other purposes than care stays out of it, and a block that does not decode tells nothing.
    fn series(&mut self, at_ms: u64, series: &SeriesBlock) {
        if series.purposes.0 & Purposes::FUNCTION.and(Purposes::WORKSHOP).0 == 0 {
            return;
        }
        let mut found = Vec::new();
        let decoded = Decoder::<MAX_ROWS>::new().decode(&series.block, |sample| {
            if Counter::of(sample.signal).is_some() {
                found.push(sample);
            }
        });
        if decoded.is_err() {
            return;
        }
        for Sample { signal, resolution, at_ms: uptime_ms, raw } in found {
            let Some(value) = resolution.value(raw) else { continue };
            // No sample was measured behind its block's record.
            let when_ms = at_ms.saturating_sub(series.uptime_ms.saturating_sub(uptime_ms));
            if !self.computer.note(signal, when_ms, value) {
                self.totals.rejected.absent += 1;
            }
        }
    }

    fn aged(&mut self, share: f32) {
        let Some(odometer_m) = self.totals.odometer_m else { return };
        let is_next = |last: &BatteryHealthAt| odometer_m >= last.odometer_m.saturating_add(HEALTH_EVERY_M);
        if (0.01..=1.1).contains(&share) && self.healths.back().is_none_or(is_next) {
            push_recent(&mut self.healths, BatteryHealthAt { odometer_m, share }, MAX_HEALTHS);
        }
    }

    fn trouble(&mut self, at_ms: u64, trouble: &Trouble) {
        let &Trouble { code, status, ecu, odometer_m } = trouble;
        if let Some(known) = self.troubles.iter_mut().find(|known| known.code == code && known.ecu == ecu) {
            known.first_ms = known.first_ms.min(at_ms);
            if at_ms >= known.changed_ms {
                *known = TroubleEntry { status, changed_ms: at_ms, odometer_m, ..*known };
            }
            return;
        }
        if self.troubles.len() >= MAX_TROUBLES {
            // What has been cleared longest gives way before anything that still stands.
            let stands =
                |at: &usize| (self.troubles[*at].status != TroubleStatus::Cleared, self.troubles[*at].changed_ms);
            let out = (0..self.troubles.len()).min_by_key(stands);
            self.troubles.swap_remove(out.unwrap_or(0));
        }
        self.troubles.push(TroubleEntry { code, ecu, status, first_ms: at_ms, changed_ms: at_ms, odometer_m });
    }

    fn rested(&mut self, at_ms: u64, rest: &BatteryRest) {
        self.battery.rest(rest);
        self.outside_deci(at_ms, rest.outside_decicelsius);
        let &BatteryRest { millivolts, rested_s, outside_decicelsius } = rest;
        let entry = VoltageAtRest { at_ms, millivolts, rested_s, outside_decicelsius };
        push_recent(&mut self.rests, entry, MAX_VOLTAGES);
    }

    fn cranked(&mut self, at_ms: u64, cranking: &Cranking) {
        self.battery.cranking(cranking);
        self.outside_deci(at_ms, cranking.outside_decicelsius);
        let &Cranking { before_millivolts, min_millivolts, duration_ms, outside_decicelsius } = cranking;
        let entry = Start { at_ms, before_millivolts, min_millivolts, duration_ms, outside_decicelsius };
        push_recent(&mut self.starts, entry, MAX_VOLTAGES);
    }

    fn refuelled(&mut self, at_ms: u64, refuelled: &Refuelled) {
        let &Refuelled { before, after, electric } = refuelled;
        if before.is_finite() && after.is_finite() {
            if electric {
                let charged = (after - before).clamp(0.0, 1.0) * 1_000.0;
                self.charges_milli = self.charges_milli.saturating_add(charged as u32);
            }
            push_recent(&mut self.refuels, RefuelStop { at_ms, before, after, electric }, MAX_REFUELS);
        } else {
            self.totals.rejected.not_finite += 1;
        }
    }
}
