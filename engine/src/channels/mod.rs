//! Whether, when and by which channel an owner hears of a notice outside of the car and the account.
//!
//! Zones and summer time come in as a function from a moment to the local minute; draws come in as numbers.
//! Invariant: whatever is held names the one rule that holds it and a moment after which that rule does so no more;
//! what concerns safety is held by no quiet hours, no digest and no wait for company.

mod choice;
mod decide;
mod local;
mod retry;
#[cfg(test)]
mod tests;

pub use choice::{Channel, Choice, Preferences, Use};
pub use decide::{Facts, Hold, Leave, Rule, Turn, Verdict, decide};
pub use local::{next_minute, quiet_until};
pub use retry::Backoff;
