//! Firmware updates on the device: an image is verified, received into the slot, verified again, tried, and confirmed or reverted.
//!
//! An [`Updater`] stands beside the [`crate::Device`], so that a board without a slot carries none of it:
//! the host hands it the messages that [`concerns`] names, and passes the records that it reports on to [`crate::Device::report`].
//! Invariant: nothing is stored before the manifest's signature holds, and nothing is handed to the boot loader before the image
//! has been read back from flash and has the manifest's hash.

mod check;
mod header;
mod kept;
mod signature;
mod slot;
mod start;
mod updater;

pub use header::{HEADER_LEN, Header, MAX_KEYS};
pub use updater::{Dropped, Install, Running, Settings, Updater, concerns};
