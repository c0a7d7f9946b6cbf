//! From a message to the one channel that carries it.
//!
//! Invariant: nothing waits longer than the configured time-out; what did not end by then has an unknown outcome.

use std::collections::BTreeSet;
use std::time::Duration;

use milepost_engine::channels::Channel;
use milepost_protocol::notice::Actions;
use serde_json::{Value, json};

use super::email::Mailer;
use super::http::Http;
use super::links::{SNOOZE_DAYS, derive};
use super::message::{Pen, Words};
use super::plan::Reach;
use super::push::{self, Vapid};
use super::{DeliveryKey, Purpose, SendError, Unconfirmed, webhook};
use crate::clock::Clock;
use crate::config::{self, Secret};
use crate::domain::{NoticeDoc, Vehicle};
use crate::family::Invitation;
use crate::i18n::timestamp;

/// Something to send.
#[derive(Debug)]
pub(super) struct Parcel<'a> {
    /// The delivery, or the first of several that travel together.
    pub(super) key: &'a DeliveryKey,
    /// The idempotency key.
    pub(super) message: &'a str,
    pub(super) reach: &'a Reach,
    pub(super) vehicle: &'a Vehicle,
    /// The notice, unless it is gone.
    pub(super) notice: Option<&'a NoticeDoc>,
    pub(super) words: &'a Words,
}

/// Everything that sends.
#[derive(Debug, Clone)]
pub(super) struct Senders {
    http: Http,
    vapid: Option<Vapid>,
    mailer: Option<Mailer>,
    text: Option<(String, String)>,
    timeout: Duration,
    /// Receivers judge signatures by the machine's time, whatever time the service shows.
    wall: Clock,
}

/// The channels that the settings set up.
pub(super) fn available(settings: &config::Channels, workshop: &config::Workshop) -> BTreeSet<Channel> {
    let is_set_up = |channel: &Channel| match channel {
        Channel::Push => settings.push.contact.is_some(),
        Channel::Email => settings.email.server.is_some(),
        Channel::Text => settings.text.url.is_some(),
        Channel::Webhook => true,
        Channel::Call => workshop.calls,
        Channel::Letter => !workshop.sender.is_empty(),
    };
    Channel::ALL.into_iter().filter(is_set_up).collect()
}

/// The installation's key towards push services, if notifications are set up.
pub(super) fn vapid(settings: &config::Channels, secret: &Secret) -> Option<Vapid> {
    settings.push.contact.as_deref().map(|contact| Vapid::new(secret, contact))
}

impl Senders {
    pub(super) fn new(settings: &config::Channels, secret: &Secret) -> Self {
        let timeout = Duration::from_millis(settings.timeout_ms);
        let own = || crate::pki::hex(&derive(secret, "text messages"));
        let text_secret = settings.text.secret.as_ref().map_or_else(own, |secret| secret.expose().to_owned());
        Self {
            http: Http::new(settings.reach_private),
            vapid: vapid(settings, secret),
            mailer: Mailer::new(&settings.email, timeout),
            text: settings.text.url.clone().map(|url| (url, text_secret)),
            timeout,
            wall: Clock::real(),
        }
    }

    /// Sends it; durable nowhere, and known to the other side on `Ok`.
    pub(super) async fn send(&self, parcel: &Parcel<'_>) -> Result<(), SendError> {
        let sent = tokio::time::timeout(self.timeout, Box::pin(self.dispatch(parcel))).await;
        sent.unwrap_or_else(|_| Err(SendError::Unknown("time is over".to_owned())))
    }

    /// Asks whether an address is its owner's; known to the mail server on `Ok`.
    pub(super) async fn ask(&self, pen: &Pen<'_>, about: &Unconfirmed, message: &str) -> Result<(), SendError> {
        let Some(mailer) = &self.mailer else { return Err(SendError::NotTaken("no mail server is set up".to_owned())) };
        let question = pen.question(about);
        let asked = tokio::time::timeout(self.timeout, mailer.ask(&about.address, message, &question)).await;
        asked.unwrap_or_else(|_| Err(SendError::Unknown("time is over".to_owned())))
    }

