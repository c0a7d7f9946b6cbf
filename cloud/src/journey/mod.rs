//! Touchpoints as they are recorded, and what is read from them: timelines, the board, the audit.
//!
//! A contact is written in the commit that makes it: with the vehicle for what happens to its notices and visits, with the
//! delivery for what goes out.
//! Invariant: a contact has one row, under its owner, its moment and what it was; erasing an owner takes the rows away and
//! leaves counts that name nobody.

mod book;
mod erase;
mod follow;
mod read;
mod row;

pub use erase::Total;
pub use read::{Board, Journeys, OwnerJourney, ProgrammeCount, Touched};
pub use row::Row;

pub(crate) use follow::{Followed, cause_of, take};
pub(crate) use row::{delivered, put, task_done};
