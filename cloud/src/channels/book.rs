//! The channels' rows in the store.
//!
//! Beside each delivery that has something to wait for stands a row that sorts by channel and time, and beside each dead one a row that lists it.
//! Invariant: a delivery and its rows change in one commit, from the version in which the delivery was read.

use milepost_engine::channels::Channel;
use milepost_protocol::{DeviceId, NoticeId};

use super::confirm::Asking;
use super::plan::{Change, Reach, Stored};
use super::task::{Task, TaskKind};
use super::{ChannelError, Contact, Delivery, DeliveryKey, State, Subscription};
use crate::domain::AccountId;
use crate::family::Invitation;
use crate::journey;
use crate::service::Service;
use crate::store::{
    Collection, DEAD_LETTERS, DELIVERIES, DELIVERY_DUE, DocKey, DocWrite, Expected, INVITATION_MAILS, INVITATIONS,
    NOTICE_OUTBOX, StoreError, TASKS,
};

/// How each account can be reached; keys are account ids.
const CONTACTS: Collection = Collection("contact");
/// Browsers that take notifications; keys are `account/id`.
const SUBSCRIPTIONS: Collection = Collection("push_subscription");

/// Mails that ask whether an address is its owner's; keys are account ids, and a row goes when its mail has gone out.
const ASKINGS: Collection = Collection("email_asking");

/// How many rows are read at a time.
const PAGE: usize = 500;

/// The most browsers of one account.
pub(super) const MAX_SUBSCRIPTIONS: usize = 20;

/// A handle on the rows.
#[derive(Debug, Clone)]
pub(super) struct Book {
    service: Service,
}

impl Book {
    pub(super) fn new(service: Service) -> Self {
        Self { service }
    }

    /// How an account can be reached, with the version; 0 if nothing was chosen yet.
    pub(super) async fn contact(&self, account: &AccountId) -> Result<(u64, Contact), ChannelError> {
        let doc = self.service.doc(&DocKey::new(CONTACTS, account.as_str())).await?;
        match doc {
            Some(doc) => Ok((doc.version, doc.read("contact")?)),
            None => Ok((0, Contact::default())),
        }
    }

    /// The browsers of an account.
    pub(super) async fn subscriptions(&self, account: &AccountId) -> Result<Vec<Subscription>, ChannelError> {
        let docs = self.service.docs(SUBSCRIPTIONS, &format!("{account}/"), None, MAX_SUBSCRIPTIONS).await?;
        docs.iter().map(|(_, doc)| Ok(doc.read("subscription")?)).collect()
    }

    /// Everything about reaching an account.
    pub(super) async fn reach(&self, owner: &AccountId) -> Result<Reach, ChannelError> {
        let (_, contact) = self.contact(owner).await?;
        Ok(Reach { owner: owner.clone(), contact, subscriptions: self.subscriptions(owner).await? })
    }

