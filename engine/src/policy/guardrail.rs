//! When an arm is taken away, whatever it earns: too many people complain, or it does harm.
//!
//! Invariant: an arm is halted only on evidence that holds at every look, so that looking daily halts no harmless arm more
//! often than `alpha` says; and it counts as safe only on evidence of the same kind.

use serde::{Deserialize, Serialize};

use crate::experiments::rate::{rate_is_above, rate_is_below};
use crate::experiments::sequential::Interval;

/// How an arm stands towards a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Shown to keep the limit.
    Safe,
    /// Not known yet.
    Watched,
    /// Shown to break it: no more decisions for this arm.
    Halted,
}

/// The share of contacts that may end in a complaint or an opt-out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ComplaintLimit {
    /// The limit, from 0 to 1.
    pub rate: f64,
    /// The probability that a harmless arm is ever halted, or a harmful one ever called safe.
    pub alpha: f64,
    /// The number of contacts at which the evidence is sharpest; chosen before the first.
    pub tuned_at: f64,
}

impl Default for ComplaintLimit {
    fn default() -> Self {
        Self { rate: 0.01, alpha: 0.05, tuned_at: 1000.0 }
    }
}

impl ComplaintLimit {
    /// Judges an arm after so many contacts.
    pub fn judge(self, complaints: f64, contacts: f64) -> Standing {
        let Self { rate, alpha, tuned_at } = self;
        if rate_is_above(rate, complaints, contacts, alpha, tuned_at) {
            Standing::Halted
        } else if rate_is_below(rate, complaints, contacts, alpha, tuned_at) {
            Standing::Safe
        } else {
            Standing::Watched
        }
    }
}

/// Judges an arm by the always-valid interval of its effect: halted if it loses more than `margin` against the control, safe
/// if it cannot (non-inferiority).
pub fn harm(effect: Interval, margin: f64) -> Standing {
    if effect.high < -margin {
        Standing::Halted
    } else if effect.low > -margin {
        Standing::Safe
    } else {
        Standing::Watched
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// How many of 400 arms with this true rate are ever halted or called safe within 20,000 contacts, looked at each 100.
    fn ever(rate: f64) -> (u32, u32) {
        let (mut halted, mut safe) = (0, 0);
        for seed in 0..400 {
            let mut random = Random::new(seed);
            let mut complaints = 0.0;
            let mut standings = [false; 2];
            for contact in 1..=20_000u32 {
                complaints += f64::from(u8::from(random.uniform() < rate));
                if contact % 100 == 0 {
                    let standing = ComplaintLimit::default().judge(complaints, f64::from(contact));
                    standings[0] |= standing == Standing::Halted;
                    standings[1] |= standing == Standing::Safe;
                }
            }
            halted += u32::from(standings[0]);
            safe += u32::from(standings[1]);
        }
        (halted, safe)
    }

    #[test]
    fn an_arm_that_breaks_the_limit_is_halted_and_one_at_the_limit_hardly_ever() {
        let (halted, safe) = ever(0.02);
        assert!(halted >= 396 && safe == 0, "{halted} halted, {safe} safe");
        let (halted, _) = ever(0.005);
        assert_eq!(halted, 0);
        let (halted, safe) = ever(0.01);
        assert!(halted <= 20 && safe <= 20, "{halted} halted, {safe} safe of 400 at the limit");
    }

    #[test]
    fn nothing_is_said_before_the_first_contact() {
        assert_eq!(ComplaintLimit::default().judge(0.0, 0.0), Standing::Watched);
    }

    #[test]
    fn harm_is_what_lies_wholly_below_the_margin() {
        for (low, high, expected) in
            [(-3.0, -1.5, Standing::Halted), (-3.0, 0.5, Standing::Watched), (-0.5, 2.0, Standing::Safe)]
        {
            assert_eq!(harm(Interval { low, high }, 1.0), expected, "{low} to {high}");
        }
    }
}
