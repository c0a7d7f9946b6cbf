//! Whether the server is ours, and who we are to it.
//!
//! The library's verifier checks the signature and the name of a certificate when it is shown one; that one is shown, once, in its place and
//! with a proof, and that its dates hold, is checked here. Invariant: our own certificate is handed out only to a server that has proved
//! itself, and the pinned authority signs the server's certificate without anybody in between.

use core::cell::Cell;

use embedded_tls::pki::CertVerifier;
use embedded_tls::{
    Aes128GcmSha256, Certificate, CertificateEntryRef, CertificateRef, CertificateVerifyRef, CryptoProvider,
    CryptoRngCore, NoClock, Sha256, SignatureScheme, TlsError, TlsVerifier,
};
use milepost_firmware::configuration::{Configuration, MAX_CERTIFICATE_LEN};
use milepost_identity::Credentials;
use p256::ecdsa::{DerSignature, SigningKey, signature::SignerMut};

use crate::time::Known;
use crate::validity;

/// Checks the server, step by step in the one right order.
struct ServerProof<'c> {
    inner: CertVerifier<'c, Aes128GcmSha256, NoClock, MAX_CERTIFICATE_LEN>,
    time: Known,
    shown: bool,
    proved: &'c Cell<bool>,
}

impl TlsVerifier<Aes128GcmSha256> for ServerProof<'_> {
    fn set_hostname_verification(&mut self, name: &str) -> Result<(), TlsError> {
        TlsVerifier::set_hostname_verification(&mut self.inner, name)
    }

    fn verify_certificate(&mut self, transcript: &Sha256, shown: CertificateRef<'_>) -> Result<(), TlsError> {
        if self.shown {
            return Err(TlsError::InvalidHandshake);
        }
        // More than one would let any certificate of the authority sign others: the library does not look at basicConstraints.
        let [CertificateEntryRef::X509(certificate)] = shown.entries.as_slice() else {
            return Err(TlsError::InvalidCertificate);
        };
        let validity = validity::of(certificate).ok_or(TlsError::DecodeError)?;
        let past = self.time.at_least_s > validity.until_s;
        let early = self.time.exact && self.time.at_least_s < validity.from_s;
        if past || early {
            return Err(TlsError::InvalidCertificate);
        }
        self.inner.verify_certificate(transcript, shown)?;
        self.shown = true;
        Ok(())
    }

    fn verify_signature(&mut self, proof: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        // Without a certificate before it, or after another proof, the inner one panics.
        if !self.shown || self.proved.get() {
            return Err(TlsError::InvalidHandshake);
        }
        self.inner.verify_signature(proof)?;
        self.proved.set(true);
        Ok(())
    }
}

/// Everything that a handshake asks for.
pub(crate) struct Provider<'c, G> {
    random: &'c mut G,
    server: ServerProof<'c>,
    credentials: &'c Credentials,
}

impl<'c, G> Provider<'c, G> {
    /// For one connection; `proved` becomes true once the server has proved itself.
    pub(crate) fn new(
        (configuration, credentials): (&'c Configuration, &'c Credentials),
        random: &'c mut G,
        time: Known,
        proved: &'c Cell<bool>,
    ) -> Self {
        proved.set(false);
        let inner = CertVerifier::new(Certificate::X509(configuration.server_authority.as_slice()));
        Self { random, server: ServerProof { inner, time, shown: false, proved }, credentials }
    }
}

impl<G: CryptoRngCore> CryptoProvider for Provider<'_, G> {
    type CipherSuite = Aes128GcmSha256;
    type Signature = DerSignature;

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut *self.random
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, TlsError> {
        Ok(&mut self.server)
    }

    fn signer(&mut self) -> Result<(impl SignerMut<DerSignature>, SignatureScheme), TlsError> {
        let key = SigningKey::from_slice(&self.credentials.key.to_bytes()).map_err(|_| TlsError::InvalidPrivateKey)?;
        Ok((key, SignatureScheme::EcdsaSecp256r1Sha256))
    }

    fn client_cert(&mut self) -> Option<Certificate<impl AsRef<[u8]>>> {
        self.server.proved.get().then(|| Certificate::X509(self.credentials.certificate.as_slice()))
    }
}
