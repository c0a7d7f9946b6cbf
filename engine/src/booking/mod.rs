//! When a car can come to a workshop: opening hours, bays, slots that suit the due date and the owner, and what becomes of a visit.
//!
//! A place's clocks are an argument ([`Zone`]), as everything that changes by itself is.
//! Invariant: at no moment do more visits hold bays than there are, and a visit lies within one block of opening hours by
//! the clocks on the wall, also on the days on which these are changed.

mod agenda;
mod slots;
mod standing;
#[cfg(test)]
mod tests;
mod workshop;
mod zone;

pub use agenda::{Agenda, Full, Hold, Span};
pub use slots::{Band, Usual, Wish, free_on, offer};
pub use standing::{NotNow, Standing, Turn};
pub use workshop::{Capacity, Hours, Limit, Workshop, WorkshopError};
pub use zone::{Local, Zone, local};
