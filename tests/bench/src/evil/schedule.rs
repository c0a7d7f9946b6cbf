//! The secrets of one TLS 1.3 connection as its server derives them, and records sealed with them.
//!
//! Source: RFC 8446 §5.2, §7.1 and §7.3, for `TLS_AES_128_GCM_SHA256`.
//! Invariant: it follows the standard; whatever is wrong with a server is decided by who calls it.

use anyhow::{Result, anyhow};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};

/// A secret of SHA-256's length.
pub(super) type Secret = [u8; 32];

const ZERO: Secret = [0; 32];

/// The content type of sealed records.
pub(super) const APPLICATION_DATA: u8 = 23;

pub(super) fn mac(key: &[u8], text: &[u8]) -> Secret {
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text);
    tag.as_ref().try_into().expect("a tag of SHA-256 has 32 bytes")
}

pub(super) fn hash(text: &[u8]) -> Secret {
    let digest = ring::digest::digest(&ring::digest::SHA256, text);
    digest.as_ref().try_into().expect("a digest of SHA-256 has 32 bytes")
}

/// `HKDF-Expand-Label` for at most one block.
pub(super) fn expand(secret: &Secret, label: &str, context: &[u8], len: u16) -> Vec<u8> {
    let label = format!("tls13 {label}");
    let mut info = len.to_be_bytes().to_vec();
    info.push(label.len() as u8);
    info.extend_from_slice(label.as_bytes());
    info.push(context.len() as u8);
    info.extend_from_slice(context);
    info.push(1);
    mac(secret, &info)[..usize::from(len)].to_vec()
}

fn derive(secret: &Secret, label: &str, transcript: &[u8]) -> Secret {
    expand(secret, label, &hash(transcript), 32).try_into().expect("32 bytes were asked for")
}

/// The handshake secret of a shared secret.
pub(super) fn handshake_secret(shared: &[u8]) -> Secret {
    let early = mac(&ZERO, &ZERO);
    mac(&derive(&early, "derived", b""), shared)
}

/// The server's traffic secret of the handshake; the transcript ends with `ServerHello`.
pub(super) fn server_handshake_traffic(handshake: &Secret, transcript: &[u8]) -> Secret {
    derive(handshake, "s hs traffic", transcript)
}

/// The server's first traffic secret of the session; the transcript ends with its `Finished`.
pub(super) fn server_application_traffic(handshake: &Secret, transcript: &[u8]) -> Secret {
    let master = mac(&derive(handshake, "derived", b""), &ZERO);
    derive(&master, "s ap traffic", transcript)
}

/// Seals records with one traffic secret.
pub(super) struct Sealer {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Sealer {
    pub(super) fn new(traffic: &Secret) -> Result<Self> {
        let key = UnboundKey::new(&AES_128_GCM, &expand(traffic, "key", b"", 16)).map_err(|_| anyhow!("no key"))?;
        let iv = expand(traffic, "iv", b"", 12).try_into().expect("12 bytes were asked for");
        Ok(Self { key: LessSafeKey::new(key), iv, sequence: 0 })
    }

    /// A record of `content` under an inner type; without a type the record holds nothing but its tag.
    pub(super) fn seal(&mut self, content: &[u8], kind: Option<u8>) -> Result<Vec<u8>> {
        let mut inner = content.to_vec();
        inner.extend(kind);
        let mut nonce = self.iv;
        for (place, byte) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *place ^= byte;
        }
        self.sequence += 1;
        let len = u16::try_from(inner.len() + AES_128_GCM.tag_len())?;
        let mut record = vec![APPLICATION_DATA, 3, 3];
        record.extend_from_slice(&len.to_be_bytes());
        let (nonce, header) = (Nonce::assume_unique_for_key(nonce), Aad::from(record.clone()));
        self.key.seal_in_place_append_tag(nonce, header, &mut inner).map_err(|_| anyhow!("a record does not seal"))?;
        record.extend_from_slice(&inner);
        Ok(record)
    }
}
