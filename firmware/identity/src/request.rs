//! Certificate requests: PKCS #10 (RFC 2986) over a P-256 key, written without an allocator.
//!
//! Invariant: a request carries a common name and a key, signed by that key, and nothing else.

use heapless::Vec;
use milepost_protocol::DeviceId;
use milepost_protocol::certificate::{CertificateRequest, MAX_REQUEST_LEN};
use sha2::{Digest, Sha256};

use crate::Key;
use crate::der::{COMMON_NAME, ECDSA_SHA256, P256_ALGORITHM, Writer, tag};

/// A request for a certificate that names `name`: the device's id, or a serial number that has none yet.
///
/// It is the same every time for the same key and name, because signatures are deterministic.
pub fn request(key: &Key, name: &DeviceId) -> CertificateRequest {
    let der = write(key, name).expect("the longest name takes 242 bytes, and there is room for 254");
    CertificateRequest { der }
}

/// What an answer names a request by: the first eight bytes of its SHA-256.
pub fn fingerprint(der: &[u8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(der).into();
    hash.first_chunk().copied().unwrap_or_default()
}

fn write(key: &Key, name: &DeviceId) -> Option<Vec<u8, MAX_REQUEST_LEN>> {
    let mut buffer = [0; MAX_REQUEST_LEN];
    let mut writer = Writer::new(&mut buffer);
    // No attributes: a request asks for a name and nothing more.
    writer.value(tag::CONTEXT_0, &[])?;
    let public = writer.mark();
    let bits = writer.mark();
    writer.bytes(&key.public())?;
    writer.bytes(&[0])?;
    writer.wrap(tag::BIT_STRING, bits)?;
    writer.value(tag::SEQUENCE, P256_ALGORITHM)?;
    writer.wrap(tag::SEQUENCE, public)?;
    let subject = writer.mark();
    writer.value(tag::UTF8_STRING, name.as_str().as_bytes())?;
    writer.value(tag::OBJECT_ID, COMMON_NAME)?;
    for outer in [tag::SEQUENCE, tag::SET, tag::SEQUENCE] {
        writer.wrap(outer, subject)?;
    }
    writer.value(tag::INTEGER, &[0])?;
    writer.wrap(tag::SEQUENCE, 0)?;
    let info: Vec<u8, MAX_REQUEST_LEN> = Vec::from_slice(writer.finish()).ok()?;

    let signature = key.sign(&info)?;
    let mut buffer = [0; MAX_REQUEST_LEN];
    let mut writer = Writer::new(&mut buffer);
    writer.bytes(&signature)?;
    writer.bytes(&[0])?;
    writer.wrap(tag::BIT_STRING, 0)?;
    writer.value(tag::SEQUENCE, ECDSA_SHA256)?;
    writer.bytes(&info)?;
    writer.wrap(tag::SEQUENCE, 0)?;
    Vec::from_slice(writer.finish()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use std::string::ToString as _;
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer as _;

    use super::*;
    use crate::tests::key;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn another_implementation_verifies_every_request(seed in any::<u64>(), name in "[A-Za-z0-9_-]{1,40}") {
            let key = key(&mut rand::rngs::StdRng::seed_from_u64(seed));
            let name: DeviceId = name.parse().unwrap();
            let made = request(&key, &name);
            let (rest, read) = X509CertificationRequest::from_der(&made.der).unwrap();
            prop_assert!(rest.is_empty());
            prop_assert!(read.verify_signature().is_ok());
            let info = &read.certification_request_info;
            let common = info.subject.iter_common_name().next().unwrap().as_str().unwrap().to_string();
            prop_assert_eq!(common.as_str(), name.as_str());
            prop_assert_eq!(&*info.subject_pki.subject_public_key.data, &key.public());
            prop_assert_eq!(made, request(&key, &name), "the same request every time");
        }
    }

    #[test]
    fn a_changed_byte_breaks_the_signature() {
        let key = key(&mut rand::rngs::StdRng::seed_from_u64(1));
        let made = request(&key, &"dev-0001".parse().unwrap());
        let at = made.der.windows(8).position(|window| window == b"dev-0001").unwrap();
        let mut forged = made.der.clone();
        forged[at] = b'x';
        let (_, read) = X509CertificationRequest::from_der(&forged).unwrap();
        assert!(read.verify_signature().is_err());
        assert_ne!(fingerprint(&forged), fingerprint(&made.der));
    }
}
