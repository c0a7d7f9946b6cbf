//! What people put on the desk, kept.
//!
//! Invariant: a document is written before the desk shows it, and the newer version of an entry wins, whether it comes from a
//! file or from a person.

use std::sync::Arc;

use milepost_engine::offers::Arm;
use milepost_engine::offers::catalogue::Entry;
use milepost_engine::offers::judge::Judged;
use milepost_engine::offers::{EntryError, book, read};
use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, Desk};
use super::docs::{ENROLMENTS, OFFERS, UNITS};
use super::ledger::read_book;
use super::policy::refresh_policy;
use super::trials::refresh_trials;
use crate::domain::AccountId;
use crate::service::Service;
use crate::store::{AnyStore, Commit, DocKey, DocWrite, Expected, Store as _, StoreError};

/// How many entries people may have put.
const MOST: usize = 1_000;

/// An entry as a person has put or paused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferDoc {
    /// The entry.
    pub entry: Entry,
    /// Whether it is made to anybody.
    pub live: bool,
    /// Who did that.
    pub by: AccountId,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// Why an entry was not put.
#[derive(Debug, thiserror::Error)]
pub enum OffersError {
    /// It does not hold.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The catalogue has no such entry.
    #[error("the catalogue has no such entry")]
    Unknown,
    /// A version that is not above the present one.
    #[error("version {given} is not above {present}")]
    Version {
        /// The version that was given.
        given: u32,
        /// The one that stands.
        present: u32,
    },
    /// An experiment that was stopped does not run again.
    #[error("an experiment that was stopped does not run again; put a new version")]
    Stopped,
    /// The share of nothing is not within 0 to 1.
    #[error("the share of nothing is not within 0 to 1")]
    Share,
    /// The log does not support the policy.
    #[error("the log does not support the policy")]
    Unsupported(Box<Judged>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Puts on the desk what people have put, over what the files say.
pub async fn refresh(store: &AnyStore, desk: &Desk, mut catalogue: Catalogue) -> Result<(), StoreError> {
    for (id, doc) in store.list(OFFERS, "", None, MOST).await? {
        let OfferDoc { entry, live, .. } = doc.read(&format!("offer {id}"))?;
        let newer = catalogue.entry(entry.id).is_some_and(|listed| listed.entry.version > entry.version);
        let entry = if newer { catalogue.entry(entry.id).map_or(entry, |listed| listed.entry.clone()) } else { entry };
        if let Err(error) = catalogue.put(&format!("offer {id}"), entry, live) {
            // A file has taken its name meanwhile; the person's entry gives way, and that is said.
            tracing::warn!(error = %error, "an offer of the catalogue was left out");
        }
    }
    refresh_trials(store, &mut catalogue).await?;
    desk.set(catalogue);
    desk.publish(&Arc::new(read_book(store).await?));
    refresh_policy(store, desk).await
}

/// Reads, checks and puts an entry; a new one is paused until somebody lets it live.
pub async fn put(service: &Service, text: &str, by: &AccountId) -> Result<OfferDoc, OffersError> {
    let entry = read("offer", text)?;
    let catalogue = service.desk().now();
    let known = catalogue.entry(entry.id);
    risen(entry.version, known.map(|known| known.entry.version))?;
    let live = known.is_some_and(|known| known.live);
    write(service, &catalogue, entry, live, by).await
}

/// Lets an entry live, or pauses it.
pub async fn set_live(service: &Service, id: u16, live: bool, by: &AccountId) -> Result<OfferDoc, OffersError> {
    let catalogue = service.desk().now();
    let entry = catalogue.entry(id).ok_or(OffersError::Unknown)?.entry.clone();
    write(service, &catalogue, entry, live, by).await
}

async fn write(
    service: &Service,
    catalogue: &Catalogue,
    entry: Entry,
    live: bool,
    by: &AccountId,
) -> Result<OfferDoc, OffersError> {
    let id = entry.id;
    let mut after = catalogue.clone();
    after.put("offer", entry.clone(), live)?;
    after.check_tip("offer", id)?;
    let doc = OfferDoc { entry, live, by: by.clone(), at_ms: service.clock().now_ms() };
    keep(service, "offer", DocKey::new(OFFERS, id.to_string()), &doc, after).await?;
    Ok(doc)
}

/// Whether a version is above the one that stands.
pub(super) fn risen(given: u32, present: Option<u32>) -> Result<(), OffersError> {
    match present {
        Some(present) if present >= given => Err(OffersError::Version { given, present }),
        _ => Ok(()),
    }
}

/// Writes what somebody has put, and then puts the catalogue with it on the desk; `kind` names it in errors.
pub(super) async fn keep<T: Serialize>(
    service: &Service,
    kind: &'static str,
    key: DocKey,
    doc: &T,
    after: Catalogue,
) -> Result<(), StoreError> {
    service.put_docs(vec![DocWrite::json(kind, key, Expected::Any, doc)?]).await?;
    service.desk().set(after);
    Ok(())
}

/// Stops the arms of an offer, or lets them go on; the committer enters it.
pub async fn stop_arms(service: &Service, id: u16, stopped: bool) -> Result<(), OffersError> {
    let catalogue = service.desk().now();
    let entry = &catalogue.entry(id).ok_or(OffersError::Unknown)?.entry;
    let arms: Vec<Arm> = book::arms_of(entry).collect();
    service.stop_arms(arms, stopped).await;
    Ok(())
}

/// Forgets what an account counts; the sums that it is part of name nobody and stay.
pub async fn forget(store: &AnyStore, account: &AccountId) -> Result<(), StoreError> {
    let forgotten = |collection| {
        let key = DocKey::new(collection, account.as_str());
        DocWrite { key, expected: Expected::Any, value: None }
    };
    let docs = [UNITS, ENROLMENTS].map(forgotten).to_vec();
    store.commit(Commit { docs, ..Commit::default() }).await
}
