//! Receipts in the store: a row for each and its bytes in parts, both under the owner's key.
//!
//! Invariant: row and parts come and go in one commit, and keys begin with the vehicle's id, so that they go with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use milepost_engine::service_book::EventId;
use milepost_protocol::DeviceId;

use super::attachment::Stored;
use super::{Attachment, AttachmentError, AttachmentId, Kind};
use crate::config;
use crate::domain::{AccountId, Vehicle};
use crate::service::Service;
use crate::store::{ATTACHMENT_PARTS, ATTACHMENTS, DocKey, DocWrite, Expected, StoreError};
use crate::vault::{OwnerKey, Vault, VaultError};

/// How many bytes one stored part has, before it is sealed.
const PART_LEN: usize = 64 << 10;

/// The longest name that is kept, in characters.
const MAX_NAME: usize = 120;

/// What one is called in errors.
const RECEIPT: &str = "receipt";

/// How many rows are read at a time.
const PAGE: usize = 500;

/// A handle on the receipts; clones share it.
#[derive(Debug, Clone)]
pub struct Attachments {
    service: Service,
    vault: Vault,
    settings: config::Receipts,
}

impl Attachments {
    /// Receipts over the service's store.
    pub fn new(service: Service, vault: Vault, settings: config::Receipts) -> Self {
        Self { service, vault, settings }
    }

    /// The most bytes of one receipt.
    pub fn most_bytes(&self) -> usize {
        self.settings.max_bytes
    }

    /// Attaches a receipt to an entry of a vehicle's service book. Durable on `Ok`.
    pub async fn attach(
        &self,
        vehicle: &Vehicle,
        owner: &AccountId,
        service: EventId,
        name: &str,
        bytes: &[u8],
    ) -> Result<Attachment, AttachmentError> {
        if bytes.len() > self.settings.max_bytes {
            return Err(AttachmentError::TooLong { most: self.settings.max_bytes });
        }
        let kind = Kind::of(bytes).ok_or(AttachmentError::Kind)?;
        if self.rows(&vehicle.device, "").await?.len() >= self.settings.max_per_vehicle {
            return Err(AttachmentError::Full { most: self.settings.max_per_vehicle });
        }
        let (id, key) = (AttachmentId::random()?, self.vault.key(owner).await?);
        let at = place(&vehicle.device, service, &id);
        let name = named(name, kind);
        let stored = Stored {
            owner: owner.clone(),
            kind,
            name: STANDARD_NO_PAD.encode(key.seal(&at, name.as_bytes())?),
            len: bytes.len(),
            parts: bytes.len().div_ceil(PART_LEN),
            at_ms: self.service.clock().now_ms(),
        };
        let key_at = DocKey::new(ATTACHMENTS, at.as_str());
        let mut docs = vec![DocWrite::json(RECEIPT, key_at, Expected::Absent, &stored)?];
        for (number, part) in bytes.chunks(PART_LEN).enumerate() {
            let part_at = part_place(&at, number);
            let value = Some(key.seal(&part_at, part)?);
            docs.push(DocWrite { key: DocKey::new(ATTACHMENT_PARTS, part_at), expected: Expected::Absent, value });
        }
        self.service.put_docs(docs).await?;
        Ok(Attachment {
            id,
            owner: stored.owner,
            vehicle: vehicle.device.clone(),
            service,
            kind,
            name,
            len: stored.len,
            at_ms: stored.at_ms,
        })
    }

    /// The receipts of a vehicle that its present owner has attached, in the order of their entries.
    pub async fn of_vehicle(&self, vehicle: &Vehicle) -> Result<Vec<Attachment>, AttachmentError> {
        let Some(owner) = &vehicle.owner else { return Ok(Vec::new()) };
        let Some(key) = self.vault.existing(owner).await? else { return Ok(Vec::new()) };
        let mut attachments = Vec::new();
        for (at, stored) in self.rows(&vehicle.device, "").await? {
            // What an owner before this one has attached is none of this owner's business.
            if stored.owner == *owner {
                attachments.push(attachment(&vehicle.device, &at, stored, &key)?);
            }
        }
        attachments.sort_by_key(|attachment| (attachment.service, attachment.at_ms, attachment.id.clone()));
        Ok(attachments)
    }

