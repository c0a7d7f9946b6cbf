//! Encryption for one browser: RFC 8291 over the `aes128gcm` coding of RFC 8188, one record a message.
//!
//! Invariant: the random bytes are used for one message.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes128Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

/// The record size that the header names; a message is shorter.
const RECORD: u32 = 4_096;

/// The longest message, in bytes: one record with its delimiter and tag.
const MAX_LEN: usize = RECORD as usize - 17;

/// The length of the header: salt, record size, and the sender's key with its length.
const HEADER: usize = 16 + 4 + 1 + 65;

/// Encrypts `payload`; the first 32 random bytes become the sender's key, the last 16 the salt.
///
/// `None` if the browser's keys do not read, the payload is too long, or the random bytes are no key, which happens once in 2^32 times.
pub fn encrypt(p256dh: &str, auth: &str, payload: &[u8], random: &[u8; 48]) -> Option<Vec<u8>> {
    let browser = PublicKey::from_sec1_bytes(&decode(p256dh)?).ok()?;
    let auth = decode(auth).filter(|auth| auth.len() == 16)?;
    let sender = SecretKey::from_slice(&random[..32]).ok()?;
    let salt = &random[32..];
    if payload.len() > MAX_LEN {
        return None;
    }
    let sender_point = sender.public_key().to_encoded_point(false);
    let shared = diffie_hellman(sender.to_nonzero_scalar(), browser.as_affine());
    let browser_point = browser.to_encoded_point(false);
    let (key, nonce) = keys(shared.raw_secret_bytes(), &auth, salt, browser_point.as_bytes(), sender_point.as_bytes());
    let mut record = payload.to_vec();
    // The delimiter of the last record.
    record.push(2);
    let sealed = Aes128Gcm::new(&key.into()).encrypt(Nonce::from_slice(&nonce), &record[..]).ok()?;
    let mut body = Vec::with_capacity(HEADER + sealed.len());
    body.extend_from_slice(salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(65);
    body.extend_from_slice(sender_point.as_bytes());
    body.extend_from_slice(&sealed);
    Some(body)
}

/// Decrypts a body as a browser does, with its private key of 32 bytes and its authentication secret; for tests and trials.
pub fn decrypt(private: &[u8], auth: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let (header, sealed) = body.split_at_checked(HEADER)?;
    let (salt, rest) = header.split_at(16);
    let sender = PublicKey::from_sec1_bytes(&rest[5..]).ok()?;
    let browser = SecretKey::from_slice(private).ok()?;
    let shared = diffie_hellman(browser.to_nonzero_scalar(), sender.as_affine());
    let browser_point = browser.public_key().to_encoded_point(false);
    let (key, nonce) = keys(shared.raw_secret_bytes(), auth, salt, browser_point.as_bytes(), &rest[5..]);
    let mut record = Aes128Gcm::new(&key.into()).decrypt(Nonce::from_slice(&nonce), sealed).ok()?;
    let end = record.iter().rposition(|byte| *byte != 0)?;
    (record[end] == 2).then(|| {
        record.truncate(end);
        record
    })
}

/// The content key and the nonce (RFC 8291 §3.4).
fn keys(shared: &[u8], auth: &[u8], salt: &[u8], browser: &[u8], sender: &[u8]) -> ([u8; 16], [u8; 12]) {
    const LENGTH: &str = "HKDF gives as few bytes";
    let mut input = [0; 32];
    let info = [b"WebPush: info\0", browser, sender];
    Hkdf::<Sha256>::new(Some(auth), shared).expand_multi_info(&info, &mut input).expect(LENGTH);
    let derived = Hkdf::<Sha256>::new(Some(salt), &input);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    derived.expand(b"Content-Encoding: aes128gcm\0", &mut key).expect(LENGTH);
    derived.expand(b"Content-Encoding: nonce\0", &mut nonce).expect(LENGTH);
    (key, nonce)
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_rfc_8291_appendix_a_comes_out_byte_for_byte() {
        let mut random = [0; 48];
        random[..32].copy_from_slice(&decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").unwrap());
        random[32..].copy_from_slice(&decode("DGv6ra1nlYgDCS1FRnbzlw").unwrap());
        let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        let body = encrypt(p256dh, auth, b"When I grow up, I want to be a watermelon", &random).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(&body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
        let private = decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94").unwrap();
        let plain = decrypt(&private, &decode(auth).unwrap(), &body).unwrap();
        assert_eq!(plain, b"When I grow up, I want to be a watermelon");
        let mut broken = body;
        *broken.last_mut().unwrap() ^= 1;
        assert_eq!(decrypt(&private, &decode(auth).unwrap(), &broken), None);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let good = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        for (p256dh, auth) in
            [("", "BTBZMqHH6r4Tts7J_aSIgg"), ("AAAA", "BTBZMqHH6r4Tts7J_aSIgg"), (good, "AAAA"), (good, "!")]
        {
            assert_eq!(encrypt(p256dh, auth, b"x", &[7; 48]), None, "{p256dh} {auth}");
        }
        assert_eq!(encrypt(good, "BTBZMqHH6r4Tts7J_aSIgg", &[0; MAX_LEN + 1], &[7; 48]), None);
    }
}
