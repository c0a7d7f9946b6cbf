//! How a device comes to a certificate for a key that never leaves it: a request up, an answer down.
//!
//! Invariant: a request is no longer than what a reader that does not know its kind can keep, and an answer fits one message.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::ids::DeviceId;

/// The longest certificate request, in bytes of DER: a P-256 key under the longest device id takes 242.
pub const MAX_REQUEST_LEN: usize = 254;

/// The longest certificate of a device that crosses the air, in bytes of DER.
pub const MAX_CERTIFICATE_LEN: usize = 576;

/// A device made a key and asks for its certificate: PKCS #10 (RFC 2986), DER.
///
/// The same request may be made again; it has the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRequest {
    /// The request.
    pub der: Vec<u8, MAX_REQUEST_LEN>,
}

/// What became of a certificate request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateAnswer {
    /// The first eight bytes of the SHA-256 of the request's DER, so that an answer to an older request is told apart.
    pub request: [u8; 8],
    /// What became of it.
    pub verdict: Verdict,
}

/// What the cloud made of a certificate request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
pub enum Verdict {
    /// Here is the certificate.
    Issued {
        /// Whom it names; a device that came with a claim learns its id here.
        device: DeviceId,
        /// The certificate, DER.
        certificate: Vec<u8, MAX_CERTIFICATE_LEN>,
    },
    /// There is none.
    Refused(Refusal),
}

/// Why a certificate request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// It does not parse, or is signed by another key than the one in it.
    Malformed,
    /// The key is not on P-256, or the signature is not ECDSA with SHA-256.
    Key,
    /// It names somebody else.
    Name,
    /// The serial number is not expected by anybody.
    UnknownSerial,
    /// The serial number has enrolled before, with another key.
    AlreadyEnrolled,
    /// Too many certificates were issued to this device within a day; ask again tomorrow.
    TooMany,
    /// The cloud cannot sign now; ask again later.
    Unavailable,
}

impl Refusal {
    /// A short name for counters and logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Key => "key",
            Self::Name => "name",
            Self::UnknownSerial => "unknown_serial",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::TooMany => "too_many",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether the same request may be granted later without anybody changing anything at the device.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::UnknownSerial | Self::TooMany | Self::Unavailable)
    }
}
