//! What an owner has set up, and what may be at which broker.
//!
//! Invariant: a password is never shown again, and a broker that is left keeps its line until it has been cleared.

use milepost_protocol::DeviceId;
use serde::{Deserialize, Serialize};

/// The longest text of a field, in bytes.
const MAX_LEN: usize = 200;

/// The most brokers that wait to be cleared; the oldest is forgotten beyond that.
const MAX_LEFT: usize = 4;

/// Where Home Assistant looks for discovery unless it is told otherwise.
const PREFIX: &str = "homeassistant";

/// A broker, and how it is spoken with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The name to log in with; empty for none.
    pub user: String,
    /// The password.
    pub password: String,
    /// Where Home Assistant looks for discovery.
    pub prefix: String,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, tls, prefix, .. } = self;
        f.debug_struct("Broker")
            .field("host", host)
            .field("port", port)
            .field("tls", tls)
            .field("prefix", prefix)
            .finish_non_exhaustive()
    }
}

/// A broker with the cars that it may know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Where.
    pub broker: Broker,
    /// Which cars.
    pub devices: Vec<DeviceId>,
}

/// How the last connection went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Why it failed; nothing while it stands.
    pub error: Option<String>,
}

/// What an owner has set up, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HomeLink {
    /// The broker in use; nothing while it is switched off.
    pub present: Option<Placed>,
    /// Brokers from which everything has still to be taken away.
    pub left: Vec<Placed>,
    /// How the last connection went.
    pub status: Option<Status>,
}

/// What is wrong with a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LinkFault(pub &'static str);

/// What an owner wants, as forms and the API send it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkWish {
    /// The broker's name or address.
    pub host: String,
    /// Its port; 8883 with TLS and 1883 without if empty.
    pub port: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The name to log in with.
    pub user: String,
    /// The password; the present one if empty.
    pub password: String,
    /// Where Home Assistant looks for discovery; `homeassistant` if empty.
    pub prefix: String,
}

impl LinkWish {
    /// The broker that is meant, given the one in use.
    pub(super) fn broker(&self, before: Option<&Broker>) -> Result<Broker, LinkFault> {
        let host = self.host.trim();
        let fits = |text: &str| text.len() <= MAX_LEN && !text.chars().any(char::is_control);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'_');
        if host.is_empty() || !fits(host) || !host.bytes().all(is_host) {
            return Err(LinkFault("host: a name or an address is needed"));
        }
        let port = match self.port.trim() {
            "" => Some(if self.tls { 8883 } else { 1883 }),
            typed => typed.parse().ok().filter(|port| *port > 0),
        };
        let port = port.ok_or(LinkFault("port: a number from 1 to 65535 is needed"))?;
        let prefix = match self.prefix.trim() {
            "" => PREFIX,
            typed => typed.trim_matches('/'),
        };
        let is_topic = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_');
        if prefix.is_empty() || !fits(prefix) || !prefix.bytes().all(is_topic) {
            return Err(LinkFault("prefix: letters, digits, - _ and / only"));
        }
        if !fits(&self.user) || !fits(&self.password) {
            return Err(LinkFault("user: name or password is too long"));
        }
        let same = before.filter(|before| before.host == host && before.user == self.user.trim());
        let password = match (self.password.as_str(), same) {
            ("", Some(before)) => before.password.clone(),
            (typed, _) => typed.to_owned(),
        };
        let (host, user) = (host.to_owned(), self.user.trim().to_owned());
        Ok(Broker { host, port, tls: self.tls, user, password, prefix: prefix.to_owned() })
    }
}

impl HomeLink {
    /// Uses a broker from now on; one that was used before is cleared.
    pub(super) fn switch_on(&mut self, broker: Broker) {
        let is_place =
            |known: &Broker| (&known.host, known.port, &known.prefix) == (&broker.host, broker.port, &broker.prefix);
        // The same place with another password holds what it held.
        let mut devices = Vec::new();
        if let Some(present) = self.present.take() {
            if is_place(&present.broker) { devices = present.devices } else { self.leave(present) }
        }
        if let Some(at) = self.left.iter().position(|left| is_place(&left.broker)) {
            devices.extend(self.left.remove(at).devices);
            devices.sort_unstable();
            devices.dedup();
        }
        self.present = Some(Placed { broker, devices });
        self.status = None;
    }

    /// Switches it off; everything is taken away from the broker.
    pub(super) fn switch_off(&mut self) {
        if let Some(present) = self.present.take() {
            self.leave(present);
        }
        self.status = None;
    }

    fn leave(&mut self, place: Placed) {
        if !place.devices.is_empty() {
            self.left.push(place);
        }
        let surplus = self.left.len().saturating_sub(MAX_LEFT);
        self.left.drain(..surplus);
    }

    /// What decides over connections: as long as it is the same, they stay.
    pub(super) fn settings(&self) -> (Option<Broker>, Vec<Broker>) {
        let left = self.left.iter().map(|left| left.broker.clone());
        (self.present.as_ref().map(|present| present.broker.clone()), left.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(host: &str) -> LinkWish {
        LinkWish { host: host.to_owned(), user: "ha".to_owned(), password: "pw".to_owned(), ..LinkWish::default() }
    }

    #[test]
    fn a_wish_is_checked_field_by_field_and_an_empty_password_keeps_the_present_one() {
        let broker = wish("broker.example").broker(None).unwrap();
        assert_eq!((broker.port, broker.prefix.as_str()), (1883, "homeassistant"));
        let again = LinkWish { password: String::new(), tls: true, ..wish("broker.example") };
        let again = again.broker(Some(&broker)).unwrap();
        assert_eq!((again.password.as_str(), again.port), ("pw", 8883));
        let elsewhere = LinkWish { password: String::new(), ..wish("other.example") }.broker(Some(&broker)).unwrap();
        assert_eq!(elsewhere.password, "", "a password goes to nobody else");
        for wrong in ["", "a b", "a/b", "ho\nst"] {
            assert!(wish(wrong).broker(None).is_err(), "{wrong:?}");
        }
        let wrong = LinkWish { port: "0".to_owned(), ..wish("a") };
        assert!(wrong.broker(None).is_err());
        let wrong = LinkWish { prefix: "a/#".to_owned(), ..wish("a") };
        assert!(wrong.broker(None).is_err());
    }

    #[test]
    fn a_broker_that_is_left_is_cleared_unless_it_is_taken_again() {
        let (first, second) = (wish("one").broker(None).unwrap(), wish("two").broker(None).unwrap());
        let mut link = HomeLink::default();
        link.switch_on(first.clone());
        link.present.as_mut().unwrap().devices.push("car-1".parse().unwrap());
        link.switch_on(second);
        assert_eq!(link.left.len(), 1);
        link.switch_on(first);
        assert!(link.left.is_empty(), "nothing was at the second one yet");
        assert_eq!(link.present.as_ref().unwrap().devices.len(), 1);
        link.switch_off();
        assert_eq!((link.present, link.left.len()), (None, 1));
    }

    #[test]
    fn a_password_stands_in_no_log() {
        let broker = LinkWish { password: "secret".to_owned(), ..wish("one") }.broker(None).unwrap();
        assert!(!format!("{broker:?}").contains("secret"));
    }
}
