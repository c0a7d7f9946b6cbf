//! The end of an owner's account: everything that names the person goes, and the cars are nobody's.
//!
//! What goes is found, not remembered: every vehicle's document and every collection is looked through, so that a car which was
//! handed over years ago forgets its earlier owner too. Sums over many people name nobody and stay.
//! Invariant: the account itself goes last, so that an erasure which was cut short can be asked for again.

use milepost_protocol::DeviceId;

use crate::accounts::{Account, Accounts, AccountsError, StaffRead};
use crate::attachments::{AttachmentError, Attachments};
use crate::booking::{Booking, BookingError, Visit};
use crate::care::{Call, FollowUp};
use crate::channels::{ChannelError, Channels, Delivery, Task};
use crate::domain::{AccountId, Actor, Intent, IntentError, Vehicle, names};
use crate::family::Invitation;
use crate::homes::Homes;
use crate::journey::Journeys;
use crate::service::Service;
use crate::store::{
    CALLS, Collection, DEAD_LETTERS, DELIVERIES, DocKey, DocWrite, Expected, FOLLOW_UPS, INVITATION_MAILS, INVITATIONS,
    STAFF_LISTINGS, STAFF_READS, StoreError, TASKS, VISITS, VISITS_OF, VISITS_ON,
};
use crate::vault::Vault;

/// How many vehicles or documents are read at a time.
const PAGE: usize = 500;

