//! E-mails over SMTP: text and HTML in one, answerable and with a way out in every mail (RFC 2369, RFC 8058).
//!
//! Invariant: the `Message-ID` is the idempotency key, so that a mail which is sent again is the same mail.

use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::message::{Question, Words};
use super::{Address, SendError};
use crate::config::{Email, EmailTls};

/// Replies that tell of this installation's account at the server, not of the mail (RFC 4954 §6).
const LOG_IN: [u16; 5] = [454, 530, 534, 535, 538];

/// What sends mails.
#[derive(Clone)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// What the settings describe; `None` if they name no server, or do not read, which a checked configuration always does.
    pub(super) fn new(settings: &Email, timeout: Duration) -> Option<Self> {
        let (host, port) = settings.server.as_deref()?.rsplit_once(':')?;
        let tls = |wrap: fn(TlsParameters) -> Tls| match TlsParameters::new(host.to_owned()) {
            Ok(parameters) => Some(wrap(parameters)),
            Err(error) => {
                tracing::error!(error = crate::events::chain(&error), "TLS towards the mail server cannot be set up");
                None
            }
        };
        let tls = match settings.tls {
            EmailTls::Always => tls(Tls::Wrapper)?,
            EmailTls::Starttls => tls(Tls::Required)?,
            EmailTls::Never => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port.parse().ok()?)
            .timeout(Some(timeout))
            .tls(tls);
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        let from: Mailbox = settings.from.parse().ok()?;
        let host = from.email.domain().to_owned();
        Some(Self { transport: builder.build(), from, host })
    }

    /// Sends a message about notices, with the way out of more.
    pub(super) async fn send(&self, to: &Address, key: &str, words: &Words) -> Result<(), SendError> {
        let out = Some(words.unsubscribe.as_str());
        self.mail(to, key, &words.subject, words.parts(), out).await
    }

    /// Sends a mail with one link, which nobody can ask to have no more of.
    pub(super) async fn ask(&self, to: &Address, key: &str, question: &Question) -> Result<(), SendError> {
        self.mail(to, key, &question.subject, question.parts(), None).await
    }

    async fn mail(
        &self,
        to: &Address,
        key: &str,
        subject: &str,
        parts: Result<(String, String), askama::Error>,
        unsubscribe: Option<&str>,
    ) -> Result<(), SendError> {
        let refused = |error: &dyn std::error::Error| SendError::Refused(crate::events::chain(error));
        let (html, plain) = parts.map_err(|error| refused(&error))?;
        let name = to.as_str();
        let to: lettre::Address = to.as_str().parse().map_err(|_| SendError::Refused("address is malformed".into()))?;
        let header = |name: &'static str, value: String| {
            HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
        };
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .message_id(Some(format!("<{key}@{}>", self.host)))
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
        if let Some(unsubscribe) = unsubscribe {
            builder = builder
                .raw_header(header("List-Unsubscribe", format!("<{unsubscribe}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let message =
            builder.multipart(MultiPart::alternative_plain_html(plain, html)).map_err(|error| refused(&error))?;
        self.transport.send(message).await.map(drop).map_err(|error| told(&error, name))
    }
}

/// A mail server's words without the address that they like to repeat, whole or in part; it stands in its owner's contact alone.
fn without_recipient(text: &str, recipient: &str) -> String {
    let local = recipient.split('@').next().unwrap_or_default();
    let names = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.contains('@') || (!bare.is_empty() && bare.eq_ignore_ascii_case(local))
    };
    let words = text.split(' ').map(|word| if names(word) { "the recipient" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// What an error of the conversation means for the mail.
fn told(error: &lettre::transport::smtp::Error, recipient: &str) -> SendError {
    let text = without_recipient(&crate::events::chain(error), recipient);
    let code = error.status().map(u16::from);
    if code.is_some_and(|code| LOG_IN.contains(&code)) || error.is_transient() || error.is_tls() {
        return SendError::NotTaken(text);
    }
    if error.is_permanent() {
        return SendError::Refused(text);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        let refused = inner.downcast_ref::<std::io::Error>();
        if refused.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused) {
            return SendError::NotTaken(text);
        }
        cause = inner.source();
    }
    SendError::Unknown(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_without_whom_it_is_about() {
        let told = |text| without_recipient(text, "anna@example.org");
        assert_eq!(told("550 5.1.1 <Anna@Example.org>: unknown"), "550 5.1.1 the recipient unknown");
        assert_eq!(told("no mailbox 'ANNA' here (anna@example.org)"), "no mailbox the recipient here the recipient");
        assert_eq!(told("552 mailbox is full"), "552 mailbox is full");
    }
}
