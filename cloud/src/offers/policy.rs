//! Which policy is in force, and what the log says of another one before it may take over.
//!
//! Invariant: a policy that the log does not support comes into force only by somebody's word, which is kept with the figures.

use milepost_engine::offers::judge::{Judged, judge};
use milepost_engine::policy::Policy;
use serde::{Deserialize, Serialize};

use super::catalogue::Desk;
use super::docs::{POLICY, THE_POLICY};
use super::log::{Extent, read};
use super::shelf::OffersError;
use crate::domain::AccountId;
use crate::rules::Method;
use crate::service::Service;
use crate::store::{AnyStore, DocKey, DocWrite, Expected, Store as _, StoreError};

/// How long a reason may be, in characters.
const REASON: usize = 500;

/// The policy in force as somebody has chosen it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyDoc {
    /// The share of nothing, for fixed shares; by what was learnt, where there is none.
    pub nothing: Option<f64>,
    /// Rises with each change.
    pub version: u32,
    /// Who chose it.
    pub by: AccountId,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Why, although the log did not support it.
    pub despite: Option<String>,
}

impl PolicyDoc {
    fn method(&self) -> Method {
        match self.nothing {
            None => Method::Learning,
            Some(nothing) => Method::Fixed(Policy { version: self.version, nothing }),
        }
    }
}

/// A policy that somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The share of nothing, for fixed shares; by what was learnt, where there is none.
    pub nothing: Option<f64>,
    /// Why, even if the log does not support it.
    pub despite: Option<String>,
}

impl Wanted {
    /// How arms would be drawn; `None` if a share is no share.
    pub fn method(&self, version: u32) -> Option<Method> {
        match self.nothing {
            None => Some(Method::Learning),
            Some(nothing) => (0.0..=1.0).contains(&nothing).then_some(Method::Fixed(Policy { version, nothing })),
        }
    }
}

/// The policy that somebody has chosen; `None` if the configuration's is in force.
pub async fn chosen(store: &AnyStore) -> Result<Option<PolicyDoc>, StoreError> {
    let found = store.docs(&[DocKey::new(POLICY, THE_POLICY)]).await?.into_iter().next().flatten();
    found.map(|doc| doc.read("policy")).transpose()
}

/// Puts the chosen policy in force.
pub(super) async fn refresh_policy(store: &AnyStore, desk: &Desk) -> Result<(), StoreError> {
    desk.set_method(chosen(store).await?.map(|doc| doc.method()));
    Ok(())
}

/// What the log says of policies that draw by what the learner in force has learnt, or by fixed shares, and how much of it was read.
pub async fn judged(service: &Service, methods: &[Method]) -> Result<(Vec<Judged>, Extent), StoreError> {
    let book = service.book();
    let (log, extent) = read(service, &book.learner).await?;
    Ok((methods.iter().map(|method| judge(&log, &book.learner, method.rule())).collect(), extent))
}

/// A reason as it is kept; `None` if nothing was said.
pub(super) fn reason(despite: Option<String>) -> Option<String> {
    let kept = despite.map(|why| why.trim().chars().take(REASON).collect::<String>());
    kept.filter(|why| !why.is_empty())
}

/// Changes the policy, if the log supports it or somebody says why it shall be all the same.
pub async fn change_policy(service: &Service, wanted: Wanted, by: &AccountId) -> Result<PolicyDoc, OffersError> {
    let key = DocKey::new(POLICY, THE_POLICY);
    let present = service.doc(&key).await?;
    let before: Option<PolicyDoc> = present.as_ref().map(|doc| doc.read("policy")).transpose()?;
    let version = before.map_or(service.offers().version(), |doc| doc.version) + 1;
    let method = wanted.method(version).ok_or(OffersError::Share)?;
    let despite = reason(wanted.despite);
    if despite.is_none() {
        let (judged, _) = judged(service, &[method]).await?;
        if let Some(one) = judged.into_iter().next().filter(|one| !one.support.allows()) {
            return Err(OffersError::Unsupported(Box::new(one)));
        }
    }
    let doc = PolicyDoc { nothing: wanted.nothing, version, by: by.clone(), at_ms: service.clock().now_ms(), despite };
    let expected = present.map_or(Expected::Absent, |doc| Expected::Version(doc.version));
    service.put_docs(vec![DocWrite::json("policy", key, expected, &doc)?]).await?;
    service.desk().set_method(Some(method));
    tracing::info!(version, by = %by, learning = doc.nothing.is_none(), despite = doc.despite.is_some(), "policy of offers changed");
    Ok(doc)
}
