//! Other segments for the policy in force: the log is asked before they take over, as before every change of the policy.
//!
//! Invariant: segments that would change what is drawn take over where the log supports it or somebody says why; until then the
//! policy tells owners apart as it did, by conditions of its own.

use std::time::Duration;

use milepost_engine::offers::judge::{Judged, Rule, judge};
use milepost_engine::offers::regroup::{Because, Change};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::docs::{POLICY, THE_SEGMENTS};
use super::log::{Extent, read};
use super::policy::reason;
use super::shelf::OffersError;
use crate::domain::AccountId;
use crate::events::chain;
use crate::rules::Method;
use crate::service::Service;
use crate::store::{AnyStore, DocKey, DocWrite, Expected, Store as _, StoreError};

/// How often the log is asked again while segments wait.
const ASK_EVERY: Duration = Duration::from_hours(6);

/// Segments that wait to take over.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// What they would change.
    pub change: Change,
    /// What the log says of the policy that they would make.
    pub judged: Judged,
    /// How much of it was read.
    pub extent: Extent,
}

/// Who let segments take over although the log did not support it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentsDoc {
    /// Who.
    pub by: AccountId,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// The segments of the catalogue that the policy does not tell owners apart by yet, with what the log says of them.
pub async fn waiting(service: &Service) -> Result<Option<Waiting>, StoreError> {
    let (book, catalogue) = (service.book(), service.desk().now());
    let Some(change) = book.learner.change(catalogue.segments()) else { return Ok(None) };
    let candidate = book.learner.regrouped(catalogue.segments());
    let (log, extent) = read(service, &candidate).await?;
    Ok(Some(Waiting { change, judged: judge(&log, &candidate, Rule::Learnt), extent }))
}

/// Lets the catalogue's segments take over, if that changes nothing that is drawn, if the log supports it, or if somebody says why they
/// shall all the same; answers whether there were any.
pub async fn regroup(service: &Service, despite: Option<String>, by: Option<&AccountId>) -> Result<bool, OffersError> {
    let segments = service.desk().now().segments().to_vec();
    let Some(change) = service.book().learner.change(&segments) else { return Ok(false) };
    let because = match reason(despite) {
        Some(why) => Because::Despite(why),
        None => supported(service, &change).await?,
    };
    let mut docs = Vec::new();
    if let (Because::Despite(_), Some(by)) = (&because, by) {
        let key = DocKey::new(POLICY, THE_SEGMENTS);
        let doc = SegmentsDoc { by: by.clone(), at_ms: service.clock().now_ms() };
        docs.push(DocWrite::json("policy", key, Expected::Any, &doc)?);
    }
    service.regroup(segments, because, docs).await;
    let version = service.book().learner.version;
    tracing::info!(
        version,
        by = by.map(AccountId::as_str),
        "the policy of offers tells owners apart by other segments"
    );
    Ok(true)
}

/// Why a change may take place without anybody's word; refused where the log speaks against it or cannot say.
async fn supported(service: &Service, change: &Change) -> Result<Because, OffersError> {
    let learns = service.offers().in_force() == Method::Learning;
    if let Some(because) = service.book().needs_no_word(change, learns) {
        return Ok(because);
    }
    let Some(Waiting { judged, .. }) = waiting(service).await? else { return Ok(Because::SameMembers) };
    match judged.figures().filter(|_| judged.support.allows()) {
        Some(figures) => Ok(Because::Supported(figures)),
        None => Err(OffersError::Unsupported(Box::new(judged))),
    }
}

/// Who let the last segments take over by their own word; `None` if nobody did.
pub async fn segments_word(store: &AnyStore) -> Result<Option<SegmentsDoc>, StoreError> {
    let key = DocKey::new(POLICY, THE_SEGMENTS);
    let found = store.docs(std::slice::from_ref(&key)).await?.into_iter().next().flatten();
    found.map(|doc| doc.read("policy")).transpose()
}

/// Asks the log at the start and from time to time whether segments that wait may take over.
pub async fn keep_segments(service: Service, stop: CancellationToken) {
    let mut interval = tokio::time::interval(ASK_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if service.book().learner.change(service.desk().now().segments()).is_none() {
            continue;
        }
        match regroup(&service, None, None).await {
            Ok(_) => {}
            Err(OffersError::Unsupported(judged)) => {
                tracing::info!(support = ?judged.support, decisions = judged.decisions, "other segments wait, because the log does not support them");
            }
            Err(error) => tracing::error!(error = chain(&error), "asking the log about other segments failed"),
        }
    }
}
