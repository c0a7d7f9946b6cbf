//! The mails that invite somebody to a vehicle.
//!
//! Invariant: an attempt is committed before it begins, and the mail goes no longer than its invitation stands.

use milepost_engine::channels::Channel;

use super::super::book::{put_invitation, put_invitation_mail};
use super::super::confirm::{Asking, Next};
use super::super::{ChannelError, SendError};
use super::{DUE_AT_ONCE, SETTLE_TRIES, Worker};
use crate::events::DeliveryAttempted;
use crate::family::Invitation;
use crate::store::{Expected, StoreError};

impl Worker {
    /// Sends what is due of them; answers how many were tried.
    pub(super) async fn invite(&self) -> Result<usize, ChannelError> {
        let now_ms = self.now_ms();
        let mut tried = 0;
        for (key, version, mail) in self.0.book.invitation_mails(DUE_AT_ONCE).await? {
            if mail.due_ms <= now_ms {
                tried += 1;
                self.invite_one(&key, version, mail).await?;
            }
        }
        Ok(tried)
    }

    async fn invite_one(&self, key: &str, version: u64, mail: Asking) -> Result<(), ChannelError> {
        let Some((_, invitation)) = self.0.book.invitation(key).await?.filter(|(_, known)| self.stands(known)) else {
            // Somebody has taken it or taken it back, or it has ended.
            return self.put(vec![put_invitation_mail(key, None, Expected::Version(version))?]).await.map(drop);
        };
        let account = self.0.accounts.account(&invitation.by).await?;
        let vehicle = self.0.service.vehicle(&invitation.vehicle).await?;
        let begun = mail.begun(self.now_ms());
        if !self.put(vec![put_invitation_mail(key, Some(&begun), Expected::Version(version))?]).await? {
            return Ok(());
        }
        let outcome = match (account, vehicle) {
            (Some(account), Some(vehicle)) => {
                let pen = self.pen(&account);
                self.0.senders.invite(&pen, &vehicle, &invitation, &begun.message).await
            }
            _ => Err(SendError::Gone),
        };
        DeliveryAttempted { channel: Channel::Email, outcome: &outcome, deliveries: 1 }.emit();
        let next = begun.ended(&outcome, self.backoff(), &self.0.draws, self.now_ms());
        for _ in 0..SETTLE_TRIES {
            let expected = Expected::Version(version + 1);
            let docs = match &next {
                Next::Again(mail) => vec![put_invitation_mail(key, Some(mail), expected)?],
                Next::Ended(how) => {
                    let mut docs = vec![put_invitation_mail(key, None, expected)?];
                    if let Some((version, invitation)) = self.0.book.invitation(key).await? {
                        let after = Invitation { mail: Some(*how), ..invitation };
                        docs.push(put_invitation(&after, Expected::Version(version))?);
                    }
                    docs
                }
            };
            if self.put(docs).await? {
                return Ok(());
            }
            // The invitation was taken meanwhile; the next round reads it anew.
        }
        Err(StoreError::Conflict { what: "invitation".to_owned() }.into())
    }

    fn stands(&self, invitation: &Invitation) -> bool {
        self.now_ms() < invitation.until_ms
    }
}
