//! Receipts that owners attach to the entries of a service book.
//!
//! Invariant: their bytes and names lie in the store under their owner's key alone, and whoever erases the key erases them.

mod attachment;
mod error;
mod kind;
mod shelf;

pub use attachment::{Attachment, AttachmentId};
pub use error::AttachmentError;
pub use kind::Kind;
pub use shelf::Attachments;
