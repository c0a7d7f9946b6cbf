//! Why something about firmware was not done.

use milepost_engine::rollout::ApproveError;

use crate::store::StoreError;

/// Why an image or a rollout was not taken, read or moved.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// The store failed.
    #[error("failed to reach the store")]
    Store(#[from] StoreError),
    /// The bytes are no signed image.
    #[error("not a signed image: {0}")]
    Bundle(&'static str),
    /// The signature is none of a trusted key.
    #[error("the image's signature is none of a trusted key")]
    Untrusted,
    /// Another image has this board and version.
    #[error("another image has this board and version")]
    VersionTaken,
    /// There is no such image.
    #[error("there is no such image")]
    UnknownImage,
    /// There is no such rollout.
    #[error("there is no such rollout")]
    UnknownRollout,
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(&'static str),
    /// The rollout does not stand where this could be asked of it, or the same person asked twice.
    #[error(transparent)]
    Approve(#[from] ApproveError),
}
