//! Appointments on the pages: an owner books from a reminder, the workshop sees its day.
//!
//! Invariant: everything works with forms alone, and from a reminder to an appointment it takes three taps at most.

mod board;
mod choose;
mod feed;
mod visits;
mod words;

pub(crate) use board::{mark, show as board};
pub(crate) use choose::{book, relocate, show as choose};
pub(crate) use feed::{end as end_feed, make as make_feed, read as read_feed};
pub(crate) use visits::{cancel, show as visits};
pub(crate) use words::invitation;
