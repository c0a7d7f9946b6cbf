//! Which policy is in force, and what the log says of another one before it may take over.
//!
//! Invariant: a policy that the log does not support comes into force only by somebody's word, which is kept with the figures.

use milepost_engine::offers::book::Book;
use milepost_engine::offers::judge::{Judged, Logged, judge};
use milepost_engine::offers::{Arm, Outcome};
use milepost_engine::policy::Policy;
use milepost_protocol::NoticeId;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::catalogue::Desk;
use super::docs::{POLICY, THE_POLICY};
use super::shelf::OffersError;
use crate::domain::{AccountId, Vehicle};
use crate::rules::Method;
use crate::service::Service;
use crate::store::{AnyStore, DecisionRow, DocKey, DocWrite, Expected, Store as _, StoreError};

/// How many cars are looked through.
const MOST: usize = 2_000;

/// How many of each page are read at once.
const AT_ONCE: usize = 200;

/// How many decisions of a car are looked through.
const DECISIONS: usize = 60;

/// What came of a decision is known after so many days, whatever it was.
const WINDOW_DAYS: u64 = 30;

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

/// What the log of all cars says of a policy; decisions whose window has not passed yet are left out, whatever they were.
pub async fn judged(service: &Service, methods: &[Method]) -> Result<Vec<Judged>, StoreError> {
    let log = log(service).await?;
    let book = service.book();
    Ok(methods.iter().map(|method| judge(&log, &book.learner, method.rule())).collect())
}

/// Changes the policy, if the log supports it or somebody says why it shall be all the same.
pub async fn change_policy(service: &Service, wanted: Wanted, by: &AccountId) -> Result<PolicyDoc, OffersError> {
    let key = DocKey::new(POLICY, THE_POLICY);
    let present = service.doc(&key).await?;
    let before: Option<PolicyDoc> = present.as_ref().map(|doc| doc.read("policy")).transpose()?;
    let version = before.map_or(service.offers().version(), |doc| doc.version) + 1;
    let method = wanted.method(version).ok_or(OffersError::Share)?;
    let despite = wanted.despite.map(|why| why.trim().chars().take(REASON).collect::<String>());
    let despite = despite.filter(|why| !why.is_empty());
    if despite.is_none() {
        let judged = judged(service, &[method]).await?;
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

/// The decisions that had a choice, with what came of them.
async fn log(service: &Service) -> Result<Vec<Logged>, StoreError> {
    let (mut log, mut looked_at) = (Vec::new(), 0);
    let mut after = None;
    let until_ms = service.clock().now_ms().saturating_sub(WINDOW_DAYS * DAY_MS);
    while looked_at < MOST {
        let devices = service.devices(after.as_ref(), AT_ONCE).await?;
        let Some(last) = devices.last().cloned() else { break };
        for vehicle in service.vehicles(&devices).await? {
            looked_at += 1;
            let rows = service.decisions(&vehicle.device, DECISIONS).await?;
            let known = rows.iter().filter(|row| row.at_ms <= until_ms && row.decision.arms.len() > 1);
            log.extend(known.map(|row| logged(&vehicle, row)));
        }
        after = Some(last);
    }
    Ok(log)
}

fn logged(vehicle: &Vehicle, row: &DecisionRow) -> Logged {
    let reward = if row.decision.chosen == Arm::Nothing { 0.0 } else { reward(vehicle, row.number) };
    Logged {
        features: row.decision.features.clone(),
        arms: row.decision.arms.clone(),
        chosen: row.decision.chosen,
        reward,
    }
}

/// What came of the presentation that a decision led to; one that was never shown cost and brought nothing.
fn reward(vehicle: &Vehicle, number: u64) -> f64 {
    let of_decision =
        |known: &&milepost_engine::offers::Presentation| known.bet.as_ref().is_some_and(|bet| bet.decision == number);
    let Some(known) = vehicle.offers.presentations.iter().find(of_decision) else { return 0.0 };
    let margin = known.bet.as_ref().map_or(0, |bet| bet.margin);
    let notice = NoticeId::offer(known.offer, known.serial);
    let works = || vehicle.offers.earned.iter().filter(|earned| earned.notice == Some(notice));
    let undone = works().next().is_some() && works().all(|earned| !earned.stands);
    let outcome = known.outcome.map(|(outcome, _)| if undone { Outcome::Expired } else { outcome });
    let complains = vehicle
        .offers
        .fewer
        .iter()
        .any(|fewer| fewer.offer == known.offer && known.outcome.is_some_and(|(_, at_ms)| at_ms == fewer.at_ms));
    Book::reward(outcome, margin, complains)
}
