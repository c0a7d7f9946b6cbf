//! Where an owner probably stands, from what they did: a share for each stage, with its uncertainty.
//!
//! A stage's weight is a Dirichlet parameter: a prior, and for each sign a pseudo-count that fades with its age.
//! The posterior of a multinomial under a Dirichlet prior adds counts (Gelman et al., "Bayesian Data Analysis", 3rd edition,
//! section 3.4); letting them fade is power discounting (Smith, "A generalization of the Bayesian steady forecasting model",
//! Journal of the Royal Statistical Society B 41(3), 1979). That a relationship has hidden stages which its contacts
//! reveal follows Netzer, Lattin and Srinivasan, "A Hidden Markov Model of Customer Relationship Dynamics", Marketing
//! Science 27(2), 2008. Which sign speaks for which stage, and for how long, is our own table: [`Signal::speaks`].
//! Invariant: what is kept are counts by day, so that the order of signs changes nothing; no share is ever 0 or 1.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use libm::exp2;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use crate::special::{bisect, incomplete_beta};

/// A stage of an owner's journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Has met us, and has no car with us yet.
    FirstContact,
    /// Has just got the car.
    Purchase,
    /// Is getting to know car and service.
    Welcome,
    /// Drives, and needs nothing.
    Use,
    /// Has the car looked after.
    Service,
    /// Looks at what comes next.
    Repurchase,
    /// Is drifting away.
    Lapsed,
}

impl Stage {
    /// All of them, in the order of the journey.
    pub const ALL: [Self; 7] =
        [Self::FirstContact, Self::Purchase, Self::Welcome, Self::Use, Self::Service, Self::Repurchase, Self::Lapsed];

    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstContact => "first_contact",
            Self::Purchase => "purchase",
            Self::Welcome => "welcome",
            Self::Use => "use",
            Self::Service => "service",
            Self::Repurchase => "repurchase",
            Self::Lapsed => "lapsed",
        }
    }
}

/// Something that an owner did, as far as it tells of the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Met us: a test drive, an event.
    Met,
    /// Got a car.
    Bought,
    /// Looked at something of the welcome programme.
    Welcomed,
    /// Drove.
    Drove,
    /// Looked at a notice or a page about the car's care.
    Looked,
    /// Made an appointment.
    Booked,
    /// Had work done.
    Serviced,
    /// Looked at what comes next: another car, finance, a certificate.
    LookedAhead,
    /// Waved something away.
    Refused,
    /// Left a programme or complained.
    TurnedAway,
    /// Gave the car away.
    Parted,
}

impl Signal {
    /// The stages that it speaks for: pseudo-counts, and after how many days half of them is left.
    pub fn speaks(self) -> &'static [(Stage, f64, f64)] {
        match self {
            Self::Met => &[(Stage::FirstContact, 3.0, 60.0)],
            Self::Bought => &[(Stage::Purchase, 12.0, 10.0), (Stage::Welcome, 6.0, 45.0), (Stage::Use, 2.0, 900.0)],
            Self::Welcomed => &[(Stage::Welcome, 3.0, 60.0)],
            Self::Drove => &[(Stage::Use, 0.15, 30.0)],
            Self::Looked => &[(Stage::Use, 0.3, 30.0), (Stage::Service, 0.5, 21.0)],
            Self::Booked => &[(Stage::Service, 5.0, 21.0)],
            Self::Serviced => &[(Stage::Service, 6.0, 30.0), (Stage::Use, 1.0, 180.0)],
            Self::LookedAhead => &[(Stage::Repurchase, 4.0, 90.0)],
            Self::Refused => &[(Stage::Lapsed, 0.5, 60.0)],
            Self::TurnedAway => &[(Stage::Lapsed, 2.5, 120.0)],
            Self::Parted => &[(Stage::Lapsed, 10.0, 180.0), (Stage::Repurchase, 3.0, 180.0)],
        }
    }
}

/// What every stage has before anything is known.
const PRIOR: f64 = 0.35;

/// How many times a day one sign counts at most: who drives ten times a day drives no more for it.
const MOST_A_DAY: u16 = 3;

