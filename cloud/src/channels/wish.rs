//! What a person has typed or a program has sent about how to be reached, before it is trusted.
//!
//! Invariant: it is taken whole or not at all.

use std::collections::BTreeSet;

use milepost_engine::channels::{Channel, Choice};
use milepost_engine::offers::QuietHours;
use milepost_protocol::DeviceId;

use super::{Address, ChannelError, Channels, Contact, Postal, Webhook};
use crate::zones;

/// Everything that can be chosen; an empty text is an absent one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Choices of channels; those that are not named stay as they are.
    pub choices: Vec<(Channel, Choice)>,
    /// From when it is quiet, as `HH:MM`.
    pub quiet_from: String,
    /// Until when it is quiet, as `HH:MM`.
    pub quiet_to: String,
    /// When the one e-mail of a day comes, as `HH:MM`.
    pub digest_at: String,
    /// The IANA time zone.
    pub time_zone: String,
    /// The e-mail address.
    pub email: String,
    /// The telephone number.
    pub phone: String,
    /// The postal address, a line each.
    pub postal: String,
    /// The URL of the owner's own system.
    pub webhook: String,
    /// The cars of others of whose reminders they want to hear; as before if absent.
    pub cars: Option<BTreeSet<DeviceId>>,
}

impl Wish {
    /// The contact as it shall be; `None` if something in it is none of what it should be, or too many addresses were tried today.
    pub fn apply(self, before: &Contact, now_ms: u64) -> Result<Option<Contact>, ChannelError> {
        let secret = match &before.webhook {
            // The same system keeps its secret, so that saving the form does not lock it out.
            Some(known) if known.url == self.webhook.trim() => known.secret.clone(),
            _ => Channels::new_secret()?,
        };
        Ok(self.checked(before, secret, now_ms).ok())
    }

    fn checked(self, before: &Contact, secret: String, now_ms: u64) -> Result<Contact, Malformed> {
        let mut contact = before.clone();
        let preferences = &mut contact.preferences;
        for (channel, choice) in &self.choices {
            preferences.choose(*channel, *choice);
        }
        preferences.quiet = QuietHours {
            from_minute: optional(&self.quiet_from, minute)?.unwrap_or(preferences.quiet.from_minute),
            to_minute: optional(&self.quiet_to, minute)?.unwrap_or(preferences.quiet.to_minute),
        };
        preferences.digest_minute = optional(&self.digest_at, minute)?;
        contact.time_zone = optional(&self.time_zone, |name| zones::is_known(name).then(|| name.to_owned()))?;
        if !contact.set_email(optional(&self.email, Address::email)?, now_ms) {
            return Err(Malformed);
        }
        contact.phone = optional(&self.phone, Address::phone)?;
        contact.postal = optional(&self.postal, Postal::new)?;
        if let Some(cars) = self.cars {
            contact.cars = cars;
        }
        contact.webhook = optional(&self.webhook, |url| Webhook::new(url, secret))?;
        Ok(contact)
    }
}

/// A text is none of what it should be.
struct Malformed;

/// An empty text is nothing; any other has to read.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Malformed> {
    if text.trim().is_empty() { Ok(None) } else { read(text.trim()).map(Some).ok_or(Malformed) }
}

/// A minute of the day from `HH:MM`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// A minute of the day as `HH:MM`.
pub fn clock_text(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_taken_whole_or_not_at_all() {
        let before = Contact::default();
        let good = Wish {
            email: " anna@example.org ".into(),
            quiet_from: "22:30".into(),
            quiet_to: "07:00".into(),
            digest_at: "18:00".into(),
            time_zone: "Europe/Berlin".into(),
            ..Wish::default()
        };
        let contact = good.clone().apply(&before, 0).unwrap().unwrap();
        assert_eq!(contact.preferences.quiet, QuietHours { from_minute: 1_350, to_minute: 420 });
        assert_eq!(contact.preferences.digest_minute, Some(1_080));
        assert_eq!(
            (contact.email.as_ref(), contact.unconfirmed.map(|known| known.address)),
            (None, Address::email("anna@example.org"))
        );
        for wrong in [
            Wish { email: "anna".into(), ..good.clone() },
            Wish { quiet_from: "24:00".into(), ..good.clone() },
            Wish { digest_at: "soon".into(), ..good.clone() },
            Wish { time_zone: "Mars/Base".into(), ..good.clone() },
            Wish { webhook: "file:///etc/passwd".into(), ..good },
        ] {
            assert_eq!(wrong.apply(&before, 0).unwrap(), None);
        }
    }

    #[test]
    fn a_webhook_keeps_its_secret_until_it_moves() {
        let hook = |url: &str| Wish { webhook: url.into(), ..Wish::default() };
        let first = hook("https://home.example/a").apply(&Contact::default(), 0).unwrap().unwrap();
        let same = hook("https://home.example/a").apply(&first, 0).unwrap().unwrap();
        let other = hook("https://home.example/b").apply(&first, 0).unwrap().unwrap();
        let secret = |contact: &Contact| contact.webhook.as_ref().unwrap().secret.clone();
        assert_eq!(secret(&same), secret(&first));
        assert_ne!(secret(&other), secret(&first));
    }
}
