//! Web Push (RFC 8030): encrypted for one browser (RFC 8291), signed by this installation (RFC 8292).
//!
//! Invariant: a push service sees neither text nor title, and an endpoint that is gone is told as such.

mod encryption;
mod vapid;

pub use encryption::{decrypt, encrypt};
pub(super) use vapid::Vapid;

use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING};
use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use rand::TryRngCore as _;
use rand::rngs::OsRng;

use super::http::Http;
use super::webhook::outcome;
use super::{SendError, Subscription};

/// How long a push service keeps a message for a browser that is off, in seconds: three days.
const TTL_S: u64 = 3 * 86_400;

/// Sends one message; `now_ms` is the machine's time, by which the push service judges the signature.
///
/// The topic is the idempotency key, so that a message which is sent again replaces itself while it waits (RFC 8030 §5.4).
pub(super) async fn send(
    http: &Http,
    vapid: &Vapid,
    subscription: &Subscription,
    key: &str,
    payload: &[u8],
    now_ms: u64,
) -> Result<(), SendError> {
    let refused = |what: &str| SendError::Refused(what.to_owned());
    let mut random = [0; 48];
    OsRng.try_fill_bytes(&mut random).map_err(|error| SendError::NotTaken(format!("drawing random bytes: {error}")))?;
    let body = encrypt(&subscription.p256dh, &subscription.auth, payload, &random)
        .ok_or_else(|| refused("browser's keys do not read"))?;
    let authorization =
        vapid.authorization(&subscription.endpoint, now_ms / 1000).ok_or_else(|| refused("endpoint is no URL"))?;
    let text = |text: &str| HeaderValue::try_from(text).map_err(|error| refused(&error.to_string()));
    let headers = [
        (AUTHORIZATION, text(&authorization)?),
        (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
        (HeaderName::from_static("ttl"), HeaderValue::from(TTL_S)),
        (HeaderName::from_static("topic"), text(key)?),
        (HeaderName::from_static("urgency"), HeaderValue::from_static("normal")),
    ];
    match http.post(&subscription.endpoint, &headers, Bytes::from(body)).await? {
        404 | 410 => Err(SendError::Gone),
        status => outcome(status),
    }
}
