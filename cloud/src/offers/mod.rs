//! The catalogue of offers as the service keeps it, what has come of them, and who is compared with whom.
//!
//! Invariant: what is decided is decided by `milepost_engine::offers`; here is only what it is decided from, and where that is
//! kept.

mod catalogue;
mod docs;
mod ledger;
mod log;
mod policy;
mod preview;
mod regroup;
mod shelf;
mod trials;

pub use catalogue::{Catalogue, Desk, Listed};
pub use docs::{BOOK, ENROLMENTS, EXPERIMENTS, OFFERS, POLICY, UNITS};
pub use ledger::{Accounts, read_book};
pub use log::Extent;
pub use policy::{PolicyDoc, Wanted, change_policy, chosen, judged};
pub use preview::{Preview, Previewed, preview};
pub use regroup::{SegmentsDoc, Waiting, keep_segments, regroup, segments_word, waiting};
pub use shelf::{OfferDoc, OffersError, forget, put, refresh, set_live, stop_arms};
pub use trials::{ListedTrial, TrialDoc, TrialState, put_trial, set_trial};
