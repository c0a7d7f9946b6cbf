//! Where it is kept.

use crate::store::Collection;

/// Entries of the catalogue that people have put or paused; keys are their numbers.
pub const OFFERS: Collection = Collection("offer");

/// What all offers together have led to; one document.
pub const BOOK: Collection = Collection("offer_book");

/// What an account counts in the comparison with the holdout; keys are account ids.
pub const UNITS: Collection = Collection("offer_unit");

/// What an account counts in experiments; keys are account ids.
pub const ENROLMENTS: Collection = Collection("offer_enrolment");

/// Experiments that people have put, let run or stopped; keys are their names.
pub const EXPERIMENTS: Collection = Collection("offer_experiment");

/// What somebody has said about the policy: which is in force, and that it shall tell owners apart otherwise.
pub const POLICY: Collection = Collection("offer_policy");

/// The key of the document of [`POLICY`] that says who let other segments take over.
pub(super) const THE_SEGMENTS: &str = "segments";

/// The key of the document of [`POLICY`] that says which policy is in force.
pub(super) const THE_POLICY: &str = "policy";

/// The key of the one document of [`BOOK`].
pub(super) const THE_BOOK: &str = "book";
