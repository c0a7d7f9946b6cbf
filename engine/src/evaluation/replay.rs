//! A learner run over a log of evenly drawn arms: it learns from, and is judged by, the events in which it agrees with the log.
//!
//! Source: Li, Chu, Langford and Wang, "Unbiased offline evaluation of contextual-bandit-based news article recommendation
//! algorithms", WSDM 2011, arXiv:1003.5956, algorithm 2.
//! Invariant: what the learner decides depends on no reward of an event in which it did not agree.

use alloc::vec::Vec;

use crate::policy::linear_thompson::{LinearThompson, Prior, features};
use crate::random::Random;

/// One logged event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logged {
    /// The segment of whom it concerned.
    pub segment: usize,
    /// The arm, drawn evenly from all.
    pub arm: usize,
    /// What it brought.
    pub reward: f64,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The mean reward of the accepted events; not a number where there were none.
    pub mean_reward: f64,
    /// In how many events the learner agreed with the log.
    pub accepted: u64,
    /// The mean over all decisions of one over (arms × propensity): one, if the logged propensities are the drawn ones.
    pub inverse_propensity_of_one: f64,
    /// How often each arm was chosen.
    pub chosen: Vec<u64>,
}

/// Runs a fresh learner over the events in an order, and with draws, that follow from the seed.
pub fn replay(events: &[Logged], arms: usize, segments: usize, prior: &Prior, seed: u64) -> Replay {
    let mut random = Random::new(seed);
    let mut order: Vec<&Logged> = events.iter().collect();
    random.shuffle(&mut order);
    let contexts: Vec<Vec<f64>> = (0..segments).map(|segment| features(segments, segment, &[])).collect();
    let mut learner = LinearThompson::new(arms, segments, 0, prior);
    let (mut sum, mut accepted, mut inverse) = (0.0, 0, 0.0);
    let mut chosen = alloc::vec![0; arms];
    for event in order {
        let Some(x) = contexts.get(event.segment) else { continue };
        let decision = learner.decide(x, random.uniform());
        inverse += 1.0 / (arms as f64 * decision.propensity);
        chosen[decision.arm] += 1;
        if decision.arm == event.arm {
            accepted += 1;
            sum += event.reward;
            learner.update(event.arm, x, event.reward);
        }
    }
    Replay {
        mean_reward: sum / accepted as f64,
        accepted,
        inverse_propensity_of_one: inverse / events.len() as f64,
        chosen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::engagement;

    fn hillstrom() -> Option<Vec<Logged>> {
        let text = engagement("hillstrom/hillstrom.csv")?;
        // From the right, because a column on the left holds commas.
        let rows = text.lines().skip(1).map(|row| {
            let fields: Vec<&str> = row.rsplit(',').collect();
            let arm = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"].iter().position(|arm| *arm == fields[3]);
            let segment = usize::from(fields[8] == "1") + 2 * usize::from(fields[7] == "1");
            let reward = fields[2].parse().expect("a number");
            Logged { segment, arm: arm.expect("a known arm"), reward }
        });
        Some(rows.collect())
    }

    #[test]
    fn on_hillstrom_it_beats_the_best_published_learner_with_its_floor_in_place() {
        let Some(events) = hillstrom() else { return };
        let runs: Vec<Replay> = (0..10).map(|seed| replay(&events, 3, 4, &Prior::default(), seed)).collect();
        let mean = |value: fn(&Replay) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
        let reward = mean(|run| run.mean_reward);
        assert!(reward >= 0.181, "{reward}");
        let one = mean(|run| run.inverse_propensity_of_one);
        assert!((one - 1.0).abs() <= 0.02, "{one}");
    }

    #[test]
    fn a_seed_gives_the_same_run() {
        let events: Vec<Logged> = (0..300)
            .map(|at| Logged { segment: at % 2, arm: at % 3, reward: f64::from(u8::from(at % 3 == 1)) })
            .collect();
        let run = |seed| replay(&events, 3, 2, &Prior::default(), seed);
        assert_eq!(run(1), run(1));
        assert!(run(1).chosen[1] > 150, "{:?}", run(1));
    }
}
