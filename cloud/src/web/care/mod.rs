//! What advisors do for owners, on the pages: follow-ups, who was told what, and one deed for several cars.
//!
//! Invariant: everything works with forms alone; a live part replaces no form that somebody has opened.

mod deeds;
mod forms;
mod list;
mod parts;
mod words;

pub(crate) use deeds::{DeedBar, deeds};
pub(crate) use forms::{change, make, note};
pub(crate) use list::{Shown, fragment, show};
pub(crate) use parts::{Choice, parts};
pub(crate) use words::{last_contact, names};
