//! What a policy would have earned, from what another one logged.
//!
//! Invariant: a value that the log cannot carry is refused with its reason, not estimated.

pub mod estimators;
pub mod replay;
pub mod rewards;
