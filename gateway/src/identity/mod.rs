//! The identity of a gateway board: how it comes to one with a claim, and how it replaces it in time.
//!
//! Invariant: a private key is made on the board, lies in files of mode 0600, and is on disk before anything is asked for it.

mod enrol;
mod files;
mod keeper;

pub use enrol::{EnrolError, Enrolment, enrol, keep};
pub use files::IdentityError;
pub use keeper::Keeper;
