//! Faults that come, are confirmed, light the lamp, and are repaired.
//!
//! Invariant: whether a code stands follows from the car and the moment alone.

use milepost_protocol::plan::DAY_MS;

use super::noise::Seed;
use super::vehicle::Class;

/// A trouble code in SAE J2012's two bytes, and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The two bytes.
    pub code: u16,
    /// Seen, not yet confirmed: service 07 tells it, services 03 and 0A do not.
    pub pending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Fault {
    code: u16,
    from_ms: u64,
    confirmed_ms: u64,
    repaired_ms: u64,
}

/// Everything that goes wrong with a car in its first virtual years.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults(Vec<Fault>);

/// Misfire cylinder 1, catalyst below threshold, mixture lean, thermostat, evaporative leak, intake air sensor, engine speed sensor, oxygen sensor.
const COMBUSTION: [u16; 8] = [0x0301, 0x0420, 0x0171, 0x0128, 0x0442, 0x0113, 0x0335, 0x0135];
/// Battery pack, its cooling, lost communication with the battery's module, its isolation.
const ELECTRIC: [u16; 4] = [0x0A80, 0x0A84, 0xC111, 0x0AA6];

impl Faults {
    /// The faults of a car over four years from `since_ms`; about one in two cars has one each year.
    pub fn new(car: Seed, class: Class, since_ms: u64) -> Self {
        let seed = car.named("faults");
        let codes: &[u16] = if class.burns() { &COMBUSTION } else { &ELECTRIC };
        let faults = (0..4).filter(|&year| seed.branch(year).chance(0.5)).map(|year| {
            let own = seed.branch(100 + year);
            let day = |days: f64| (days * DAY_MS as f64) as u64;
            let from_ms = since_ms + day(365.0 * year as f64 + own.branch(1).between(15.0, 330.0));
            let confirmed_ms = from_ms + day(own.branch(2).between(0.5, 4.0));
            let repaired_ms = confirmed_ms + day(own.branch(3).between(8.0, 45.0));
            let code = codes[(own.branch(4).unit() * codes.len() as f64) as usize % codes.len()];
            Fault { code, from_ms, confirmed_ms, repaired_ms }
        });
        Self(faults.collect())
    }

    /// The codes that stand at a moment.
    pub fn codes(&self, at_ms: u64) -> impl Iterator<Item = Code> {
        self.0
            .iter()
            .filter(move |fault| (fault.from_ms..fault.repaired_ms).contains(&at_ms))
            .map(move |fault| Code { code: fault.code, pending: at_ms < fault.confirmed_ms })
    }

    /// Whether the lamp is lit.
    pub fn lamp(&self, at_ms: u64) -> bool {
        self.codes(at_ms).any(|code| !code.pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_pending_before_it_is_confirmed_and_gone_after_the_repair() {
        let faults = Faults(vec![Fault { code: 0x0301, from_ms: 10, confirmed_ms: 20, repaired_ms: 30 }]);
        let at = |ms| faults.codes(ms).map(|code| code.pending).collect::<Vec<_>>();
        assert!(at(9).is_empty());
        assert_eq!(at(10), [true]);
        assert_eq!(at(20), [false]);
        assert!(at(30).is_empty());
        assert!(!faults.lamp(10) && faults.lamp(20));
    }

    #[test]
    fn some_cars_of_a_fleet_fail_within_a_year_and_some_do_not() {
        let failing = (0..60)
            .filter(|&car| {
                let faults = Faults::new(Seed(car), Class::Small, 0);
                (0..365).any(|day| faults.codes(day * DAY_MS).next().is_some())
            })
            .count();
        assert!((15..50).contains(&failing), "{failing} of 60");
    }
}
