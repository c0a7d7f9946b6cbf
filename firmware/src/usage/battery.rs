//! The 12 V battery: what it holds at rest, and how far it sags while the engine is started.
//!
//! Invariant: a rest is told at most once, and a sag only if the engine then ran.

use milepost_protocol::record::{BatteryRest, Cranking};

/// A rest voltage means something after this long, in seconds.
pub(super) const RESTED_AFTER_S: u32 = 2 * 3600;

/// Above this a charger or the alternator is at work, in millivolts.
const CHARGED_MV: u16 = 13_000;

/// A sag of this many millivolts is a starter, not a lamp.
const SAG_MV: u16 = 300;

/// A start takes no longer than this, in milliseconds.
const MAX_CRANKING_MS: u64 = 15_000;

/// Watches the battery's voltage.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Battery {
    /// The newest voltage with everything off or before the sag, in millivolts.
    quiet_mv: Option<u16>,
    sag: Option<Sag>,
    rest_told: bool,
    /// The lowest voltage of this boot, in millivolts.
    pub(super) lowest_mv: Option<u16>,
}

#[derive(Debug, Clone, Copy)]
struct Sag {
    before_mv: u16,
    min_mv: u16,
    since_ms: u64,
}

impl Battery {
    /// Takes a voltage while the engine does not run; answers a rest voltage worth telling.
    ///
    /// `rested_s` is how long the car has stood with everything off; `None` if the device cannot know.
    pub(super) fn engine_off(
        &mut self,
        uptime_ms: u64,
        millivolts: u16,
        rested_s: Option<u32>,
        parked: bool,
        outside_decicelsius: Option<i16>,
    ) -> Option<BatteryRest> {
        self.lowest_mv = Some(self.lowest_mv.map_or(millivolts, |lowest| lowest.min(millivolts)));
        if self.sag.is_some_and(|sag| uptime_ms.saturating_sub(sag.since_ms) > MAX_CRANKING_MS) {
            self.sag = None;
        }
        let sags = self.quiet_mv.filter(|quiet| millivolts.saturating_add(SAG_MV) <= *quiet);
        match (&mut self.sag, sags) {
            (Some(sag), _) => sag.min_mv = sag.min_mv.min(millivolts),
            (None, Some(before_mv)) => self.sag = Some(Sag { before_mv, min_mv: millivolts, since_ms: uptime_ms }),
            (None, None) => self.quiet_mv = Some(millivolts),
        }
        let rested_s = rested_s.filter(|&rested_s| rested_s >= RESTED_AFTER_S)?;
        if self.rest_told || !parked || millivolts >= CHARGED_MV {
            return None;
        }
        self.rest_told = true;
        Some(BatteryRest { millivolts, rested_s, outside_decicelsius })
    }

    /// The ignition asks for the starter.
    pub(super) fn start_asked(&mut self, uptime_ms: u64) {
        if let (None, Some(quiet_mv)) = (self.sag, self.quiet_mv) {
            self.sag = Some(Sag { before_mv: quiet_mv, min_mv: quiet_mv, since_ms: uptime_ms });
        }
    }

    /// Takes a voltage while the engine runs.
    pub(super) fn engine_on(&mut self, millivolts: u16) {
        self.lowest_mv = Some(self.lowest_mv.map_or(millivolts, |lowest| lowest.min(millivolts)));
    }

    /// The engine runs; answers how the start went, and the voltage before it if the device could not know how long the car had rested.
    pub(super) fn started(
        &mut self,
        uptime_ms: u64,
        rested_s: Option<u32>,
        outside_decicelsius: Option<i16>,
    ) -> (Option<BatteryRest>, Option<Cranking>) {
        let quiet_mv = self.quiet_mv.take();
        let before = quiet_mv.filter(|&millivolts| millivolts < CHARGED_MV && !self.rest_told && rested_s.is_none());
        let rest = before.map(|millivolts| BatteryRest { millivolts, rested_s: 0, outside_decicelsius });
        self.rest_told = false;
        let sag = self.sag.take().filter(|sag| sag.min_mv < sag.before_mv);
        let cranking = sag.map(|sag| Cranking {
            before_millivolts: sag.before_mv,
            min_millivolts: sag.min_mv,
            duration_ms: u16::try_from(uptime_ms.saturating_sub(sag.since_ms)).unwrap_or(u16::MAX),
            outside_decicelsius,
        });
        (rest, cranking)
    }

    /// The car was parked: the next rest is another one.
    pub(super) fn parked(&mut self) {
        self.rest_told = false;
        self.quiet_mv = None;
        self.sag = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_told_once_and_only_after_two_hours() {
        let mut battery = Battery::default();
        assert_eq!(battery.engine_off(0, 12_600, Some(7_199), true, None), None);
        let rest = battery.engine_off(1, 12_550, Some(7_200), true, Some(-35));
        assert_eq!(rest, Some(BatteryRest { millivolts: 12_550, rested_s: 7_200, outside_decicelsius: Some(-35) }));
        assert_eq!(battery.engine_off(2, 12_540, Some(9_000), true, None), None);
    }

    #[test]
    fn the_lowest_voltage_of_a_start_is_told_when_the_engine_runs() {
        let mut battery = Battery::default();
        for (uptime_ms, millivolts) in [(0, 12_500), (1_000, 9_800), (1_200, 9_400), (1_400, 10_900)] {
            battery.engine_off(uptime_ms, millivolts, Some(60), false, None);
        }
        let (rest, cranking) = battery.started(1_800, Some(60), None);
        assert_eq!(rest, None);
        let cranking = cranking.unwrap();
        assert_eq!((cranking.before_millivolts, cranking.min_millivolts, cranking.duration_ms), (12_500, 9_400, 800));
    }

    #[test]
    fn a_sag_without_a_start_is_forgotten() {
        let mut battery = Battery::default();
        battery.engine_off(0, 12_500, Some(60), false, None);
        battery.engine_off(1_000, 12_000, Some(60), false, None);
        battery.engine_off(20_000, 12_400, Some(60), false, None);
        assert_eq!(battery.started(40_000, Some(60), None).1, None);
    }

    #[test]
    fn a_device_that_cannot_know_the_rest_tells_the_voltage_before_the_start() {
        let mut battery = Battery::default();
        battery.engine_off(0, 12_140, None, false, None);
        let (rest, _) = battery.started(10_000, None, None);
        assert_eq!(rest.map(|rest| (rest.millivolts, rest.rested_s)), Some((12_140, 0)));
    }
}
