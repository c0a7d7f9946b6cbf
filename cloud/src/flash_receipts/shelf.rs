//! Receipts in the store.
//!
//! Invariant: a receipt is written where there is none, and nothing here replaces or removes one.

use crate::store::{Collection, Commit, DocKey, DocWrite, Expected, Store, StoreError};

use super::SignedReceipt;

const RECEIPTS: Collection = Collection("flash_receipt");

/// What one is called in errors.
const RECEIPT: &str = "flash receipt";

/// Keeps a receipt; durable on `Ok`, and [`StoreError::Conflict`] if there is one with its id.
pub async fn keep(store: &impl Store, signed: &SignedReceipt) -> Result<(), StoreError> {
    let key = DocKey::new(RECEIPTS, signed.receipt.id.clone());
    let write = DocWrite::json(RECEIPT, key, Expected::Absent, signed)?;
    store.commit(Commit { docs: vec![write], ..Commit::default() }).await
}

/// The receipt with this id.
pub async fn find(store: &impl Store, id: &str) -> Result<Option<SignedReceipt>, StoreError> {
    let found = store.docs(&[DocKey::new(RECEIPTS, id)]).await?;
    found.into_iter().next().flatten().map(|doc| doc.read(RECEIPT)).transpose()
}

/// Receipts, newest first, behind the one with the id `after`.
pub async fn list(store: &impl Store, after: Option<&str>, limit: usize) -> Result<Vec<SignedReceipt>, StoreError> {
    let found = store.list(RECEIPTS, "", after, limit).await?;
    found.iter().map(|(_, doc)| doc.read(RECEIPT)).collect()
}
