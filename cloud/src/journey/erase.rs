//! Taking an owner's contacts away, and the counts that stay.
//!
//! Invariant: a count names a month, a touchpoint, a direction and an outcome, and nobody; it is written in the commit that
//! takes away what it counts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use milepost_engine::journey::Direction;
use serde::{Deserialize, Serialize};

use super::{Row, book};
use crate::domain::AccountId;
use crate::service::Service;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError, TOUCHPOINTS};

/// What is left of erased contacts; the one key is [`KEY`].
const TOTALS: Collection = Collection("touchpoint_total");
const KEY: &str = "all";

/// How often somebody else may be faster.
const TRIES: usize = 8;

/// The most contacts that one commit takes away.
const AT_ONCE: usize = 500;

/// A count of contacts whose owners were erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The month, such as `2026-11`.
    pub month: String,
    /// The touchpoint's name.
    pub touchpoint: String,
    /// Whether we turned to the owner.
    pub outbound: bool,
    /// The outcome's name.
    pub outcome: String,
    /// How many.
    pub contacts: u64,
    /// Their cost, in hundredths of the installation's currency.
    pub cost_cents: u64,
}

/// Everything that is left of erased contacts, with the version of the document.
pub(super) async fn totals(service: &Service) -> Result<(Option<u64>, Vec<Total>), StoreError> {
    let Some(doc) = service.doc(&DocKey::new(TOTALS, KEY)).await? else { return Ok((None, Vec::new())) };
    Ok((Some(doc.version), doc.read("touchpoint totals")?))
}

/// Takes every contact of an owner away and keeps their counts; answers how many there were. Durable on `Ok`.
pub(super) async fn erase(service: &Service, owner: &AccountId) -> Result<usize, StoreError> {
    let (mut erased, mut tries) = (0, TRIES);
    loop {
        let (rows, _) = book::rows(service, &book::of_owner(owner), AT_ONCE).await?;
        if rows.is_empty() {
            return Ok(erased);
        }
        match take_away(service, &rows).await {
            Ok(()) => erased += rows.len(),
            // Somebody else erases; what is left is read anew, so that nothing is counted twice.
            Err(StoreError::Conflict { .. }) if tries > 0 => tries -= 1,
            Err(error) => return Err(error),
        }
    }
}

async fn take_away(service: &Service, rows: &[Row]) -> Result<(), StoreError> {
    let (version, totals) = totals(service).await?;
    let mut sums: BTreeMap<(String, String, bool, String), (u64, u64)> = BTreeMap::new();
    for total in totals {
        let key = (total.month, total.touchpoint, total.outbound, total.outcome);
        sums.insert(key, (total.contacts, total.cost_cents));
    }
    for Row { contact, .. } in rows {
        let outbound = contact.direction == Direction::Outbound;
        let (touchpoint, outcome) = (contact.touchpoint.name().to_owned(), contact.outcome.name().to_owned());
        let sum = sums.entry((month(contact.at_ms), touchpoint, outbound, outcome)).or_default();
        sum.0 += 1;
        sum.1 += u64::from(contact.cost_cents);
    }
    let totals: Vec<Total> = sums
        .into_iter()
        .map(|((month, touchpoint, outbound, outcome), (contacts, cost_cents))| Total {
            month,
            touchpoint,
            outbound,
            outcome,
            contacts,
            cost_cents,
        })
        .collect();
    let expected = version.map_or(Expected::Absent, Expected::Version);
    let mut docs = vec![DocWrite::json("touchpoint totals", DocKey::new(TOTALS, KEY), expected, &totals)?];
    let gone = |row: &Row| DocWrite { key: DocKey::new(TOUCHPOINTS, row.key()), expected: Expected::Any, value: None };
    docs.extend(rows.iter().map(gone));
    service.put_docs(docs).await
}

fn month(at_ms: u64) -> String {
    let at = Timestamp::from_millisecond(at_ms.cast_signed()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m").to_string()
}
