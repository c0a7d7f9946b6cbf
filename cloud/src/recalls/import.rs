//! Takes a file of recalls into the store.
//!
//! Invariant: what is there already is not written again.

use std::collections::BTreeMap;

use super::flat::{FlatError, parse};
use super::matching::{folded, prefix_of};
use super::{Recall, Recalls};
use crate::domain::IntentError;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};

/// Recalls by make, year, campaign and model.
pub(super) const RECALLS: Collection = Collection("recall");

/// How many recalls one commit takes.
const AT_ONCE: usize = 500;

/// Why recalls were not taken or told.
#[derive(Debug, thiserror::Error)]
pub enum RecallsError {
    /// The file does not read.
    #[error("the file does not read")]
    Flat(#[from] FlatError),
    /// The store failed.
    #[error("failed to reach the store")]
    Store(#[from] StoreError),
    /// A car could not be told.
    #[error("failed to tell a car")]
    Vehicle(#[from] IntentError),
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Recalls of a car line that were not known.
    pub new: usize,
    /// Recalls that say something else now.
    pub changed: usize,
    /// Recalls that were known as they are.
    pub same: usize,
    /// Rows about tyres, child seats and equipment.
    pub other: usize,
    /// Rows without a model year.
    pub without_year: usize,
}

impl Recalls {
    /// Takes a file as the agency publishes it; durable on `Ok`.
    ///
    /// A failure of the store may leave a part of the file taken; taking it again completes it.
    pub async fn import(&self, bytes: &[u8]) -> Result<Imported, RecallsError> {
        let flat = parse(bytes)?;
        let mut done = Imported { other: flat.other, without_year: flat.without_year, ..Imported::default() };
        let recalls: Vec<(String, Recall)> = together(flat.recalls).into_iter().collect();
        for part in recalls.chunks(AT_ONCE) {
            let keys: Vec<DocKey> = part.iter().map(|(key, _)| DocKey::new(RECALLS, key)).collect();
            let known = self.service.docs_by_key(&keys).await?;
            let mut docs = Vec::new();
            for ((key, (_, recall)), doc) in keys.into_iter().zip(part).zip(known) {
                let write = DocWrite::json("recall", key, Expected::Any, recall)?;
                match doc {
                    Some(doc) if write.value.as_ref() == Some(&doc.value) => {
                        done.same += 1;
                        continue;
                    }
                    Some(_) => done.changed += 1,
                    None => done.new += 1,
                }
                docs.push(write);
            }
            if !docs.is_empty() {
                self.service.put_docs(docs).await?;
            }
        }
        Ok(done)
    }
}

/// One recall for each campaign, make, model and year; the file has a row for each component.
fn together(recalls: Vec<Recall>) -> BTreeMap<String, Recall> {
    let mut by_key: BTreeMap<String, Recall> = BTreeMap::new();
    for recall in recalls {
        let key = format!("{}{}/{}", prefix_of(&recall), recall.campaign, folded(&recall.model));
        match by_key.get_mut(&key) {
            None => {
                by_key.insert(key, recall);
            }
            Some(known) => {
                if !known.component.split("; ").any(|component| component == recall.component) {
                    known.component = format!("{}; {}", known.component, recall.component);
                }
                known.do_not_drive |= recall.do_not_drive;
                known.park_outside |= recall.park_outside;
            }
        }
    }
    by_key
}
