//! What can be wrong with a programme file.

use alloc::string::String;
use core::fmt;

use crate::located::Located;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The text is no TOML, or a field is unknown, missing or of another kind; in the reader's words.
    Syntax(String),
    /// A name is not made of small letters, digits and hyphens.
    Name(String),
    /// Another file has a programme of the same name.
    SameName(String),
    /// There are no steps.
    Empty,
    /// A step's id stands twice.
    DuplicateStep(String),
    /// A step leads to one that is not there.
    MissingStep(String),
    /// Steps lead to each other in a circle; the steps in order.
    Circle(String),
    /// No path from the first step leads there.
    Unreachable,
    /// The message is not one of [`super::Message`].
    UnknownMessage(String),
    /// The channel is not one of [`crate::channels::Channel`].
    UnknownChannel(String),
    /// The trigger is not one of [`super::Trigger`].
    UnknownTrigger(String),
    /// A figure is outside of what makes sense, or a condition can never hold.
    OutOfRange,
    /// More or fewer than one way to begin is named.
    Entry,
    /// A programme that begins on conditions has none.
    NoCondition,
    /// A promotion needs the consent to offers.
    Promotes,
    /// The step tells nothing, waits for nothing and decides nothing.
    Idle,
    /// A condition asks for a segment that the catalogue of offers does not have.
    NoSegment(String),
}

/// What is wrong, with its place.
pub type ProgrammeError = Located<Wrong>;

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => f.write_str(text),
            Self::Name(name) => write!(f, "{name:?} is not made of small letters, digits and hyphens"),
            Self::SameName(other) => write!(f, "{other} has a programme of the same name"),
            Self::Empty => write!(f, "there are no steps"),
            Self::DuplicateStep(id) => write!(f, "the step {id:?} stands twice"),
            Self::MissingStep(id) => write!(f, "there is no step {id:?}"),
            Self::Circle(steps) => write!(f, "steps lead to each other in a circle: {steps}"),
            Self::Unreachable => write!(f, "no path from the first step leads here"),
            Self::UnknownMessage(name) => write!(f, "{name:?} is no message"),
            Self::UnknownChannel(name) => write!(f, "{name:?} is no channel"),
            Self::UnknownTrigger(name) => write!(f, "{name:?} is no trigger"),
            Self::OutOfRange => write!(f, "outside of what makes sense"),
            Self::Entry => write!(f, "exactly one of on, monthly, birthday and conditions must be named"),
            Self::NoCondition => write!(f, "begins on conditions and has none"),
            Self::Promotes => write!(f, "a promotion needs purpose = \"offers\""),
            Self::Idle => write!(f, "tells nothing, waits for nothing and decides nothing"),
            Self::NoSegment(name) => write!(f, "the catalogue of offers has no segment {name:?}"),
        }
    }
}
