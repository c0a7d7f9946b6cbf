//! Every text that a person reads, from Fluent files compiled into the binary, and the formats of numbers, dates and distances.
//!
//! Invariant: code and templates hold keys, never sentences; a test compares the keys in use with the keys of every language.

mod catalogue;
mod currency;
mod format;
mod texts;

pub use catalogue::{Language, Localizer};
pub use currency::Currency;
pub(crate) use format::timestamp;
pub use format::{DistanceUnit, Format};
pub use texts::CarTexts;
pub(crate) use texts::{Piece, days_left, item_inline, item_name, metres_left, pack, pack_name, reason, text, title};
