//! What a board does beside its core: replacing its certificate and its image, as far as it can do either.
//!
//! Invariant: a board links nothing of what it cannot do; its core runs the same without.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
#[cfg(feature = "tls")]
use milepost_firmware::update::Install;
use milepost_firmware::{Device, DownlinkError, Error, Now};
#[cfg(feature = "tls")]
use milepost_identity::rotation::Unusable;
use milepost_identity::rotation::Which;

use crate::host::News;
#[cfg(not(feature = "tls"))]
use crate::lead::{Lead, Papers};
use crate::power::Hold;

/// What becomes of the board's certificate.
#[cfg(feature = "tls")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A key was made, and its certificate is asked for.
    Asked,
    /// It is there, and the next connection shows it.
    OnTrial,
    /// A connection was accepted with it.
    InUse,
    /// The one on trial was refused.
    Refused,
    /// The answer brings none.
    Unusable(Unusable),
}

/// A board without TLS has no certificate.
#[cfg(not(feature = "tls"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {}

impl Step {
    /// What a log says of it, in pieces.
    #[cfg(not(feature = "tls"))]
    pub fn words(self) -> [&'static str; 3] {
        match self {}
    }

    /// What a log says of it, in pieces.
    #[cfg(feature = "tls")]
    pub fn words(self) -> [&'static str; 3] {
        let whole = match self {
            Self::Asked => "the next one is asked for",
            Self::OnTrial => "the next one is on trial",
            Self::InUse => "the next one is in use",
            Self::Refused => "the next one was refused",
            Self::Unusable(why) => {
                let [why, closer] = why.words();
                return ["there is no next one: ", why, closer];
            }
        };
        [whole, "", ""]
    }
}

/// Why a board has to start anew.
#[cfg(feature = "tls")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// The boot loader is to start this image.
    Install(Install),
    /// The image that runs has not reached the cloud in time; the boot loader takes the one before it back.
    TrialOver,
}

/// A board whose image stays runs on.
#[cfg(not(feature = "tls"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {}

/// What the core's task asks of it; whoever has nothing to say to a call leaves it out.
#[expect(async_fn_in_trait, reason = "a board has one executor, and its futures stay on it")]
pub trait Upkeep<S: MultiwriteNorFlash> {
    /// Looks into a message of the cloud; what follows from it is durable on return.
    async fn hear(&mut self, message: &[u8], unix_ms: Option<u64>) -> Result<Option<Step>, Error<S::Error>> {
        let _ = (message, unix_ms);
        Ok(None)
    }

    /// Takes a message in place of the core; `None` if it is the core's.
    async fn take(&mut self, now: Now, message: &[u8]) -> Option<Result<(), DownlinkError<S::Error>>> {
        let _ = (now, message);
        None
    }

    /// Does what is due to the certificate, twice a second.
    async fn tick(
        &mut self,
        device: &mut Device<S>,
        now: Now,
        unix_ms: Option<u64>,
    ) -> Result<Option<Step>, Error<S::Error>> {
        let _ = (device, now, unix_ms);
        Ok(None)
    }

    /// Does what is due to the image, after everything that came in. `up`: a session with the cloud stands.
    async fn step(
        &mut self,
        device: &mut Device<S>,
        now: Now,
        up: bool,
        tell: &mut impl FnMut(News<'_>),
    ) -> Result<Option<Restart>, Error<S::Error>> {
        let _ = (device, now, up, tell);
        Ok(None)
    }

    /// The cloud accepted a connection.
    async fn connected(&mut self, with: Which) -> Result<Option<Step>, Error<S::Error>> {
        let _ = with;
        Ok(None)
    }

    /// The cloud refused the identity.
    async fn refused(&mut self, with: Which, unix_ms: Option<u64>) -> Result<Option<Step>, Error<S::Error>> {
        let _ = (with, unix_ms);
        Ok(None)
    }

    /// A new certificate is wanted, whether it is time or not.
    fn want(&mut self) {}

    /// What keeps the board awake.
    fn hold(&self) -> Hold {
        Hold::Nothing
    }
}

/// A board that is replaced and configured as a whole: its link shows no certificate, and its image stays.
#[cfg(not(feature = "tls"))]
#[derive(Debug, Clone, Copy)]
pub struct Fixed;

#[cfg(not(feature = "tls"))]
impl Fixed {
    /// Lets the link show nothing but the device's id.
    pub fn new(lead: &Lead) -> Self {
        lead.show(Which::Current, &Papers);
        Self
    }
}

#[cfg(not(feature = "tls"))]
impl<S: MultiwriteNorFlash> Upkeep<S> for Fixed {}
