//! A board's credentials, and their replacement before they expire.
//!
//! The configuration says what the board was enrolled with; a page beside it says what has become of that since.
//! Invariant: whatever the board acts on is in flash, and a power cut at any moment leaves credentials that connect.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use milepost_firmware::configuration::{self, Configuration, ConfigurationError, Copy, Page};
use milepost_identity::rotation::{Unusable, Which};
use milepost_identity::{Certificate, Credentials, Key, Rotation, fingerprint};
use milepost_protocol::certificate::{CertificateAnswer, CertificateRequest};
use serde::{Deserialize, Serialize};

/// What is in flash.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Of the certificate that the board was enrolled with: after another enrolment the page says nothing any more.
    origin: [u8; 8],
    rotation: Rotation,
}

impl Page for Kept {
    const MAGIC: [u8; 4] = *b"MPID";
}

/// Why there is no keeper.
#[derive(Debug)]
pub enum KeeperError<E> {
    /// The flash failed.
    Flash(ConfigurationError<E>),
    /// Key and certificate of the configuration do not belong to each other or to the device.
    Unfit,
}

impl<E> KeeperError<E> {
    /// What `Display` writes, for an image without formatting.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Flash(_) => "the credentials are not read",
            Self::Unfit => "key and certificate of the configuration do not fit",
        }
    }
}

impl<E> fmt::Display for KeeperError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl<E: core::error::Error + 'static> core::error::Error for KeeperError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Flash(source) => Some(source),
            Self::Unfit => None,
        }
    }
}

/// Keeps a board's credentials.
#[derive(Debug)]
pub struct Keeper<S> {
    flash: S,
    copy: &'static mut Copy,
    kept: Kept,
    /// Whether this run has handed in the request that is outstanding.
    asked: bool,
}

impl<S: NorFlash> Keeper<S> {
    /// Opens the credentials that `configuration` began with; `flash` is the layout's place for them.
    pub async fn open(
        mut flash: S,
        copy: &'static mut Copy,
        configuration: &Configuration,
    ) -> Result<Self, KeeperError<S::Error>> {
        let origin = fingerprint(&configuration.certificate);
        let mut found: Option<Kept> = None;
        configuration::load(&mut flash, copy, &mut found).await.map_err(KeeperError::Flash)?;
        let kept = match found {
            Some(kept) if kept.origin == origin && *kept.rotation.device() == configuration.device => kept,
            _ => Kept { origin, rotation: begin(configuration).ok_or(KeeperError::Unfit)? },
        };
        Ok(Self { flash, copy, kept, asked: false })
    }

    /// What the next connection shows.
    pub fn credentials(&self) -> (Which, &Credentials) {
        self.kept.rotation.credentials()
    }

    /// Whether it is time for [`Keeper::renew`].
    pub fn is_due(&self, unix_ms: Option<u64>) -> bool {
        self.kept.rotation.is_due(unix_ms)
    }

    /// Begins anew with a key, whether it is time or not; its request is what [`Keeper::request`] answers next. Durable on return.
    pub async fn renew(&mut self, key: Key) -> Result<(), ConfigurationError<S::Error>> {
        self.kept.rotation.begin(key);
        self.asked = false;
        self.persist().await
    }

    /// A request that has to be handed to the core now, once in each run.
    pub fn request(&mut self) -> Option<CertificateRequest> {
        if self.asked {
            return None;
        }
        let request = self.kept.rotation.outstanding();
        self.asked = request.is_some();
        request
    }

    /// Takes the cloud's answer; after `Ok(Ok(()))` there are new credentials to connect with. Durable on return.
    pub async fn answered(
        &mut self,
        answer: &CertificateAnswer,
        unix_ms: Option<u64>,
    ) -> Result<Result<(), Unusable>, ConfigurationError<S::Error>> {
        let taken = self.kept.rotation.answered(answer, unix_ms);
        if taken != Err(Unusable::Stray) {
            self.persist().await?;
        }
        Ok(taken)
    }

    /// The cloud accepted a connection; answers whether new credentials are in use with that. Durable on return.
    pub async fn connected(&mut self, with: Which) -> Result<bool, ConfigurationError<S::Error>> {
        let changed = self.kept.rotation.connected(with);
        if changed {
            self.persist().await?;
        }
        Ok(changed)
    }

