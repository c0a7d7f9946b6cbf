//! The whole service in one process: built from the configuration, started in order, stopped in order.
//!
//! Invariant: it stops from the outside in, so that everything that was taken is either durable or not acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use milepost_engine::experiments::{Holdout, Key};
use milepost_engine::offers::{Caps, QuietHours};
use milepost_engine::policy::Policy;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::booking::{self, BookingError};
use crate::channels::{self, Worker};
use crate::clock::Clock;
use crate::config::{Config, OffersConfigError, PlansError, PolicyKind, ProgrammesError, Secret, StoreKind};
use crate::domain::Texts;
use crate::events;
use crate::firmware::{self, Firmware};
use crate::frontdoor::{FrontDoor, FrontDoorError, Registry, Standing, TlsError, server_config};
use crate::homes::{self, HomeWorker};
use crate::ingest::{self, Committer, Parts, Running};
use crate::metrics::{self, MetricsError};
use crate::offers::{self, Desk};
use crate::pki::{Pki, PkiError, Watch};
use crate::recalls::{self, Recalls};
use crate::rules::{JourneyRules, Method, OfferRules, Rules};
use crate::service::Service;
use crate::store::{AnyStore, MemoryStore, SledSettings, SledStore, Store as _, StoreError};
use crate::vault::{Vault, VaultError};

/// How many changes a subscriber may lag behind before it has to read again.
const CHANGES: usize = 4_096;

/// How often the register of certificates is looked at.
const REGISTER_EVERY: Duration = Duration::from_secs(1);

/// How long pages under way may take when the service stops.
const HTTP_DRAIN: Duration = Duration::from_secs(3);

/// Makes the pages and the API over a service; fails where the programmes of journeys that they show cannot be read.
pub type MakeRouter = dyn Fn(Service, &Config) -> Result<Router, ProgrammesError> + Send + Sync;

/// What the service is given beside its configuration.
#[derive(Clone)]
pub struct Faces {
    /// Words for the car's display.
    pub texts: Arc<dyn Texts>,
    /// The pages and the API over the service.
    pub router: Arc<MakeRouter>,
}

