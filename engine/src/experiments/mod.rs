//! Who belongs to which group, and what an experiment has shown so far.
//!
//! Invariant: looking at an experiment at any time and as often as one likes never makes its conclusions invalid.

pub mod analysis;
mod assign;
pub mod boundary;
pub mod cuped;
pub mod ebh;
pub mod enrolment;
pub mod hash;
pub mod plan;
pub mod quantile;
pub mod rate;
pub mod sequential;
pub mod srm;
pub mod summary;
pub mod treatment;
pub mod verdict;

pub use assign::{Group, Holdout, Key, Placement, draw, position};
