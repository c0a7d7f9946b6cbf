//! What can be wrong with a file of the catalogue.

use alloc::string::String;
use core::fmt;

use crate::located::Located;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The text is no TOML, or a field is unknown, missing or of another kind; in the reader's words.
    Syntax(String),
    /// Something that has to be there is not.
    Missing,
    /// None of the words that are known.
    NoneOf(&'static [&'static str]),
    /// A name is not up to 40 small letters, digits and hyphens.
    Name,
    /// An amount or number that has to be above zero is not.
    NotAboveZero,
    /// A tip earns nothing.
    OfTip,
    /// It ends before it begins.
    EndsBeforeItBegins,
    /// A bound of the validity is no day.
    NoDay,
    /// There is no fact of this name.
    UnknownFact(String),
    /// The fact is of another kind than is asked of it.
    OtherKind(String),
    /// There is no service item of this name.
    UnknownItem(String),
    /// A number is not finite.
    NoNumber,
    /// Neither `all`, `any`, `not`, nor a fact with a test, or several of them at once.
    NoCondition,
    /// Conditions stand too deep within each other.
    TooDeep,
    /// A brace is not closed, or stands alone.
    Braces,
    /// A text does not fit the car's display.
    TooLong {
        /// How long it can become, in bytes.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// It stands twice.
    Twice(String),
    /// It comes after a tip that the catalogue does not have.
    NoTip(u16),
    /// A part of 0 to 1 is none.
    NoSpan,
    /// An experiment cannot run; in its own words.
    Experiment(String),
    /// The catalogue has no such offer, or not with this channel and time.
    NoOffer(String),
    /// Another experiment draws from the same accounts, or is about the same offer.
    Overlaps(String),
}

/// What is wrong, with its place.
pub type EntryError = Located<Wrong>;

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => f.write_str(text),
            Self::Missing => write!(f, "is missing"),
            Self::NoneOf(words) => write!(f, "is none of {}", words.join(", ")),
            Self::Name => write!(f, "is not up to 40 small letters, digits and hyphens"),
            Self::NotAboveZero => write!(f, "is not above zero"),
            Self::OfTip => write!(f, "a tip earns nothing"),
            Self::EndsBeforeItBegins => write!(f, "ends before it begins"),
            Self::NoDay => write!(f, "is no day such as 2026-10-01"),
            Self::UnknownFact(name) => write!(f, "there is no fact {name:?}"),
            Self::OtherKind(name) => write!(f, "the fact {name:?} is of another kind"),
            Self::UnknownItem(name) => write!(f, "{name:?} is no service item"),
            Self::NoNumber => write!(f, "is no finite number"),
            Self::NoCondition => write!(f, "needs one of all, any, not, or a fact with its test"),
            Self::TooDeep => write!(f, "conditions stand too deep within each other"),
            Self::Braces => write!(f, "a brace stands alone"),
            Self::TooLong { bytes, most } => write!(f, "can become {bytes} bytes; the car's display takes {most}"),
            Self::Twice(name) => write!(f, "{name:?} stands twice"),
            Self::NoSpan => write!(f, "is no part of 0 to 1"),
            Self::Experiment(text) => write!(f, "{text}"),
            Self::NoOffer(arm) => write!(f, "the catalogue has no offer {arm}"),
            Self::Overlaps(other) => write!(f, "overlaps with the experiment {other:?}"),
            Self::NoTip(tip) => write!(f, "the catalogue has no tip {tip}"),
        }
    }
}