    /// Everything planned about a vehicle.
    pub(super) async fn deliveries(&self, device: &DeviceId) -> Result<Vec<Stored>, ChannelError> {
        let prefix = format!("{device}/");
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let docs = self.service.docs(DELIVERIES, &prefix, after.as_deref(), PAGE).await?;
            for (_, doc) in &docs {
                found.push(Stored { version: doc.version, delivery: doc.read("delivery")? });
            }
            match docs.into_iter().nth(PAGE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(found),
            }
        }
    }

    /// One delivery.
    pub(super) async fn delivery(&self, key: &DeliveryKey) -> Result<Option<Stored>, ChannelError> {
        let doc = self.service.doc(&DocKey::new(DELIVERIES, key.to_string())).await?;
        doc.map(|doc| Ok(Stored { version: doc.version, delivery: doc.read("delivery")? })).transpose()
    }

    /// The rows of a channel up to a moment, the earliest first: when, and which delivery.
    pub(super) async fn due(
        &self,
        channel: Channel,
        until_ms: u64,
        limit: usize,
    ) -> Result<Vec<(String, Option<DeliveryKey>)>, ChannelError> {
        let prefix = format!("{}/", channel.name());
        let docs = self.service.docs(DELIVERY_DUE, &prefix, None, limit).await?;
        let due = docs.into_iter().map_while(|(row, _)| {
            let (at_ms, key) = row.strip_prefix(&prefix)?.split_once('/')?;
            let key = key.parse().ok();
            (at_ms.parse::<u64>().ok()? <= until_ms).then_some((row, key))
        });
        Ok(due.collect())
    }

    /// Takes a row away that leads to no delivery, unless the delivery has changed meanwhile: then the row may be its own again.
    pub(super) async fn drop_due(&self, stale: Stale) -> Result<(), ChannelError> {
        match self.service.put_docs(sweep(stale)?).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Mails to unconfirmed addresses that are still to go out, with their accounts and versions.
    pub(super) async fn askings(&self, limit: usize) -> Result<Vec<(AccountId, u64, Asking)>, ChannelError> {
        let docs = self.service.docs(ASKINGS, "", None, limit).await?;
        let known = docs.iter().filter_map(|(key, doc)| Some((key.parse().ok()?, doc)));
        known.map(|(account, doc)| Ok((account, doc.version, doc.read("asking")?))).collect()
    }

    /// Mails that invite and are still to go out, with their keys and versions.
    pub(super) async fn invitation_mails(&self, limit: usize) -> Result<Vec<(String, u64, Asking)>, ChannelError> {
        let docs = self.service.docs(INVITATION_MAILS, "", None, limit).await?;
        docs.into_iter().map(|(key, doc)| Ok((key, doc.version, doc.read("invitation mail")?))).collect()
    }

    /// The invitation with this key, with its version.
    pub(super) async fn invitation(&self, key: &str) -> Result<Option<(u64, Invitation)>, ChannelError> {
        let doc = self.service.doc(&DocKey::new(INVITATIONS, key)).await?;
        doc.map(|doc| Ok((doc.version, doc.read("invitation")?))).transpose()
    }

    /// Vehicles whose notices have to be looked at, with the versions of their rows.
    pub(super) async fn outbox(&self, limit: usize) -> Result<Vec<(DeviceId, u64)>, ChannelError> {
        let docs = self.service.docs(NOTICE_OUTBOX, "", None, limit).await?;
        Ok(docs.into_iter().filter_map(|(key, doc)| Some((key.parse().ok()?, doc.version))).collect())
    }

    /// Commits changes; with a vehicle and a version, its outbox row goes too, if it still stands in that version.
    pub(super) async fn commit(
        &self,
        changes: &[Change],
        outbox: Option<(&DeviceId, u64)>,
        more: Vec<DocWrite>,
    ) -> Result<(), ChannelError> {
        let mut docs = more;
        for change in changes {
            writes(change, &mut docs)?;
        }
        docs.extend(outbox.map(|(device, version)| DocWrite {
            key: DocKey::new(NOTICE_OUTBOX, device.as_str()),
            expected: Expected::Version(version),
            value: None,
        }));
        if docs.is_empty() { Ok(()) } else { Ok(self.service.put_docs(docs).await?) }
    }

    /// Dead deliveries behind `after`.
    pub(super) async fn dead(&self, after: Option<&str>, limit: usize) -> Result<Vec<Stored>, ChannelError> {
        let mut dead = Vec::new();
        for (row, _) in self.service.docs(DEAD_LETTERS, "", after, limit).await? {
            if let Ok(key) = row.parse() {
                dead.extend(self.delivery(&key).await?);
            }
        }
        Ok(dead)
    }

    /// Tasks of the workshop behind `after`, with their versions.
    pub(super) async fn tasks(&self, after: Option<&str>, limit: usize) -> Result<Vec<(u64, Task)>, ChannelError> {
        let docs = self.service.docs(TASKS, "", after, limit).await?;
        docs.iter().map(|(_, doc)| Ok((doc.version, doc.read("task")?))).collect()
    }

    /// A vehicle's tasks, with their versions.
    pub(super) async fn tasks_of(&self, device: &DeviceId) -> Result<Vec<(u64, Task)>, ChannelError> {
        let docs = self.service.docs(TASKS, &format!("{device}/"), None, PAGE).await?;
        docs.iter().map(|(_, doc)| Ok((doc.version, doc.read("task")?))).collect()
    }

    /// One task.
    pub(super) async fn task(
        &self,
        device: &DeviceId,
        notice: NoticeId,
        kind: TaskKind,
    ) -> Result<Option<(u64, Task)>, ChannelError> {
        let doc = self.service.doc(&DocKey::new(TASKS, Task::key(device, notice, kind))).await?;
        doc.map(|doc| Ok((doc.version, doc.read("task")?))).transpose()
    }
}

