//! Who is moved by a treatment, who would have come anyway, and whom it drives away.
//!
//! Invariant: no unit is scored by a model that saw its outcome.

pub mod curve;
pub mod learner;

pub use curve::{Curve, Group, Scored, curve, groups};
pub use learner::{Learner, Unit, cross_fitted};
