//! Invitations to see a vehicle: made by its owner, sent by e-mail, taken once.
//!
//! Invariant: an invitation and the access that it gives never stand beside each other; one commit ends the one and begins the other.

mod error;
mod invitation;
mod shelf;

pub use error::FamilyError;
pub use invitation::{INVITATION_MS, Invitation, InvitationId, MAX_INVITATIONS};
pub use shelf::Invitations;
