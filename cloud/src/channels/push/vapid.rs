//! Who sends: a token that this installation signs for one push service (RFC 8292, ES256).
//!
//! Invariant: the key follows from the installation's secret, so that subscriptions survive a restart and a backup.

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

use crate::channels::links::derive;
use crate::config::Secret;

/// How long a token counts, in seconds; RFC 8292 allows a day.
const LIFETIME_S: u64 = 12 * 3_600;

/// The installation's key towards push services.
#[derive(Clone)]
pub(in crate::channels) struct Vapid {
    key: SigningKey,
    contact: String,
}

impl std::fmt::Debug for Vapid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vapid").field("contact", &self.contact).finish_non_exhaustive()
    }
}

impl Vapid {
    /// The key of an installation; `contact` is a `mailto:` or `https:` address for the push service's people.
    pub(in crate::channels) fn new(secret: &Secret, contact: &str) -> Self {
        let key = (0_u32..)
            .find_map(|attempt| SigningKey::from_slice(&derive(secret, &format!("vapid {attempt}"))).ok())
            .expect("almost every 32 bytes are a key");
        Self { key, contact: contact.to_owned() }
    }

    /// The public key as browsers take it: base64url of 65 bytes.
    pub(in crate::channels) fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.verifying_key().to_encoded_point(false).as_bytes())
    }

    /// The `Authorization` header for an endpoint; `None` if that is no URL.
    pub(in crate::channels) fn authorization(&self, endpoint: &str, now_s: u64) -> Option<String> {
        let uri: Uri = endpoint.parse().ok()?;
        let audience = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
        let claims = serde_json::json!({ "aud": audience, "exp": now_s + LIFETIME_S, "sub": self.contact });
        let head = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        Some(format!("vapid t={signed}.{signature}, k={}", self.public_key()))
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;

    use super::super::encryption::decode;
    use super::*;

    #[test]
    fn a_token_names_the_push_service_and_is_signed_by_the_key_beside_it() {
        let vapid = Vapid::new(&Secret::new("secret".to_owned()), "mailto:ops@example.org");
        let header = vapid.authorization("https://push.example:8443/send/abc", 1_000).unwrap();
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = VerifyingKey::from_sec1_bytes(&decode(key).unwrap()).unwrap();
        key.verify(signed.as_bytes(), &Signature::from_slice(&decode(signature).unwrap()).unwrap()).unwrap();
        let claims = decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://push.example:8443");
        assert_eq!(claims["exp"], 1_000 + 12 * 3_600);
        let twin = Vapid::new(&Secret::new("secret".to_owned()), "mailto:ops@example.org");
        assert_eq!(twin.public_key(), vapid.public_key(), "a restart keeps the key");
    }
}