/// A row that stood for nothing when it was read.
#[derive(Debug, Clone)]
pub(super) struct Stale {
    pub(super) row: String,
    /// The delivery that it names; `None` if it names none.
    pub(super) key: Option<DeliveryKey>,
    /// The delivery as it was found.
    pub(super) found: Option<Stored>,
}

/// What takes a stale row away: it happens only while the delivery is as it was found.
fn sweep(stale: Stale) -> Result<Vec<DocWrite>, StoreError> {
    let Stale { row, key, found } = stale;
    let mut docs = vec![DocWrite { key: DocKey::new(DELIVERY_DUE, row), expected: Expected::Any, value: None }];
    match (found, key) {
        (Some(Stored { version, delivery }), _) => {
            let key = delivery.key.to_string();
            docs.push(DocWrite::json("delivery", DocKey::new(DELIVERIES, key), Expected::Version(version), &delivery)?);
        }
        (None, Some(key)) => docs.push(DocWrite {
            key: DocKey::new(DELIVERIES, key.to_string()),
            expected: Expected::Absent,
            value: None,
        }),
        (None, None) => {}
    }
    Ok(docs)
}

/// Writes the mail that asks about an address, or takes it away if there is nothing to ask.
pub(super) fn put_asking(
    account: &AccountId,
    asking: Option<&Asking>,
    expected: Expected,
) -> Result<DocWrite, StoreError> {
    match asking {
        Some(asking) => DocWrite::json("asking", DocKey::new(ASKINGS, account.as_str()), expected, asking),
        None => Ok(DocWrite { key: DocKey::new(ASKINGS, account.as_str()), expected, value: None }),
    }
}

/// Writes the mail that invites, or takes it away if it has gone out.
pub(super) fn put_invitation_mail(
    key: &str,
    mail: Option<&Asking>,
    expected: Expected,
) -> Result<DocWrite, StoreError> {
    match mail {
        Some(mail) => DocWrite::json("invitation mail", DocKey::new(INVITATION_MAILS, key), expected, mail),
        None => Ok(DocWrite { key: DocKey::new(INVITATION_MAILS, key), expected, value: None }),
    }
}

/// Writes an invitation.
pub(super) fn put_invitation(invitation: &Invitation, expected: Expected) -> Result<DocWrite, StoreError> {
    DocWrite::json("invitation", DocKey::new(INVITATIONS, invitation.key()), expected, invitation)
}

/// Writes a contact.
pub(super) fn put_contact(account: &AccountId, version: u64, contact: &Contact) -> Result<DocWrite, StoreError> {
    let expected = if version == 0 { Expected::Absent } else { Expected::Version(version) };
    DocWrite::json("contact", DocKey::new(CONTACTS, account.as_str()), expected, contact)
}

/// Takes a contact away.
pub(super) fn drop_contact(account: &AccountId) -> DocWrite {
    DocWrite { key: DocKey::new(CONTACTS, account.as_str()), expected: Expected::Any, value: None }
}

/// Writes a browser; the same browser again replaces itself.
pub(super) fn put_subscription(account: &AccountId, subscription: &Subscription) -> Result<DocWrite, StoreError> {
    let key = format!("{account}/{}", subscription.id(account));
    DocWrite::json("subscription", DocKey::new(SUBSCRIPTIONS, key), Expected::Any, subscription)
}

/// Takes a browser away.
pub(super) fn drop_subscription(account: &AccountId, id: &str) -> DocWrite {
    DocWrite { key: DocKey::new(SUBSCRIPTIONS, format!("{account}/{id}")), expected: Expected::Any, value: None }
}

/// Writes a task.
pub(super) fn put_task(task: &Task, expected: Expected) -> Result<DocWrite, StoreError> {
    DocWrite::json("task", DocKey::new(TASKS, Task::key(&task.device, task.notice, task.kind)), expected, task)
}

