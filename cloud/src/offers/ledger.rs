//! The book and the accounts of one group of work, on their way into its commit.
//!
//! Invariant: an account is enrolled once, whichever of its cars is decided on first, and what is entered is written by the
//! same commit as the decision or answer that it comes from.

use std::collections::HashMap;
use std::sync::Arc;

use milepost_engine::experiments::Group;
use milepost_engine::offers::book::{Book, Event, Unit};

use super::docs::{BOOK, THE_BOOK, UNITS};
use crate::domain::AccountId;
use crate::store::{AnyStore, DocKey, DocWrite, Expected, Store as _, StoreError};

/// The book as the store has it; a new one if there is none.
pub async fn read_book(store: &AnyStore) -> Result<Book, StoreError> {
    let key = DocKey::new(BOOK, THE_BOOK);
    let found = store.docs(std::slice::from_ref(&key)).await?;
    match found.into_iter().next().flatten() {
        Some(doc) => decode(&key, &doc.value),
        None => Ok(Book::default()),
    }
}

pub(super) fn decode<T: serde::de::DeserializeOwned>(key: &DocKey, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|source| StoreError::Corrupt { what: key.to_string(), source })
}

pub(super) fn encode<T: serde::Serialize>(key: &DocKey, value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|source| StoreError::Encode { what: key.to_string(), source })
}

#[derive(Debug, Clone, Copy)]
struct Known {
    unit: Option<Unit>,
    changed: bool,
}

/// The book and accounts that a group of work changes.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    book: Arc<Book>,
    changed: bool,
    units: HashMap<AccountId, Known>,
}

impl Accounts {
    /// Begins with the book as it is committed.
    pub fn new(book: Arc<Book>) -> Self {
        Self { book, changed: false, units: HashMap::new() }
    }

    /// The book, with what the group has entered so far.
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Changes the book; what `change` answers is whether it did.
    pub fn change(&mut self, change: impl FnOnce(&mut Book) -> bool) {
        self.changed |= change(Arc::make_mut(&mut self.book));
    }

    /// An account's unit; read from the store the first time.
    pub async fn unit(&mut self, store: &AnyStore, account: &AccountId) -> Result<Option<Unit>, StoreError> {
        if let Some(known) = self.units.get(account) {
            return Ok(known.unit);
        }
        let key = DocKey::new(UNITS, account.as_str());
        let found = store.docs(std::slice::from_ref(&key)).await?.into_iter().next().flatten();
        let unit = found.map(|doc| decode(&key, &doc.value)).transpose()?;
        self.units.insert(account.clone(), Known { unit, changed: false });
        Ok(unit)
    }

    /// Enters an account into the comparison with the holdout, once.
    pub fn enrol(&mut self, account: &AccountId, group: Group, now_ms: u64) {
        let Some(known) = self.units.get_mut(account).filter(|known| known.unit.is_none()) else { return };
        if !matches!(group, Group::HeldOut | Group::Measured) {
            return;
        }
        known.unit = Arc::make_mut(&mut self.book).enrol(group, now_ms);
        (known.changed, self.changed) = (true, true);
    }

    /// Enters what happened; `account` must have been read before.
    pub fn enter(&mut self, account: Option<&AccountId>, event: &Event) {
        let known = account.and_then(|account| self.units.get_mut(account));
        let before = known.as_ref().and_then(|known| known.unit);
        let mut unit = before;
        Arc::make_mut(&mut self.book).enter(event, unit.as_mut());
        self.changed = true;
        if let Some(known) = known.filter(|_| unit != before) {
            (known.unit, known.changed) = (unit, true);
        }
    }

    /// What the commit has to write.
    pub fn writes(&self) -> Result<Vec<DocWrite>, StoreError> {
        let mut writes = Vec::new();
        let mut write = |key: DocKey, value| writes.push(DocWrite { key, expected: Expected::Any, value: Some(value) });
        if self.changed {
            let key = DocKey::new(BOOK, THE_BOOK);
            let value = encode(&key, self.book.as_ref())?;
            write(key, value);
        }
        for (account, known) in &self.units {
            if let Some(unit) = known.unit.filter(|_| known.changed) {
                let key = DocKey::new(UNITS, account.as_str());
                let value = encode(&key, &unit)?;
                write(key, value);
            }
        }
        Ok(writes)
    }
}
