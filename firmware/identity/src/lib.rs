//! A device's identity without a device: making keys and certificate requests, checking what comes back, replacing it in time,
//! and being enrolled at a bench.
//!
//! Hosts own storage, randomness, time and wires, and hand them in.
//! Invariant: a private key is made here and leaves only towards the host's own storage; no message of this crate carries one.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod bench;
pub mod certificate;
pub mod der;
pub mod ecdsa;
pub mod key;
pub mod line;
pub mod request;
pub mod rotation;
pub mod validity;

#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateError};
pub use key::Key;
pub use request::{fingerprint, request};
pub use rotation::{Credentials, Rotation};
