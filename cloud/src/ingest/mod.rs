//! How envelopes and wishes become commits.

mod committer;
mod work;

pub use committer::Committer;
pub use work::{Ack, Work};
