//! What every handler can reach.

use std::sync::Arc;

use milepost_engine::journey::Programmes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::accounts::{Accounts, Cookies};
use crate::api::Problem;
use crate::channels::{Channels, Parts};
use crate::clock::Clock;
use crate::config;
use crate::firmware::Firmware;
use crate::i18n::Currency;
use crate::journey::Journeys;
use crate::service::Service;

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
    /// Programmes of journeys.
    pub journeys: config::Journeys,
    /// What amounts of money are in.
    pub currency: Currency,
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
    /// How cookies are written.
    pub cookies: Cookies,
    /// The machine's clock: sessions, caches and latencies live by it, whatever the service's own clock does.
    pub wall: Clock,
    /// What amounts of money are in.
    pub currency: Currency,
    streams: Arc<Semaphore>,
}

impl AppState {
    /// Puts the parts together. `wall` is [`Clock::real`] except in tests.
    pub fn new(service: Service, wall: Clock, settings: Settings) -> Self {
        let accounts = Accounts::new(service.clone(), wall.clone());
        let firmware = Firmware::new(service.clone(), settings.firmware_keys);
        let channels = Channels::new(Parts { service: service.clone(), settings: settings.channels });
        // The service has taken the same programmes before; whatever else is wrong was told then.
        let programmes = settings.journeys.programmes().unwrap_or_else(|error| {
            tracing::error!(error = crate::events::chain(&error), "programmes cannot be shown");
            Programmes::default()
        });
        let journeys = Journeys::new(service.clone(), programmes, settings.journeys.margin_cents);
        let cookies = Cookies { secure: settings.secure_cookies };
        let currency = settings.currency;
        Self {
            service,
            accounts,
            firmware,
            channels,
            journeys,
            cookies,
            wall,
            currency,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        }
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
