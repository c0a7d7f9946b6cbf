//! What crosses the air between a car and the cloud.
//!
//! Everything here is `no_std`, bounded and versioned, and is the only vocabulary that the firmware and the service share.
//! Invariant: a reader never fails because of a record or message kind that it does not know; it keeps the bytes and goes on.
#![no_std]

pub mod certificate;
pub mod codec;
pub mod collection;
pub mod downlink;
pub mod envelope;
mod frame;
pub mod ids;
pub mod notice;
pub mod plan;
pub mod record;
pub mod series;
pub mod settings;
pub mod signal;
pub mod topics;
pub mod trouble;
pub mod update;

pub use downlink::Downlink;
pub use envelope::{Envelope, EnvelopeWriter, Header};
pub use frame::DecodeError;
pub use ids::{DeviceId, NoticeId, RecordId};
pub use record::Record;
pub use signal::SignalId;

/// The version byte that opens every message in both directions.
///
/// It changes only when the framing changes; new record kinds do not need it.
pub const VERSION: u8 = 1;

/// The longest envelope on the wire, in bytes; one TLS record of a microcontroller holds it.
pub const MAX_ENVELOPE_LEN: usize = 1536;

/// The longest downlink message on the wire, in bytes.
pub const MAX_DOWNLINK_LEN: usize = 1024;

/// The longest body of one record or downlink message, in bytes.
pub const MAX_BODY_LEN: usize = 640;

/// The longest body of a record of an unknown kind that can be kept, in bytes.
pub const MAX_UNKNOWN_LEN: usize = 256;
