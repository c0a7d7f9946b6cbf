//! The value of a policy by six estimators, and when there is none.
//!
//! Sources: inverse propensities (Horvitz and Thompson 1952) and their self-normalised form (Swaminathan and Joachims,
//! NIPS 2015); doubly robust (Dudík, Langford and Li, ICML 2011, arXiv:1103.4601); switch (Wang, Agarwal and Dudík, ICML 2017,
//! arXiv:1612.01205); shrinkage (Su, Dimakopoulou, Krishnamurthy and Dudík, ICML 2020, arXiv:1907.09623).
//! Invariant: every propensity lies within 0 (excluded) to 1; where the log lacks support there is a reason and no value.

use alloc::vec::Vec;
use core::fmt;

use libm::{fabs, sqrt};

use super::rewards::{FOLDS, cross_fitted};

/// One logged decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// The action taken.
    pub action: usize,
    /// Where it was shown; the policy may differ from place to place.
    pub place: usize,
    /// What it brought.
    pub reward: f64,
    /// The probability with which it was taken.
    pub propensity: f64,
}

/// The policy in question: a probability of each action at each place.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    actions: usize,
    /// By place, then action.
    probabilities: Vec<f64>,
    /// Whether each event is a place of its own, so that a place says nothing of what the log takes there.
    each: bool,
}

impl Target {
    /// A policy from its probabilities, one list of equal length for each place.
    pub fn new(places: &[Vec<f64>]) -> Self {
        let actions = places.iter().map(Vec::len).max().unwrap_or(0);
        let mut probabilities = Vec::with_capacity(actions * places.len());
        for place in places {
            probabilities.extend_from_slice(place);
            probabilities.resize(probabilities.len() + actions - place.len(), 0.0);
        }
        Self { actions, probabilities, each: false }
    }

    /// A policy that looks at each event anew: its probabilities for each, whose place is its index.
    pub fn each(events: &[Vec<f64>]) -> Self {
        Self { each: true, ..Self::new(events) }
    }

    /// How many actions it knows.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// How many places it knows.
    pub fn places(&self) -> usize {
        self.probabilities.len() / self.actions.max(1)
    }

    /// The probability of an action; 0 for one that it does not know.
    pub fn probability(&self, place: usize, action: usize) -> f64 {
        if action >= self.actions {
            return 0.0;
        }
        self.probabilities.get(place * self.actions + action).copied().unwrap_or(0.0)
    }
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Refusal {
    /// The log is empty.
    NoEvents,
    /// An event's propensity is missing, 0 or above 1; the event's index.
    Propensity(usize),
    /// The policy takes actions that the log never took: the share of its decisions, and the most likely of these actions.
    Support {
        /// The share of the policy's decisions.
        share: f64,
        /// The action.
        action: usize,
        /// Its place; any, where there is none.
        place: Option<usize>,
    },
    /// The policy is too far from what was logged: the events count as much as so few.
    EffectiveSize(f64),
    /// The weights' mean is not one.
    MeanWeight(f64),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvents => f.write_str("the log holds no events"),
            Self::Propensity(event) => write!(f, "event {event} has no propensity within 0 to 1"),
            Self::Support { share, action, place } => {
                let share = share * 100.0;
                write!(
                    f,
                    "{share:.1} % of the policy's decisions are actions that the log never took, such as action {action}"
                )?;
                place.map_or(Ok(()), |place| write!(f, " at place {}", place + 1))
            }
            Self::EffectiveSize(size) => {
                write!(
                    f,
                    "the policy is too far from the log: its events weigh like {size:.0}, and {LEAST_SIZE:.0} are needed"
                )
            }
            Self::MeanWeight(mean) => {
                write!(
                    f,
                    "the mean weight is {mean:.3} where it should be 1: the propensities or the support are not right"
                )
            }
        }
    }
}

/// The least effective size.
pub const LEAST_SIZE: f64 = 100.0;
/// How far the mean weight may lie from one.
pub const MOST_WEIGHT_ERROR: f64 = 0.1;
/// The share of a policy's decisions that may be actions never logged anywhere.
pub const MOST_UNSUPPORTED: f64 = 0.01;
/// The share that may be actions never logged at their place, where chance leaves some out.
pub const MOST_UNSUPPORTED_AT_PLACE: f64 = 0.05;

