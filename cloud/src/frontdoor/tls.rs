//! TLS for microcontrollers: 1.3 only, a client certificate always, no tickets, no list of authorities, one small certificate.
//!
//! Invariant: a connection that gets past here has an unrevoked certificate of the device authority.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use milepost_protocol::DeviceId;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::pki::{Role, Sets};

/// How certificates stand by the register, and which were shown; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Standing(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    refused: HashSet<String>,
    settled: HashSet<String>,
    /// Shown by a connection, and not known to be settled.
    shown: HashSet<String>,
}

impl Standing {
    /// Replaces what is known.
    pub fn set(&self, sets: Sets) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.refused = sets.refused;
        known.settled = sets.settled;
    }

    /// Whether a serial number must be refused.
    pub fn refuses(&self, serial: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).refused.contains(serial)
    }

    /// Notes that an accepted connection showed a serial number.
    pub fn note_use(&self, serial: &str) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !known.settled.contains(serial) {
            known.shown.insert(serial.to_owned());
        }
    }

    /// The serial numbers that were shown since the last call and may take another's place.
    pub fn take_shown(&self) -> Vec<String> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).shown.drain().collect()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The device authority is not usable.
    #[error("device authority is not usable")]
    Authority(#[source] rustls::Error),
    /// The verifier cannot be built.
    #[error("client certificates cannot be verified")]
    Verifier(#[source] VerifierBuilderError),
    /// The server's certificate is not usable.
    #[error("server certificate is not usable")]
    Server(#[source] rustls::Error),
}

/// The settings of the front door.
pub fn server_config(
    cert: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    device_ca: CertificateDer<'static>,
    standing: Standing,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(device_ca).map_err(TlsError::Authority)?;
    let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .clear_root_hint_subjects()
        .build()
        .map_err(TlsError::Verifier)?;
    build(provider, Arc::new(Verifier { inner, standing }), cert, key).map_err(TlsError::Server)
}

fn build(
    provider: Arc<CryptoProvider>,
    verifier: Arc<Verifier>,
    cert: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![cert], key)?;
    // Devices keep no tickets, and every byte of the handshake costs them memory.
    config.send_tls13_tickets = 0;
    // A board has room for one record of this size; whole flights of messages would otherwise leave in one of 16 KiB.
    config.max_fragment_size = Some(4096);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// The chain's check, then the register's.
#[derive(Debug)]
struct Verifier {
    inner: Arc<dyn ClientCertVerifier>,
    standing: Standing,
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        let peer = Peer::read(end_entity).ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
        if self.standing.refuses(&peer.serial) {
            return Err(rustls::Error::InvalidCertificate(CertificateError::Revoked));
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Who is at the other end, as the certificate says.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) device: DeviceId,
    pub(super) role: Role,
    pub(super) serial: String,
}

impl Peer {
    /// Reads a certificate that was verified; `None` if its common name is no device id or its unit no role.
    pub(super) fn read(cert: &CertificateDer<'_>) -> Option<Self> {
        let (_, cert) = X509Certificate::from_der(cert).ok()?;
        let device = cert.subject().iter_common_name().next()?.as_str().ok()?.parse().ok()?;
        let unit = cert.subject().iter_organizational_unit().next().and_then(|unit| unit.as_str().ok());
        let role = Role::of_unit(unit)?;
        let serial = format!("{:0>32}", cert.tbs_certificate.serial.to_str_radix(16));
        Some(Self { device, role, serial })
    }
}
