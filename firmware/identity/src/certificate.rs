//! What a device reads of its own certificate, and the checks before it stores one.
//!
//! The certificate comes over a connection whose server was verified, so the issuer's signature is not checked again here; what is
//! checked is that it is of use: this key, this name, these dates.
//! Invariant: reading never fails otherwise than by an error, whatever the bytes.

use core::fmt;
use core::str;

use milepost_protocol::DeviceId;

use crate::Key;
use crate::der::{COMMON_NAME, P256_ALGORITHM, Reader, tag};
use crate::key::POINT_LEN;
use crate::validity;

/// What matters of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its common name.
    pub device: DeviceId,
    /// The public point, uncompressed.
    pub public: [u8; POINT_LEN],
    /// From when on it is valid, in milliseconds of Unix time.
    pub not_before_ms: u64,
    /// Until when, in milliseconds of Unix time.
    pub not_after_ms: u64,
}

/// Why a certificate is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateError {
    /// It is no X.509 certificate of a P-256 key with a device id as its common name.
    Malformed,
    /// It is for another key.
    Key,
    /// It names another device.
    Name,
    /// It is not valid now.
    Expired,
}

impl CertificateError {
    /// What `Display` writes, for an image without formatting.
    pub fn text(self) -> &'static str {
        match self {
            Self::Malformed => "certificate does not parse",
            Self::Key => "certificate is for another key",
            Self::Name => "certificate names another device",
            Self::Expired => "certificate is not valid now",
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for CertificateError {}

impl Certificate {
    /// Reads a certificate.
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        parse(der).ok_or(CertificateError::Malformed)
    }

    /// Reads a certificate and checks that it is of use: for this key, for this device, and at this time as far as one is known.
    pub fn check(der: &[u8], key: &Key, device: &DeviceId, unix_ms: Option<u64>) -> Result<Self, CertificateError> {
        let certificate = Self::read(der)?;
        if certificate.public != key.public() {
            return Err(CertificateError::Key);
        }
        if certificate.device != *device {
            return Err(CertificateError::Name);
        }
        // A clock that lags must not refuse what it needs to get the right time, so only the end is checked.
        if unix_ms.is_some_and(|now_ms| now_ms >= certificate.not_after_ms) {
            return Err(CertificateError::Expired);
        }
        Ok(certificate)
    }

    /// When to ask for the next one, in milliseconds of Unix time: after two thirds of its life.
    pub fn renew_at_ms(&self) -> u64 {
        let life_ms = self.not_after_ms.saturating_sub(self.not_before_ms);
        self.not_after_ms.saturating_sub(life_ms / 3)
    }
}

fn parse(der: &[u8]) -> Option<Certificate> {
    let mut outer = Reader::new(der);
    let mut certificate = outer.enter(tag::SEQUENCE)?;
    let mut body = certificate.enter(tag::SEQUENCE)?;
    body.skip_optional(tag::CONTEXT_0)?;
    body.take(tag::INTEGER)?;
    body.take(tag::SEQUENCE)?;
    body.take(tag::SEQUENCE)?;
    let validity = validity::read(&mut body)?;
    let device = common_name(body.enter(tag::SEQUENCE)?)?;
    let mut info = body.enter(tag::SEQUENCE)?;
    let algorithm = info.take(tag::SEQUENCE)?;
    let public: [u8; POINT_LEN] = info.bits()?.try_into().ok()?;
    let whole = outer.is_empty() && algorithm == P256_ALGORITHM && public.first() == Some(&4);
    whole.then_some(Certificate {
        device,
        public,
        not_before_ms: validity.from_s.checked_mul(1000)?,
        not_after_ms: validity.until_s.checked_mul(1000)?,
    })
}

fn common_name(mut names: Reader<'_>) -> Option<DeviceId> {
    while !names.is_empty() {
        let mut attribute = names.enter(tag::SET)?.enter(tag::SEQUENCE)?;
        if attribute.take(tag::OBJECT_ID)? != COMMON_NAME {
            continue;
        }
        let (kind, text) = attribute.any()?;
        let is_text = matches!(kind, tag::UTF8_STRING | tag::PRINTABLE_STRING);
        return str::from_utf8(text).ok().filter(|_| is_text)?.parse().ok();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::{certificate_for, key_from};

    #[test]
    fn a_certificate_of_another_implementation_reads() {
        let key = key_from(3);
        let der = certificate_for(&key, "dev-0001", 1_700_000_000, 1_800_000_000);
        let device = "dev-0001".parse().unwrap();
        let read = Certificate::check(&der, &key, &device, Some(1_750_000_000_000)).unwrap();
        assert_eq!((read.not_before_ms, read.not_after_ms), (1_700_000_000_000, 1_800_000_000_000));
        assert_eq!(read.renew_at_ms() / 1000, 1_766_666_666);
        let far = certificate_for(&key, "dev-0001", 1_700_000_000, 4_000_000_000);
        assert_eq!(Certificate::read(&far).unwrap().not_after_ms, 4_000_000_000_000, "beyond 2049 the form differs");
    }

    #[test]
    fn a_certificate_for_another_key_name_or_time_is_refused() {
        let (key, other) = (key_from(3), key_from(4));
        let der = certificate_for(&key, "dev-0001", 1_700_000_000, 1_800_000_000);
        let (mine, theirs) = ("dev-0001".parse().unwrap(), "dev-0002".parse().unwrap());
        let check = |key, device, now| Certificate::check(&der, key, device, now).map(|_| ());
        assert_eq!(check(&key, &mine, None), Ok(()));
        assert_eq!(check(&other, &mine, None), Err(CertificateError::Key));
        assert_eq!(check(&key, &theirs, None), Err(CertificateError::Name));
        assert_eq!(check(&key, &mine, Some(1_800_000_000_000)), Err(CertificateError::Expired));
        assert_eq!(check(&key, &mine, Some(5)), Ok(()), "a clock that lags refuses nothing");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
            noise in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut der = certificate_for(&key_from(3), "dev-0001", 1_700_000_000, 1_800_000_000);
            let at = at.index(der.len());
            der[at] = byte;
            let _ = Certificate::read(&der);
            let _ = Certificate::read(&der[..cut.index(der.len())]);
            prop_assert_eq!(Certificate::read(&noise), Err(CertificateError::Malformed));
        }
    }
}
