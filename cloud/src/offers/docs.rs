//! Where it is kept.

use crate::store::Collection;

/// Entries of the catalogue that people have put or paused; keys are their numbers.
pub const OFFERS: Collection = Collection("offer");

/// What all offers together have led to; one document.
pub const BOOK: Collection = Collection("offer_book");

/// What an account counts in the comparison with the holdout; keys are account ids.
pub const UNITS: Collection = Collection("offer_unit");

/// The key of the one document of [`BOOK`].
pub(super) const THE_BOOK: &str = "book";
