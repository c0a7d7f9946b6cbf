//! Signed requests: to systems of owners, and to the installation's provider of text messages.
//!
//! The header `Milepost-Timestamp` holds seconds of Unix time, and `Milepost-Signature` the text `v1=` with the hexadecimal
//! HMAC-SHA-256 over timestamp, a full stop and the body.
//! A receiver refuses a timestamp that is further than [`REPLAY_WINDOW_S`] from its own clock, and within that window takes each
//! `Idempotency-Key` once.
//! Invariant: the body that is signed is the body that is sent, byte for byte.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::SendError;
use super::http::Http;

/// The header with the moment of signing.
pub const TIMESTAMP: &str = "milepost-timestamp";

/// The header with the signature.
pub const SIGNATURE: &str = "milepost-signature";

/// How far a receiver's clock may be from the timestamp, in seconds.
pub const REPLAY_WINDOW_S: u64 = 300;

/// The signature of a body at a moment.
pub fn sign(secret: &str, timestamp_s: u64, body: &[u8]) -> String {
    format!("v1={}", crate::pki::hex(&mac(secret, timestamp_s, body).finalize().into_bytes()))
}

/// Whether a request is genuine and fresh, as a receiver checks it.
pub fn verify(secret: &str, timestamp_s: u64, signature: &str, body: &[u8], now_s: u64) -> bool {
    let digits = signature.strip_prefix("v1=").unwrap_or_default();
    let bytes: Option<Vec<u8>> =
        (0..digits.len() / 2).map(|index| u8::from_str_radix(digits.get(index * 2..index * 2 + 2)?, 16).ok()).collect();
    let is_genuine = bytes.is_some_and(|bytes| mac(secret, timestamp_s, body).verify_slice(&bytes).is_ok());
    is_genuine && now_s.abs_diff(timestamp_s) <= REPLAY_WINDOW_S
}

fn mac(secret: &str, timestamp_s: u64, body: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.chain_update(timestamp_s.to_string()).chain_update(b".").chain_update(body)
}

/// Sends a signed body; `now_ms` is the machine's time, by which receivers judge it.
pub(super) async fn post(
    http: &Http,
    url: &str,
    secret: &str,
    key: &str,
    body: &serde_json::Value,
    now_ms: u64,
) -> Result<(), SendError> {
    let body = body.to_string().into_bytes();
    let timestamp_s = now_ms / 1000;
    let signature = sign(secret, timestamp_s, &body);
    let text = |text: &str| HeaderValue::try_from(text).map_err(|error| SendError::Refused(error.to_string()));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("idempotency-key"), text(key)?),
        (HeaderName::from_static(TIMESTAMP), HeaderValue::from(timestamp_s)),
        (HeaderName::from_static(SIGNATURE), text(&signature)?),
    ];
    outcome(http.post(url, &headers, Bytes::from(body)).await?)
}

/// What a status means for the message.
pub(super) fn outcome(status: u16) -> Result<(), SendError> {
    match status {
        200..300 => Ok(()),
        // Too early, too slow, too many, or trouble of the other side's own.
        408 | 425 | 429 | 500.. => Err(SendError::NotTaken(format!("status {status}"))),
        _ => Err(SendError::Refused(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_body_its_moment_and_its_window_alone() {
        let signature = sign("secret", 1_000, b"{}");
        assert!(verify("secret", 1_000, &signature, b"{}", 1_000 + REPLAY_WINDOW_S));
        assert!(!verify("secret", 1_000, &signature, b"{}", 1_001 + REPLAY_WINDOW_S), "a replay comes too late");
        assert!(!verify("secret", 1_001, &signature, b"{}", 1_000), "another moment");
        assert!(!verify("secret", 1_000, &signature, b"{ }", 1_000), "another body");
        assert!(!verify("other", 1_000, &signature, b"{}", 1_000), "another secret");
        assert!(!verify("secret", 1_000, "v1=zz", b"{}", 1_000) && !verify("secret", 1_000, "", b"{}", 1_000));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        assert!(outcome(204).is_ok());
        assert!(matches!(outcome(503), Err(SendError::NotTaken(_))));
        assert!(matches!(outcome(429), Err(SendError::NotTaken(_))));
        for status in [301, 400, 401, 413] {
            assert!(matches!(outcome(status), Err(SendError::Refused(_))), "{status}");
        }
    }
}
