//! What every handler can reach.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::accounts::{Accounts, Cookies};
use crate::api::Problem;
use crate::attachments::Attachments;
use crate::care::Care;
use crate::channels::{Channels, Parts};
use crate::clock::Clock;
use crate::config::{self, ProgrammesError};
use crate::family::Invitations;
use crate::firmware::Firmware;
use crate::homes::Homes;
use crate::i18n::Currency;
use crate::journey::Journeys;
use crate::service::Service;
use crate::vault::Vault;

/// How many live streams are open at most.
const MAX_STREAMS: usize = 2_000;

/// What the web side needs to know of its installation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Whether browsers reach the service over HTTPS alone; decides over secure cookies and HSTS.
    pub secure_cookies: bool,
    /// The public keys whose firmware images are taken.
    pub firmware_keys: Vec<[u8; 32]>,
    /// How owners are reached.
    pub channels: config::Channels,
    /// What amounts of money are in.
    pub currency: Currency,
    /// Programmes of journeys.
    pub journeys: config::Journeys,
    /// How receipts are kept.
    pub receipts: config::Receipts,
    /// What the workshop does for owners.
    pub workshop: config::Workshop,
}

/// The web side's state; clones share it.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Vehicles and decisions.
    pub service: Service,
    /// Accounts and sessions.
    pub accounts: Accounts,
    /// Firmware images and their rollouts.
    pub firmware: Firmware,
    /// How owners are reached.
    pub channels: Channels,
    /// What touched owners, and which programmes run.
    pub journeys: Journeys,
    /// Invitations to see vehicles.
    pub family: Invitations,
    /// Receipts of service books.
    pub attachments: Attachments,
    /// How cookies are written.
    pub cookies: Cookies,
    /// The machine's clock: sessions, caches and latencies live by it, whatever the service's own clock does.
    pub wall: Clock,
    /// What amounts of money are in.
    pub currency: Currency,
    streams: Arc<Semaphore>,
}

impl AppState {
    /// Puts the parts together. `wall` is [`Clock::real`] except in tests. Programmes that do not read are an error: pages that show
    /// none would say that none runs.
    pub fn new(service: Service, wall: Clock, settings: Settings) -> Result<Self, ProgrammesError> {
        let accounts = Accounts::new(service.clone(), wall.clone());
        let Settings { secure_cookies, firmware_keys, channels, workshop, receipts, currency, journeys } = settings;
        let firmware = Firmware::new(service.clone(), firmware_keys);
        let channels = Channels::new(Parts { service: service.clone(), settings: channels, workshop });
        let family = Invitations::new(service.clone(), channels.clone());
        let vault = Vault::of(service.clone(), &receipts);
        let attachments = Attachments::new(service.clone(), vault, receipts);
        let journeys = Journeys::new(service.clone(), journeys.programmes()?, journeys.margin_cents);
        let cookies = Cookies { secure: secure_cookies };
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        Ok(Self {
            service,
            accounts,
            firmware,
            channels,
            journeys,
            family,
            attachments,
            cookies,
            wall,
            currency,
            streams,
        })
    }

    /// What the workshop's people do for owners.
    pub fn care(&self) -> Care {
        Care::new(self.service.clone(), self.accounts.clone(), self.channels.clone())
    }

    /// Owners' own home systems.
    pub fn homes(&self) -> Homes {
        Homes::new(self.service.clone())
    }

    /// A seat for one live stream; it is free again when the permit is dropped.
    pub(crate) fn stream_seat(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| Problem::unavailable())
    }

    /// The service's now, in milliseconds of Unix time.
    pub fn now_ms(&self) -> u64 {
        self.service.clock().now_ms()
    }
}
