//! Mutual TLS: the device's certificate and key, and the one authority that it trusts.
//!
//! Invariant: the server is checked under the name that the configuration gives, whatever address the connection goes to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Where the PEM files of a device are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The authority of the server's certificate.
    pub ca: PathBuf,
    /// The device's certificate chain; its common name is the device id.
    pub certificate: PathBuf,
    /// The device's private key.
    pub key: PathBuf,
}

impl Identity {
    /// The files of one device in a folder of identities: `ca.pem`, `<device>/cert.pem`, `<device>/key.pem`.
    pub fn in_folder(folder: &Path, device: &str) -> Self {
        let own = folder.join(device);
        Self { ca: folder.join("ca.pem"), certificate: own.join("cert.pem"), key: own.join("key.pem") }
    }
}

/// Why the identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file does not hold what it should.
    #[error("no usable {what}, {}", path.display())]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The certificates and the key make no client.
    #[error("certificate and key do not make a client, {}", path.display())]
    Client {
        /// The certificate file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server name is no DNS name or address.
    #[error("not a server name, {0}")]
    ServerName(String),
}

/// The client side of mutual TLS for one device.
pub fn client_config(identity: &Identity, server_name: &str) -> Result<Arc<ClientConfig>, TlsError> {
    let server_name =
        ServerName::try_from(server_name.to_owned()).map_err(|_| TlsError::ServerName(server_name.to_owned()))?;
    let chain = certificates("certificate", &identity.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|source| TlsError::Pem {
        what: "private key",
        path: identity.key.clone(),
        source,
    })?;
    build(identity, server_name, chain, key)
}

/// The same with a key and a certificate that are not in the identity's own files.
pub(crate) fn client_config_of(
    identity: &Identity,
    server_name: &str,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let server_name =
        ServerName::try_from(server_name.to_owned()).map_err(|_| TlsError::ServerName(server_name.to_owned()))?;
    build(identity, server_name, vec![certificate], key)
}

fn build(
    identity: &Identity,
    server_name: ServerName<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| TlsError::Client {
        path: identity.certificate.clone(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("authority", &identity.ca)? {
        roots.add(certificate).map_err(|error| TlsError::Client { path: identity.ca.clone(), source: error.into() })?;
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| unusable(error.into()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.into()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(UnderName { server_name, inner }))
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(error.into()))?;
    Ok(Arc::new(config))
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fail = |source| TlsError::Pem { what, path: path.to_owned(), source };
    let found = CertificateDer::pem_file_iter(path).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    if found.is_empty() { Err(fail(rustls::pki_types::pem::Error::NoItemsFound)) } else { Ok(found) }
}

/// The ordinary verification, under a fixed name: the client library would check the address it dials instead.
#[derive(Debug)]
struct UnderName {
    server_name: ServerName<'static>,
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for UnderName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _dialled: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &self.server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
