//! What pages and API ask of the channels and post to them.
//!
//! Invariant: a changed choice marks every vehicle that its person may see in the same commit, so that what is on its way follows it.

use std::collections::BTreeSet;

use milepost_engine::channels::Channel;
use milepost_engine::journey::Cause;
use milepost_protocol::{DeviceId, NoticeId};
use rand::TryRngCore as _;
use rand::rngs::OsRng;

use super::book::{self, Book};
use super::confirm::{Asked, Asking};
use super::delivery::short_hash;
use super::links::Links;
use super::message::Pen;
use super::outbox::mark;
use super::plan::{Change, Stored};
use super::send::{available, vapid};
use super::settle::revived;
use super::{ChannelError, Contact, Delivery, DeliveryKey, LetterError, Postal, Subscription, Task, TaskKind, letter};
use crate::accounts::Account;
use crate::config;
use crate::domain::{AccountId, NoticeDoc, Vehicle};
use crate::family::Invitation;
use crate::i18n::Format;
use crate::journey;
use crate::service::Service;
use crate::store::{DocWrite, Expected, StoreError};
use crate::zones::zone;

/// How often an address is confirmed anew when its contact changes meanwhile.
const CONFIRM_TRIES: u32 = 16;

/// How many tasks are looked through.
const MAX_TASKS: usize = 500;

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Its key as text, which a list goes on behind.
    pub id: String,
    /// The delivery.
    pub delivery: Delivery,
}

/// What the channels are made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The service.
    pub service: Service,
    /// How owners are reached.
    pub settings: config::Channels,
    /// What the workshop does for them.
    pub workshop: config::Workshop,
}

/// A handle on the channels; clones share the service.
#[derive(Debug, Clone)]
pub struct Channels {
    pub(super) service: Service,
    pub(super) book: Book,
    links: Links,
    pub(super) settings: config::Channels,
    workshop: config::Workshop,
    pub(super) available: BTreeSet<Channel>,
    push_key: Option<String>,
}

