//! What can be wrong with a plan file.

use alloc::string::String;
use core::fmt;

use crate::located::Located;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The text is no TOML, or a field is unknown, missing or of another kind; in the reader's words.
    Syntax(String),
    /// The item's name is not one of [`super::item_id`].
    UnknownItem(String),
    /// An item stands twice.
    DuplicateItem(String),
    /// A bound or interval is zero, or too large to count.
    OutOfRange,
    /// No bound and no condition: the item would never fall due.
    NeverDue,
    /// The lead is longer than the interval that it belongs to.
    LeadBeyondInterval,
    /// Two stages leave a stretch without any interval.
    Gap,
    /// Two stages cover the same stretch.
    Overlap,
    /// Items wait for each other in a circle; the items in order.
    Circle(String),
    /// An item refers to one that the plan does not have.
    MissingItem(String),
    /// A VIN pattern is not up to 17 of the letters and digits that a VIN may have, `?` for any, or `*` at its end.
    VinPattern(String),
    /// The years end before they begin.
    Years,
    /// Two plans fit the same car equally well; the other one's file.
    Ambiguous(String),
}

/// What is wrong, with its place.
pub type PlanError = Located<Wrong>;

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => f.write_str(text),
            Self::UnknownItem(name) => write!(f, "{name:?} is no service item"),
            Self::DuplicateItem(name) => write!(f, "{name:?} stands twice"),
            Self::OutOfRange => write!(f, "not between 1 and what can be counted"),
            Self::NeverDue => write!(f, "neither a bound nor a condition, so that it would never fall due"),
            Self::LeadBeyondInterval => write!(f, "the lead is longer than the interval"),
            Self::Gap => write!(f, "a gap between two stages"),
            Self::Overlap => write!(f, "two stages overlap"),
            Self::Circle(items) => write!(f, "items wait for each other: {items}"),
            Self::MissingItem(name) => write!(f, "the plan has no item {name:?}"),
            Self::VinPattern(pattern) => write!(f, "{pattern:?} is no VIN pattern"),
            Self::Years => write!(f, "the years end before they begin"),
            Self::Ambiguous(other) => write!(f, "fits the same cars as {other}"),
        }
    }
}
