//! With which probability each arm is chosen, and how that is learnt.
//!
//! Invariant: an arm is drawn from exactly the shares that are stored, so that a logged propensity is a fact.

mod fixed;
pub mod linear_thompson;
pub mod linucb;
pub mod ridge;

pub use fixed::{Policy, floor, pick};