    /// Invites somebody to a vehicle; known to the mail server on `Ok`.
    pub(super) async fn invite(
        &self,
        pen: &Pen<'_>,
        vehicle: &Vehicle,
        about: &Invitation,
        message: &str,
    ) -> Result<(), SendError> {
        let Some(mailer) = &self.mailer else { return Err(SendError::NotTaken("no mail server is set up".to_owned())) };
        let letter = pen.invitation(vehicle, about);
        let sent = tokio::time::timeout(self.timeout, mailer.ask(&about.to, message, &letter)).await;
        sent.unwrap_or_else(|_| Err(SendError::Unknown("time is over".to_owned())))
    }

    async fn dispatch(&self, parcel: &Parcel<'_>) -> Result<(), SendError> {
        let Parcel { key, message, reach, words, .. } = parcel;
        let contact = &reach.contact;
        let now_ms = self.wall.now_ms();
        match key.channel {
            Channel::Push => {
                let found = reach.subscriptions.iter().find(|known| known.id(&reach.owner) == key.recipient);
                let (Some(vapid), Some(subscription)) = (&self.vapid, found) else { return Err(SendError::Gone) };
                let payload = notification(parcel).to_string();
                push::send(&self.http, vapid, subscription, message, payload.as_bytes(), now_ms).await
            }
            Channel::Email => {
                let (Some(mailer), Some(to)) = (&self.mailer, &contact.email) else { return Err(SendError::Gone) };
                mailer.send(to, message, words).await
            }
            Channel::Text => {
                let (Some((url, secret)), Some(to)) = (&self.text, &contact.phone) else { return Err(SendError::Gone) };
                let body = json!({ "event": "text", "to": to.as_str(), "text": line(words) });
                // The provider is the operator's choice, not an owner's.
                webhook::post(&self.http, url, secret, message, &body, now_ms).await
            }
            Channel::Webhook => {
                let Some(hook) = &contact.webhook else { return Err(SendError::Gone) };
                webhook::post(&self.http, &hook.url, &hook.secret, message, &event(parcel), now_ms).await
            }
            // What people carry out is a row that is committed with the delivery.
            Channel::Call | Channel::Letter => Ok(()),
        }
    }
}

/// A notice in one line, for a telephone.
fn line(words: &Words) -> String {
    words.told.first().map_or_else(String::new, |told| {
        words.localizer.with(
            "text-message",
            [
                ("title", told.title.as_str().into()),
                ("vehicle", told.vehicle.as_str().into()),
                ("link", told.link.as_str().into()),
            ],
        )
    })
}

/// What the browser's service worker is told: no name, no place, no figure.
fn notification(parcel: &Parcel<'_>) -> Value {
    let DeliveryKey { device, notice, purpose, .. } = parcel.key;
    let tag = format!("{device}/{notice}");
    match (purpose, parcel.words.told.first()) {
        (Purpose::Show, Some(told)) => json!({
            "show": tag, "title": told.title, "url": told.link,
            "once": told.once, "days": SNOOZE_DAYS, "answers": answers(parcel),
        }),
        _ => json!({ "close": tag }),
    }
}

/// The notification's buttons: browsers show two at most.
fn answers(parcel: &Parcel<'_>) -> Vec<Value> {
    let invites = |action| parcel.notice.is_some_and(|notice| notice.actions.contains(action));
    let buttons = [(Actions::DONE, "done", "act-done"), (Actions::SNOOZE, "snooze", "act-snooze")];
    let button = |(_, answer, key)| json!({ "action": answer, "title": parcel.words.localizer.text(key) });
    buttons.into_iter().filter(|(action, ..)| invites(*action)).map(button).collect()
}

/// What an owner's own system is told.
fn event(parcel: &Parcel<'_>) -> Value {
    let DeliveryKey { device, notice, purpose, .. } = parcel.key;
    let name = match purpose {
        Purpose::Show => "notice.raised",
        Purpose::Clear => "notice.closed",
    };
    let told = parcel.words.told.first();
    json!({
        "event": name,
        "vehicle": device.as_str(),
        "notice": notice.to_string(),
        "title": told.map(|told| &told.title),
        "text": told.map(|told| &told.text),
        "link": told.filter(|_| *purpose == Purpose::Show).map(|told| &told.link),
        "raised_at": parcel.notice.map(|notice| timestamp(notice.raised_ms()).to_string()),
        "revision": parcel.vehicle.revision,
    })
}
