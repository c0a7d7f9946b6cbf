//! How many units an experiment needs before it starts.
//!
//! Invariant: the plan for intervals that hold at every look never asks for fewer units than the one for a single look.

use libm::sqrt;

use super::sequential::Sequential;
use crate::special::{bisect, normal_quantile};

/// What is to be found, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The outcome's variance in one arm; of a rate, `p(1 − p)`.
    pub variance: f64,
    /// The least difference of means that is worth finding.
    pub difference: f64,
    /// The probability of finding it, such as 0.8.
    pub power: f64,
}

/// Units in each of two equal arms for one look at the end: `2 (z₁₋α⸝₂ + z_power)² σ² / δ²` (Cohen 1988, chapter 2).
pub fn units_for_one_look(question: Question, alpha: f64) -> f64 {
    let z = normal_quantile(1.0 - 0.5 * alpha) + normal_quantile(question.power);
    libm::ceil(2.0 * z * z * question.variance / (question.difference * question.difference))
}

/// Units in each of two equal arms by which an always-valid interval has excluded zero with the wanted probability; `None`
/// beyond a billion.
pub fn units_for_any_look(question: Question, sequential: Sequential) -> Option<f64> {
    let quantile = normal_quantile(question.power);
    // At n units an arm, the estimate exceeds δ − z·se with the wanted probability; the interval's half must fit below that.
    let spare = |n: f64| {
        let error = sqrt(2.0 * question.variance / n);
        question.difference - quantile * error - sequential.half_width(error, 2.0 * n)
    };
    let most = 1e9;
    if spare(most).is_nan() || spare(most) < 0.0 {
        return None;
    }
    Some(libm::ceil(bisect(2.0, most, spare)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: Question = Question { variance: 0.25, difference: 0.05, power: 0.8 };

    #[test]
    fn the_textbook_figure_for_half_against_fifty_five_percent_is_met() {
        assert_eq!(units_for_one_look(QUESTION, 0.05) as u32, 1570);
    }

    #[test]
    fn looking_at_any_time_costs_units_but_not_beyond_measure() {
        let any = units_for_any_look(QUESTION, Sequential::default()).expect("a number");
        assert!((1570.0..4.0 * 1570.0).contains(&any), "{any}");
        let half = Question { difference: 0.025, ..QUESTION };
        assert!(units_for_any_look(half, Sequential::default()).expect("a number") > 3.0 * any);
    }

    #[test]
    fn no_number_of_units_finds_nothing() {
        assert_eq!(units_for_any_look(Question { difference: 0.0, ..QUESTION }, Sequential::default()), None);
    }
}
