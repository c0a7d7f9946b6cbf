//! Signing for keys that devices made themselves: over a device's own connection, with a claim, and at a bench.
//!
//! Invariant: a certificate's file and its line in the register are on disk before anybody gets it, and the same request always
//! has the same answer, so that whoever was killed half-way asks again and gets what it would have got.

use std::fs::File;

use milepost_protocol::DeviceId;
use milepost_protocol::certificate::Refusal;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::request::{self, Checked};
use super::serials::{Enrolled, Expected, Unknown};
use super::{DEVICE_DAYS, Issued, Pki, PkiError, Role, files};

/// How many certificates one device may get within a day.
const MAX_A_DAY: usize = 8;

const DAY_MS: u64 = 86_400_000;

/// A certificate for a key that a device made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Whom it names.
    pub device: DeviceId,
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// The certificate, PEM.
    pub pem: String,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

/// What became of a request: a certificate, or why not.
pub type Verdict = Result<Leaf, Refusal>;

impl Pki {
    /// Signs for `device`, which is known to be the one that asks, or is vouched for by an engineer.
    pub fn certify(&self, device: &DeviceId, request: &[u8], now_ms: u64) -> Result<Verdict, PkiError> {
        match request::check(request, &[device.as_str()]) {
            Ok(checked) => {
                let lock = self.lock()?;
                self.sign(device, &checked, now_ms, &lock)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Signs for the board with the hardware number `serial`, which came with the claim of `batch`.
    ///
    /// The request names the serial number or the id that it becomes; the certificate names the id.
    pub fn enrol(&self, serial: &DeviceId, batch: &DeviceId, request: &[u8], now_ms: u64) -> Result<Verdict, PkiError> {
        let lock = self.lock()?;
        let Some(mut expected) = self.serials.find(serial)? else {
            self.serials.note_unknown(serial, batch, now_ms)?;
            return Ok(Err(Refusal::UnknownSerial));
        };
        let checked = match request::check(request, &[serial.as_str(), expected.device.as_str()]) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match &expected.enrolled {
            Some(enrolled) if enrolled.key_sha256 != checked.key_sha256 => {
                expected.repeats += 1;
                self.serials.put(&expected)?;
                return Ok(Err(Refusal::AlreadyEnrolled));
            }
            Some(_) => {}
            None => {
                let key_sha256 = checked.key_sha256.clone();
                expected.enrolled = Some(Enrolled { key_sha256, batch: batch.clone(), at_ms: now_ms });
                self.serials.put(&expected)?;
            }
        }
        self.sign(&expected.device, &checked, now_ms, &lock)
    }

    /// Announces a serial number, so that it may enrol as `device`. One that has enrolled may do so again only if `again`.
    pub fn expect(&self, serial: &DeviceId, device: &DeviceId, again: bool, now_ms: u64) -> Result<(), PkiError> {
        let _lock = self.lock()?;
        let known = self.serials.find(serial)?;
        if known.as_ref().is_some_and(|known| known.enrolled.is_some()) && !again {
            return Err(PkiError::Enrolled { serial: serial.clone() });
        }
        let repeats = known.map_or(0, |known| known.repeats);
        let (serial, device) = (serial.clone(), device.clone());
        self.serials.put(&Expected { serial, device, expected_ms: now_ms, enrolled: None, repeats })
    }

    /// Every serial number that is expected or has enrolled.
    pub fn expected(&self) -> Result<Vec<Expected>, PkiError> {
        self.serials.all_expected()
    }

    /// Serial numbers that came and that nobody expects.
    pub fn unknown(&self) -> Result<Vec<Unknown>, PkiError> {
        self.serials.all_unknown()
    }

    /// Notes that connections showed these certificates; what they replace stops to count at `retires_ms`.
    pub fn note_used(&self, serials: &[String], now_ms: u64, retires_ms: u64) -> Result<(), PkiError> {
        let _lock = self.lock()?;
        let mut register = self.register()?;
        if register.note_used(serials, now_ms, retires_ms) {
            register.write(&self.register_path())?;
        }
        Ok(())
    }

    /// Revokes the claims of a batch; answers how many were valid until now. Boards that have enrolled keep their own certificates.
    pub fn revoke_claims(&self, batch: &DeviceId, now_ms: u64) -> Result<usize, PkiError> {
        self.revoke_where(now_ms, |issued| issued.device == *batch && issued.role == Role::Claim)
    }

    pub(super) fn revoke_where(&self, now_ms: u64, which: impl Fn(&Issued) -> bool) -> Result<usize, PkiError> {
        let _lock = self.lock()?;
        let mut register = self.register()?;
        let valid = register.issued.iter_mut().filter(|issued| which(issued) && issued.revoked_ms.is_none());
        let count = valid.map(|issued| issued.revoked_ms = Some(now_ms)).count();
        if count > 0 {
            register.write(&self.register_path())?;
        }
        Ok(count)
    }

    fn sign(&self, device: &DeviceId, checked: &Checked, now_ms: u64, _lock: &File) -> Result<Verdict, PkiError> {
        let mut register = self.register()?;
        let alike = register.issued.iter().find(|issued| issued.key_sha256.as_ref() == Some(&checked.key_sha256));
        if let Some(known) = alike {
            if known.device != *device || !known.is_valid(now_ms) {
                // A key in two devices was copied, and a key whose certificate was taken back does not come again.
                return Ok(Err(Refusal::Key));
            }
            return self.leaf(device, &known.serial).map(Ok);
        }
        let own = || register.issued.iter().filter(|issued| issued.device == *device && issued.role == Role::Device);
        if own().filter(|issued| now_ms.saturating_sub(issued.issued_ms) < DAY_MS).count() >= MAX_A_DAY {
            return Ok(Err(Refusal::TooMany));
        }
        let replaces = own().any(|issued| issued.is_valid(now_ms));
        let (cert, serial) = self.device.sign(&checked.key, device, now_ms, DEVICE_DAYS)?;
        files::write(&self.leaf_path(&serial), &cert.pem())?;
        register.issued.push(Issued {
            replaces,
            key_sha256: Some(checked.key_sha256.clone()),
            ..Issued::new(device, Role::Device, &serial, now_ms, DEVICE_DAYS)
        });
        register.write(&self.register_path())?;
        let (device, der) = (device.clone(), cert.der().to_vec());
        Ok(Ok(Leaf { device, serial, pem: cert.pem(), der }))
    }

    fn leaf(&self, device: &DeviceId, serial: &str) -> Result<Leaf, PkiError> {
        let path = self.leaf_path(serial);
        let pem = files::read(&path)?.ok_or_else(|| PkiError::Pem { path: path.clone() })?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| PkiError::Pem { path })?;
        Ok(Leaf { device: device.clone(), serial: serial.to_owned(), der: der.to_vec(), pem })
    }

    fn leaf_path(&self, serial: &str) -> std::path::PathBuf {
        self.folder.join("issued").join(format!("{serial}.pem"))
    }

    /// Keeps every other process and task from changing the folder until the answer is dropped.
    pub(super) fn lock(&self) -> Result<File, PkiError> {
        files::lock(&self.folder.join("lock"))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;

    use super::*;
    use crate::pki::request::tests::request_of;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn id(text: &str) -> DeviceId {
        text.parse().unwrap()
    }

    fn pki() -> (tempfile::TempDir, Pki) {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path(), NOW_MS).unwrap();
        (folder, pki)
    }

    #[test]
    fn the_same_request_has_the_same_answer_even_from_another_process() {
        let (folder, pki) = pki();
        let request = request_of(&KeyPair::generate().unwrap(), "dev-1");
        let first = pki.certify(&id("dev-1"), &request, NOW_MS).unwrap().unwrap();
        let again = Pki::open(folder.path(), NOW_MS).unwrap().certify(&id("dev-1"), &request, NOW_MS + 5).unwrap();
        assert_eq!(again, Ok(first));
        assert_eq!(pki.register().unwrap().issued.len(), 1);
    }

    #[test]
    fn a_certificate_for_the_longest_id_fits_the_air() {
        let (_folder, pki) = pki();
        let device = id("0123456789012345678901234567890123456789");
        let request = request_of(&KeyPair::generate().unwrap(), device.as_str());
        let leaf = pki.certify(&device, &request, NOW_MS).unwrap().unwrap();
        let limit = milepost_protocol::certificate::MAX_CERTIFICATE_LEN;
        assert!(leaf.der.len() <= limit, "{} bytes", leaf.der.len());
    }

    #[test]
    fn a_successor_retires_what_it_replaces_only_after_its_first_use() {
        let (_folder, pki) = pki();
        let device = id("dev-1");
        let ask = |now_ms| {
            let request = request_of(&KeyPair::generate().unwrap(), "dev-1");
            pki.certify(&device, &request, now_ms).unwrap().unwrap().serial
        };
        let (old, new) = (ask(NOW_MS), ask(NOW_MS + 1));
        let refused = |at_ms| pki.register().unwrap().refused(at_ms);
        assert!(refused(NOW_MS + DAY_MS).is_empty(), "both are good as long as the new one was not used");
        assert!(pki.register().unwrap().settled().contains(&old));
        assert!(!pki.register().unwrap().settled().contains(&new));
        pki.note_used(std::slice::from_ref(&new), NOW_MS + 10, NOW_MS + 20).unwrap();
        assert!(refused(NOW_MS + 19).is_empty());
        assert_eq!(refused(NOW_MS + 20), [old].into());
        assert_eq!(pki.register().unwrap().next_retirement_ms(NOW_MS), Some(NOW_MS + 20));
        let before = pki.register().unwrap();
        pki.note_used(&[new], NOW_MS + 30, NOW_MS + 40).unwrap();
        assert_eq!(pki.register().unwrap(), before, "a second use changes nothing");
    }

    #[test]
    fn a_serial_number_enrols_once_and_a_second_key_is_counted() {
        let (_folder, pki) = pki();
        let (serial, batch) = (id("SN-7"), id("batch-1"));
        pki.expect(&serial, &id("dev-7"), false, NOW_MS).unwrap();
        let key = KeyPair::generate().unwrap();
        let enrol = |key: &KeyPair, name| pki.enrol(&serial, &batch, &request_of(key, name), NOW_MS).unwrap();
        assert_eq!(enrol(&key, "dev-8"), Err(Refusal::Name), "and a refused request binds nothing");
        let first = enrol(&key, "SN-7").unwrap();
        assert_eq!(first.device, id("dev-7"));
        assert_eq!(enrol(&key, "dev-7").unwrap(), first, "the same key may ask again");
        let other = KeyPair::generate().unwrap();
        assert_eq!(enrol(&other, "SN-7"), Err(Refusal::AlreadyEnrolled));
        assert_eq!(pki.expected().unwrap()[0].repeats, 1);
        assert!(matches!(pki.expect(&serial, &id("dev-7"), false, NOW_MS), Err(PkiError::Enrolled { .. })));
        pki.expect(&serial, &id("dev-7"), true, NOW_MS).unwrap();
        assert!(enrol(&other, "SN-7").is_ok(), "an engineer let it");
    }

    #[test]
    fn an_unexpected_serial_number_is_noted_until_somebody_expects_it() {
        let (_folder, pki) = pki();
        let (serial, batch) = (id("SN-9"), id("batch-1"));
        let request = request_of(&KeyPair::generate().unwrap(), "SN-9");
        for at_ms in [NOW_MS, NOW_MS + 5] {
            assert_eq!(pki.enrol(&serial, &batch, &request, at_ms).unwrap(), Err(Refusal::UnknownSerial));
        }
        let noted = Unknown { serial: serial.clone(), batch, count: 2, first_ms: NOW_MS, last_ms: NOW_MS + 5 };
        assert_eq!(pki.unknown().unwrap(), [noted]);
        pki.expect(&serial, &id("dev-9"), false, NOW_MS).unwrap();
        assert!(pki.unknown().unwrap().is_empty());
    }

    #[test]
    fn a_key_that_was_revoked_or_copied_gets_nothing() {
        let (_folder, pki) = pki();
        let key = KeyPair::generate().unwrap();
        pki.certify(&id("dev-1"), &request_of(&key, "dev-1"), NOW_MS).unwrap().unwrap();
        let copied = pki.certify(&id("dev-2"), &request_of(&key, "dev-2"), NOW_MS).unwrap();
        assert_eq!(copied, Err(Refusal::Key));
        pki.revoke(&id("dev-1"), NOW_MS).unwrap();
        let again = pki.certify(&id("dev-1"), &request_of(&key, "dev-1"), NOW_MS).unwrap();
        assert_eq!(again, Err(Refusal::Key));
    }

    #[test]
    fn a_device_that_asks_without_end_is_told_to_wait() {
        let (_folder, pki) = pki();
        let ask = |now_ms| {
            let request = request_of(&KeyPair::generate().unwrap(), "dev-1");
            pki.certify(&id("dev-1"), &request, now_ms).unwrap()
        };
        assert!((0..MAX_A_DAY).all(|_| ask(NOW_MS).is_ok()));
        assert_eq!(ask(NOW_MS), Err(Refusal::TooMany));
        assert!(ask(NOW_MS + DAY_MS).is_ok());
    }

    #[test]
    fn a_batch_and_a_device_of_the_same_name_are_revoked_apart() {
        let (_folder, pki) = pki();
        pki.issue(&id("same"), Role::Claim, NOW_MS).unwrap();
        pki.issue(&id("same"), Role::Device, NOW_MS).unwrap();
        assert_eq!(pki.revoke_claims(&id("same"), NOW_MS).unwrap(), 1);
        assert_eq!(pki.revoke(&id("same"), NOW_MS).unwrap(), 1);
    }
}
