//! How an owner can be reached, and what they have chosen.
//!
//! Invariant: an address stands in its owner's contact alone; deliveries know it by a hash.

use std::collections::BTreeSet;

use milepost_engine::channels::{Channel, Preferences};
use milepost_protocol::DeviceId;
use serde::{Deserialize, Serialize};

use super::Unconfirmed;
use super::delivery::short_hash;
use super::push::encrypt;
use crate::domain::AccountId;

/// The most lines of a postal address.
const MAX_POSTAL_LINES: usize = 6;

/// The longest address or line, in characters.
const MAX_LEN: usize = 200;

/// The longest URL, in bytes.
const MAX_URL: usize = 1_000;

/// An e-mail address or a telephone number, checked for its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// An e-mail address, if the text has the form of one.
    pub fn email(text: &str) -> Option<Self> {
        let text = text.trim();
        let parsed: lettre::Address = text.parse().ok()?;
        (text.len() <= MAX_LEN && !parsed.domain().is_empty()).then(|| Self(text.to_owned()))
    }

    /// A telephone number in international form (ITU-T E.164): a plus sign and 7 to 15 digits; what separates them is left out.
    pub fn phone(text: &str) -> Option<Self> {
        let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '/' | '.')).collect();
        let digits = kept.strip_prefix('+')?;
        let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(Self(kept))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A postal address: name, street, town, country, a line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Postal(Vec<String>);

impl Postal {
    /// The lines of an address, if there are two to six of a bearable length.
    pub fn new(text: &str) -> Option<Self> {
        let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect();
        let fits = (2..=MAX_POSTAL_LINES).contains(&lines.len())
            && lines.iter().all(|line| line.chars().count() <= MAX_LEN && !line.chars().any(char::is_control));
        fits.then_some(Self(lines))
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// A system of the owner's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where it listens.
    pub url: String,
    /// What requests to it are signed with: 64 hexadecimal digits.
    pub secret: String,
}

impl Webhook {
    /// A webhook with a new secret, if the URL is one of HTTP.
    pub fn new(url: &str, secret: String) -> Option<Self> {
        is_url(url).then(|| Self { url: url.trim().to_owned(), secret })
    }
}

/// Whether a text is an absolute URL of HTTP with a host.
pub(super) fn is_url(text: &str) -> bool {
    let parsed = text.trim().parse::<axum::http::Uri>().ok();
    let is_http = |uri: &axum::http::Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    text.len() <= MAX_URL && parsed.as_ref().is_some_and(is_http)
}

/// Everything about reaching one owner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// What was chosen.
    pub preferences: Preferences,
    /// The IANA time zone of the quiet hours; the vehicle's if absent.
    pub time_zone: Option<String>,
    /// The e-mail address, once its owner has confirmed it.
    pub email: Option<Address>,
    /// The e-mail address that shall take its place, or be the first.
    pub unconfirmed: Option<Unconfirmed>,
    /// When owners of addresses were asked during the last day, in milliseconds of Unix time.
    pub asked_ms: Vec<u64>,
    /// The telephone number.
    pub phone: Option<Address>,
    /// The postal address.
    pub postal: Option<Postal>,
    /// The owner's own system.
    pub webhook: Option<Webhook>,
    /// Cars of others of whose reminders they want to hear, as long as they may answer them.
    pub cars: BTreeSet<DeviceId>,
}

/// A browser that takes notifications (Push API): RFC 8030 endpoint and RFC 8291 keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where the push service takes messages for it.
    pub endpoint: String,
    /// The browser's public key: 65 bytes, uncompressed, as base64url.
    pub p256dh: String,
    /// The shared authentication secret: 16 bytes as base64url.
    pub auth: String,
    /// The browser's `User-Agent`, cut short.
    #[serde(default)]
    pub agent: String,
    /// When it was made, in milliseconds of Unix time.
    #[serde(default)]
    pub created_ms: u64,
}

impl Subscription {
    /// Whether endpoint and keys have their forms: a URL, a point of 65 bytes and 16 bytes.
    pub fn is_valid(&self) -> bool {
        is_url(&self.endpoint) && encrypt(&self.p256dh, &self.auth, b"", &[1; 48]).is_some()
    }

    /// What lists and deliveries know it by.
    pub fn id(&self, owner: &AccountId) -> String {
        recipient(owner, Channel::Push, &self.endpoint)
    }
}

/// What a delivery knows an address by.
pub(super) fn recipient(owner: &AccountId, channel: Channel, address: &str) -> String {
    short_hash(&format!("{owner}\n{}\n{address}", channel.name()))
}

impl Contact {
    /// The address of a channel that has one for each owner; the text is only compared and hashed.
    pub(super) fn address(&self, channel: Channel) -> Option<String> {
        match channel {
            Channel::Email => self.email.as_ref().map(|address| address.as_str().to_owned()),
            Channel::Text => self.phone.as_ref().map(|address| address.as_str().to_owned()),
            Channel::Webhook => self.webhook.as_ref().map(|webhook| webhook.url.clone()),
            Channel::Letter => self.postal.as_ref().map(|postal| postal.lines().join("\n")),
            // The workshop knows whom to call.
            Channel::Call => Some(String::new()),
            Channel::Push => None,
        }
    }

    /// The recipients of a channel by their hashes.
    pub(super) fn recipients(
        &self,
        owner: &AccountId,
        subscriptions: &[Subscription],
        channel: Channel,
    ) -> Vec<String> {
        if channel == Channel::Push {
            return subscriptions.iter().map(|subscription| subscription.id(owner)).collect();
        }
        self.address(channel).map(|address| recipient(owner, channel, &address)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_the_form_of_an_address_is_not_taken() {
        assert!(Address::email("anna@example.org").is_some());
        for wrong in ["", "anna", "anna@", "@example.org", "anna@exa mple.org", "a@b.c\r\nBcc: x@y.z"] {
            assert_eq!(Address::email(wrong), None, "{wrong:?}");
        }
        assert_eq!(Address::phone("+49 (30) 123-456").as_ref().map(Address::as_str), Some("+4930123456"));
        for wrong in ["", "030 123456", "+49", "+49 30 12a456", "+1234567890123456"] {
            assert_eq!(Address::phone(wrong), None, "{wrong:?}");
        }
        assert!(Postal::new("Anna Lindholm\nWeg 1\n12345 Ort").is_some());
        assert_eq!(Postal::new("Anna"), None);
        assert!(is_url("https://home.example/hook?x=1"));
        for wrong in ["", "ftp://x.y/", "/hook", "https://", "javascript:alert(1)"] {
            assert!(!is_url(wrong), "{wrong:?}");
        }
    }
}
