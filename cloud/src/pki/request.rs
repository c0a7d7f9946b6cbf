//! What is checked of a certificate request before anything is signed.
//!
//! Invariant: only the key is taken over; names are compared, and extensions that a request asks for are not honoured.

use milepost_protocol::certificate::Refusal;
use rcgen::SubjectPublicKeyInfo;
use sha2::{Digest as _, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256};
use x509_parser::prelude::FromDer as _;

use super::hex;

/// A key that proved itself.
pub(super) struct Checked {
    pub(super) key: SubjectPublicKeyInfo,
    /// The SHA-256 of the public point, in hexadecimal.
    pub(super) key_sha256: String,
}

/// Checks a request that may carry one of `names`.
pub(super) fn check(der: &[u8], names: &[&str]) -> Result<Checked, Refusal> {
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| Refusal::Malformed)?;
    if !rest.is_empty() {
        return Err(Refusal::Malformed);
    }
    let info = &request.certification_request_info;
    let algorithm = &info.subject_pki.algorithm;
    let curve = algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    let point = &info.subject_pki.subject_public_key.data;
    let is_p256 = algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
        && curve.is_some_and(|curve| curve == OID_EC_P256)
        && point.len() == 65
        && point.first() == Some(&4);
    if !is_p256 || request.signature_algorithm.algorithm != OID_SIG_ECDSA_WITH_SHA256 {
        return Err(Refusal::Key);
    }
    request.verify_signature().map_err(|_| Refusal::Malformed)?;
    let mut common = info.subject.iter_common_name();
    let name = common.next().and_then(|name| name.as_str().ok()).ok_or(Refusal::Name)?;
    if common.next().is_some() || !names.contains(&name) {
        return Err(Refusal::Name);
    }
    let key = SubjectPublicKeyInfo::from_der(info.subject_pki.raw).map_err(|_| Refusal::Key)?;
    Ok(Checked { key, key_sha256: hex(&Sha256::digest(point)) })
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use rustls_pki_types::CertificateSigningRequestDer;
    use rustls_pki_types::pem::PemObject as _;

    use super::*;

    /// A request of `key` under `name`.
    pub(in crate::pki) fn request_of(key: &KeyPair, name: &str) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serialize_request(key).unwrap().der().to_vec()
    }

    fn refusal(der: &[u8]) -> Option<Refusal> {
        check(der, &["dev-1"]).err()
    }

    #[test]
    fn a_request_is_taken_only_with_the_right_name_a_good_signature_and_a_key_on_p256() {
        let key = KeyPair::generate().unwrap();
        let good = request_of(&key, "dev-1");
        assert_eq!(refusal(&good), None);
        assert_eq!(refusal(&request_of(&key, "dev-2")), Some(Refusal::Name));
        let mut forged = good.clone();
        let at = forged.windows(5).position(|window| window == b"dev-1").unwrap();
        forged[at..at + 5].copy_from_slice(b"dev-2");
        assert_eq!(check(&forged, &["dev-2"]).err(), Some(Refusal::Malformed), "the name was changed after signing");
        for other in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            let key = KeyPair::generate_for(other).unwrap();
            assert_eq!(refusal(&request_of(&key, "dev-1")), Some(Refusal::Key), "{other:?}");
        }
        let rsa = include_bytes!("fixtures/rsa-request.pem");
        let rsa = CertificateSigningRequestDer::from_pem_slice(rsa).unwrap();
        assert_eq!(refusal(&rsa), Some(Refusal::Key), "RSA");
        assert_eq!(refusal(&[good.as_slice(), &[0]].concat()), Some(Refusal::Malformed), "bytes behind the request");
        assert_eq!(refusal(&good[..good.len() - 1]), Some(Refusal::Malformed));
        assert_eq!(refusal(b""), Some(Refusal::Malformed));
    }
}
