//! Which bays are taken when.
//!
//! Invariant: what [`Agenda::take`] lets in never exceeds the capacity, in whatever order visits come, move and go.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::Capacity;
use super::zone::MINUTE_MS;

/// A stretch of time: the end is not part of it. Milliseconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first moment.
    pub start_ms: u64,
    /// The first moment behind it.
    pub end_ms: u64,
}

impl Span {
    /// `minutes` from `start_ms` on.
    pub fn of(start_ms: u64, minutes: u16) -> Self {
        Self { start_ms, end_ms: start_ms.saturating_add(u64::from(minutes) * MINUTE_MS) }
    }

    /// Its length in whole minutes.
    pub fn minutes(self) -> u64 {
        self.end_ms.saturating_sub(self.start_ms) / MINUTE_MS
    }

    /// Whether both have a moment in common.
    pub fn meets(self, other: Self) -> bool {
        self.start_ms < other.end_ms && other.start_ms < self.end_ms
    }

    fn holds(self, at_ms: u64) -> bool {
        self.start_ms <= at_ms && at_ms < self.end_ms
    }
}

/// A visit that holds a bay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold<K> {
    /// Whose.
    pub id: K,
    /// When.
    pub span: Span,
}

/// All visits that hold bays of one workshop, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agenda<K> {
    holds: Vec<Hold<K>>,
}

/// There is no bay for the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no bay is free at that time")
    }
}

impl core::error::Error for Full {}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { holds: Vec::new() }
    }
}

impl<K: PartialEq> Agenda<K> {
    /// All visits, in the order in which they came.
    pub fn holds(&self) -> &[Hold<K>] {
        &self.holds
    }

    /// The visits that meet `span`.
    #[must_use]
    pub fn during(&self, span: Span) -> Self
    where
        K: Clone,
    {
        Self { holds: self.holds.iter().filter(|hold| hold.span.meets(span)).cloned().collect() }
    }

    /// Whether a visit during `span` finds a bay, not counting the visit `except` itself.
    pub fn fits(&self, capacity: &Capacity, span: Span, except: Option<&K>) -> bool {
        if span.start_ms >= span.end_ms || capacity.bays == 0 {
            return false;
        }
        let others = || self.holds.iter().filter(|hold| except != Some(&hold.id) && hold.span.meets(span));
        // The number of visits only rises where one begins, so that these are the moments to look at.
        let begins = others().map(|hold| hold.span.start_ms).filter(|at_ms| span.holds(*at_ms));
        begins.chain([span.start_ms]).all(|at_ms| {
            let count = |at_least_min: u16| {
                let long = |hold: &&Hold<K>| hold.span.holds(at_ms) && hold.span.minutes() >= at_least_min.into();
                others().filter(long).count()
            };
            let applies = |limit: &&super::Limit| span.minutes() >= limit.at_least_min.into();
            count(0) < capacity.bays.into()
                && capacity.limits.iter().filter(applies).all(|limit| count(limit.at_least_min) < limit.at_once.into())
        })
    }

    /// Gives a visit its bay; one that has a bay already moves, or keeps the old one if there is none at the new time.
    pub fn take(&mut self, capacity: &Capacity, id: K, span: Span) -> Result<(), Full> {
        if !self.fits(capacity, span, Some(&id)) {
            return Err(Full);
        }
        self.release(&id);
        self.holds.push(Hold { id, span });
        Ok(())
    }

    /// Gives a visit's bay back; answers whether it had one.
    pub fn release(&mut self, id: &K) -> bool {
        let before = self.holds.len();
        self.holds.retain(|hold| hold.id != *id);
        self.holds.len() < before
    }

    /// Adds the visits of another stretch of time, which may not be the same ones.
    pub fn append(&mut self, other: Self) {
        self.holds.extend(other.holds);
    }
}
