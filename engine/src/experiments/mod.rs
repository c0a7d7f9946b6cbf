//! Who belongs to which group, and what an experiment has shown so far.
//!
//! Invariant: looking at an experiment at any time and as often as one likes never makes its conclusions invalid.

mod assign;
pub mod enrolment;
pub mod hash;

pub use assign::{Holdout, Key, Placement, draw, position};
