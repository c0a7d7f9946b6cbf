//! A device's private key: a scalar of P-256.
//!
//! Invariant: a key that exists is a valid scalar, and printing it shows nothing of it.

use core::fmt;

use heapless::Vec;
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::der::{Writer, tag};
use crate::ecdsa;

/// The length of an uncompressed point: 0x04, x, y.
pub(crate) const POINT_LEN: usize = 65;

/// The longest signature, in bytes: each of its two numbers may need a zero in front of 32 bytes, and has a header; so has the whole.
pub const MAX_SIGNATURE_LEN: usize = 2 + 2 * (2 + 33);

/// How often a draw may be no scalar.
const DRAWS: usize = 4;

/// A private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(SigningKey);

impl Key {
    /// A new key out of what `fill` draws from the host's random source; `None` if that keeps yielding what is no scalar.
    ///
    /// Signatures are deterministic (RFC 6979), so this is the one place where the source matters.
    pub fn random(mut fill: impl FnMut(&mut [u8; 32])) -> Option<Self> {
        // One draw in 2^32 lies beyond the group's order; several in a row mean that the source is dead.
        (0..DRAWS).find_map(|_| {
            let mut bytes = [0; 32];
            fill(&mut bytes);
            Self::from_bytes(&bytes)
        })
    }

    /// The key with this big-endian scalar; `None` for zero and for anything beyond the group's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(bytes).ok().map(Self)
    }

    /// The scalar, big-endian, for the host's own storage and its TLS.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// The public point, uncompressed.
    pub fn public(&self) -> [u8; POINT_LEN] {
        let mut point = [0; POINT_LEN];
        let encoded = self.0.verifying_key().to_encoded_point(false);
        // An uncompressed point of P-256 is always this long.
        if let Some(bytes) = encoded.as_bytes().get(..POINT_LEN) {
            point.copy_from_slice(bytes);
        }
        point
    }

    /// ECDSA over the SHA-256 of `message` as DER (RFC 3279, section 2.2.3), the same every time (RFC 6979).
    ///
    /// `None` if it does not fit its buffer, which it always does.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8, MAX_SIGNATURE_LEN>> {
        let [r, s] = ecdsa::sign(&self.0.to_bytes(), &Sha256::digest(message));
        let mut buffer = [0; MAX_SIGNATURE_LEN];
        let mut writer = Writer::new(&mut buffer);
        writer.positive(&s)?;
        writer.positive(&r)?;
        writer.wrap(tag::SEQUENCE, 0)?;
        Vec::from_slice(writer.finish()).ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <[u8; 32]>::deserialize(deserializer)?;
        Self::from_bytes(&bytes).ok_or_else(|| serde::de::Error::custom("no scalar of P-256"))
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::DerSignature;
    use p256::ecdsa::signature::Signer as _;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_signature_is_written_as_the_library_writes_it(
            seed in 1_u8..255, message in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let key = Key::from_bytes(&[seed; 32]).unwrap();
            let theirs: DerSignature = key.0.sign(&message);
            let ours = key.sign(&message).unwrap();
            prop_assert_eq!(ours.as_slice(), theirs.as_bytes());
        }
    }

    #[test]
    fn a_scalar_that_is_none_is_no_key() {
        assert!(Key::from_bytes(&[0; 32]).is_none() && Key::from_bytes(&[0xFF; 32]).is_none());
    }
}