    /// A receipt of a vehicle's present owner, with its bytes.
    pub async fn read(
        &self,
        vehicle: &Vehicle,
        service: EventId,
        id: &AttachmentId,
    ) -> Result<Option<(Attachment, Vec<u8>)>, AttachmentError> {
        let Some(owner) = &vehicle.owner else { return Ok(None) };
        let at = place(&vehicle.device, service, id);
        let Some(doc) = self.service.doc(&DocKey::new(ATTACHMENTS, at.as_str())).await? else { return Ok(None) };
        let stored: Stored = doc.read(RECEIPT)?;
        let Some(key) = self.vault.existing(owner).await?.filter(|_| stored.owner == *owner) else { return Ok(None) };
        let keys: Vec<DocKey> =
            (0..stored.parts).map(|number| DocKey::new(ATTACHMENT_PARTS, part_place(&at, number))).collect();
        let mut bytes = Vec::with_capacity(stored.len);
        for (part_at, part) in keys.iter().zip(self.service.docs_by_key(&keys).await?) {
            let what = || StoreError::Conflict { what: part_at.to_string() };
            bytes.extend(key.open(&part_at.key, &part.ok_or_else(what)?.value)?);
        }
        Ok(Some((attachment(&vehicle.device, &at, stored, &key)?, bytes)))
    }

    /// Takes a receipt away; answers whether there was one. Durable on `Ok`.
    pub async fn remove(
        &self,
        vehicle: &Vehicle,
        service: EventId,
        id: &AttachmentId,
    ) -> Result<bool, AttachmentError> {
        let at = place(&vehicle.device, service, id);
        let Some(doc) = self.service.doc(&DocKey::new(ATTACHMENTS, at.as_str())).await? else { return Ok(false) };
        let stored: Stored = doc.read(RECEIPT)?;
        if vehicle.owner.as_ref() != Some(&stored.owner) {
            return Ok(false);
        }
        self.service.put_docs(gone(&at, &stored)).await?;
        Ok(true)
    }

    /// What takes away the receipts of one entry, or of all.
    pub async fn without(&self, device: &DeviceId, service: Option<EventId>) -> Result<Vec<DocWrite>, AttachmentError> {
        let within = service.map(|service| format!("{}/", service.0)).unwrap_or_default();
        let rows = self.rows(device, &within).await?;
        Ok(rows.iter().flat_map(|(at, stored)| gone(at, stored)).collect())
    }

    /// The rows of a vehicle, or of one entry, with their keys.
    async fn rows(&self, device: &DeviceId, within: &str) -> Result<Vec<(String, Stored)>, AttachmentError> {
        let prefix = format!("{device}/{within}");
        let (mut rows, mut after): (Vec<(String, Stored)>, Option<String>) = (Vec::new(), None);
        loop {
            let page = self.service.docs(ATTACHMENTS, &prefix, after.as_deref(), PAGE).await?;
            let is_last = page.len() < PAGE;
            for (at, doc) in page {
                let stored: Stored = doc.read(RECEIPT)?;
                rows.push((at, stored));
            }
            if is_last {
                return Ok(rows);
            }
            after = rows.last().map(|(at, _)| at.clone());
        }
    }
}

/// Where a receipt is kept.
fn place(device: &DeviceId, service: EventId, id: &AttachmentId) -> String {
    format!("{device}/{}/{id}", service.0)
}

fn part_place(at: &str, number: usize) -> String {
    format!("{at}/{number:05}")
}

fn gone(at: &str, stored: &Stored) -> Vec<DocWrite> {
    let delete = |key| DocWrite { key, expected: Expected::Any, value: None };
    let parts = (0..stored.parts).map(|number| delete(DocKey::new(ATTACHMENT_PARTS, part_place(at, number))));
    std::iter::once(delete(DocKey::new(ATTACHMENTS, at))).chain(parts).collect()
}

fn attachment(device: &DeviceId, at: &str, stored: Stored, key: &OwnerKey) -> Result<Attachment, AttachmentError> {
    let broken = || StoreError::Conflict { what: format!("receipt {at}") };
    let mut parts = at.split('/').skip(1);
    let service = parts.next().and_then(|text| text.parse().ok()).map(EventId).ok_or_else(broken)?;
    let id = parts.next().and_then(|text| text.parse().ok()).ok_or_else(broken)?;
    let name = STANDARD_NO_PAD.decode(&stored.name).map_err(|_| VaultError::Open)?;
    let name = String::from_utf8_lossy(&key.open(at, &name)?).into_owned();
    let Stored { owner, kind, len, at_ms, .. } = stored;
    Ok(Attachment { id, owner, vehicle: device.clone(), service, kind, name, len, at_ms })
}

/// The name of a file as it is kept: its last part, short, without anything that a header or a path could stumble over.
fn named(name: &str, kind: Kind) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let kept: String = last.chars().filter(|c| !c.is_control() && *c != '"').take(MAX_NAME).collect();
    if kept.is_empty() { format!("receipt.{}", kind.extension()) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_without_its_path_and_what_headers_stumble_over() {
        for (given, kept) in [
            ("C:\\Users\\anna\\oil \"change\".pdf", "oil change.pdf"),
            ("/papers/anna/../x.pdf", "x.pdf"),
            ("Rechnung März.pdf", "Rechnung März.pdf"),
            ("a\r\nb", "ab"),
            ("  ", "receipt.pdf"),
        ] {
            assert_eq!(named(given, Kind::Pdf), kept);
        }
    }
}
