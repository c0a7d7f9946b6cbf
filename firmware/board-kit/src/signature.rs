//! Signatures of P-256 with SHA-256, between the numbers that are computed with and their form in certificates and handshakes.
//!
//! Source: RFC 3279 §2.2.3, `SEQUENCE { r INTEGER, s INTEGER }`. Invariant: one signature has one form; any other is none.

use embedded_tls::Sha256;
use milepost_identity::key::MAX_SIGNATURE_LEN;
use milepost_identity::{Key, ecdsa};
use p256::FieldBytes;
use p256::ecdsa::signature::{Error, Signer};
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::Digest as _;

use milepost_identity::der::{Reader, only, tag};

/// A public key: an uncompressed point.
pub(crate) type Point = [u8; 65];

/// Whether `signature` is one of `parts`, read as one message, under `key`.
pub(crate) fn is_of(key: &Point, parts: &[&[u8]], signature: &[u8]) -> bool {
    let (Ok(key), Some(signature)) = (VerifyingKey::from_sec1_bytes(key), decode(signature)) else { return false };
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    ecdsa::holds(key.as_affine(), &digest.finalize(), &signature)
}

fn decode(bytes: &[u8]) -> Option<Signature> {
    let mut numbers = only(bytes, tag::SEQUENCE)?;
    let (r, s) = (number(&mut numbers)?, number(&mut numbers)?);
    numbers.is_empty().then_some(())?;
    Signature::from_scalars(r, s).ok()
}

/// A positive number of at most 32 bytes.
fn number(reader: &mut Reader<'_>) -> Option<FieldBytes> {
    let content = reader.take(tag::INTEGER)?;
    let digits = match *content {
        [0, next, ..] if next >= 0x80 => content.get(1..)?,
        [first, ..] if (1..0x80).contains(&first) => content,
        // Negative, zero, or longer than it has to be.
        _ => return None,
    };
    let mut number = FieldBytes::default();
    let start = number.len().checked_sub(digits.len())?;
    number.get_mut(start..)?.copy_from_slice(digits);
    Some(number)
}

/// A signature as it goes out.
pub(crate) struct Encoded(heapless::Vec<u8, MAX_SIGNATURE_LEN>);

impl AsRef<[u8]> for Encoded {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A private key that signs handshakes.
#[derive(Debug)]
pub(crate) struct Secret(Key);

impl Secret {
    /// With this key.
    pub(crate) fn new(key: Key) -> Self {
        Self(key)
    }
}

impl Signer<Encoded> for Secret {
    fn try_sign(&self, message: &[u8]) -> Result<Encoded, Error> {
        self.0.sign(message).map(Encoded).ok_or_else(Error::new)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn key(seed: u8) -> (Secret, Point) {
        let key = Key::from_bytes(&[seed; 32]).unwrap();
        let point = key.public();
        (Secret::new(key), point)
    }

    proptest! {
        #[test]
        fn what_is_signed_is_verified(seed in 1_u8..255, message: Vec<u8>) {
            let (secret, point) = key(seed);
            let ours: Encoded = secret.sign(&message);
            prop_assert!(is_of(&point, &[&message], ours.as_ref()));
        }

        #[test]
        fn any_bytes_are_read_as_the_library_reads_them(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&bytes).is_some(), Signature::from_der(&bytes).is_ok());
        }

        #[test]
        fn any_two_numbers_are_read_as_the_library_reads_them(r: Vec<u8>, s: Vec<u8>) {
            let mut bytes = Vec::from([tag::SEQUENCE, (4 + r.len() + s.len()) as u8]);
            for number in [&r, &s] {
                bytes.extend([tag::INTEGER, number.len() as u8]);
                bytes.extend(number);
            }
            prop_assert_eq!(decode(&bytes).is_some(), Signature::from_der(&bytes).is_ok());
        }
    }

    #[test]
    fn a_signature_with_any_bit_changed_or_byte_missing_is_none() {
        let (secret, point) = key(7);
        let good: Encoded = secret.sign(b"message");
        for at in 0..good.as_ref().len() {
            for bit in 0..8 {
                let mut bad = good.as_ref().to_vec();
                bad[at] ^= 1 << bit;
                assert!(!is_of(&point, &[b"message"], &bad), "byte {at}, bit {bit}");
            }
            assert!(!is_of(&point, &[b"message"], &good.as_ref()[..at]), "{at} bytes");
        }
        let longer = [good.as_ref(), &[0]].concat();
        assert!(!is_of(&point, &[b"message"], &longer), "a byte behind it");
    }

    #[test]
    fn a_message_is_the_same_in_parts_and_another_is_another() {
        let (secret, point) = key(9);
        let signature: Encoded = secret.sign(b"in two parts");
        assert!(is_of(&point, &[b"in two", b" parts"], signature.as_ref()));
        assert!(!is_of(&point, &[b"in two", b"parts"], signature.as_ref()));
        assert!(!is_of(&key(8).1, &[b"in two parts"], signature.as_ref()), "another key");
        assert!(!is_of(&[4; 65], &[b"in two parts"], signature.as_ref()), "no point of the curve");
    }
}
