//! Where a test plays: a folder of its own with configuration, store, certificates, cars and their owners.
//!
//! The service that prepares it runs inside the test and is gone before the processes start.
//! Invariant: nothing outside the folder is touched, and the folder goes with the stage.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use milepost::accounts::{Accounts, Role};
use milepost::clock::Clock;
use milepost::config::Config;
use milepost::demo::begin_under_way;
use milepost::domain::{AccountId, Actor, Profile};
use milepost::pki::Role as CertificateRole;
use milepost::server::{RunningServer, Server};
use milepost::store::{SledSettings, SledStore, Store as _};
use milepost_engine::plan::Powertrain;
use milepost_gateway::clock::VirtualTime;
use milepost_gateway::fleet::calendar::HOUR_MS;
use milepost_gateway::fleet::generator::Generator;
use milepost_protocol::DeviceId;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

use super::cloud::Cloud;
use super::stored::Stored;

/// The one owner of every car.
pub(crate) const OWNER: &str = "anna";

/// The engineer.
pub(crate) const ENGINEER: &str = "emil";

/// Everybody's password.
pub(crate) const PASSWORD: &str = "a long enough password";

/// A prepared stage.
pub(crate) struct Stage {
    folder: TempDir,
    /// The cars, by id.
    pub(crate) devices: Vec<DeviceId>,
    /// What the cars' lives follow from.
    pub(crate) seed: u64,
    /// The time of cars and service.
    pub(crate) time: VirtualTime,
    config: Config,
}

impl Stage {
    /// Prepares `vehicles` cars whose service items are somewhere in the second half of their cycles.
    pub(crate) async fn set(vehicles: usize, seed: u64, speed: f64) -> Result<Self> {
        // A day in the past, so that a car's time is never ahead of the machine's unless it runs faster.
        Self::set_with(vehicles, seed, speed, 0.4..0.99, DAY_MS).await
    }

    /// Prepares `vehicles` cars that live as fast as the machine and for which every service item is overdue.
    pub(crate) async fn overdue(vehicles: usize, seed: u64) -> Result<Self> {
        Self::set_with(vehicles, seed, 1.0, 1.3..1.4, DAY_MS).await
    }

    /// Prepares `vehicles` cars that live as fast as the machine, an hour after midnight when all of them are parked.
    pub(crate) async fn at_night(vehicles: usize, seed: u64) -> Result<Self> {
        let since_ms = (Clock::real().now_ms() - HOUR_MS) % DAY_MS;
        Self::set_with(vehicles, seed, 1.0, 0.0..0.1, DAY_MS + since_ms).await
    }

    async fn set_with(vehicles: usize, seed: u64, speed: f64, progress: Range<f64>, behind_ms: u64) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a temporary folder failed")?;
        let started_ms = Clock::real().now_ms();
        let time = VirtualTime { epoch_ms: started_ms - behind_ms, started_ms, speed };
        let mut config = Config::default();
        config.data.folder = folder.path().join("data");
        config.clock.epoch_ms = Some(time.epoch_ms);
        config.clock.started_ms = Some(time.started_ms);
        config.clock.speed = time.speed;
        config.front_door.listen = free_address()?;
        config.http.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        config.admin.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        config.ingest.tick_ms = 100;
        config.store.min_free_bytes = 1 << 20;
        let devices = (1..=vehicles).map(|number| format!("car-{number:04}").parse()).collect::<Result<Vec<_>, _>>()?;
        let stage = Self { folder, devices, seed, time, config };
        stage.configure(|_| {})?;
        stage.prepare(progress).await?;
        Ok(stage)
    }

    /// Starts the service inside the test, for what only its own code can do. It must be stopped before [`Stage::serve`].
    pub(crate) async fn rehearse(&self) -> Result<RunningServer> {
        let mut config = self.config.clone();
        config.front_door.listen.set_port(0);
        Ok(Server::start(config, milepost::web::faces()).await?)
    }

    async fn prepare(&self, progress: Range<f64>) -> Result<()> {
        let server = self.rehearse().await?;
        let owner: AccountId = OWNER.parse()?;
        let accounts = Accounts::new(server.service.clone(), Clock::real());
        accounts.create(owner.clone(), "Anna", Role::Owner, PASSWORD).await?;
        accounts.create(ENGINEER.parse()?, "Emil", Role::Engineer, PASSWORD).await?;
        let mut random = SmallRng::seed_from_u64(self.seed);
        for device in &self.devices {
            let generator = Generator::new(self.seed, device.as_str(), None, self.time.epoch_ms, self.time.speed, None);
            let powertrain = if generator.class().burns() { Powertrain::Combustion } else { Powertrain::Electric };
            let profile = Profile { powertrain, ..Profile::default() };
            server.service.register(device, profile, Some(owner.clone()), Actor::System).await?;
            let odometer_m = generator.position().vehicle.odometer_m as u32;
            let share = || random.random_range(progress.clone());
            begin_under_way(&server.service, device, odometer_m, self.time.epoch_ms, share).await?;
            let purposes = Purposes::FUNCTION.and(Purposes::WORKSHOP).and(Purposes::OFFERS);
            server.service.set_consent(device, purposes, Actor::Owner(owner.clone())).await?;
            let identity = server.pki.issue(device, CertificateRole::Device, Clock::real().now_ms())?;
            identity.write(device, &self.identities())?;
        }
        server.stop().await.context("closing the store failed")
    }

    /// Writes the configuration with a change to it.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut Config)) -> Result<()> {
        let mut config = self.config.clone();
        change(&mut config);
        std::fs::write(self.config_file(), config.effective()).context("writing the configuration failed")
    }

    /// Starts the service over what the stage holds.
    pub(crate) async fn serve(&self) -> Result<Cloud> {
        Cloud::start(&self.config_file(), self.folder()).await
    }

    /// Opens the store; no service may run.
    pub(crate) fn store(&self) -> Result<SledStore> {
        let settings = SledSettings {
            folder: self.config.data.folder.join("store"),
            cache_bytes: self.config.store.cache_bytes,
            min_free_bytes: 0,
        };
        SledStore::open(settings).context("opening the store failed")
    }

    /// What a service that has ended kept of a vehicle; the next one finds the store free.
    pub(crate) async fn stored(&self, device: &DeviceId) -> Result<Stored> {
        let store = self.store()?;
        let stored = Stored::read(&store, device).await;
        store.close().await?;
        stored
    }

    /// The configuration of the service.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder().join("milepost.toml")
    }

    /// Everything of this stage.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Certificates and keys of the cars.
    pub(crate) fn identities(&self) -> PathBuf {
        self.folder().join("identities")
    }

    /// Flash files of the cars.
    pub(crate) fn fleet_state(&self) -> PathBuf {
        self.folder().join("fleet")
    }
}

/// An address that a service can come back to.
///
/// The port lies below those that the system gives to outgoing connections: a car that tries a port where nobody listens at the moment
/// could otherwise be given that very port, and take it from the service.
fn free_address() -> Result<SocketAddr> {
    let mut random = SmallRng::from_os_rng();
    (0..1_000)
        .map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, random.random_range(15_000..32_000))))
        .find(|address| TcpListener::bind(address).is_ok())
        .context("no port is free")
}
