//! What offers bring for each account, by the accounts that get none.
//!
//! Invariant: an account is counted in one group, and its margin with it, whatever is taken back later.

use serde::{Deserialize, Serialize};

use super::book::Book;
use super::catalogue::Hundredths;
use crate::experiments::Group;
use crate::experiments::analysis::{Findings, Reading, Table, analyse};
use crate::experiments::sequential::Sequential;
use crate::experiments::summary::Summary;

/// What one account counts in the comparison with the holdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its group.
    pub group: Group,
    /// Since when, in milliseconds of Unix time.
    pub since_ms: u64,
    /// What it has earned since, in the hundredth of the currency.
    pub margin: Hundredths,
}

/// Sums over the accounts of one group.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// How many accounts.
    pub units: u64,
    /// What they earned together, in the currency's own unit.
    pub sum: f64,
    /// The sum of the squares.
    pub squares: f64,
}

/// The holdout's comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Increment {
    /// The held-out accounts.
    pub held_out: Sums,
    /// The accounts that they are compared with.
    pub measured: Sums,
    /// Sizes, effect in money for each account, interval and verdict.
    pub findings: Findings,
}

impl Sums {
    pub(super) fn enrol(&mut self) {
        self.units += 1;
    }

    pub(super) fn earn(&mut self, before: Hundredths, by: Hundredths) {
        let (from, to) = (before as f64 / 100.0, before.saturating_add(by) as f64 / 100.0);
        self.sum += to - from;
        self.squares += to * to - from * from;
    }

    fn summary(self) -> Summary {
        if self.units == 0 {
            return Summary::default();
        }
        Summary::from_sums(self.units as f64, self.sum, self.squares)
    }
}

impl Book {
    /// What offers bring for each account: those who are measured against those who are held out.
    pub fn increment(&self) -> Increment {
        let table = Table::of_arms(alloc::vec![self.held_out.summary(), self.measured.summary()]);
        let reading = Reading {
            control: 0,
            shares: alloc::vec![0.5, 0.5],
            sequential: Sequential::default(),
            indifference: 0.0,
            covariate: false,
        };
        Increment { held_out: self.held_out, measured: self.measured, findings: analyse(&table, &reading) }
    }
}
