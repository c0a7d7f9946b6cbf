//! The mails that ask whether an address is its owner's.
//!
//! Invariant: an attempt is committed before it begins; its outcome and what the contact says of it change in one commit.

use milepost_engine::channels::Channel;

use super::super::book::{put_asking, put_contact};
use super::super::confirm::{Asking, Next};
use super::super::{ChannelError, Contact};
use super::{DUE_AT_ONCE, SETTLE_TRIES, Worker};
use crate::domain::AccountId;
use crate::events::DeliveryAttempted;
use crate::store::{DocWrite, Expected, StoreError};

impl Worker {
    /// Sends what is due of them; answers how many were tried.
    pub(super) async fn ask(&self) -> Result<usize, ChannelError> {
        let now_ms = self.now_ms();
        let mut tried = 0;
        for (account, version, asking) in self.0.book.askings(DUE_AT_ONCE).await? {
            if asking.due_ms <= now_ms {
                tried += 1;
                self.ask_one(&account, version, asking).await?;
            }
        }
        Ok(tried)
    }

    async fn ask_one(&self, owner: &AccountId, version: u64, asking: Asking) -> Result<(), ChannelError> {
        let (_, contact) = self.0.book.contact(owner).await?;
        let account = self.0.accounts.account(owner).await?;
        let (Some(account), Some(to)) = (account, asked(&contact, &asking)) else {
            // The owner has named another address, or none, or has confirmed this one.
            return self.put(vec![put_asking(owner, None, Expected::Version(version))?]).await.map(drop);
        };
        let begun = asking.begun(self.now_ms());
        if !self.put(vec![put_asking(owner, Some(&begun), Expected::Version(version))?]).await? {
            return Ok(());
        }
        let outcome = self.0.senders.ask(&self.pen(&account), &to, &begun.message).await;
        DeliveryAttempted { channel: Channel::Email, outcome: &outcome, deliveries: 1 }.emit();
        let next = begun.clone().ended(&outcome, self.backoff(), &self.0.draws, self.now_ms());
        for _ in 0..SETTLE_TRIES {
            let expected = Expected::Version(version + 1);
            let docs = match &next {
                Next::Again(asking) => vec![put_asking(owner, Some(asking), expected)?],
                Next::Ended(how) => {
                    let mut docs = vec![put_asking(owner, None, expected)?];
                    let (version, mut contact) = self.0.book.contact(owner).await?;
                    if asked(&contact, &begun).is_some()
                        && let Some(known) = &mut contact.unconfirmed
                    {
                        known.asked = *how;
                        docs.push(put_contact(owner, version, &contact)?);
                    }
                    docs
                }
            };
            if self.put(docs).await? {
                return Ok(());
            }
            // Either the contact has changed, and the next round notes it there, or another asking stands in this one's place.
            let standing = self.0.book.askings(DUE_AT_ONCE).await?;
            if !standing.iter().any(|(of, standing, _)| of == owner && *standing == version + 1) {
                return Ok(());
            }
        }
        Err(StoreError::Conflict { what: "asking".to_owned() }.into())
    }

    /// Commits; `false` if somebody was faster.
    pub(super) async fn put(&self, docs: Vec<DocWrite>) -> Result<bool, ChannelError> {
        match self.0.book.commit(&[], None, docs).await {
            Ok(()) => Ok(true),
            Err(ChannelError::Store(StoreError::Conflict { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The address that an asking is about, if it still is.
fn asked(contact: &Contact, asking: &Asking) -> Option<super::super::Unconfirmed> {
    contact.unconfirmed.clone().filter(|known| known.asked_ms == asking.asked_ms)
}