impl std::fmt::Debug for Faces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faces").finish_non_exhaustive()
    }
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not open.
    #[error("opening the store failed")]
    Store(#[source] StoreError),
    /// The certificates cannot be read or made.
    #[error("preparing certificates failed")]
    Pki(#[source] PkiError),
    /// TLS cannot be set up.
    #[error("setting up TLS failed")]
    Tls(#[source] TlsError),
    /// The front door does not open.
    #[error("opening the front door failed")]
    FrontDoor(#[source] FrontDoorError),
    /// The admin listener does not open.
    #[error("opening the admin listener failed")]
    Metrics(#[source] MetricsError),
    /// The address of the pages cannot be taken.
    #[error("listening for pages on {address} failed")]
    Http {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The maintenance plans cannot be taken.
    #[error("taking the maintenance plans failed")]
    Plans(#[source] PlansError),
    /// The programmes of journeys cannot be taken.
    #[error("taking the programmes of journeys failed")]
    Programmes(#[source] ProgrammesError),
    /// The catalogue of offers cannot be taken.
    #[error("taking the catalogue of offers failed")]
    Offers(#[source] OffersConfigError),
    /// The workshops cannot be published.
    #[error("publishing workshops failed")]
    Workshops(#[source] BookingError),
    /// A workshop of the configuration cannot be booked at.
    #[error("{key}: {message}")]
    Workshop {
        /// The key.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The owners' keys do not open with the master key of the configuration.
    #[error("failed to open the owners' keys")]
    Vault(#[source] VaultError),
    /// The key of the assignment is not 32 hexadecimal digits.
    #[error("offers.key is not 32 hexadecimal digits")]
    Key,
}

/// The service's start.
#[derive(Debug)]
pub struct Server;

/// A service that runs.
#[derive(Debug)]
pub struct RunningServer {
    /// Where vehicles connect.
    pub front_door: SocketAddr,
    /// Where pages and API are.
    pub http: SocketAddr,
    /// Where metrics are.
    pub admin: SocketAddr,
    /// The face that pages see.
    pub service: Service,
    /// The certificates.
    pub pki: Arc<Pki>,
    /// The connected devices.
    pub registry: Registry,
    door: FrontDoor,
    committer: Running,
    store: AnyStore,
    stop_http: CancellationToken,
    stop_helpers: CancellationToken,
    fatal: CancellationToken,
    http_task: JoinHandle<()>,
    admin_task: JoinHandle<()>,
    helpers: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts the service on the store that the configuration names.
    pub async fn start(config: Config, faces: Faces) -> Result<RunningServer, StartError> {
        let store = match config.store.kind {
            StoreKind::Memory => AnyStore::Memory(MemoryStore::new()),
            StoreKind::Sled => {
                let settings = SledSettings {
                    folder: config.data.folder.join("store"),
                    cache_bytes: config.store.cache_bytes,
                    min_free_bytes: config.store.min_free_bytes,
                };
                let opened = tokio::task::spawn_blocking(move || SledStore::open(settings)).await;
                AnyStore::Sled(opened.unwrap_or(Err(StoreError::Stopped)).map_err(StartError::Store)?)
            }
        };
        let clock = config.clock.build();
        Self::start_on(store, clock, config, faces).await
    }

    /// Starts the service on a given store and clock.
    pub async fn start_on(
        store: AnyStore,
        clock: Clock,
        config: Config,
        faces: Faces,
    ) -> Result<RunningServer, StartError> {
        metrics::handle();
        // Certificates live in the machine's time, whatever time the service shows.
        let machine_ms = Clock::real().now_ms();
        let folder = config.data.folder.join("pki");
        let pki = Arc::new(Pki::open(&folder, machine_ms).map_err(StartError::Pki)?);
        let (cert, key) = pki.server_identity(&config.front_door.server_names, machine_ms).map_err(StartError::Pki)?;
        let standing = Standing::default();
        let mut watch = Watch::default();
        if let Some(sets) = watch.look(&pki, machine_ms).map_err(StartError::Pki)? {
            standing.set(sets);
        }
        let device_ca = pki.device_ca().map_err(StartError::Pki)?;
        let tls = server_config(cert, key, device_ca, standing.clone()).map_err(StartError::Tls)?;
        let secret = match &config.offers.key {
            Some(secret) => secret.clone(),
            None => pki.secret("offers").map_err(StartError::Pki)?,
        };
        let plans = Arc::new(config.plans.catalogue().map_err(StartError::Plans)?);
        let journeys = JourneyRules::new(config.journeys.programmes().map_err(StartError::Programmes)?);
        let rules = Rules { texts: Arc::clone(&faces.texts), offers: offer_rules(&config, &secret)?, plans, journeys };
        let catalogue = config.offers.catalogue().map_err(StartError::Offers)?;
        config.journeys.check(catalogue.segments()).map_err(StartError::Programmes)?;
        offers::refresh(&store, &rules.offers.desk, catalogue).await.map_err(StartError::Store)?;
        let offer_rules = rules.offers.clone();
        let key = rules.offers.key;

        let http = bind(config.http.listen).await?;
        let http_address = address_of(&http, config.http.listen)?;
        let admin_failed = |source| {
            let address = config.admin.listen;
            StartError::Metrics(MetricsError::Listen { address, source })
        };
        let admin = TcpListener::bind(config.admin.listen).await.map_err(admin_failed)?;
        let admin_address = admin.local_addr().map_err(admin_failed)?;

        let workshops = config.workshop.build().map_err(|(key, message)| StartError::Workshop { key, message })?;
        booking::publish(&store, &workshops).await.map_err(StartError::Workshops)?;

        let changes = broadcast::Sender::new(CHANGES);
        let fatal = CancellationToken::new();
        let registry = Registry::default();
        let committer = ingest::start(Parts {
            store: store.clone(),
            clock: clock.clone(),
            rules,
            registry: registry.clone(),
            pki: Arc::clone(&pki),
            changes: changes.clone(),
            settings: config.ingest.clone(),
            fatal: fatal.clone(),
        });
        let service = Service::new(
            store.clone(),
            clock,
            committer.committer.clone(),
            registry.clone(),
            changes,
            Arc::clone(&pki),
            offer_rules,
        );
        let renewed = Vault::of(service.clone(), &config.receipts).renew().await.map_err(StartError::Vault)?;
        if renewed > 0 {
            tracing::info!(keys = renewed, "sealed owners' keys anew, under the present master key");
        }
        let door = FrontDoor::open(
            config.front_door.clone(),
            tls,
            registry.clone(),
            committer.committer.clone(),
            store.clone(),
            standing.clone(),
            Arc::clone(&pki),
        )
        .await
        .map_err(StartError::FrontDoor)?;

        let stop_http = CancellationToken::new();
        let stop_helpers = CancellationToken::new();
        let router = (faces.router)(service.clone(), &config).map_err(StartError::Programmes)?;
        let http_task = tokio::spawn(serve(http, router, stop_http.clone()));
        let admin_task = tokio::spawn(serve(admin, metrics::routes(), stop_helpers.clone()));
        let firmware = Firmware::new(service.clone(), config.firmware.key_bytes());
        let helpers = vec![
            tokio::spawn(firmware::drive(firmware, key, config.firmware.clone(), stop_helpers.clone())),
            tokio::spawn(channels::drive(
                Worker::new(service.clone(), config.channels.clone(), &config.workshop),
                stop_helpers.clone(),
            )),
            tokio::spawn(homes::drive(HomeWorker::new(service.clone(), &config.channels), stop_helpers.clone())),
            tokio::spawn(recalls::keep_telling(Recalls::new(service.clone()), stop_helpers.clone())),
            tokio::spawn(offers::keep_segments(service.clone(), stop_helpers.clone())),
            tokio::spawn(tick(committer.committer.clone(), config.ingest.tick_ms, stop_helpers.clone())),
            tokio::spawn(watch_register(
                Watched {
                    pki: Arc::clone(&pki),
                    watch,
                    standing,
                    registry: registry.clone(),
                    retire_after_ms: config.front_door.retire_after_ms,
                },
                stop_helpers.clone(),
            )),
        ];
        let front_door = door.address();
        tracing::info!(%front_door, http = %http_address, admin = %admin_address, "serving");
        Ok(RunningServer {
            front_door,
            http: http_address,
            admin: admin_address,
            service,
            pki,
            registry,
            door,
            committer,
            store,
            stop_http,
            stop_helpers,
            fatal,
            http_task,
            admin_task,
            helpers,
        })
    }
}

impl RunningServer {
    /// Handles everything whose time has come, now; comes back when it is committed.
    pub async fn tick(&self) {
        self.committer.committer.tick().await;
    }

    /// Comes back when the store is lost and the service cannot go on.
    pub async fn lost(&self) {
        self.fatal.cancelled().await;
    }

    /// Stops in order: pages and vehicles are let go, what was taken is committed, the store is closed.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.stop_http.cancel();
        self.door.close().await;
        if tokio::time::timeout(HTTP_DRAIN, self.http_task).await.is_err() {
            tracing::warn!("pages under way were cut off");
        }
        self.stop_helpers.cancel();
        for helper in self.helpers {
            if let Err(error) = helper.await {
                tracing::error!(%error, "a helper task ended badly");
            }
        }
        self.committer.close().await;
        let closed = self.store.close().await;
        self.admin_task.abort();
        closed
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Http { address, source })
}

fn address_of(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Http { address, source })
}

async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(error = events::chain(&error), "a listener ended badly");
    }
}

async fn tick(committer: Committer, every_ms: u64, stop: CancellationToken) {
    let mut interval = tokio::time::interval(Duration::from_millis(every_ms));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => committer.tick().await,
        }
    }
}

/// What the watch over the register works with.
struct Watched {
    pki: Arc<Pki>,
    watch: Watch,
    standing: Standing,
    registry: Registry,
    retire_after_ms: u64,
}

impl Watched {
    /// Notes which successors are in use, and ends the sessions whose certificates do not count any more.
    fn look(&mut self, now_ms: u64) -> Result<(), PkiError> {
        let shown = self.standing.take_shown();
        if !shown.is_empty()
            && let Err(error) = self.pki.note_used(&shown, now_ms, now_ms.saturating_add(self.retire_after_ms))
        {
            for serial in &shown {
                self.standing.note_use(serial);
            }
            return Err(error);
        }
        if let Some(sets) = self.watch.look(&self.pki, now_ms)? {
            // In this order, so that whoever was sent away does not get in again.
            let refused = sets.refused.clone();
            self.standing.set(sets);
            self.registry.kick_revoked(&refused);
        }
        Ok(())
    }
}

/// Takes over what `milepost device revoke` changes while the service runs.
async fn watch_register(mut watched: Watched, stop: CancellationToken) {
    let mut interval = tokio::time::interval(REGISTER_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        let now_ms = Clock::real().now_ms();
        let looked = tokio::task::spawn_blocking(move || {
            let result = watched.look(now_ms);
            (watched, result)
        });
        let Ok((back, result)) = looked.await else {
            tracing::error!("the watch over the register of certificates ended badly");
            return;
        };
        watched = back;
        if let Err(error) = result {
            // What was refused before stays refused.
            tracing::error!(error = events::chain(&error), "looking after the register of certificates failed");
        }
    }
}

fn offer_rules(config: &Config, secret: &Secret) -> Result<OfferRules, StartError> {
    let number = u128::from_str_radix(secret.expose(), 16).map_err(|_| StartError::Key)?;
    if secret.expose().len() != 32 {
        return Err(StartError::Key);
    }
    Ok(OfferRules {
        key: Key::new(number.to_be_bytes()),
        holdout: Holdout { share: config.offers.holdout_share, ..Holdout::default() },
        uniform: config.offers.uniform_share,
        contacts_per_year: config.offers.contacts_per_year,
        contacts_per_month: config.offers.contacts_per_month,
        caps: Caps::default(),
        quiet: QuietHours::default(),
        method: match config.offers.policy {
            PolicyKind::Learning => Method::Learning,
            PolicyKind::Fixed => Method::Fixed(Policy::default()),
        },
        dealer: config.offers.dealer.clone(),
        evaluation: config.offers.evaluation,
        desk: Desk::default(),
    })
}
