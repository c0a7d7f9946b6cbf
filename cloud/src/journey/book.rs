//! Contacts as they are read.

use super::Row;
use crate::domain::AccountId;
use crate::service::Service;
use crate::store::{StoreError, TOUCHPOINTS};

/// How many rows are read at a time.
const PAGE: usize = 1_000;

/// Every contact whose key begins with `prefix`, ascending, at most `limit`; and whether there are more.
pub(super) async fn rows(service: &Service, prefix: &str, limit: usize) -> Result<(Vec<Row>, bool), StoreError> {
    let mut rows = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let docs = service.docs(TOUCHPOINTS, prefix, after.as_deref(), PAGE).await?;
        let is_last = docs.len() < PAGE;
        for (key, doc) in docs {
            if rows.len() == limit {
                return Ok((rows, true));
            }
            rows.push(doc.read(&format!("touchpoint {key}"))?);
            after = Some(key);
        }
        if is_last {
            return Ok((rows, false));
        }
    }
}

/// The prefix of an owner's contacts.
pub(super) fn of_owner(owner: &AccountId) -> String {
    format!("{owner}/")
}
