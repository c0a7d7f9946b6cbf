//! A vehicle's service book: what was done, put off or set aside, and where every item stands for it.
//!
//! The state is a fold over events that may come late, twice and in any order: from the owner, a workshop, an import, a
//! reset that the car shows. Editing, erasing or adding a record of years ago derives everything anew.
//! Invariant: the same set of events gives the same state; only a completion begins a cycle; each (item, cycle, level) is
//! told once to each owner; nothing is put off beyond what its safety allows; an event that does not count says why.

mod book;
mod cycles;
mod event;
mod notices;
mod snooze;
#[cfg(test)]
mod tests;

pub use book::{Book, Car, Followed, ItemState, Refusal, Tracked, fold};
pub use cycles::Work;
pub use event::{Event, EventId, Kind, Reason, Source};
pub use notices::{Key, Told, to_tell};
pub use snooze::{Snooze, longest_snooze_ms, notice_rests_until};
