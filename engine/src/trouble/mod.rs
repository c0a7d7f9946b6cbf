//! Trouble codes as sentences of our own, for every code that SAE J2012 can spell.
//!
//! Invariant: every code has a sentence; what the standard leaves to a manufacturer is said to be a manufacturer's.

mod failure_type;
mod powertrain;
mod series;
mod text;
mod vehicle;

pub use text::text;
