//! Who of the workshop looked at which vehicle, so that its owner can see it.
//!
//! Each opening is noted; that a car stood in a list is noted once a day for each person, and kept for a quarter of a year.
//! Invariant: what cannot be noted is not shown; and an owner sees who looked while the car was theirs, nothing else.

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::login::{Accounts, AccountsError};
use crate::domain::{AccountId, Vehicle};
use crate::store::{DocKey, DocWrite, Expected, STAFF_LISTINGS, STAFF_READS, StoreError};

/// Looks of one person within so many milliseconds are one.
const ONE_LOOK_MS: u64 = 15 * 60_000;

/// For so many days (of UTC) it is kept that a vehicle stood in somebody's list.
const LISTED_DAYS: u64 = 90;

/// The most such days of one vehicle that are looked through.
const MAX_LISTED: usize = 5_000;

/// How somebody looked at a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// They opened it.
    #[default]
    Opened,
    /// It stood in a list that they were shown.
    Listed,
}

/// Somebody of the workshop looked at a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRead {
    /// Who.
    pub by: AccountId,
    /// When first within a quarter of an hour, or of the day in a list, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Whose vehicle it was.
    pub owner: Option<AccountId>,
    /// How.
    #[serde(default)]
    pub look: Look,
}

impl Accounts {
    /// Notes that somebody of the workshop looks at a vehicle. Durable on `Ok`.
    pub(super) async fn note_read(&self, vehicle: &Vehicle, by: &AccountId) -> Result<(), AccountsError> {
        let at_ms = self.service().clock().now_ms();
        // Keys ascend, so that a falling number puts the newest first.
        let key = format!("{}/{:016x}/{by}", vehicle.device, u64::MAX - at_ms / ONE_LOOK_MS);
        let known = self.service().doc(&DocKey::new(STAFF_READS, key.clone())).await?;
        let is_known = match known {
            Some(doc) => doc.read::<StaffRead>("look")?.owner == vehicle.owner,
            None => false,
        };
        if is_known {
            return Ok(());
        }
        let look = StaffRead { by: by.clone(), at_ms, owner: vehicle.owner.clone(), look: Look::Opened };
        let look = DocWrite::json("look", DocKey::new(STAFF_READS, key), Expected::Any, &look)?;
        match self.service().put_docs(vec![look]).await {
            // Another request of the same person noted it.
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes that vehicles stand in a list that somebody of the workshop is shown; of one day only the first time. Durable on `Ok`.
    pub(super) async fn note_listed(&self, vehicles: &[&Vehicle], by: &AccountId) -> Result<(), AccountsError> {
        let at_ms = self.service().clock().now_ms();
        let day = at_ms / DAY_MS;
        // The place of a day is that of the day a quarter of a year later, so that what is kept never grows.
        let key = |vehicle: &&Vehicle| format!("{}/{by}/{:02}", vehicle.device, day % LISTED_DAYS);
        let keys: Vec<String> = vehicles.iter().map(key).collect();
        let places: Vec<DocKey> = keys.iter().map(|key| DocKey::new(STAFF_LISTINGS, key.clone())).collect();
        let known = self.service().docs_by_key(&places).await?;
        let mut writes = Vec::new();
        for ((vehicle, key), known) in vehicles.iter().zip(keys).zip(&known) {
            let look = StaffRead { by: by.clone(), at_ms, owner: vehicle.owner.clone(), look: Look::Listed };
            let is_known = match known {
                Some(doc) => {
                    let known: StaffRead = doc.read("look")?;
                    known.owner == look.owner && known.at_ms / DAY_MS == day
                }
                None => false,
            };
            if !is_known {
                let key = DocKey::new(STAFF_LISTINGS, key);
                writes.push(DocWrite::json("look", key, Expected::Any, &look)?);
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        Ok(self.service().put_docs(writes).await?)
    }

    /// Who of the workshop looked at a vehicle since its owner has it, the newest first.
    pub async fn reads(&self, vehicle: &Vehicle, limit: usize) -> Result<Vec<StaffRead>, AccountsError> {
        let prefix = format!("{}/", vehicle.device);
        let opened = self.service().docs(STAFF_READS, &prefix, None, limit).await?;
        let listed = self.service().docs(STAFF_LISTINGS, &prefix, None, MAX_LISTED).await?;
        let docs = opened.iter().chain(&listed);
        let mut reads: Vec<StaffRead> = docs.map(|(_, doc)| doc.read("look")).collect::<Result<_, _>>()?;
        reads.retain(|look| look.owner == vehicle.owner);
        reads.sort_by(|one, other| (other.at_ms, &one.by).cmp(&(one.at_ms, &other.by)));
        reads.truncate(limit);
        Ok(reads)
    }
}
