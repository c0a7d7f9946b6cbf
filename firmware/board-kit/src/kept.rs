//! What a board with certificate and update slots does beside its core.
//!
//! Invariant: a message of the cloud goes to one of both, or to the core; who takes it keeps what follows from it.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_firmware::update::concerns;
use milepost_firmware::{Device, DownlinkError, Error, Now};
use milepost_identity::rotation::Which;

use crate::host::News;
use crate::keeper::Keeper;
use crate::lead::Lead;
use crate::power::Hold;
use crate::renewal::Renewal;
use crate::updates::Updates;
use crate::upkeep::{Restart, Step, Upkeep};

/// Certificates and images of a board that has both.
pub struct Kept<'k, S: MultiwriteNorFlash> {
    renewal: Renewal<S>,
    updates: Option<Updates<'k, S>>,
}

impl<S: MultiwriteNorFlash> core::fmt::Debug for Kept<'_, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kept").field("updates", &self.updates).finish_non_exhaustive()
    }
}

impl<'k, S: MultiwriteNorFlash> Kept<'k, S> {
    /// Shows the link what is in force; without credentials there is none.
    pub fn new(keeper: Option<Keeper<S>>, lead: &'static Lead, updates: Option<Updates<'k, S>>) -> Self {
        Self { renewal: Renewal::new(keeper, lead), updates }
    }
}

// Where there is nothing to add, the future is handed on as it is: one around it would be code of its own.
impl<S: MultiwriteNorFlash> Upkeep<S> for Kept<'_, S> {
    fn hear(
        &mut self,
        message: &[u8],
        unix_ms: Option<u64>,
    ) -> impl Future<Output = Result<Option<Step>, Error<S::Error>>> {
        self.renewal.message(message, unix_ms)
    }

    async fn take(&mut self, now: Now, message: &[u8]) -> Option<Result<(), DownlinkError<S::Error>>> {
        match &mut self.updates {
            Some(updates) if concerns(message) => Some(updates.downlink(now, message).await),
            _ => None,
        }
    }

    fn tick(
        &mut self,
        device: &mut Device<S>,
        now: Now,
        unix_ms: Option<u64>,
    ) -> impl Future<Output = Result<Option<Step>, Error<S::Error>>> {
        self.renewal.step(device, now, unix_ms)
    }

    async fn step(
        &mut self,
        device: &mut Device<S>,
        now: Now,
        up: bool,
        tell: &mut impl FnMut(News<'_>),
    ) -> Result<Option<Restart>, Error<S::Error>> {
        match &mut self.updates {
            Some(updates) => updates.step(device, now, up, tell).await,
            None => Ok(None),
        }
    }

    fn connected(&mut self, with: Which) -> impl Future<Output = Result<Option<Step>, Error<S::Error>>> {
        self.renewal.connected(with)
    }

    fn refused(
        &mut self,
        with: Which,
        unix_ms: Option<u64>,
    ) -> impl Future<Output = Result<Option<Step>, Error<S::Error>>> {
        self.renewal.refused(with, unix_ms)
    }

    fn want(&mut self) {
        self.renewal.want();
    }

    fn hold(&self) -> Hold {
        self.updates.as_ref().map_or(Hold::Nothing, Updates::hold)
    }
}
