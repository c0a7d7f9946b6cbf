//! The change from one certificate to the next, between the core, the keeper and the link.
//!
//! Invariant: the link is shown only what is in flash, and a request leaves only after its key is there.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_firmware::configuration::ConfigurationError;
use milepost_firmware::{Device, Error, Now, Operation};
use milepost_identity::Key;
use milepost_identity::rotation::{Unusable, Which};
use milepost_protocol::Downlink;
use milepost_protocol::downlink::Part;

use crate::keeper::Keeper;
use crate::lead::Lead;
use crate::upkeep::Step;

/// A keeper, if the board has credentials, and the link that it shows them to.
pub(crate) struct Renewal<S> {
    keeper: Option<Keeper<S>>,
    lead: &'static Lead,
    /// A new key is wanted, whether it is time or not.
    wanted: bool,
}

impl<S: MultiwriteNorFlash> Renewal<S> {
    /// Shows the link what is in force.
    pub(crate) fn new(keeper: Option<Keeper<S>>, lead: &'static Lead) -> Self {
        let renewal = Self { keeper, lead, wanted: false };
        renewal.show();
        renewal
    }

    /// Makes a new key as soon as there is randomness for it.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Begins when it is time, and hands an outstanding request to the core.
    pub(crate) async fn step(
        &mut self,
        device: &mut Device<S>,
        now: Now,
        unix_ms: Option<u64>,
    ) -> Result<Option<Step>, Error<S::Error>> {
        let Some(keeper) = &mut self.keeper else { return Ok(None) };
        if (self.wanted || keeper.is_due(unix_ms))
            // A draw that is no key is followed by another.
            && let Some(key) = self.lead.take_draw().as_ref().and_then(Key::from_bytes)
        {
            self.wanted = false;
            keeper.renew(key).await.map_err(stored)?;
            self.show();
        }
        let Some(request) = self.keeper.as_mut().and_then(Keeper::request) else { return Ok(None) };
        device.request_certificate(now, request).await?;
        Ok(Some(Step::Asked))
    }

    /// Looks into a message for the cloud's answer; what follows from it is durable on return.
    pub(crate) async fn message(
        &mut self,
        payload: &[u8],
        unix_ms: Option<u64>,
    ) -> Result<Option<Step>, Error<S::Error>> {
        let Some(keeper) = &mut self.keeper else { return Ok(None) };
        let mut step = None;
        // What is no message the core counts, which takes it next.
        for part in Downlink::parts(payload).into_iter().flatten() {
            let Part::Certificate(answer) = part else { continue };
            let Some(answer) = answer.decode() else { continue };
            match keeper.answered(&answer, unix_ms).await.map_err(stored)? {
                Ok(()) => step = Some(Step::OnTrial),
                Err(Unusable::Stray) => {}
                Err(why) => step = Some(Step::Unusable(why)),
            }
        }
        if step.is_some() {
            self.show();
        }
        Ok(step)
    }

    /// The cloud accepted a connection.
    pub(crate) async fn connected(&mut self, with: Which) -> Result<Option<Step>, Error<S::Error>> {
        let Some(keeper) = &mut self.keeper else { return Ok(None) };
        Ok(keeper.connected(with).await.map_err(stored)?.then_some(Step::InUse))
    }

    /// The cloud refused the identity.
    pub(crate) async fn refused(&mut self, with: Which, unix_ms: Option<u64>) -> Result<Option<Step>, Error<S::Error>> {
        let Some(keeper) = &mut self.keeper else { return Ok(None) };
        if !keeper.refused(with, unix_ms).await.map_err(stored)? {
            return Ok(None);
        }
        self.show();
        Ok(Some(Step::Refused))
    }

    fn show(&self) {
        if let Some(keeper) = &self.keeper {
            let (which, credentials) = keeper.credentials();
            self.lead.show(which, credentials);
        }
    }
}

fn stored<E>(error: ConfigurationError<E>) -> Error<E> {
    match error {
        ConfigurationError::Flash(source) => Error::Flash { operation: Operation::SaveState, source },
        ConfigurationError::Layout | ConfigurationError::TooLong => Error::Layout(Operation::SaveState),
    }
}
