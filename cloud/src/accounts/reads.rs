//! Who of the workshop looked at which vehicle, so that its owner can see it.
//!
//! Invariant: what cannot be noted is not shown; and an owner sees who looked while the car was theirs, nothing else.

use serde::{Deserialize, Serialize};

use super::login::{Accounts, AccountsError};
use crate::domain::{AccountId, Vehicle};
use crate::store::{DocKey, DocWrite, Expected, STAFF_READS, StoreError};

/// Looks of one person within so many milliseconds are one.
const ONE_LOOK_MS: u64 = 15 * 60_000;

/// Somebody of the workshop looked at a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRead {
    /// Who.
    pub by: AccountId,
    /// When first within a quarter of an hour, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Whose vehicle it was.
    pub owner: Option<AccountId>,
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
        let look = StaffRead { by: by.clone(), at_ms, owner: vehicle.owner.clone() };
        let look = DocWrite::json("look", DocKey::new(STAFF_READS, key), Expected::Any, &look)?;
        match self.service().put_docs(vec![look]).await {
            // Another request of the same person noted it.
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Who of the workshop looked at a vehicle since its owner has it, the newest first.
    pub async fn reads(&self, vehicle: &Vehicle, limit: usize) -> Result<Vec<StaffRead>, AccountsError> {
        let prefix = format!("{}/", vehicle.device);
        let docs = self.service().docs(STAFF_READS, &prefix, None, limit).await?;
        let mut reads: Vec<StaffRead> = docs.iter().map(|(_, doc)| doc.read("look")).collect::<Result<_, _>>()?;
        reads.retain(|look| look.owner == vehicle.owner);
        Ok(reads)
    }
}