/// Why an account was not erased, or not wholly; asking again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The store failed.
    #[error("failed to reach what is to be erased")]
    Store(#[from] StoreError),
    /// A vehicle was not changed.
    #[error("failed to take a vehicle's owner away")]
    Vehicle(#[from] IntentError),
    /// A visit was not cancelled.
    #[error("failed to cancel a visit")]
    Booking(#[from] BookingError),
    /// Addresses and deliveries were not forgotten.
    #[error("failed to forget how the owner is reached")]
    Channel(#[from] ChannelError),
    /// Receipts were not found.
    #[error("failed to find the receipts")]
    Attachments(#[from] AttachmentError),
    /// The account was not removed.
    #[error("failed to remove the account")]
    Account(#[from] AccountsError),
}

/// What an erasure goes through.
#[derive(Debug, Clone, Copy)]
pub struct Erasure<'a> {
    /// Vehicles and documents.
    pub service: &'a Service,
    /// Accounts and sessions.
    pub accounts: &'a Accounts,
    /// How owners are reached.
    pub channels: &'a Channels,
    /// Receipts.
    pub attachments: &'a Attachments,
    /// Recorded contacts.
    pub journeys: &'a Journeys,
}

impl Erasure<'_> {
    /// Erases an owner's account and everything that names the person; answers how many vehicles have no owner by that. Durable on `Ok`.
    pub async fn erase(&self, account: &Account) -> Result<usize, ErasureError> {
        let id = &account.id;
        let (_, contact) = self.channels.contact(id).await?;
        let address = contact.email.as_ref().map(|address| address.as_str().to_owned());
        for vehicle in self.service.vehicles_of(id).await? {
            self.cancel_visits(&vehicle).await?;
        }
        self.channels.forget(id).await?;
        let mut left = 0;
        let mut after: Option<DeviceId> = None;
        loop {
            let devices = self.service.devices(after.as_ref(), PAGE).await?;
            for vehicle in self.service.vehicles(&devices).await? {
                left += usize::from(self.forget_in(&vehicle, id).await?);
            }
            match devices.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        self.forget_visits(id).await?;
        self.forget_documents(DELIVERIES, DEAD_LETTERS, |value| is_of::<Delivery>(value, |one| one.owner == *id))
            .await?;
        let in_task = |task: &Task| task.owner == *id || task.done.as_ref().is_some_and(|(_, by)| by == id);
        self.forget_documents(TASKS, TASKS, |value| is_of(value, in_task)).await?;
        let is_theirs = |to: &str| address.as_deref().is_some_and(|address| address.eq_ignore_ascii_case(to));
        let in_invitation = |one: &Invitation| one.by == *id || is_theirs(one.to.as_str());
        self.forget_documents(INVITATIONS, INVITATION_MAILS, |value| is_of(value, in_invitation)).await?;
        let in_look = |look: &StaffRead| look.owner.as_ref() == Some(id);
        for looks in [STAFF_READS, STAFF_LISTINGS] {
            self.forget_documents(looks, looks, |value| is_of(value, in_look)).await?;
        }
        self.forget_documents(CALLS, CALLS, |value| is_of(value, |call: &Call| call.owner.as_ref() == Some(id)))
            .await?;
        self.forget_follow_ups(id).await?;
        Booking::new(self.service.clone()).end_feed(id).await?;
        self.service.forget_unit(id).await?;
        self.journeys.erase(id).await?;
        self.forget_below(crate::api::IDEMPOTENCY_KEYS, id).await?;
        self.service.put_docs(vec![Vault::forget(id), Homes::forget(id)]).await?;
        self.accounts.remove(id).await?;
        tracing::info!(vehicles = left, "an owner has erased the account");
        metrics::counter!("milepost_accounts_erased_total").increment(1);
        Ok(left)
    }

    async fn cancel_visits(&self, vehicle: &Vehicle) -> Result<(), ErasureError> {
        let booking = Booking::new(self.service.clone());
        for visit in booking.of_vehicle(vehicle).await?.into_iter().filter(Visit::is_open) {
            match booking.cancel(&visit.id, Actor::Forgotten).await {
                // A visit that is under way takes place; that it was this person's goes with the others.
                Ok(_) | Err(BookingError::Turn(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Lets a vehicle forget somebody; answers whether it was theirs.
    async fn forget_in(&self, vehicle: &Vehicle, id: &AccountId) -> Result<bool, ErasureError> {
        let is_theirs = vehicle.owner.as_ref() == Some(id);
        if !is_theirs && !names(vehicle, id) {
            return Ok(false);
        }
        let docs = if is_theirs { self.attachments.without(&vehicle.device, None).await? } else { Vec::new() };
        let intent = Intent::Forget { account: id.clone() };
        self.service.submit_with(&vehicle.device, intent, docs, Actor::Forgotten).await?;
        if is_theirs {
            // What the car sent while it was theirs is where they were; it goes with everything that was told of it.
            self.service.erase(&vehicle.device).await?;
        }
        Ok(is_theirs)
    }

    /// Takes visits away that somebody booked for a car which is another's by now.
    async fn forget_visits(&self, id: &AccountId) -> Result<(), ErasureError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.service.docs(VISITS, "", after.as_deref(), PAGE).await?;
            let mut gone = Vec::new();
            for (key, doc) in &page {
                let Ok(visit) = serde_json::from_slice::<Visit>(&doc.value) else { continue };
                if visit.owner == *id {
                    gone.push(delete(VISITS, key.clone()));
                    gone.push(delete(VISITS_OF, format!("{}/{key}", visit.vehicle)));
                    gone.push(delete(VISITS_ON, format!("{}/{}/{key}", visit.workshop, visit.day)));
                } else if let Some(without) = visit.without(id)
                    && let Ok(value) = serde_json::to_vec(&without)
                {
                    let key = DocKey::new(VISITS, key.clone());
                    gone.push(DocWrite { key, expected: Expected::Version(doc.version), value: Some(value) });
                }
            }
            self.put(gone).await?;
            match page.into_iter().nth(PAGE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// Takes away what the workshop's people meant to do about a car while it was the person's.
    async fn forget_follow_ups(&self, id: &AccountId) -> Result<(), ErasureError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.service.docs(FOLLOW_UPS, "", after.as_deref(), PAGE).await?;
            let read = page.iter().filter_map(|(_, doc)| serde_json::from_slice::<FollowUp>(&doc.value).ok());
            let theirs = read.filter(|one| one.owner.as_ref() == Some(id));
            self.put(theirs.flat_map(|one| one.removal()).collect()).await?;
            match page.into_iter().nth(PAGE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// Takes the documents of a collection away that are about the person, and the rows of other collections under the same keys.
    async fn forget_documents(
        &self,
        collection: Collection,
        beside: Collection,
        is_about: impl Fn(&[u8]) -> bool + Send,
    ) -> Result<(), ErasureError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.service.docs(collection, "", after.as_deref(), PAGE).await?;
            let about = page.iter().filter(|(_, doc)| is_about(&doc.value));
            let gone = about.flat_map(|(key, _)| [delete(collection, key.clone()), delete(beside, key.clone())]);
            self.put(gone.collect()).await?;
            match page.into_iter().nth(PAGE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// Takes the documents of a collection away whose keys begin with an account.
    async fn forget_below(&self, collection: Collection, id: &AccountId) -> Result<(), ErasureError> {
        let prefix = format!("{id}/");
        loop {
            let page = self.service.docs(collection, &prefix, None, PAGE).await?;
            let is_last = page.len() < PAGE;
            self.put(page.into_iter().map(|(key, _)| delete(collection, key)).collect()).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn put(&self, docs: Vec<DocWrite>) -> Result<(), ErasureError> {
        if docs.is_empty() { Ok(()) } else { Ok(self.service.put_docs(docs).await?) }
    }
}

/// Whether a document reads as one of a kind, and is about somebody as `is_about` says; one that does not read is not.
fn is_of<T: serde::de::DeserializeOwned>(value: &[u8], is_about: impl Fn(&T) -> bool) -> bool {
    serde_json::from_slice::<T>(value).is_ok_and(|one| is_about(&one))
}

fn delete(collection: Collection, key: String) -> DocWrite {
    DocWrite { key: DocKey::new(collection, key), expected: Expected::Any, value: None }
}
