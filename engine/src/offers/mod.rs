//! Which offer is made to one owner at one moment, if any.
//!
//! Invariant: "nothing" is always an arm; every candidate that is not made says at which stage it fell and by which
//! figures; and the shares that are stored are those that the arm was drawn from.

mod arm;
pub mod book;
pub mod catalogue;
mod decide;
pub mod eligibility;
mod error;
pub mod event;
pub mod facts;
mod file;
pub mod increment;
pub mod judge;
pub mod learner;
mod ledger;
mod quiet;
pub mod regroup;
mod reject;
mod reward;
mod safety;
pub mod segments;
#[cfg(test)]
mod tests;
pub mod trial;
pub mod trial_book;
mod trial_file;
mod words;

pub use arm::{Arm, Channel, Timing};
pub use decide::{ArmShare, Candidate, Context, Decision, Draw, Lane, decide, objection};
pub use error::{EntryError, Wrong};
pub use file::{LANGUAGES, read, read_segments};
pub use ledger::{Bet, Earned, Fewer, Ledger, Outcome, Presentation, Tip};
pub use quiet::QuietHours;
pub use reject::{Budget, Caps, Earlier, Pace, Rejection, Stage};
pub use safety::open_safety;
pub use trial_file::read_trial;
pub use words::filled;

/// Our own example catalogue: its entries with their file names.
pub const EXAMPLES: [(&str, &str); 7] = [
    ("winter-tyres.toml", include_str!("../../offers/winter-tyres.toml")),
    ("winter-driving.toml", include_str!("../../offers/winter-driving.toml")),
    ("battery-check.toml", include_str!("../../offers/battery-check.toml")),
    ("brake-service.toml", include_str!("../../offers/brake-service.toml")),
    ("air-conditioning.toml", include_str!("../../offers/air-conditioning.toml")),
    ("wheel-alignment.toml", include_str!("../../offers/wheel-alignment.toml")),
    ("underbody-wash.toml", include_str!("../../offers/underbody-wash.toml")),
];

/// Our own example segments with their file's name.
pub const EXAMPLE_SEGMENTS: (&str, &str) = ("segments.toml", include_str!("../../offers/segments.toml"));
