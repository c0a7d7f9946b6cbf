//! A made-up market whose truth is known: who the owners are and what each arm does to each segment.
//!
//! Invariant: everything follows from the seed, and the true effects are stated in the same money that the arms are judged by.

use milepost_engine::random::Random;

/// What is done with an owner at one moment; the first is nothing.
pub(super) const ARMS: [&str; 4] = ["nothing", "seasonal advice", "benefit of service", "insistent discount"];
/// Groups of owners by motive.
pub(super) const SEGMENTS: [&str; 5] = ["thrifty", "short of time", "far drivers", "first car", "second household car"];
/// The arm that annoys.
pub(super) const INSISTENT: usize = 3;

/// The share of owners in each segment.
const SHARES: [f64; 5] = [0.3, 0.25, 0.2, 0.15, 0.1];
/// How often an owner who is left alone books within the window.
const BASE: [f64; 5] = [0.05, 0.06, 0.07, 0.05, 0.06];
/// The mean margin of a booking, in euros.
const MARGIN: f64 = 60.0;
/// What a contact costs, in euros.
const CONTACT: f64 = 0.2;
/// What a complaint costs, in euros: the λ of the reward.
pub(super) const COMPLAINT: f64 = 50.0;
/// The share of contacts that ends in a complaint, by arm.
const COMPLAINTS: [f64; 4] = [0.0, 0.002, 0.002, 0.03];
/// How far owners of one segment differ in how readily they book: the deviation of its logarithm.
const READINESS: f64 = 0.4;

/// One owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) segment: usize,
    /// By which factor the owner books more readily than the segment; one on average.
    readiness: f64,
    /// The margin of the year before, in euros.
    pub(super) before: f64,
}

/// What came of one decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// Margin less the costs of contact and complaint, in euros.
    pub(super) net: f64,
    pub(super) complained: bool,
}

/// The truth.
#[derive(Debug, Clone)]
pub(super) struct Market {
    /// The probability of a booking by segment and arm, for an owner of mean readiness.
    rates: [[f64; 4]; 5],
}

impl Market {
    /// Draws what works where: in a quarter of the segments nothing differs from nothing, in all others one of the two
    /// decent arms brings 2.0 to 3.2 euros a decision and the other nothing or a loss of 1.2 euros.
    pub(super) fn new(random: &mut Random) -> Self {
        let rate = |base: f64, arm: usize, effect: f64| {
            let cost = if arm == 0 { 0.0 } else { CONTACT + COMPLAINT * COMPLAINTS[arm] };
            base + (effect + cost) / MARGIN
        };
        let rates = BASE.map(|base| {
            let winner = 1 + random.below(2);
            let (gain, beside) = (2.0 + 1.2 * random.uniform(), if random.uniform() < 0.5 { 0.0 } else { -1.2 });
            let moves = random.uniform() >= 0.25;
            let effect = |arm: usize| match arm {
                _ if !moves => 0.0,
                arm if arm == winner => gain,
                1 | 2 => beside,
                _ => 0.0,
            };
            [0, 1, 2, INSISTENT].map(|arm| rate(base, arm, effect(arm)))
        });
        Self { rates }
    }

    pub(super) fn owner(random: &mut Random) -> Owner {
        let segment = milepost_engine::policy::pick(&SHARES, random.uniform());
        let readiness = (READINESS * random.normal() - 0.5 * READINESS * READINESS).exp();
        // As many bookings in the year before as chance and readiness make of 24 moments.
        let bookings = (0..24).filter(|_| random.uniform() < BASE[segment] * readiness).count();
        Owner { segment, readiness, before: bookings as f64 * MARGIN }
    }

    fn rate(&self, owner: &Owner, arm: usize) -> f64 {
        (self.rates[owner.segment][arm] * owner.readiness).min(1.0)
    }

    /// What a decision brings on average for this owner, in euros.
    pub(super) fn expected(&self, owner: &Owner, arm: usize) -> f64 {
        let contact = if arm == 0 { 0.0 } else { CONTACT };
        self.rate(owner, arm) * MARGIN - contact - COMPLAINT * COMPLAINTS[arm]
    }

    /// What a decision brings on average in a segment, in euros.
    pub(super) fn mean(&self, segment: usize, arm: usize) -> f64 {
        self.expected(&Owner { segment, readiness: 1.0, before: 0.0 }, arm)
    }

    /// The true effect of an arm against nothing, in euros a decision.
    pub(super) fn effect(&self, segment: usize, arm: usize) -> f64 {
        self.mean(segment, arm) - self.mean(segment, 0)
    }

    /// The arm that earns most, and what it earns more than nothing does; among equals, nothing.
    pub(super) fn best(&self, segment: usize) -> (usize, f64) {
        (1..ARMS.len()).fold((0, 0.0), |best, arm| {
            let effect = self.effect(segment, arm);
            if effect > best.1 + 1e-9 { (arm, effect) } else { best }
        })
    }

    pub(super) fn outcome(&self, owner: &Owner, arm: usize, random: &mut Random) -> Outcome {
        let contact = if arm == 0 { 0.0 } else { CONTACT };
        let booked = random.uniform() < self.rate(owner, arm);
        let margin = if booked { MARGIN * (0.6 + 0.8 * random.uniform()) } else { 0.0 };
        let complained = arm != 0 && random.uniform() < COMPLAINTS[arm];
        Outcome { net: margin - contact - if complained { COMPLAINT } else { 0.0 }, complained }
    }
}

/// The share of owners in a segment.
pub(super) fn share(segment: usize) -> f64 {
    SHARES[segment]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_average_to_what_is_called_the_truth() {
        let mut random = Random::new(4);
        let market = Market::new(&mut random);
        for arm in 0..ARMS.len() {
            let (mut net, mut expected) = (0.0, 0.0);
            let n = 200_000;
            for _ in 0..n {
                let owner = Market::owner(&mut random);
                net += market.outcome(&owner, arm, &mut random).net / f64::from(n);
                expected += market.expected(&owner, arm) / f64::from(n);
            }
            let truth: f64 = (0..SEGMENTS.len()).map(|segment| share(segment) * market.mean(segment, arm)).sum();
            assert!((net - expected).abs() < 0.15 && (expected - truth).abs() < 0.1, "{arm}: {net} {expected} {truth}");
        }
    }

    #[test]
    fn some_segments_have_a_winner_and_some_have_none() {
        let mut random = Random::new(1);
        let bests: Vec<_> = (0..40)
            .flat_map(|_| {
                let m = Market::new(&mut random);
                (0..5).map(move |s| m.best(s))
            })
            .collect();
        let none = bests.iter().filter(|(arm, _)| *arm == 0).count();
        assert!((25..=75).contains(&none), "{none} of 200");
        assert!(bests.iter().all(|(arm, gain)| *arm == 0 || (2.0..=3.2).contains(gain)));
    }
}
