//! Whether a message is signed by a key: Ed25519, put together from the curve's own operations.
//!
//! Source: RFC 8032, section 5.1.7. The library's whole check brings arithmetic modulo the group's order, 2.2 KB of an image that needs
//! it for nothing else: it shortens the hash of 512 bits before it multiplies with it. Here the two halves of the hash are multiplied
//! with one after the other, which gives the same point for every key that is a multiple of the base point, as keys are made.
//! Invariant: nothing secret comes in, and whatever the bytes are, it ends with an answer.

use salty::{CompressedY, EdwardsPoint, Scalar, Sha512};

/// Whether `signature` is that of `key` for `message`.
pub(super) fn is_of(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let [r, s] = halves(signature);
    let Ok(point) = CompressedY(*key).decompressed() else { return false };
    let hash = Sha512::new().updated(&r).updated(key).updated(message).finalize();
    let [low, high] = halves(&hash).map(Scalar);
    // The key's point times 2^256: a scalar holds 256 bits, so it is doubled once more behind the highest of them.
    let mut highest = [0; 32];
    highest[31] = 0x80;
    let half = times(&Scalar(highest), &point);
    let far = &half + &half;
    let hashed = &times(&low, &point) + &times(&high, &far);
    let proof = &times(&Scalar(s), &EdwardsPoint::basepoint()) + &-&hashed;
    proof.compressed().0 == r
}

/// By itself, so that the image holds it once.
#[inline(never)]
fn times(scalar: &Scalar, point: &EdwardsPoint) -> EdwardsPoint {
    scalar * point
}

fn halves(bytes: &[u8; 64]) -> [[u8; 32]; 2] {
    let mut halves = [[0; 32]; 2];
    for (half, from) in halves.iter_mut().zip(bytes.chunks_exact(32)) {
        half.copy_from_slice(from);
    }
    halves
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;
    use salty::{Keypair, PublicKey, Signature};

    use super::*;

    fn library_says(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        PublicKey::try_from(key).is_ok_and(|key| key.verify(message, &Signature::from(signature)).is_ok())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn what_a_key_signed_holds_and_with_any_bit_changed_does_not(
            seed: [u8; 32], message in proptest::collection::vec(any::<u8>(), 0..200), at in 0..64_usize, bit in 0..8_u8,
        ) {
            let pair = Keypair::from(&seed);
            let (key, good) = (pair.public.to_bytes(), pair.sign(&message).to_bytes());
            prop_assert!(is_of(&key, &message, &good));
            let mut bad = good;
            bad[at] ^= 1 << bit;
            prop_assert!(!is_of(&key, &message, &bad));
            let longer = [&message[..], &[0]].concat();
            prop_assert!(!is_of(&key, &longer, &good));
        }

        #[test]
        fn bytes_that_are_no_signature_are_refused_as_the_library_refuses_them(
            key: [u8; 32], message: Vec<u8>, first: [u8; 32], second: [u8; 32],
        ) {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&first);
            signature[32..].copy_from_slice(&second);
            prop_assert!(!is_of(&key, &message, &signature));
            prop_assert!(!library_says(&key, &message, &signature));
        }
    }

    #[test]
    fn an_example_of_the_standard_holds() {
        // RFC 8032, section 7.1, test 2: a message of one byte.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let key = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").try_into().unwrap();
        let signature = hex(concat!(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ));
        assert!(is_of(&key, &[0x72], &signature.try_into().unwrap()));
    }
}
