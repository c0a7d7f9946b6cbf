//! Firmware for devices: signed images, their rollouts, and the bytes on their way.
//!
//! [`milepost_engine::rollout`] decides; what is here keeps images and rollouts, offers through the committer, and sends what devices ask for.
//! Invariant: an image is kept only if its signature is one of a key that the configuration names, and never changes after that.

mod bundle;
mod driver;
mod error;
mod images;
mod members;
mod rollouts;
mod signing;
mod transfer;

pub use bundle::{Bundle, MAX_IMAGE_LEN};
pub use driver::drive;
pub use error::FirmwareError;
pub use images::ImageDoc;
pub use members::Member;
pub use rollouts::{Entry, RolloutDoc};
pub use signing::{SigningError, SigningKey, parse_key, trusts};

use crate::service::Service;

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing into a string does not fail");
        text
    })
}

/// A handle on images and rollouts; clones share the service behind it.
#[derive(Debug, Clone)]
pub struct Firmware {
    service: Service,
    keys: Vec<[u8; 32]>,
}

impl Firmware {
    /// Images and rollouts of a service; `keys` are the public keys whose images are taken.
    pub fn new(service: Service, keys: Vec<[u8; 32]>) -> Self {
        Self { service, keys }
    }
}
