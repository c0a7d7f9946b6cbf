//! One certificate authority: a P-256 key and a self-signed certificate in two files.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use milepost_protocol::DeviceId;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SerialNumber, SubjectPublicKeyInfo,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;

use super::{PkiError, Role, files};

const CA_DAYS: i64 = 20 * 365;
const SERVER_DAYS: i64 = 365;

/// A certificate authority.
#[derive(Debug)]
pub(super) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A signed client certificate.
pub(super) struct Signed {
    pub(super) cert_pem: String,
    pub(super) key_pem: String,
    pub(super) serial: String,
}

impl Authority {
    /// Opens `{name}.pem` and `{name}.key`, or makes both.
    pub(super) fn open(folder: &Path, name: &str, title: &str, now_ms: u64) -> Result<Self, PkiError> {
        let key_path = folder.join(format!("{name}.key"));
        let cert_path = folder.join(format!("{name}.pem"));
        let key = if let Some(pem) = files::read(&key_path)? {
            KeyPair::from_pem(&pem).map_err(failed("reading an authority's key"))?
        } else {
            let key = KeyPair::generate().map_err(failed("making a key"))?;
            files::write(&key_path, &key.serialize_pem())?;
            key
        };
        let pem = if let Some(pem) = files::read(&cert_path)? {
            pem
        } else {
            let mut params = params(title, now_ms, CA_DAYS);
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            let cert = params.self_signed(&key).map_err(failed("signing an authority"))?;
            files::write(&cert_path, &cert.pem())?;
            cert.pem()
        };
        let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(failed("reading an authority"))?;
        Ok(Self { pem, issuer })
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn der(&self) -> Result<CertificateDer<'static>, PkiError> {
        CertificateDer::from_pem_slice(self.pem.as_bytes()).map_err(|_| PkiError::Pem { path: "authority".into() })
    }

    pub(super) fn server_certificate(
        &self,
        names: &[String],
        now_ms: u64,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), PkiError> {
        let title = names.first().map_or("milepost", String::as_str);
        let mut params = params(title, now_ms, SERVER_DAYS);
        for name in names {
            let san = if let Ok(address) = name.parse::<IpAddr>() {
                rcgen::SanType::IpAddress(address)
            } else {
                let host = name.as_str().try_into();
                rcgen::SanType::DnsName(host.map_err(|source| PkiError::Name { name: name.clone(), source })?)
            };
            params.subject_alt_names.push(san);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(failed("making a key"))?;
        let cert = params.signed_by(&key, &self.issuer).map_err(failed("signing the server's certificate"))?;
        Ok((cert.der().clone(), PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))))
    }

    /// A certificate with a key that is made here.
    pub(super) fn client_certificate(
        &self,
        device: &DeviceId,
        role: Role,
        now_ms: u64,
        days: i64,
    ) -> Result<Signed, PkiError> {
        let (params, serial) = client(device, role, now_ms, days);
        let key = KeyPair::generate().map_err(failed("making a key"))?;
        let cert = params.signed_by(&key, &self.issuer).map_err(failed("signing a device's certificate"))?;
        Ok(Signed { cert_pem: cert.pem(), key_pem: key.serialize_pem(), serial })
    }

    /// A certificate for a key that stays where it is. Nothing but the key is taken from the request.
    pub(super) fn sign(
        &self,
        key: &SubjectPublicKeyInfo,
        device: &DeviceId,
        now_ms: u64,
        days: i64,
    ) -> Result<(Certificate, String), PkiError> {
        let (params, serial) = client(device, Role::Device, now_ms, days);
        let cert = params.signed_by(key, &self.issuer).map_err(failed("signing a device's certificate"))?;
        Ok((cert, serial))
    }
}

fn client(device: &DeviceId, role: Role, now_ms: u64, days: i64) -> (CertificateParams, String) {
    let mut params = params(device.as_str(), now_ms, days);
    if let Some(unit) = role.unit() {
        params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut serial: [u8; 16] = rand::random();
    // A positive DER integer without a leading zero, so that its hexadecimal form is the same for everybody.
    serial[0] = serial[0] & 0x7F | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    (params, format!("{:032x}", u128::from_be_bytes(serial)))
}

fn params(title: &str, now_ms: u64, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, title);
    // An hour back, because a device's clock may lag when it connects for the first time.
    let start = OffsetDateTime::UNIX_EPOCH + Duration::from_millis(now_ms.saturating_sub(3_600_000));
    params.not_before = start;
    params.not_after = start + time::Duration::days(days);
    params
}

fn failed(action: &'static str) -> impl FnOnce(rcgen::Error) -> PkiError {
    move |source| PkiError::Certificate { action, source }
}
