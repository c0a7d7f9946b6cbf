//! How envelopes and wishes become commits.
//!
//! [`Committer::envelope`] is the one way in for envelopes, whoever carries them: bytes and a device in, an [`Ack`] out after the commit.
//! Invariant: one task changes vehicles, and it acknowledges nothing that is not durable.

mod committer;
mod fold;
mod group;
mod place;
mod task;
#[cfg(test)]
mod tests;
mod work;

pub use committer::Committer;
pub use place::place;
pub use task::{Parts, Running, start};
pub use work::{Ack, Work};