/// A value with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean reward.
    pub value: f64,
    /// Its standard error, as if the model of rewards were given.
    pub standard_error: f64,
}

/// The estimators' values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimates {
    /// Inverse propensities.
    pub ipw: Estimate,
    /// Self-normalised.
    pub snipw: Estimate,
    /// The model alone.
    pub dm: Estimate,
    /// Doubly robust.
    pub dr: Estimate,
    /// Doubly robust up to a weight, the model beyond.
    pub switch_dr: Estimate,
    /// Doubly robust with weights that shrink.
    pub dros: Estimate,
}

/// All that a log says of a policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// The values, or why there are none.
    pub estimates: Result<Estimates, Refusal>,
    /// `(Σw)² / Σw²`.
    pub effective_size: f64,
    /// Near one, where the propensities are right.
    pub mean_weight: f64,
    /// The largest weight.
    pub max_weight: f64,
}

fn mean_of(terms: &[f64]) -> Estimate {
    let n = terms.len() as f64;
    let value = terms.iter().sum::<f64>() / n;
    let squares: f64 = terms.iter().map(|term| (term - value) * (term - value)).sum();
    Estimate { value, standard_error: sqrt(squares / (n - 1.0).max(1.0) / n) }
}

/// Evaluates a policy on a log.
pub fn evaluate(events: &[Event], target: &Target) -> Evaluation {
    let broken = |event: &Event| !(event.propensity > 0.0 && event.propensity <= 1.0);
    let nothing =
        |refusal| Evaluation { estimates: Err(refusal), effective_size: 0.0, mean_weight: 0.0, max_weight: 0.0 };
    if events.is_empty() {
        return nothing(Refusal::NoEvents);
    }
    if let Some(at) = events.iter().position(broken) {
        return nothing(Refusal::Propensity(at));
    }
    let weights: Vec<f64> =
        events.iter().map(|event| target.probability(event.place, event.action) / event.propensity).collect();
    let n = weights.len() as f64;
    let sum: f64 = weights.iter().sum();
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    let effective_size = if squares > 0.0 { sum * sum / squares } else { 0.0 };
    let mean_weight = sum / n;
    let estimates = match unsupported(events, target) {
        Some(refusal) => Err(refusal),
        None if effective_size < LEAST_SIZE => Err(Refusal::EffectiveSize(effective_size)),
        None if fabs(mean_weight - 1.0) > MOST_WEIGHT_ERROR => Err(Refusal::MeanWeight(mean_weight)),
        None => Ok(estimate(events, target, &weights)),
    };
    let max_weight = weights.iter().copied().fold(0.0, f64::max);
    Evaluation { estimates, effective_size, mean_weight, max_weight }
}

/// Whether the policy takes actions that the log never took, over the places as the log saw them.
fn unsupported(events: &[Event], target: &Target) -> Option<Refusal> {
    let (actions, places) = (target.actions(), target.places());
    let mut seen = alloc::vec![false; actions * places];
    let mut visits = alloc::vec![0.0; places];
    for event in events.iter().filter(|event| event.place < places) {
        visits[event.place] += 1.0 / events.len() as f64;
        if event.action < actions {
            seen[event.place * actions + event.action] = true;
        }
    }
    let anywhere: Vec<bool> =
        (0..actions).map(|action| (0..places).any(|place| seen[place * actions + action])).collect();
    let missing = |at_place: bool, most: f64| {
        let (mut share, mut largest, mut example) = (0.0, 0.0, (0, 0));
        for place in 0..places {
            for action in 0..actions {
                let known = if at_place { seen[place * actions + action] } else { anywhere[action] };
                let mass = visits[place] * target.probability(place, action);
                if !known {
                    share += mass;
                    if mass > largest {
                        (largest, example) = (mass, (place, action));
                    }
                }
            }
        }
        let (place, action) = example;
        (share > most).then_some(Refusal::Support { share, action, place: at_place.then_some(place) })
    };
    let at_place = || if target.each { None } else { missing(true, MOST_UNSUPPORTED_AT_PLACE) };
    missing(false, MOST_UNSUPPORTED).or_else(at_place)
}

