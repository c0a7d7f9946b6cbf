//! ECDSA of P-256, put together from the library's points and its numbers modulo any modulus.
//!
//! Source: SEC 1, sections 4.1.3 and 4.1.4; the number that must never repeat follows from key and message (RFC 6979). The library's own
//! way multiplies modulo the group's order in code without loops, 3 KB of an image; the tests hold this against it.
//! Invariant: how long a signature takes says nothing about the key or about that number; no branch and no index follows from them.

use p256::ecdsa::Signature;
use p256::elliptic_curve::bigint::modular::constant_mod::{Residue, ResidueParams};
use p256::elliptic_curve::bigint::{Encoding as _, U256, impl_modulus};
use p256::elliptic_curve::ops::Reduce as _;
use p256::elliptic_curve::point::AffineCoordinates as _;
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};
use sha2::Sha256;

impl_modulus!(Order, U256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/// A number modulo the order.
#[derive(Clone, Copy, PartialEq)]
struct Number(Residue<Order, { U256::LIMBS }>);

impl Number {
    /// A big-endian number, less a multiple of the order.
    fn new(bytes: &FieldBytes) -> Self {
        Self(Residue::new(&U256::from_be_slice(bytes)))
    }

    #[inline(never)]
    fn times(self, other: Self) -> Self {
        Self(self.0.mul(&other.0))
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0.add(&other.0))
    }

    /// What gives one when multiplied with this; zero for zero (Fermat's little theorem; the order is a prime).
    fn inverse(self) -> Self {
        let exponent = Order::MODULUS.wrapping_sub(&U256::from_u8(2)).to_be_bytes();
        let mut power = Self(Residue::ONE);
        for byte in exponent {
            for bit in (0..8).rev() {
                power = power.times(power);
                // The exponent is no secret.
                if byte >> bit & 1 == 1 {
                    power = power.times(self);
                }
            }
        }
        power
    }

    fn scalar(self) -> Scalar {
        Scalar::reduce(self.0.retrieve())
    }

    fn bytes(self) -> FieldBytes {
        self.0.retrieve().to_be_bytes().into()
    }
}

/// What a point's first coordinate is modulo the order.
fn across(point: &ProjectivePoint) -> Number {
    Number::new(&point.to_affine().x())
}

/// The two numbers of a signature by the scalar `secret` for a message with this SHA-256.
///
/// A number that is zero, for which nobody knows an example, makes a signature that no one takes.
pub(crate) fn sign(secret: &FieldBytes, hash: &FieldBytes) -> [FieldBytes; 2] {
    let order = Order::MODULUS.to_be_bytes().into();
    let once = Number::new(&rfc6979::generate_k::<Sha256, _>(secret, &order, hash, &[]));
    let r = across(&(ProjectivePoint::GENERATOR * once.scalar()));
    let s = once.inverse().times(Number::new(hash).plus(r.times(Number::new(secret))));
    [r.bytes(), s.bytes()]
}

/// Whether a signature is that of a public key for a message with this SHA-256.
pub fn holds(key: &AffinePoint, hash: &FieldBytes, signature: &Signature) -> bool {
    let (r, s) = signature.split_bytes();
    let (r, inverse) = (Number::new(&r), Number::new(&s).inverse());
    let ours = ProjectivePoint::GENERATOR * Number::new(hash).times(inverse).scalar();
    let theirs = ProjectivePoint::from(*key) * r.times(inverse).scalar();
    across(&(ours + theirs)) == r
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    use proptest::prelude::*;

    use super::*;

    fn key(seed: [u8; 32]) -> Option<SigningKey> {
        SigningKey::from_slice(&seed).ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn a_signature_is_the_librarys_own(seed: [u8; 32], hash: [u8; 32]) {
            let Some(key) = key(seed) else { return Ok(()) };
            let (theirs, _) = key.sign_prehash_recoverable(&hash).unwrap();
            let (r, s) = theirs.split_bytes();
            prop_assert_eq!(sign(&key.to_bytes(), &hash.into()), [r, s]);
            prop_assert!(holds(key.verifying_key().as_affine(), &hash.into(), &theirs));
        }

        #[test]
        fn what_holds_is_what_the_library_says(
            seed: [u8; 32], other: [u8; 32], hash: [u8; 32], r: [u8; 32], s: [u8; 32], at in 0..64_usize, bit in 0..8_u8,
        ) {
            let (Some(key), Some(other)) = (key(seed), key(other)) else { return Ok(()) };
            let (good, _) = key.sign_prehash_recoverable(&hash).unwrap();
            let mut changed = good.to_bytes();
            changed[at] ^= 1 << bit;
            let cases = [Signature::from_slice(&changed).ok(), Signature::from_scalars(r, s).ok(), Some(good)];
            for (signature, key) in cases.into_iter().flatten().flat_map(|case| [(case, &key), (case, &other)]) {
                let key = key.verifying_key();
                prop_assert_eq!(holds(key.as_affine(), &hash.into(), &signature), key.verify_prehash(&hash, &signature).is_ok());
            }
        }
    }

    #[test]
    fn numbers_around_the_order_are_taken_as_the_library_takes_them() {
        let key = key([7; 32]).unwrap();
        let order = Order::MODULUS;
        for hash in
            [U256::ZERO, U256::ONE, order.wrapping_sub(&U256::ONE), order, order.wrapping_add(&U256::ONE), U256::MAX]
        {
            let hash: FieldBytes = hash.to_be_bytes().into();
            let (theirs, _) = key.sign_prehash_recoverable(&hash).unwrap();
            let (r, s) = theirs.split_bytes();
            assert_eq!(sign(&key.to_bytes(), &hash), [r, s]);
            assert!(holds(key.verifying_key().as_affine(), &hash, &theirs));
        }
    }
}
