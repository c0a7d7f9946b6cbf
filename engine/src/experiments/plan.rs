//! How many units an experiment needs before it starts.
//!
//! Invariant: the plan for intervals that hold at every look never asks for fewer units than the one for a single look.

use libm::sqrt;

use super::sequential::Sequential;
use crate::random::Random;
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

/// A whole experiment: several arms against one control, looked at so often until it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// What each arm is asked.
    pub question: Question,
    /// The control among them.
    pub arms: u32,
    /// Evenly spread looks, the last at the end.
    pub looks: u32,
    /// The probability of any false alarm in the whole experiment.
    pub alpha: f64,
}

/// What a design takes and brings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Units in each arm at the end.
    pub units_per_arm: f64,
    /// The same for one look at the end, with the same bound on false alarms.
    pub units_for_one_look: f64,
    /// The interval to read the experiment with.
    pub sequential: Sequential,
    /// How often an effect of the planned size is found by the end; simulated.
    pub power: f64,
    /// Units in each arm when such an effect is found, on average over all runs, those that find nothing counted in full.
    pub expected_units: f64,
    /// How often no effect at all is taken for one at any look; simulated.
    pub false_alarms: f64,
    /// How often it would be, if each look were read as if it were the only one.
    pub false_alarms_fixed: f64,
}

/// Simulated runs behind a plan's figures; their standard error is below 0.8 percentage points.
const RUNS: u64 = 4000;

/// Plans a design; `None` where a billion units in an arm do not suffice.
///
/// Each of the comparisons gets an even part of `alpha`, which is what e-BH asks of a first discovery; the interval is tuned
/// to the experiment's own size, and the size lowered by what earlier looks find.
pub fn plan(design: Design) -> Option<Plan> {
    let Design { question, arms, looks, alpha } = design;
    let alpha = alpha / f64::from(arms.max(2) - 1);
    let mut sequential = Sequential { alpha, ..Sequential::default() };
    let mut units = units_for_any_look(question, sequential)?;
    // The best tuning depends on the size and the size on the tuning; a few turns settle both.
    for _ in 0..8 {
        sequential.tuned_at = 2.0 * units;
        units = units_for_any_look(question, sequential)?;
    }
    let one_look = units_for_one_look(question, alpha);
    let power = |units: f64| simulate(question, sequential, units, looks, question.difference).found;
    let (mut low, mut high) = (one_look.min(units), units);
    for _ in 0..12 {
        let middle = 0.5 * (low + high);
        if power(middle) >= question.power {
            high = middle;
        } else {
            low = middle;
        }
    }
    let units = libm::ceil(high);
    let with_effect = simulate(question, sequential, units, looks, question.difference);
    let without = simulate(question, sequential, units, looks, 0.0);
    Some(Plan {
        units_per_arm: units,
        units_for_one_look: one_look,
        sequential,
        power: with_effect.found,
        expected_units: with_effect.units,
        false_alarms: without.found,
        false_alarms_fixed: without.found_fixed,
    })
}

/// How often a true difference is found within so many units of each arm.
pub fn power_at(design: Design, sequential: Sequential, units: f64) -> f64 {
    simulate(design.question, sequential, units, design.looks, design.question.difference).found
}

struct Simulated {
    found: f64,
    found_fixed: f64,
    units: f64,
}

/// Runs in which the estimate at each look is normal, with increments that do not depend on each other.
fn simulate(question: Question, sequential: Sequential, units: f64, looks: u32, truth: f64) -> Simulated {
    let looks = looks.max(1);
    let (n_step, fixed) = (units / f64::from(looks), normal_quantile(1.0 - 0.5 * sequential.alpha));
    let step_deviation = sqrt(2.0 * question.variance / n_step);
    let mut simulated = Simulated { found: 0.0, found_fixed: 0.0, units: 0.0 };
    for run in 0..RUNS {
        let mut random = Random::new(run);
        let (mut sum, mut found_at, mut found_fixed) = (0.0, None, false);
        for look in 1..=looks {
            sum += truth + step_deviation * random.normal();
            let n = n_step * f64::from(look);
            let (estimate, error) = (sum / f64::from(look), sqrt(2.0 * question.variance / n));
            found_fixed |= libm::fabs(estimate) > fixed * error;
            if found_at.is_none() && libm::fabs(estimate) > sequential.half_width(error, 2.0 * n) {
                found_at = Some(n);
            }
        }
        simulated.found += f64::from(u8::from(found_at.is_some()));
        simulated.found_fixed += f64::from(u8::from(found_fixed));
        simulated.units += found_at.unwrap_or(units);
    }
    let runs = RUNS as f64;
    Simulated {
        found: simulated.found / runs,
        found_fixed: simulated.found_fixed / runs,
        units: simulated.units / runs,
    }
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

    #[test]
    fn a_plan_keeps_its_power_and_its_bound_on_false_alarms_over_fifty_looks() {
        let plan = plan(Design { question: QUESTION, arms: 2, looks: 50, alpha: 0.05 }).expect("a plan");
        assert!((0.8..0.83).contains(&plan.power), "{plan:?}");
        assert!(plan.false_alarms <= 0.05 && plan.false_alarms_fixed > 0.2, "{plan:?}");
        assert!(plan.units_per_arm > plan.units_for_one_look && plan.expected_units < plan.units_per_arm, "{plan:?}");
        let fixed = units_for_any_look(QUESTION, Sequential::default()).expect("a number");
        assert!(plan.units_per_arm < fixed, "tuning and earlier looks save units: {plan:?}, {fixed}");
    }

    #[test]
    fn more_arms_ask_for_more_units_of_each_and_no_difference_has_no_plan() {
        let design = Design { question: QUESTION, arms: 2, looks: 10, alpha: 0.05 };
        let two = plan(design).expect("a plan").units_per_arm;
        let four = plan(Design { arms: 4, ..design }).expect("a plan").units_per_arm;
        assert!(four > 1.05 * two, "{four} and {two}");
        assert_eq!(plan(Design { question: Question { difference: 0.0, ..QUESTION }, ..design }), None);
    }
}
