//! Whether the server is ours, and who we are to it.
//!
//! Everything about the certificate is checked when it is shown, and everything about the proof when it comes: once each, in this order.
//! Invariant: our own certificate is handed out only to a server that has proved itself, and the pinned authority signs the server's
//! certificate without anybody in between.

use core::cell::Cell;

use embedded_tls::{
    Aes128GcmSha256, Certificate, CertificateEntryRef, CertificateRef, CertificateVerifyRef, CryptoProvider,
    CryptoRngCore, Sha256, SignatureScheme, TlsError, TlsVerifier,
};
use milepost_firmware::configuration::Configuration;
use milepost_identity::Credentials;
use p256::ecdsa::signature::SignerMut;
use sha2::Digest as _;

use crate::certificate;
use crate::signature::{self, Encoded, Point, Secret};
use crate::time::Known;

/// What a server's proof begins with (RFC 8446 §4.4.3): 64 spaces, what it is, a zero.
const CONTEXT: &[u8; 98] = b"                                                                \
TLS 1.3, server CertificateVerify\0";

/// How far a handshake came.
enum Stage {
    /// Nothing was shown.
    Waiting,
    /// A certificate of ours was shown: its key, and the hash of everything that was said up to there.
    Shown { key: Point, transcript: [u8; 32] },
    /// It was proved, or something was wrong; there is nothing more to show.
    Over,
}

/// Checks the server, step by step in the one right order.
struct ServerProof<'c> {
    authority: &'c [u8],
    name: &'c str,
    time: Known,
    stage: Stage,
    proved: &'c Cell<bool>,
}

impl TlsVerifier<Aes128GcmSha256> for ServerProof<'_> {
    fn set_hostname_verification(&mut self, name: &str) -> Result<(), TlsError> {
        // The name is the configuration's, and so is the one that the library asks the server for.
        if name == self.name { Ok(()) } else { Err(TlsError::InvalidHandshake) }
    }

    fn verify_certificate(&mut self, transcript: &Sha256, shown: CertificateRef<'_>) -> Result<(), TlsError> {
        let Stage::Waiting = core::mem::replace(&mut self.stage, Stage::Over) else {
            return Err(TlsError::InvalidHandshake);
        };
        // The authority signs the server's certificate itself; a second one would be there to pose as another authority.
        let [CertificateEntryRef::X509(bytes)] = shown.entries.as_slice() else {
            return Err(TlsError::InvalidCertificate);
        };
        let certificate = certificate::read(bytes).ok_or(TlsError::DecodeError)?;
        let past = self.time.at_least_s > certificate.validity.until_s;
        let early = self.time.exact && self.time.at_least_s < certificate.validity.from_s;
        let authority = certificate::authority(self.authority).ok_or(TlsError::DecodeError)?;
        if past || early || !certificate.serves(self.name) || !certificate.is_signed_by(authority) {
            return Err(TlsError::InvalidCertificate);
        }
        self.stage = Stage::Shown { key: *certificate.key, transcript: transcript.clone().finalize().into() };
        Ok(())
    }

    fn verify_signature(&mut self, proof: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        let Stage::Shown { key, transcript } = core::mem::replace(&mut self.stage, Stage::Over) else {
            return Err(TlsError::InvalidHandshake);
        };
        if proof.signature_scheme != SignatureScheme::EcdsaSecp256r1Sha256 {
            return Err(TlsError::InvalidSignatureScheme);
        }
        if !signature::is_of(&key, &[CONTEXT, &transcript], proof.signature) {
            return Err(TlsError::InvalidSignature);
        }
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
        let server = ServerProof {
            authority: &configuration.server_authority,
            name: &configuration.server_name,
            time,
            stage: Stage::Waiting,
            proved,
        };
        Self { random, server, credentials }
    }
}

impl<G: CryptoRngCore> CryptoProvider for Provider<'_, G> {
    type CipherSuite = Aes128GcmSha256;
    type Signature = Encoded;

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut *self.random
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, TlsError> {
        Ok(&mut self.server)
    }

    fn signer(&mut self) -> Result<(impl SignerMut<Encoded>, SignatureScheme), TlsError> {
        Ok((Secret::new(self.credentials.key.clone()), SignatureScheme::EcdsaSecp256r1Sha256))
    }

    fn client_cert(&mut self) -> Option<Certificate<impl AsRef<[u8]>>> {
        self.server.proved.get().then(|| Certificate::X509(self.credentials.certificate.as_slice()))
    }
}

#[cfg(test)]
mod tests;