/// For how many days behind the newest sign counts are kept; the longest half-life has faded to little by then.
const KEPT_DAYS: u32 = 1_500;

/// After how many silent days silence begins to speak, and in how many more it says half of what it can say.
const SILENCE: (f64, f64) = (45.0, 90.0);

/// What unending silence adds to drifting away.
const SILENCE_WEIGHT: f64 = 12.0;

/// The signs of one owner by day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(Vec<(u32, Signal, u16)>);

impl Evidence {
    /// Counts a sign once.
    pub fn note(&mut self, signal: Signal, at_ms: u64) {
        let day = u32::try_from(at_ms / DAY_MS).unwrap_or(u32::MAX);
        match self.0.binary_search_by_key(&(day, signal), |(day, signal, _)| (*day, *signal)) {
            Ok(at) => self.0[at].2 = self.0[at].2.saturating_add(1),
            Err(at) => self.0.insert(at, (day, signal, 1)),
        }
        let newest = self.0.last().map_or(0, |(day, ..)| *day);
        self.0.retain(|(day, ..)| newest - day <= KEPT_DAYS);
    }

    /// Both together, such as of two cars of one owner.
    pub fn add(&mut self, other: &Self) {
        let mut sums: BTreeMap<(u32, Signal), u16> = BTreeMap::new();
        for (day, signal, count) in self.0.iter().chain(&other.0) {
            let sum = sums.entry((*day, *signal)).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.0 = sums.into_iter().map(|((day, signal), count)| (day, signal, count)).collect();
    }

    /// How often a sign was counted.
    pub fn count(&self, signal: Signal) -> u32 {
        self.0.iter().filter(|(_, of, _)| *of == signal).map(|(.., count)| u32::from(*count)).sum()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A stage's share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The stage.
    pub stage: Stage,
    /// Its posterior mean.
    pub mean: f64,
    /// The lower end of the central 95 % of its marginal, a beta distribution.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Where an owner probably stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Every stage in the order of the journey; the means add to 1.
    pub shares: [Share; 7],
    /// How much is known: the sum of all parameters above the prior.
    pub strength: f64,
}

impl Estimate {
    /// The likeliest stage.
    pub fn likeliest(&self) -> Share {
        let first = self.shares[0];
        self.shares.into_iter().fold(first, |best, share| if share.mean > best.mean { share } else { best })
    }

    /// Whether the likeliest stage is likelier than all others for certain: its interval lies above theirs.
    pub fn is_clear(&self) -> bool {
        let best = self.likeliest();
        self.shares.iter().all(|share| share.stage == best.stage || share.high < best.low)
    }
}

/// Where an owner with these signs probably stands at a moment.
pub fn estimate(evidence: &Evidence, now_ms: u64) -> Estimate {
    let today = (now_ms / DAY_MS) as f64;
    let mut weights = [PRIOR; 7];
    let mut newest: Option<f64> = None;
    for (day, signal, count) in &evidence.0 {
        let day = f64::from(*day);
        let age = (today - day).max(0.0);
        newest = Some(newest.map_or(day, |newest: f64| newest.max(day)));
        for (stage, weight, half_life) in signal.speaks() {
            weights[*stage as usize] += weight * f64::from((*count).min(MOST_A_DAY)) * exp2(-age / half_life);
        }
    }
    if let Some(newest) = newest {
        let silent = (today - newest - SILENCE.0).max(0.0);
        weights[Stage::Lapsed as usize] += SILENCE_WEIGHT * (1.0 - exp2(-silent / SILENCE.1));
    }
    let whole: f64 = weights.iter().sum();
    let share = |stage: Stage| {
        let own = weights[stage as usize];
        let rest = whole - own;
        let quantile = |probability: f64| bisect(0.0, 1.0, |x| incomplete_beta(own, rest, x) - probability);
        Share { stage, mean: own / whole, low: quantile(0.025), high: quantile(0.975) }
    };
    Estimate { shares: Stage::ALL.map(share), strength: whole - 7.0 * PRIOR }
}
