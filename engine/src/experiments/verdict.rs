//! What may be said about an effect now.
//!
//! Invariant: no verdict names a winner or loser unless the interval excludes zero and the effect stands among all that were
//! looked for; nothing at all is said when the arms' sizes are wrong.

use serde::{Deserialize, Serialize};

use super::sequential::Interval;

/// The state of one effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Better than the control.
    Winner,
    /// Worse than the control.
    Loser,
    /// Any difference is smaller than what matters.
    NoDifference,
    /// Not enough is known yet.
    Learning,
    /// The arms did not receive the units that they should.
    Invalid,
}

/// The fewest units in an arm before the normal approximation behind the interval is trusted.
pub const LEAST_UNITS: f64 = 100.0;

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grounds {
    /// Whether the arms' sizes are right.
    pub sizes_ok: bool,
    /// The units of the smaller arm.
    pub units: f64,
    /// The always-valid interval of the effect.
    pub interval: Interval,
    /// Whether it is a discovery among all effects looked for.
    pub discovery: bool,
    /// Differences within ± this do not matter; nothing is too small where it is 0.
    pub indifference: f64,
}

/// The verdict for outcomes of which more is better.
pub fn verdict(grounds: Grounds) -> Verdict {
    let Interval { low, high } = grounds.interval;
    if !grounds.sizes_ok {
        Verdict::Invalid
    } else if grounds.units < LEAST_UNITS {
        Verdict::Learning
    } else if grounds.discovery && low > 0.0 {
        Verdict::Winner
    } else if grounds.discovery && high < 0.0 {
        Verdict::Loser
    } else if -grounds.indifference < low && high < grounds.indifference {
        Verdict::NoDifference
    } else {
        Verdict::Learning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUNDS: Grounds = Grounds {
        sizes_ok: true,
        units: 1000.0,
        interval: Interval { low: 0.01, high: 0.05 },
        discovery: true,
        indifference: 0.02,
    };

    #[test]
    fn each_state_has_its_grounds() {
        let within = Interval { low: -0.01, high: 0.01 };
        let below = Interval { low: -0.05, high: -0.01 };
        let cases = [
            (GROUNDS, Verdict::Winner),
            (Grounds { interval: below, ..GROUNDS }, Verdict::Loser),
            (Grounds { discovery: false, ..GROUNDS }, Verdict::Learning),
            (Grounds { interval: within, ..GROUNDS }, Verdict::NoDifference),
            (Grounds { interval: within, indifference: 0.0, ..GROUNDS }, Verdict::Learning),
            (Grounds { units: 99.0, ..GROUNDS }, Verdict::Learning),
            (Grounds { sizes_ok: false, ..GROUNDS }, Verdict::Invalid),
        ];
        for (grounds, expected) in cases {
            assert_eq!(verdict(grounds), expected, "{grounds:?}");
        }
    }
}