/// Candidates for the bounds of switch and shrinkage, as multiples of the mean weight.
const CANDIDATES: [f64; 12] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0, 2048.0, f64::INFINITY];

fn estimate(events: &[Event], target: &Target, weights: &[f64]) -> Estimates {
    let models = cross_fitted(events, target.actions());
    // What the model expects of the policy at a place, for each fold.
    let expected: Vec<Vec<f64>> = models
        .iter()
        .map(|model| {
            let at = |place| (0..target.actions()).map(|a| target.probability(place, a) * model.expected(a)).sum();
            (0..target.places()).map(at).collect()
        })
        .collect();
    let direct: Vec<f64> = events
        .iter()
        .enumerate()
        .map(|(at, event)| expected[at % FOLDS].get(event.place).copied().unwrap_or(0.0))
        .collect();
    let surprises: Vec<f64> =
        events.iter().enumerate().map(|(at, event)| event.reward - models[at % FOLDS].expected(event.action)).collect();
    let corrected = |weight: &dyn Fn(f64) -> f64| -> Vec<f64> {
        (0..events.len()).map(|at| direct[at] + weight(weights[at]) * surprises[at]).collect()
    };
    let plain: Vec<f64> = events.iter().zip(weights).map(|(event, weight)| weight * event.reward).collect();
    let total: f64 = weights.iter().sum();
    let snipw = plain.iter().sum::<f64>() / total;
    let n = weights.len() as f64;
    let spread: f64 = events
        .iter()
        .zip(weights)
        .map(|(event, weight)| weight * weight * (event.reward - snipw) * (event.reward - snipw))
        .sum();
    // The bound with the least estimated squared bias plus variance; no bound at all is among the candidates.
    let best = |shape: &dyn Fn(f64, f64) -> f64| {
        let mut best: Option<(f64, Estimate)> = None;
        for bound in CANDIDATES.iter().map(|multiple| multiple * total / n) {
            let found = mean_of(&corrected(&|weight| shape(weight, bound)));
            let lost = weights.iter().zip(&surprises).map(|(&w, surprise)| (w - shape(w, bound)) * surprise);
            let bias = lost.sum::<f64>() / n;
            let error = bias * bias + found.standard_error * found.standard_error;
            if best.is_none_or(|(least, _)| error < least) {
                best = Some((error, found));
            }
        }
        best.map_or(Estimate { value: f64::NAN, standard_error: f64::NAN }, |(_, found)| found)
    };
    Estimates {
        ipw: mean_of(&plain),
        snipw: Estimate { value: snipw, standard_error: sqrt(spread) / total },
        dm: mean_of(&direct),
        dr: mean_of(&corrected(&|weight| weight)),
        switch_dr: best(&|weight, bound| if weight <= bound { weight } else { 0.0 }),
        dros: best(&|weight, bound| {
            if bound.is_infinite() { weight } else { bound * bound * weight / (weight * weight + bound * bound) }
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use super::*;
    use crate::random::Random;
    use crate::recorded::engagement;

    /// The columns of a log as the Open Bandit Dataset has them, and of a policy with a probability for each position.
    fn bandit(log: &str, policy: &str) -> Option<(Vec<Event>, Target)> {
        let (log, policy) = (engagement(log)?, engagement(policy)?);
        let number = |field: &str| field.parse::<f64>().expect("a number");
        let events = log.lines().skip(1).map(|row| {
            let fields: Vec<&str> = row.split(',').collect();
            Event {
                action: number(fields[2]) as usize,
                place: number(fields[3]) as usize - 1,
                reward: number(fields[4]),
                propensity: number(fields[5]),
            }
        });
        let mut places = alloc::vec![Vec::new(); 3];
        for row in policy.lines().skip(1) {
            for (place, field) in places.iter_mut().zip(row.split(',').skip(1)) {
                place.push(number(field));
            }
        }
        Some((events.collect(), Target::new(&places)))
    }

    #[test]
    fn the_published_value_of_the_open_bandit_data_is_met() {
        let Some((events, target)) = bandit("obd/random_all.csv.gz", "obd/action_dist_bts_all.csv") else { return };
        let found = evaluate(&events, &target);
        assert!((found.effective_size - 1639.5).abs() < 0.1, "{found:?}");
        let estimates = found.estimates.expect("the random log supports everything");
        assert_eq!(format!("{:.6}", estimates.ipw.value), "0.004553");
        assert_eq!(format!("{:.6}", estimates.snipw.value), "0.004776");
        assert!((0.0042..=0.0052).contains(&estimates.dr.value), "{estimates:?}");
        for estimate in [estimates.dm, estimates.switch_dr, estimates.dros] {
            assert!((0.003..=0.006).contains(&estimate.value), "{estimates:?}");
        }
    }

    #[test]
    fn a_policy_on_actions_that_were_never_logged_is_refused() {
        let Some((events, target)) = bandit("obd/random_men.csv.gz", "obd/action_dist_bts_all.csv") else { return };
        let refusal = evaluate(&events, &target).estimates.expect_err("46 of 80 items were never shown");
        assert!(matches!(refusal, Refusal::Support { share, .. } if share > 0.3), "{refusal}");
    }

    #[test]
    fn the_published_sizes_of_the_random_logs_pass_at_the_threshold() {
        use crate::experiments::srm::{Phase, test};
        for (file, items, chi2, p) in
            [("obd/random_all.csv.gz", 80, 106.864, 0.0201), ("obd/random_men.csv.gz", 34, 53.909, 0.0122)]
        {
            let Some((events, _)) = bandit(file, "obd/action_dist_bts_all.csv") else { return };
            let mut counts = alloc::vec![0; items];
            for event in &events {
                counts[event.action] += 1;
            }
            let found = test(&[Phase { shares: alloc::vec![1.0 / items as f64; items], counts }]);
            assert!((found.chi2 - chi2).abs() < 5e-4 && (found.p - p).abs() < 5e-5, "{file}: {found:?}");
            assert!(found.ok);
        }
    }

    /// A log over three actions with rates .1, .2, .4, taken with these propensities.
    fn simulated(propensities: [f64; 3], n: u32, seed: u64) -> Vec<Event> {
        let mut random = Random::new(seed);
        let one = |_| {
            let action = crate::policy::pick(&propensities, random.uniform());
            let reward = f64::from(u8::from(random.uniform() < [0.1, 0.2, 0.4][action]));
            Event { action, place: 0, reward, propensity: propensities[action] }
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn a_known_value_lies_within_four_standard_errors_of_every_unbiased_estimate() {
        let target = Target::new(&[alloc::vec![0.1, 0.1, 0.8]]);
        let truth = 0.01 + 0.02 + 0.32;
        for seed in 0..20 {
            let estimates = evaluate(&simulated([0.5, 0.3, 0.2], 4000, seed), &target).estimates.expect("support");
            let Estimates { ipw, snipw, dr, .. } = estimates;
            for estimate in [ipw, snipw, dr] {
                assert!((estimate.value - truth).abs() < 4.0 * estimate.standard_error, "{seed}: {estimates:?}");
            }
            assert!(dr.standard_error <= ipw.standard_error, "the model takes variance away");
        }
    }

    #[test]
    fn what_the_log_cannot_carry_is_refused_with_its_reason() {
        let target = Target::new(&[alloc::vec![0.0, 0.0, 1.0]]);
        let reason =
            |events: &[Event]| -> String { format!("{}", evaluate(events, &target).estimates.expect_err("refused")) };
        assert_eq!(reason(&[]), "the log holds no events");
        let never = simulated([0.5, 0.5, 0.0], 500, 1);
        assert!(reason(&never).contains("actions that the log never took, such as action 2"), "{}", reason(&never));
        assert!(reason(&simulated([0.48, 0.48, 0.04], 500, 1)).contains("too far from the log"));
        let mut wrong = simulated([0.4, 0.3, 0.3], 5000, 1);
        for event in &mut wrong {
            event.propensity *= 0.5;
        }
        assert!(reason(&wrong).contains("mean weight"), "{}", reason(&wrong));
        wrong[7].propensity = 0.0;
        assert_eq!(reason(&wrong), "event 7 has no propensity within 0 to 1");
    }
}