    /// The cloud refused the identity; answers whether that changed anything. Durable on return.
    pub async fn refused(&mut self, with: Which, unix_ms: Option<u64>) -> Result<bool, ConfigurationError<S::Error>> {
        let changed = self.kept.rotation.refused(with, unix_ms);
        if changed {
            self.persist().await?;
        }
        Ok(changed)
    }

    async fn persist(&mut self) -> Result<(), ConfigurationError<S::Error>> {
        configuration::store(&mut self.flash, self.copy, &self.kept).await
    }
}

/// What a board was enrolled with; by itself, for the stack that checking it takes.
#[inline(never)]
fn begin(configuration: &Configuration) -> Option<Rotation> {
    let key = Key::from_bytes(&configuration.key)?;
    Certificate::check(&configuration.certificate, &key, &configuration.device, None).ok()?;
    let certificate = heapless::Vec::from_slice(&configuration.certificate).ok()?;
    Some(Rotation::new(configuration.device.clone(), Credentials { key, certificate }))
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;

    use embassy_futures::block_on;
    use milepost_firmware::configuration::{Bus, COPY_LEN, PLACE_LEN};
    use milepost_protocol::certificate::Verdict;

    use super::*;
    use crate::testing::{Memory, certificate};

    fn key(seed: u8) -> Key {
        Key::from_bytes(&[seed; 32]).unwrap()
    }

    fn configuration(seed: u8) -> Configuration {
        Configuration {
            host: heapless::String::new(),
            port: 1,
            server_name: heapless::String::new(),
            device: "car-0001".parse().unwrap(),
            written_ms: 0,
            key: [seed; 32],
            certificate: heapless::Vec::from_slice(&certificate(&key(seed), "car-0001")).unwrap(),
            server_authority: heapless::Vec::new(),
            bus: Bus::default(),
        }
    }

    fn open(flash: Memory, configuration: &Configuration) -> Keeper<Memory> {
        block_on(Keeper::open(flash, Box::leak(Box::new([0; COPY_LEN])), configuration)).unwrap()
    }

    /// Switched off and on again.
    fn again(keeper: Keeper<Memory>, configuration: &Configuration) -> Keeper<Memory> {
        open(keeper.flash, configuration)
    }

    fn shown(keeper: &Keeper<Memory>) -> (Which, Key) {
        let (which, credentials) = keeper.credentials();
        (which, credentials.key.clone())
    }

    #[test]
    fn a_new_certificate_counts_from_its_first_connection_on_whenever_the_power_goes() {
        let enrolled = configuration(1);
        let mut keeper = open(Memory::new(2 * PLACE_LEN as usize), &enrolled);
        assert_eq!(shown(&keeper), (Which::Current, key(1)));
        assert_eq!(keeper.request(), None, "nothing is asked for before it is time");
        block_on(keeper.renew(key(2))).unwrap();
        let asked = keeper.request().unwrap();
        assert_eq!(keeper.request(), None, "once in each run");
        keeper = again(keeper, &enrolled);
        assert_eq!(keeper.request(), Some(asked.clone()), "the same request after a restart");

        let certificate = heapless::Vec::from_slice(&certificate(&key(2), "car-0001")).unwrap();
        let verdict = Verdict::Issued { device: enrolled.device.clone(), certificate };
        let answer = CertificateAnswer { request: fingerprint(&asked.der), verdict };
        assert_eq!(block_on(keeper.answered(&answer, None)).unwrap(), Ok(()));
        keeper = again(keeper, &enrolled);
        assert_eq!(shown(&keeper), (Which::Next, key(2)));
        assert!(block_on(keeper.connected(Which::Next)).unwrap());
        keeper = again(keeper, &enrolled);
        assert_eq!(shown(&keeper), (Which::Current, key(2)));
    }

    #[test]
    fn another_enrolment_counts_more_than_what_became_of_the_one_before() {
        let mut keeper = open(Memory::new(2 * PLACE_LEN as usize), &configuration(1));
        block_on(keeper.renew(key(2))).unwrap();
        let mut keeper = again(keeper, &configuration(3));
        assert_eq!(shown(&keeper), (Which::Current, key(3)));
        assert_eq!(keeper.request(), None);
    }

    #[test]
    fn a_configuration_whose_parts_do_not_fit_has_no_keeper() {
        let mut wrong = configuration(1);
        wrong.key = [2; 32];
        let flash = Memory::new(2 * PLACE_LEN as usize);
        let opened = block_on(Keeper::open(flash, Box::leak(Box::new([0; COPY_LEN])), &wrong));
        assert!(matches!(opened, Err(KeeperError::Unfit)));
    }
}
