//! What pages and API ask and post, and where it lies in the store.
//!
//! Invariant: every write names the version that was read, so that a wish and the worker's note never undo each other.

use super::{HomeLink, LinkFault, LinkWish};
use crate::domain::AccountId;
use crate::service::Service;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};

/// What owners have set up; keys are account ids.
const LINKS: Collection = Collection("home_link");

/// What one is called in errors.
const LINK: &str = "home link";

/// How often a change is tried when the worker notes something meanwhile.
const TRIES: usize = 8;

/// Why a link was not changed or read.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The store failed.
    #[error("failed to reach the store")]
    Store(#[from] StoreError),
    /// A field cannot be taken.
    #[error("a field cannot be taken")]
    Wish(#[from] LinkFault),
}

/// A handle on owners' home systems; clones share the service.
#[derive(Debug, Clone)]
pub struct Homes {
    pub(super) service: Service,
}

impl Homes {
    /// The links of a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }

    /// What an owner has set up.
    pub async fn link(&self, account: &AccountId) -> Result<HomeLink, HomeError> {
        Ok(self.held(account).await?.1)
    }

    /// Uses a broker from now on. Durable on `Ok`.
    pub async fn switch_on(&self, account: &AccountId, wish: &LinkWish) -> Result<HomeLink, HomeError> {
        self.change(account, |link| {
            let before = link.present.as_ref().map(|present| present.broker.clone());
            link.switch_on(wish.broker(before.as_ref())?);
            Ok(())
        })
        .await
    }

    /// Switches it off; everything is taken away from the broker. Durable on `Ok`.
    pub async fn switch_off(&self, account: &AccountId) -> Result<HomeLink, HomeError> {
        self.change(account, |link| {
            link.switch_off();
            Ok(())
        })
        .await
    }

    /// Takes away what is stored of an account; what its own broker keeps is its owner's.
    pub fn forget(account: &AccountId) -> DocWrite {
        DocWrite { key: DocKey::new(LINKS, account.as_str()), expected: Expected::Any, value: None }
    }

    /// Changes what is stored of an account.
    pub(super) async fn change(
        &self,
        account: &AccountId,
        change: impl Fn(&mut HomeLink) -> Result<(), LinkFault>,
    ) -> Result<HomeLink, HomeError> {
        let mut tries = 0;
        loop {
            let (version, before) = self.held(account).await?;
            let mut link = before.clone();
            change(&mut link)?;
            if link == before {
                return Ok(link);
            }
            let expected = if version == 0 { Expected::Absent } else { Expected::Version(version) };
            let write = DocWrite::json(LINK, DocKey::new(LINKS, account.as_str()), expected, &link)?;
            match self.service.put_docs(vec![write]).await {
                Ok(()) => return Ok(link),
                Err(StoreError::Conflict { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Everything that owners have set up behind `after`, by account.
    pub(super) async fn all(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, HomeLink)>, HomeError> {
        let docs = self.service.docs(LINKS, "", after, limit).await?;
        docs.into_iter().map(|(key, doc)| Ok((key, doc.read(LINK)?))).collect()
    }

    async fn held(&self, account: &AccountId) -> Result<(u64, HomeLink), HomeError> {
        match self.service.doc(&DocKey::new(LINKS, account.as_str())).await? {
            Some(doc) => Ok((doc.version, doc.read(LINK)?)),
            None => Ok((0, HomeLink::default())),
        }
    }
}
