//! What this crate's tests share: keys from seeds, and an authority that is another implementation.

use std::string::ToString as _;
use std::vec::Vec;

use rand::{RngCore, SeedableRng as _};
use rcgen::{CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, Issuer, KeyPair};

use crate::{Key, request};

/// A key out of a random source.
pub(crate) fn key(random: &mut impl RngCore) -> Key {
    Key::random(|bytes| random.fill_bytes(bytes)).expect("a seeded source is alive")
}

/// The key of a seed.
pub(crate) fn key_from(seed: u64) -> Key {
    key(&mut rand::rngs::StdRng::seed_from_u64(seed))
}

/// A certificate for `key` from an authority of the test's own; times in seconds of Unix time.
pub(crate) fn certificate_for(key: &Key, name: &str, from_s: i64, until_s: i64) -> Vec<u8> {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "test authority");
    let authority = Issuer::new(params, authority_key);
    let made = request(key, &name.parse().unwrap());
    let der = made.der.as_slice().to_vec().into();
    let mut asked = CertificateSigningRequestParams::from_der(&der).unwrap();
    asked.params.distinguished_name = DistinguishedName::new();
    asked.params.distinguished_name.push(DnType::CommonName, name.to_string());
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    asked.params.not_before = epoch + core::time::Duration::from_secs(from_s.unsigned_abs());
    asked.params.not_after = epoch + core::time::Duration::from_secs(until_s.unsigned_abs());
    asked.signed_by(&authority).unwrap().der().to_vec()
}
