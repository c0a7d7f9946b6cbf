//! Invitations in the store: making, listing, withdrawing and taking them.
//!
//! Invariant: keys begin with the vehicle's id, so that invitations go with it.

use std::sync::Arc;

use milepost_protocol::DeviceId;

use super::{FamilyError, INVITATION_MS, Invitation, InvitationId, MAX_INVITATIONS};
use crate::accounts::{Account, Limiter, Role};
use crate::channels::{Address, Channels};
use crate::domain::{Actor, FamilyChange, Grant, Intent, IntentError, MAX_FAMILY, Vehicle};
use crate::service::Service;
use crate::store::{DocKey, DocWrite, Expected, INVITATIONS};

/// How many invitations an account makes at once, and how long it waits for each further one, in milliseconds.
const AT_ONCE: u32 = 10;
const REFILL_MS: u64 = 2 * 3_600_000;

/// A handle on the invitations; clones share it.
#[derive(Debug, Clone)]
pub struct Invitations {
    service: Service,
    channels: Channels,
    per_account: Arc<Limiter>,
}

impl Invitations {
    /// Invitations over the service's store, whose mails the channels send.
    pub fn new(service: Service, channels: Channels) -> Self {
        Self { service, channels, per_account: Arc::new(Limiter::new(AT_ONCE, REFILL_MS)) }
    }

    /// Invites somebody to a vehicle; its mail goes out as soon as the mail server takes it. Durable on `Ok`.
    pub async fn invite(
        &self,
        vehicle: &Vehicle,
        by: &Account,
        to: Address,
        grant: Grant,
    ) -> Result<Invitation, FamilyError> {
        let now_ms = self.service.clock().now_ms();
        let open = self.open(vehicle).await?;
        if open.len() >= MAX_INVITATIONS || open.len() + vehicle.family.len() >= MAX_FAMILY {
            return Err(FamilyError::Full);
        }
        let limited = |retry_after_ms| FamilyError::Limited { retry_after_ms };
        self.per_account.take(by.id.as_str(), now_ms).map_err(limited)?;
        let mut invitation = Invitation {
            id: InvitationId::random()?,
            vehicle: vehicle.device.clone(),
            by: by.id.clone(),
            grant,
            to,
            made_ms: now_ms,
            until_ms: now_ms.saturating_add(INVITATION_MS),
            mail: None,
        };
        let mut docs: Vec<DocWrite> = self.channels.invite(&mut invitation)?.into_iter().collect();
        docs.push(put(&invitation, Expected::Absent)?);
        self.service.put_docs(docs).await?;
        Ok(invitation)
    }

    /// The invitations to a vehicle that can be taken, the newest first; those that cannot any more are taken away.
    pub async fn open(&self, vehicle: &Vehicle) -> Result<Vec<Invitation>, FamilyError> {
        let now_ms = self.service.clock().now_ms();
        let prefix = format!("{}/", vehicle.device);
        let (mut open, mut over) = (Vec::new(), Vec::new());
        for (_, doc) in self.service.docs(INVITATIONS, &prefix, None, 4 * MAX_INVITATIONS).await? {
            let invitation: Invitation = doc.read("invitation")?;
            if invitation.counts(vehicle, now_ms) {
                open.push(invitation);
            } else {
                over.push(remove(&invitation.vehicle, &invitation.id, Expected::Any));
            }
        }
        if !over.is_empty() {
            self.service.put_docs(over).await?;
        }
        open.sort_by_key(|invitation| (std::cmp::Reverse(invitation.made_ms), invitation.id.clone()));
        Ok(open)
    }

    /// Takes an invitation back; answers whether there was one. Durable on `Ok`.
    pub async fn withdraw(&self, device: &DeviceId, id: &InvitationId) -> Result<bool, FamilyError> {
        let is_there = self.stored(device, id).await?.is_some();
        if is_there {
            self.service.put_docs(vec![remove(device, id, Expected::Any)]).await?;
        }
        Ok(is_there)
    }

    /// An invitation that can be taken, with its vehicle.
    pub async fn find(&self, device: &DeviceId, id: &InvitationId) -> Result<(Invitation, Vehicle), FamilyError> {
        let (_, invitation) = self.stored(device, id).await?.ok_or(FamilyError::Gone)?;
        let vehicle = self.service.vehicle(device).await?.ok_or(FamilyError::Gone)?;
        let counts = invitation.counts(&vehicle, self.service.clock().now_ms());
        if counts { Ok((invitation, vehicle)) } else { Err(FamilyError::Gone) }
    }

    /// Takes an invitation for an account; `new` is the account's document if it comes into being by that. Durable on `Ok`.
    pub async fn take(
        &self,
        device: &DeviceId,
        id: &InvitationId,
        account: &Account,
        new: Option<DocWrite>,
    ) -> Result<(), FamilyError> {
        if account.role != Role::Owner {
            return Err(FamilyError::Role);
        }
        let (invitation, _) = self.find(device, id).await?;
        let (version, _) = self.stored(device, id).await?.ok_or(FamilyError::Gone)?;
        let change = FamilyChange::Admit {
            account: account.id.clone(),
            grant: invitation.grant,
            invited_by: invitation.by,
            invited_ms: invitation.made_ms,
        };
        let is_new = new.is_some();
        let mut docs = vec![remove(device, id, Expected::Version(version))];
        docs.extend(new);
        let by = Actor::Family(account.id.clone());
        match self.service.submit_with(device, Intent::Family { change }, docs, by).await {
            Ok(_) => Ok(()),
            // Either somebody has taken the invitation, or somebody has taken the name.
            Err(IntentError::Conflict) if is_new && self.stored(device, id).await?.is_some() => {
                Err(FamilyError::NameTaken)
            }
            Err(IntentError::Conflict | IntentError::UnknownMember) => Err(FamilyError::Gone),
            Err(IntentError::FamilyFull) => Err(FamilyError::Full),
            Err(error) => Err(error.into()),
        }
    }

    /// An invitation that nobody has taken, with its version.
    pub(crate) async fn stored(
        &self,
        device: &DeviceId,
        id: &InvitationId,
    ) -> Result<Option<(u64, Invitation)>, FamilyError> {
        let doc = self.service.doc(&key(device, id)).await?;
        doc.map(|doc| Ok((doc.version, doc.read("invitation")?))).transpose()
    }
}

fn key(device: &DeviceId, id: &InvitationId) -> DocKey {
    DocKey::new(INVITATIONS, format!("{device}/{id}"))
}

fn remove(device: &DeviceId, id: &InvitationId, expected: Expected) -> DocWrite {
    DocWrite { key: key(device, id), expected, value: None }
}

fn put(invitation: &Invitation, expected: Expected) -> Result<DocWrite, FamilyError> {
    Ok(DocWrite::json("invitation", key(&invitation.vehicle, &invitation.id), expected, invitation)?)
}
