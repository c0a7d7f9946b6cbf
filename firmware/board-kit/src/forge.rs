//! Authorities and servers for the tests, made by a library that shares no code with what reads them here.

use std::string::String;
use std::vec::Vec;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// The name that the tests dial.
pub(crate) const NAME: &str = "door.example";

/// Seconds of Unix time at which a server's certificate begins.
pub(crate) fn from_s() -> u64 {
    date_time_ymd(2026, 1, 1).unix_timestamp().cast_unsigned()
}

/// Seconds of Unix time at which it ends.
pub(crate) fn until_s() -> u64 {
    date_time_ymd(2027, 1, 1).unix_timestamp().cast_unsigned()
}

/// An authority.
pub(crate) struct Forge {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub(crate) authority: Vec<u8>,
}

/// A server: its certificate and its key.
pub(crate) struct Server {
    pub(crate) certificate: Vec<u8>,
    key: SigningKey,
}

impl Forge {
    /// A new authority; all of them have the same name.
    pub(crate) fn new() -> Self {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().der().to_vec();
        Self { issuer: Issuer::new(params, key), authority }
    }

    /// A server with a good certificate.
    pub(crate) fn server(&self) -> Server {
        self.server_with(|_| {})
    }

    /// A server with a certificate that differs from a good one.
    pub(crate) fn server_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Server {
        let mut params = params(&[NAME]);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        Server { certificate, key: secret(&key) }
    }
}

impl Server {
    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.key.sign(message);
        signature.as_bytes().to_vec()
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().copied().map(String::from).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

/// The private scalar, which stands in PKCS#8 behind its version and its length.
fn secret(key: &KeyPair) -> SigningKey {
    let pkcs8 = key.serialized_der();
    let mark = [2, 1, 1, 4, 32];
    let at = pkcs8.windows(mark.len()).position(|window| window == mark).unwrap() + mark.len();
    SigningKey::from_slice(&pkcs8[at..at + 32]).unwrap()
}
