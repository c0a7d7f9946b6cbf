//! A verdict in the words of the protocol.
//!
//! Invariant: a failure of ours is told as one that passes, so that the device asks again.

use milepost_protocol::certificate::{CertificateAnswer, Refusal, Verdict as Told};
use sha2::{Digest as _, Sha256};

use super::{PkiError, Verdict};
use crate::events::CertificateFailed;

/// The answer to a request, given as DER.
pub fn answer(request: &[u8], verdict: Result<Verdict, PkiError>) -> CertificateAnswer {
    let hash: [u8; 32] = Sha256::digest(request).into();
    let request = hash.first_chunk().copied().unwrap_or_default();
    let verdict = match verdict {
        Ok(Ok(leaf)) => match heapless::Vec::from_slice(&leaf.der) {
            Ok(certificate) => Told::Issued { device: leaf.device, certificate },
            Err(_) => Told::Refused(Refusal::Unavailable),
        },
        Ok(Err(refusal)) => Told::Refused(refusal),
        Err(error) => {
            CertificateFailed { error: &error }.emit();
            Told::Refused(Refusal::Unavailable)
        }
    };
    CertificateAnswer { request, verdict }
}
