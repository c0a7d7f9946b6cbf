//! `Idempotency-Key`: a request that is sent twice takes effect once.
//!
//! The key is stored before the work, with a hash of the request; a repeat finds it and skips the work.
//! Invariant: a key belongs to one account and one request for ever; another request under it is refused.

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use super::Problem;
use crate::domain::AccountId;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};
use crate::web::AppState;

/// What was asked under which key; keys begin with the account and a slash.
pub(crate) const KEYS: Collection = Collection("idempotency");

/// The longest key, in characters.
const MAX_KEY: usize = 128;

/// One request under its key, or without one.
#[derive(Debug)]
pub(super) struct Once {
    key: Option<DocKey>,
    is_repeat: bool,
}

impl Once {
    /// Takes the request's key, if it has one.
    pub(super) async fn begin(
        state: &AppState,
        account: &AccountId,
        headers: &HeaderMap,
        request: &str,
    ) -> Result<Self, Problem> {
        let Some(key) = headers.get("idempotency-key") else { return Ok(Self { key: None, is_repeat: false }) };
        let key = key.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len())).ok_or_else(Problem::invalid)?;
        let key = DocKey::new(KEYS, format!("{account}/{key}"));
        let hash = Sha256::digest(request.as_bytes()).to_vec();
        let write = DocWrite { key: key.clone(), expected: Expected::Absent, value: Some(hash.clone()) };
        match state.service.put_docs(vec![write]).await {
            Ok(()) => Ok(Self { key: Some(key), is_repeat: false }),
            Err(StoreError::Conflict { .. }) => {
                let known = state.service.doc(&key).await?.ok_or_else(Problem::conflict)?;
                if known.value == hash {
                    Ok(Self { key: Some(key), is_repeat: true })
                } else {
                    Err(Problem::key_reused())
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the work has been done before.
    pub(super) fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// The work was refused: the same key may try again.
    pub(super) async fn forget(self, state: &AppState) -> Result<(), Problem> {
        let Some(key) = self.key else { return Ok(()) };
        Ok(state.service.put_docs(vec![DocWrite { key, expected: Expected::Any, value: None }]).await?)
    }
}
