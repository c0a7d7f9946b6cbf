//! Receipts in the store.
//!
//! Invariant: a receipt is written where there is none, and nothing here replaces or removes one.

use crate::store::{Collection, Commit, Doc, DocKey, DocWrite, Expected, Store, StoreError};

use super::SignedReceipt;

const RECEIPTS: Collection = Collection("flash_receipt");

/// Keeps a receipt; durable on `Ok`, and [`StoreError::Conflict`] if there is one with its id.
pub async fn keep(store: &impl Store, signed: &SignedReceipt) -> Result<(), StoreError> {
    let value = serde_json::to_vec(signed).expect("a receipt is plain data");
    let key = DocKey::new(RECEIPTS, signed.receipt.id.clone());
    let write = DocWrite { key, expected: Expected::Absent, value: Some(value) };
    store.commit(Commit { docs: vec![write], ..Commit::default() }).await
}

/// The receipt with this id.
pub async fn find(store: &impl Store, id: &str) -> Result<Option<SignedReceipt>, StoreError> {
    let found = store.docs(&[DocKey::new(RECEIPTS, id)]).await?;
    found.into_iter().next().flatten().map(|doc| read(&doc)).transpose()
}

/// Receipts, newest first, behind the one with the id `after`.
pub async fn list(store: &impl Store, after: Option<&str>, limit: usize) -> Result<Vec<SignedReceipt>, StoreError> {
    let found = store.list(RECEIPTS, "", after, limit).await?;
    found.iter().map(|(_, doc)| read(doc)).collect()
}

fn read(doc: &Doc) -> Result<SignedReceipt, StoreError> {
    let corrupt = |source| StoreError::Corrupt { what: "flash receipt".to_owned(), source };
    serde_json::from_slice(&doc.value).map_err(corrupt)
}
