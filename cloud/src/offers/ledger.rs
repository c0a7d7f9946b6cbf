//! The book and the accounts of one group of work, on their way into its commit.
//!
//! Invariant: an account is enrolled once, whichever of its cars is decided on first, and what is entered is written by the
//! same commit as the decision or answer that it comes from.

use std::collections::HashMap;
use std::sync::Arc;

use milepost_engine::experiments::Group;
use milepost_engine::offers::book::Book;
use milepost_engine::offers::event::Event;
use milepost_engine::offers::increment::Unit;
use milepost_engine::offers::trial::Trial;
use milepost_engine::offers::trial_book::Enrolled;

use super::catalogue::Catalogue;
use super::docs::{BOOK, ENROLMENTS, THE_BOOK, UNITS};
use super::trials::TrialState;
use crate::domain::AccountId;
use crate::store::{AnyStore, DocKey, DocWrite, Expected, Store as _, StoreError};

/// The book as the store has it; a new one if there is none.
pub async fn read_book(store: &AnyStore) -> Result<Book, StoreError> {
    let found = store.docs(&[DocKey::new(BOOK, THE_BOOK)]).await?;
    match found.into_iter().next().flatten() {
        Some(doc) => doc.read("book of offers"),
        None => Ok(Book::default()),
    }
}

#[derive(Debug, Clone, Default)]
struct Known {
    unit: Option<Unit>,
    unit_changed: bool,
    enrolled: Vec<Enrolled>,
    enrolled_changed: bool,
}

/// The book and accounts that a group of work changes.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    book: Arc<Book>,
    catalogue: Arc<Catalogue>,
    changed: bool,
    known: HashMap<AccountId, Known>,
}

impl Accounts {
    /// Begins with the book as it is committed, and the catalogue that decisions are made from.
    pub fn new(book: Arc<Book>, catalogue: Arc<Catalogue>) -> Self {
        Self { book, catalogue, changed: false, known: HashMap::new() }
    }

    /// The book, with what the group has entered so far.
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Changes the book; what `change` answers is whether it did.
    pub fn change(&mut self, change: impl FnOnce(&mut Book) -> bool) {
        self.changed |= change(Arc::make_mut(&mut self.book));
    }

    /// An account's unit and what it counts in experiments; read from the store the first time.
    pub async fn unit(
        &mut self,
        store: &AnyStore,
        account: &AccountId,
    ) -> Result<(Option<Unit>, &[Enrolled]), StoreError> {
        if !self.known.contains_key(account) {
            let keys = [DocKey::new(UNITS, account.as_str()), DocKey::new(ENROLMENTS, account.as_str())];
            let mut found = store.docs(&keys).await?.into_iter();
            let unit = found.next().flatten().map(|doc| doc.read("unit")).transpose()?;
            let enrolled = found.next().flatten().map(|doc| doc.read("enrolments")).transpose()?;
            let known = Known { unit, enrolled: enrolled.unwrap_or_default(), ..Known::default() };
            self.known.insert(account.clone(), known);
        }
        Ok(self.known.get(account).map_or((None, &[]), |known| (known.unit, &known.enrolled)))
    }

    /// Enters an account into the comparison with the holdout, once.
    pub fn enrol(&mut self, account: &AccountId, group: Group, now_ms: u64) {
        let Some(known) = self.known.get_mut(account).filter(|known| known.unit.is_none()) else { return };
        if !matches!(group, Group::HeldOut | Group::Measured) {
            return;
        }
        known.unit = Arc::make_mut(&mut self.book).enrol(group, now_ms);
        (known.unit_changed, self.changed) = (true, true);
    }

    /// Enters an account into an experiment, once; `account` must have been read before.
    pub fn expose(&mut self, account: &AccountId, enrolled: Enrolled) {
        let Some(known) = self.known.get_mut(account) else { return };
        let Some(trial) = self.catalogue.running().find(|trial| is_of(&enrolled, trial)) else { return };
        if known.enrolled.iter().any(|one| is_of(one, trial)) {
            return;
        }
        Arc::make_mut(&mut self.book).enrol_in(trial, &enrolled);
        // What a version counted that is no longer there is of no use to anybody.
        known.enrolled.retain(|one| {
            self.catalogue.trial(&one.exposure.experiment).is_some_and(|listed| is_of(one, &listed.trial))
        });
        known.enrolled.push(enrolled);
        (known.enrolled_changed, self.changed) = (true, true);
    }

    /// Enters what happened at a moment; `account` must have been read before.
    pub fn enter(&mut self, account: Option<&AccountId>, event: &Event, now_ms: u64) {
        let book = Arc::make_mut(&mut self.book);
        self.changed = true;
        let Some(known) = account.and_then(|account| self.known.get_mut(account)) else {
            book.enter(event, None);
            return;
        };
        let before = known.unit;
        book.enter(event, known.unit.as_mut());
        known.unit_changed |= known.unit != before;
        for one in &mut known.enrolled {
            // What ended or was stopped counts until the account's window is over.
            let listed = self.catalogue.trial(&one.exposure.experiment).filter(|listed| is_of(one, &listed.trial));
            if let Some(listed) = listed {
                let before = (one.margin, one.excluded);
                let held = listed.state == TrialState::Running;
                book.enter_in(&listed.trial, held, event, one, now_ms);
                known.enrolled_changed |= before != (one.margin, one.excluded);
            }
        }
    }

    /// What the commit has to write.
    pub fn writes(&self) -> Result<Vec<DocWrite>, StoreError> {
        let mut writes = Vec::new();
        if self.changed {
            let key = DocKey::new(BOOK, THE_BOOK);
            writes.push(DocWrite::json("book of offers", key, Expected::Any, self.book.as_ref())?);
        }
        for (account, known) in &self.known {
            if let Some(unit) = known.unit.filter(|_| known.unit_changed) {
                let key = DocKey::new(UNITS, account.as_str());
                writes.push(DocWrite::json("unit", key, Expected::Any, &unit)?);
            }
            if known.enrolled_changed {
                let key = DocKey::new(ENROLMENTS, account.as_str());
                writes.push(DocWrite::json("enrolments", key, Expected::Any, &known.enrolled)?);
            }
        }
        Ok(writes)
    }
}

/// Whether an account's entry belongs to this version of an experiment.
fn is_of(enrolled: &Enrolled, trial: &Trial) -> bool {
    enrolled.exposure.experiment == trial.id && enrolled.exposure.version == trial.version
}
