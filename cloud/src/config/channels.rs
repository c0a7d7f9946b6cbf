//! How owners are reached outside of the car and the account.
//!
//! Invariant: what is not set up is not offered: a channel without its settings sends nothing and plans nothing.

use serde::{Deserialize, Serialize};

use super::Secret;

/// All channels and what they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Channels {
    /// Where browsers reach the pages, for links in messages. Default `http://127.0.0.1:8080`.
    pub public_url: String,
    /// How often due messages are looked for, in milliseconds of real time. Default 1000.
    pub step_ms: u64,
    /// How long an e-mail waits for others to travel with it, in milliseconds. Default 600000, ten minutes.
    pub gather_ms: u64,
    /// The wait after a first failure at most, in milliseconds; it doubles with every further one. Default 30000.
    pub retry_first_ms: u64,
    /// The longest wait between two attempts, in milliseconds. Default 3600000, an hour.
    pub retry_most_ms: u64,
    /// How long after the first attempt a message is given up, in milliseconds. Default 259200000, three days.
    pub give_up_ms: u64,
    /// How long a link in a message answers without a log-in, in days. Default 30.
    pub link_days: u64,
    /// How long one attempt may take, in milliseconds. Default 20000.
    pub timeout_ms: u64,
    /// Whether owners may name addresses within private networks, and plain HTTP. Default false.
    pub reach_private: bool,
    /// Mails.
    pub email: Email,
    /// Notifications of browsers.
    pub push: Push,
    /// Text messages.
    pub text: TextMessages,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            step_ms: 1_000,
            gather_ms: 600_000,
            retry_first_ms: 30_000,
            retry_most_ms: 3_600_000,
            give_up_ms: 3 * 86_400_000,
            link_days: 30,
            timeout_ms: 20_000,
            reach_private: false,
            email: Email::default(),
            push: Push::default(),
            text: TextMessages::default(),
        }
    }
}

/// How a mail server is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailTls {
    /// TLS from the first byte, mostly on port 465.
    Always,
    /// TLS after STARTTLS, mostly on port 587; a server that does not offer it is not used.
    Starttls,
    /// No TLS at all, for a relay on the same machine.
    Never,
}

/// Mails over SMTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Email {
    /// The server as `host:port`. Default: none, and no mails.
    pub server: Option<String>,
    /// `always`, `starttls` or `never`. Default `starttls`.
    pub tls: EmailTls,
    /// Whom to log in as. Default: nobody.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// The sender. Default `Milepost <milepost@localhost>`.
    pub from: String,
}

impl Default for Email {
    fn default() -> Self {
        Self {
            server: None,
            tls: EmailTls::Starttls,
            user: None,
            password: None,
            from: "Milepost <milepost@localhost>".to_owned(),
        }
    }
}

/// Notifications through the push services of the browsers' makers, which lie in the internet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Push {
    /// An address for the push services' people, `mailto:` or `https:`. Default: none, and no notifications.
    pub contact: Option<String>,
}

/// Text messages, by a provider behind a signed webhook.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextMessages {
    /// Where the provider takes them. Default: none, and no text messages.
    pub url: Option<String>,
    /// What requests are signed with. Default: one that follows from the installation's secret.
    pub secret: Option<Secret>,
}

impl Channels {
    /// What is wrong, with its key.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = |key, why: &str| Err((key, why.to_owned()));
        let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if !is_web(&self.public_url) {
            return wrong("channels.public_url", "must begin with https:// or http://");
        }
        if self.step_ms == 0 {
            return wrong("channels.step_ms", "must be above 0");
        }
        if self.timeout_ms == 0 {
            return wrong("channels.timeout_ms", "must be above 0");
        }
        if self.retry_first_ms == 0 || self.retry_most_ms < self.retry_first_ms {
            return wrong("channels.retry_first_ms", "must be above 0 and not above channels.retry_most_ms");
        }
        let port = |server: &str| server.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if self.email.server.as_deref().is_some_and(|server| port(server).is_none()) {
            return wrong("channels.email.server", "must be host:port");
        }
        if self.email.from.parse::<lettre::message::Mailbox>().is_err() {
            return wrong("channels.email.from", "must be an address, with or without a name");
        }
        if self.email.user.is_some() != self.email.password.is_some() {
            return wrong("channels.email.user", "and channels.email.password must be set together");
        }
        let is_contact = |contact: &str| contact.starts_with("mailto:") || contact.starts_with("https://");
        if self.push.contact.as_deref().is_some_and(|contact| !is_contact(contact)) {
            return wrong("channels.push.contact", "must begin with mailto: or https://");
        }
        if self.text.url.as_deref().is_some_and(|url| !is_web(url)) {
            return wrong("channels.text.url", "must begin with https:// or http://");
        }
        Ok(())
    }
}