/// What a change writes.
fn writes(change: &Change, docs: &mut Vec<DocWrite>) -> Result<(), StoreError> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let Some(delivery) = after.or(before.map(|stored| &stored.delivery)) else { return Ok(()) };
    let key = delivery.key.to_string();
    let expected = before.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
    docs.push(match after {
        Some(after) => DocWrite::json("delivery", DocKey::new(DELIVERIES, key.clone()), expected, after)?,
        None => DocWrite { key: DocKey::new(DELIVERIES, key.clone()), expected, value: None },
    });
    docs.extend(after.and_then(|after| journey::delivered(before.map(|stored| &stored.delivery), after)));
    let row =
        |collection, key: String, value| DocWrite { key: DocKey::new(collection, key), expected: Expected::Any, value };
    let (due_before, due_after) = (before.and_then(|stored| due_row(&stored.delivery)), after.and_then(due_row));
    if due_before != due_after {
        docs.extend(due_before.map(|key| row(DELIVERY_DUE, key, None)));
        docs.extend(due_after.map(|key| row(DELIVERY_DUE, key, Some(Vec::new()))));
    }
    let is_dead = |delivery: &Delivery| matches!(delivery.state, State::Dead { .. });
    match (before.is_some_and(|stored| is_dead(&stored.delivery)), after.is_some_and(is_dead)) {
        (false, true) => docs.push(row(DEAD_LETTERS, key, Some(Vec::new()))),
        (true, false) => docs.push(row(DEAD_LETTERS, key, None)),
        _ => {}
    }
    if after.is_none()
        && let Some(kind) = TaskKind::of(delivery.key.channel)
    {
        docs.push(row(TASKS, Task::key(&delivery.key.device, delivery.key.notice, kind), None));
    }
    Ok(())
}

/// The row that stands for a delivery with something to wait for.
pub(super) fn due_row(delivery: &Delivery) -> Option<String> {
    let due_ms = delivery.state.due_ms()?;
    Some(format!("{}/{due_ms:020}/{}", delivery.key.channel.name(), delivery.key))
}

#[cfg(test)]
mod tests {
    use milepost_protocol::NoticeId;

    use super::super::{Purpose, State};
    use super::*;
    use crate::store::{Commit, MemoryStore, Store as _};

    fn delivery(state: State) -> Delivery {
        let key = DeliveryKey {
            device: "car-1".parse().unwrap(),
            notice: NoticeId::information(1),
            purpose: Purpose::Show,
            channel: Channel::Email,
            recipient: "ab".repeat(16),
        };
        Delivery::planned(key, "anna".parse().unwrap(), state, 0)
    }

    async fn commit(store: &MemoryStore, docs: Vec<DocWrite>) -> Result<(), StoreError> {
        store.commit(Commit { docs, ..Commit::default() }).await
    }

    #[tokio::test]
    async fn a_due_row_is_swept_away_only_while_its_delivery_is_as_it_was_found() {
        let store = MemoryStore::new();
        let (queued, dead) = (delivery(State::Queued { due_ms: 7 }), delivery(State::Dead { at_ms: 8 }));
        let row = due_row(&queued).unwrap();
        let change = |before: Option<(u64, &Delivery)>, after: &Delivery| {
            let before = before.map(|(version, delivery)| Stored { version, delivery: delivery.clone() });
            let mut docs = Vec::new();
            writes(&Change::put(before, after.clone()), &mut docs).unwrap();
            docs
        };
        commit(&store, change(None, &queued)).await.unwrap();
        commit(&store, change(Some((1, &queued)), &dead)).await.unwrap();
        let found = Stored { version: 2, delivery: dead.clone() };
        let stale = Stale { row: row.clone(), key: Some(dead.key.clone()), found: Some(found) };
        // Somebody takes the delivery up again, at the very moment for which the row stood.
        commit(&store, change(Some((2, &dead)), &queued)).await.unwrap();
        let swept = commit(&store, sweep(stale).unwrap()).await;
        assert!(matches!(swept, Err(StoreError::Conflict { .. })), "{swept:?}");
        let kept = store.docs(&[DocKey::new(DELIVERY_DUE, row.clone())]).await.unwrap();
        assert!(kept[0].is_some(), "the delivery would wait for ever");

        let orphan = Stale { row: row.clone(), key: Some(dead.key), found: None };
        assert!(commit(&store, sweep(orphan).unwrap()).await.is_err(), "there is a delivery by now");
        let nonsense = Stale { row: "email/x".to_owned(), key: None, found: None };
        commit(&store, sweep(nonsense).unwrap()).await.unwrap();
    }
}