impl Channels {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { service, settings, workshop } = parts;
        let secret = service.pki().channels();
        Self {
            book: Book::new(service.clone()),
            links: Links::new(secret, &settings.public_url),
            available: available(&settings, &workshop),
            push_key: vapid(&settings, secret).map(|vapid| vapid.public_key()),
            settings,
            workshop,
            service,
        }
    }

    /// The channels that this installation has.
    pub fn available(&self) -> &BTreeSet<Channel> {
        &self.available
    }

    /// What links in messages are read with.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The key that browsers subscribe with, if notifications are set up.
    pub fn push_key(&self) -> Option<&str> {
        self.push_key.as_deref()
    }

    /// How an account can be reached, with the version to write it from.
    pub async fn contact(&self, account: &AccountId) -> Result<(u64, Contact), ChannelError> {
        self.book.contact(account).await
    }

    /// Replaces how an account can be reached; a conflict if somebody was faster. Durable on `Ok`.
    pub async fn save(&self, account: &AccountId, version: u64, contact: &Contact) -> Result<(), ChannelError> {
        let asking = Asking::of(contact, account);
        let asking = book::put_asking(account, asking.as_ref(), Expected::Any)?;
        self.write(account, vec![book::put_contact(account, version, contact)?, asking]).await
    }

    /// Takes the word of an address's owner that it is theirs; `false` if it is not the address that was asked about. Durable on `Ok`.
    pub async fn confirm(&self, account: &AccountId, address: &str) -> Result<bool, ChannelError> {
        let mut tries = 0;
        loop {
            let (version, mut contact) = self.book.contact(account).await?;
            if !contact.confirm(account, address) {
                return Ok(false);
            }
            match self.save(account, version, &contact).await {
                // A quick reader is faster than the note that the mail has gone out.
                Err(ChannelError::Store(StoreError::Conflict { .. })) if tries < CONFIRM_TRIES => tries += 1,
                saved => return saved.map(|()| true),
            }
        }
    }

    /// Asks the owner of the unconfirmed address once more; `false` if there is none, or too many were asked today. Durable on `Ok`.
    pub async fn ask_again(&self, account: &AccountId) -> Result<bool, ChannelError> {
        let (version, mut contact) = self.book.contact(account).await?;
        let is_asked = contact.ask_again(self.service.clock().now_ms());
        if is_asked {
            self.save(account, version, &contact).await?;
        }
        Ok(is_asked)
    }

    /// What sends an invitation's mail, which the invitation says it waits for; `None` where the service sends no mails.
    pub(crate) fn invite(&self, invitation: &mut Invitation) -> Result<Option<DocWrite>, ChannelError> {
        if !self.available.contains(&Channel::Email) {
            return Ok(None);
        }
        invitation.mail = Some(Asked::Waits);
        let message = short_hash(&format!("invitation\n{}", invitation.key()));
        let mail = Asking::due_now(message, invitation.made_ms);
        Ok(Some(book::put_invitation_mail(&invitation.key(), Some(&mail), Expected::Absent)?))
    }

    /// A new secret for an owner's own system: 64 hexadecimal digits.
    pub fn new_secret() -> Result<String, ChannelError> {
        let mut bytes = [0; 32];
        OsRng.try_fill_bytes(&mut bytes).map_err(ChannelError::Random)?;
        Ok(crate::pki::hex(&bytes))
    }

    /// The browsers of an account.
    pub async fn subscriptions(&self, account: &AccountId) -> Result<Vec<Subscription>, ChannelError> {
        self.book.subscriptions(account).await
    }

    /// Adds a browser; `false` if the account has too many. Durable on `Ok`.
    pub async fn subscribe(&self, account: &AccountId, subscription: &Subscription) -> Result<bool, ChannelError> {
        let known = self.book.subscriptions(account).await?;
        let is_known = known.iter().any(|known| known.endpoint == subscription.endpoint);
        if !is_known && known.len() >= book::MAX_SUBSCRIPTIONS {
            return Ok(false);
        }
        self.write(account, vec![book::put_subscription(account, subscription)?]).await?;
        Ok(true)
    }

    /// Takes a browser away; answers whether there was one. Durable on `Ok`.
    pub async fn unsubscribe(&self, account: &AccountId, id: &str) -> Result<bool, ChannelError> {
        let is_known = self.book.subscriptions(account).await?.iter().any(|known| known.id(account) == id);
        if is_known {
            self.write(account, vec![book::drop_subscription(account, id)]).await?;
        }
        Ok(is_known)
    }

    /// Takes every address, browser, delivery and task of an account away. Durable on `Ok`.
    pub async fn forget(&self, account: &AccountId) -> Result<(), ChannelError> {
        let mut docs = vec![book::drop_contact(account), book::put_asking(account, None, Expected::Any)?];
        let browsers = self.book.subscriptions(account).await?;
        docs.extend(browsers.iter().map(|known| book::drop_subscription(account, &known.id(account))));
        let mut changes = Vec::new();
        for vehicle in self.service.vehicles_for(account).await? {
            let stored = self.book.deliveries(&vehicle.device).await?;
            changes.extend(stored.into_iter().filter(|one| one.delivery.owner == *account).map(Change::forget));
        }
        self.book.commit(&changes, None, docs).await
    }

    /// Everything on its way about a vehicle, and what was sent.
    pub async fn deliveries(&self, device: &DeviceId) -> Result<Vec<Delivery>, ChannelError> {
        Ok(self.book.deliveries(device).await?.into_iter().map(|stored| stored.delivery).collect())
    }

    /// Deliveries that were given up, behind the one with the id `after`.
    pub async fn dead(&self, after: Option<&str>, limit: usize) -> Result<Vec<Dead>, ChannelError> {
        let dead = self.book.dead(after, limit).await?;
        let dead = dead.into_iter().map(|Stored { delivery, .. }| Dead { id: delivery.key.to_string(), delivery });
        Ok(dead.collect())
    }

    /// Takes a dead delivery up again; answers whether there was one. Durable on `Ok`.
    pub async fn retry(&self, key: &DeliveryKey) -> Result<bool, ChannelError> {
        let Some(stored) = self.book.delivery(key).await? else { return Ok(false) };
        let Some(after) = revived(&stored.delivery, self.service.clock().now_ms()) else { return Ok(false) };
        self.book.commit(&[Change::put(Some(stored), after)], None, vec![mark(&key.device)]).await?;
        Ok(true)
    }

    /// The workshop's open tasks with their vehicles, the oldest first.
    pub async fn tasks(&self) -> Result<Vec<(Task, Vehicle)>, ChannelError> {
        let mut open = Vec::new();
        for (_, task) in self.book.tasks(None, MAX_TASKS).await? {
            if let Some(vehicle) = self.service.vehicle(&task.device).await?
                && task.is_open(&vehicle)
            {
                open.push((task, vehicle));
            }
        }
        open.sort_by_key(|(task, _)| task.since_ms);
        Ok(open)
    }

    /// One task.
    pub async fn task(
        &self,
        device: &DeviceId,
        notice: NoticeId,
        kind: TaskKind,
    ) -> Result<Option<Task>, ChannelError> {
        Ok(self.book.task(device, notice, kind).await?.map(|(_, task)| task))
    }

    /// Notes that somebody has carried a task out; answers whether it was open. Durable on `Ok`.
    pub async fn finish(
        &self,
        device: &DeviceId,
        notice: NoticeId,
        kind: TaskKind,
        by: &AccountId,
    ) -> Result<bool, ChannelError> {
        let Some((version, mut task)) = self.book.task(device, notice, kind).await? else { return Ok(false) };
        if task.done.is_some() {
            return Ok(false);
        }
        let now_ms = self.service.clock().now_ms();
        task.done = Some((now_ms, by.clone()));
        let vehicle = self.service.vehicle(device).await?;
        let told = vehicle.as_ref().and_then(|vehicle| vehicle.notices.get(&notice));
        let cause = told.map_or(Cause::Information, journey::cause_of);
        let contact = journey::task_done(&task, cause, by, now_ms);
        let write = book::put_task(&task, Expected::Version(version))?;
        self.book.commit(&[], None, vec![write, contact]).await?;
        Ok(true)
    }

    /// The writes with which the open tasks of a kind are carried out: about one notice, or about all of a vehicle.
    pub(crate) async fn closing(
        &self,
        device: &DeviceId,
        notice: Option<NoticeId>,
        kind: TaskKind,
        by: &AccountId,
    ) -> Result<Vec<DocWrite>, ChannelError> {
        let now_ms = self.service.clock().now_ms();
        let tasks = self.book.tasks_of(device).await?.into_iter().filter(|(_, task)| {
            task.kind == kind && task.done.is_none() && notice.is_none_or(|notice| notice == task.notice)
        });
        let close = |(version, task): (u64, Task)| {
            let done = Some((now_ms, by.clone()));
            Ok(book::put_task(&Task { done, ..task }, Expected::Version(version))?)
        };
        tasks.map(close).collect()
    }

    /// All tasks of a vehicle, also those that are done.
    pub async fn tasks_of(&self, device: &DeviceId) -> Result<Vec<Task>, ChannelError> {
        Ok(self.book.tasks_of(device).await?.into_iter().map(|(_, task)| task).collect())
    }

    /// A task's letter as PDF, in its owner's language where the font has its characters.
    pub async fn letter(&self, task: &Task, vehicle: &Vehicle, owner: &Account) -> Result<Vec<u8>, ChannelError> {
        let (_, contact) = self.book.contact(&task.owner).await?;
        let notice = vehicle.notices.get(&task.notice).ok_or(LetterError::Address)?;
        let to = contact.postal.ok_or(LetterError::Address)?;
        match self.draw(vehicle, notice, &to, owner) {
            // The font has no characters of some languages; everybody can have a letter in the first one.
            Err(LetterError::Character(_)) => {
                Ok(self.draw(vehicle, notice, &to, &Account { language: None, ..owner.clone() })?)
            }
            drawn => Ok(drawn?),
        }
    }

    fn draw(
        &self,
        vehicle: &Vehicle,
        notice: &NoticeDoc,
        to: &Postal,
        owner: &Account,
    ) -> Result<Vec<u8>, LetterError> {
        let now_ms = self.service.clock().now_ms();
        let link_ms = self.settings.link_days.saturating_mul(86_400_000);
        let pen = Pen { account: owner, links: &self.links, now_ms, link_ms };
        let told = pen.told(vehicle, notice);
        let words = pen.words(vec![told.clone()]);
        let zone = zone(&vehicle.profile.time_zone);
        let format = Format { localizer: words.localizer, unit: owner.unit, zone, now_ms, currency: None };
        letter::draw(&self.workshop.sender, to, &format.date(now_ms), &words, &told)
    }

    /// Writes rows of an account and marks the vehicles that it may hear of.
    async fn write(&self, account: &AccountId, mut docs: Vec<DocWrite>) -> Result<(), ChannelError> {
        docs.extend(self.service.vehicles_for(account).await?.iter().map(|vehicle| mark(&vehicle.device)));
        Ok(self.service.put_docs(docs).await?)
    }
}
