//! The real service as a process, with one vehicle, its owner and its certificate.
//!
//! What only the service's own code can prepare is prepared by it inside this process, which is over before the service starts.
//! Invariant: everything lies below one folder.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use milepost::accounts::{Accounts, Role};
use milepost::clock::Clock;
use milepost::config::Config;
use milepost::demo::begin_under_way;
use milepost::domain::{AccountId, Actor, Intent, Profile};
use milepost::pki::Role as CertificateRole;
use milepost::server::Server;
use milepost::store::{History, SledSettings, SledStore, Store as _};
use milepost_engine::plan::Powertrain;
use milepost_firmware::configuration::Configuration;
use milepost_gateway::chip::{self, Stored};
use milepost_protocol::downlink::Purposes;
use milepost_protocol::update::{Manifest, SignedManifest, UpdateReport};
use milepost_protocol::{DeviceId, Envelope, Record, RecordId};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::board::DEADLINE;

const OWNER: &str = "anna";

/// This machine, as a board sees it through QEMU's own network.
pub(crate) const HOST: &str = "10.0.2.2";

/// The name in the certificate of whatever a board meets here.
pub(crate) const NAME: &str = "localhost";

/// The engineer at the bench.
pub(crate) const ENGINEER: &str = "emil";

/// Everybody's password.
pub(crate) const PASSWORD: &str = "a long enough password";

/// How far an item's interval is behind it, so that it is overdue and a reminder is raised.
const OVERDUE: f64 = 1.3;

/// A prepared service.
pub(crate) struct Stage {
    folder: PathBuf,
    config: Config,
    /// The one vehicle.
    pub(crate) device: DeviceId,
}

/// A running service.
pub(crate) struct Cloud {
    process: Child,
    /// Where it listens for vehicles.
    pub(crate) front_door: SocketAddr,
    /// Where it listens for people.
    pub(crate) http: SocketAddr,
}

impl Stage {
    /// Prepares a service below `folder`, whose vehicle stands at `odometer_m` with every item overdue.
    pub(crate) async fn set(folder: &Path, odometer_m: u32) -> Result<Self> {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut config = Config::default();
        config.data.folder = folder.join("data");
        config.front_door.listen = nowhere;
        config.http.listen = nowhere;
        config.admin.listen = nowhere;
        config.ingest.tick_ms = 100;
        config.store.min_free_bytes = 1 << 20;
        let stage = Self { folder: folder.to_owned(), config, device: "board-0001".parse()? };
        std::fs::write(stage.config_file(), stage.config.effective()).context("writing the configuration failed")?;
        stage.prepare(odometer_m).await?;
        Ok(stage)
    }

    async fn prepare(&self, odometer_m: u32) -> Result<()> {
        let server = Server::start(self.config.clone(), milepost::web::faces()).await?;
        let owner: AccountId = OWNER.parse()?;
        let accounts = Accounts::new(server.service.clone(), Clock::real());
        accounts.create(owner.clone(), "Anna", Role::Owner, PASSWORD).await?;
        accounts.create(ENGINEER.parse()?, "Emil", Role::Engineer, PASSWORD).await?;
        let profile = Profile { powertrain: Powertrain::Combustion, ..Profile::default() };
        server.service.register(&self.device, profile, Some(owner.clone()), Actor::System).await?;
        let now_ms = Clock::real().now_ms();
        begin_under_way(&server.service, &self.device, odometer_m, now_ms, || OVERDUE).await?;
        let purposes = Purposes::FUNCTION.and(Purposes::WORKSHOP).and(Purposes::OFFERS);
        server.service.set_consent(&self.device, purposes, Actor::Owner(owner)).await?;
        let identity = server.pki.issue(&self.device, CertificateRole::Device, now_ms)?;
        identity.write(&self.device, &self.identities())?;
        server.stop().await.context("closing the store failed")
    }

    /// What a board needs on its chip to be the vehicle at a front door of this machine.
    pub(crate) fn configuration(&self, port: u16) -> Result<Configuration> {
        let server = chip::Server { host: HOST.to_owned(), port, name: NAME.to_owned() };
        Ok(chip::configuration(&server, &self.device, &self.identities(), Clock::real().now_ms())?)
    }

    /// Writes that onto a chip.
    pub(crate) async fn configure(&self, chip: &Path, port: u16) -> Result<()> {
        Ok(chip::configure(chip, &self.configuration(port)?).await?)
    }

    /// Lets the service trust these firmware keys and look at its rollouts often, and hires engineers. The service must not run.
    pub(crate) async fn hire(&mut self, keys: Vec<String>, engineers: &[&str]) -> Result<()> {
        self.config.firmware.keys = keys;
        self.config.firmware.step_ms = 200;
        std::fs::write(self.config_file(), self.config.effective()).context("writing the configuration failed")?;
        let server = Server::start(self.config.clone(), milepost::web::faces()).await?;
        let accounts = Accounts::new(server.service.clone(), Clock::real());
        for name in engineers {
            accounts.create(name.parse()?, name, Role::Engineer, PASSWORD).await?;
        }
        server.stop().await.context("closing the store failed")
    }

    /// Puts offers into the vehicle's outbox that the service would never make by itself. The service must not run.
    pub(crate) async fn offer(&self, rollout: u32, signed: &SignedManifest) -> Result<()> {
        let manifest = Manifest::decode(&signed.manifest).context("the manifest does not read")?;
        let (version, image) = (manifest.version, signed.clone());
        let server = Server::start(self.config.clone(), milepost::web::faces()).await?;
        let intent = Intent::OfferUpdate { rollout, version, image, window: None };
        server.service.submit(&self.device, intent, Actor::System).await?;
        server.stop().await.context("closing the store failed")
    }

    /// What the vehicle reported of its updates, oldest first, and [`Stage::committed`]. The service must have ended.
    pub(crate) async fn updates(&self) -> Result<(Vec<UpdateReport>, BTreeMap<u32, u32>)> {
        let records = self.records().await?;
        let committed = count(&records.iter().map(|(stored, _)| *stored).collect::<Vec<_>>())?;
        let report = |record| match record {
            Record::UpdateReport(report) => Some(report),
            _ => None,
        };
        Ok((records.into_iter().filter_map(|(_, record)| report(record)).collect(), committed))
    }

    /// Starts the service and waits until it listens.
    pub(crate) async fn serve(&self) -> Result<Cloud> {
        let own = std::env::current_exe().context("the bench has no path")?;
        let errors = std::fs::File::create(self.folder.join("milepost.err"))?;
        let mut process = Command::new(own.with_file_name("milepost"))
            .args(["serve", "--config"])
            .arg(self.config_file())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the service")?;
        let output = process.stdout.take().context("the service has no standard output")?;
        let line = tokio::time::timeout(DEADLINE, BufReader::new(output).lines().next_line()).await;
        let line = line.context("the service does not listen")??.context("the service did not start")?;
        let listening: Value = serde_json::from_str(&line).context("the service's line is no JSON")?;
        let at = |name: &str| -> Result<SocketAddr> {
            Ok(listening[name].as_str().with_context(|| format!("{line} does not say {name}"))?.parse()?)
        };
        Ok(Cloud { front_door: at("front_door")?, http: at("http")?, process })
    }

    /// Where certificates and keys are.
    pub(crate) fn identities(&self) -> PathBuf {
        self.folder.join("identities")
    }

    /// How many records of each boot are committed; their numbers must have no holes. The service must have ended.
    pub(crate) async fn committed(&self) -> Result<BTreeMap<u32, u32>> {
        count(&self.stored().await?)
    }

    /// Every committed record as a chip would hold it. The service must have ended.
    pub(crate) async fn stored(&self) -> Result<Vec<Stored>> {
        Ok(self.records().await?.into_iter().map(|(stored, _)| stored).collect())
    }

    /// What devices said in their logs, oldest first. The service must have ended.
    pub(crate) async fn logs(&self) -> Result<Vec<String>> {
        let text = |record| match record {
            Record::LogChunk(chunk) => Some(chunk.text.as_str().to_owned()),
            _ => None,
        };
        Ok(self.records().await?.into_iter().filter_map(|(_, record)| text(record)).collect())
    }

    /// Every committed record, by its identity. The service must have ended.
    pub(crate) async fn records(&self) -> Result<Vec<(Stored, Record)>> {
        let settings = SledSettings {
            folder: self.config.data.folder.join("store"),
            cache_bytes: self.config.store.cache_bytes,
            min_free_bytes: 0,
        };
        let store = SledStore::open(settings).context("opening the store failed")?;
        let mut records = Vec::new();
        let mut from = None;
        loop {
            let rows = store.history(History::ascending(self.device.clone(), from, 1_000)).await?;
            let Some(last) = rows.last() else { break };
            from = Some(RecordId { number: last.first.number + 1, ..last.first });
            for row in &rows {
                let envelope = Envelope::parse(&row.bytes).context("a committed envelope does not decode")?;
                let boot = envelope.header.boot;
                records.extend(envelope.entries().map(|entry| (Stored::of(boot, &entry), entry.record())));
            }
        }
        records.sort_by_key(|(stored, _)| *stored);
        Ok(records)
    }

    /// Where the service keeps its authorities.
    pub(crate) fn pki(&self) -> PathBuf {
        self.config.data.folder.join("pki")
    }

    /// Revokes every certificate of the vehicle, as an engineer would, while the service runs.
    pub(crate) async fn revoke(&self) -> Result<()> {
        let own = std::env::current_exe().context("the bench has no path")?;
        let output = Command::new(own.with_file_name("milepost"))
            .args(["device", "--config"])
            .arg(self.config_file())
            .args(["revoke", self.device.as_str()])
            .output()
            .await
            .context("cannot start milepost")?;
        ensure!(output.status.success(), "nothing is revoked: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn config_file(&self) -> PathBuf {
        self.folder.join("milepost.toml")
    }
}

/// How many records each boot has; their numbers must have no holes.
fn count(records: &[Stored]) -> Result<BTreeMap<u32, u32>> {
    let mut boots = BTreeMap::<u32, u32>::new();
    for Stored { boot, number, .. } in records {
        let next = boots.entry(*boot).or_default();
        ensure!(number == next, "boot {boot} has {number} where {next} belongs");
        *next += 1;
    }
    Ok(boots)
}

impl Cloud {
    /// Stops it in order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let id = self.process.id().context("the service has ended")?;
        let id = rustix::process::Pid::from_raw(i32::try_from(id)?).context("no process id")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        let status =
            tokio::time::timeout(DEADLINE, self.process.wait()).await.context("the service does not stop")??;
        ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }

    /// Pages and API.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The owner's view.
    pub(crate) async fn account(&self) -> Result<Account> {
        self.log_in(OWNER).await
    }

    /// The flash receipts, newest first.
    pub(crate) async fn flash_receipts(&self) -> Result<Value> {
        let Account { client, base } = self.log_in(ENGINEER).await?;
        Ok(client.get(format!("{base}/flash-receipts")).send().await?.error_for_status()?.json().await?)
    }

    async fn log_in(&self, account: &str) -> Result<Account> {
        let client = Client::builder().cookie_store(true).build()?;
        let base = format!("{}/api/v1", self.url());
        let session = json!({ "account": account, "password": PASSWORD });
        client.post(format!("{base}/session")).json(&session).send().await?.error_for_status()?;
        Ok(Account { client, base })
    }
}

/// The owner, signed in.
pub(crate) struct Account {
    client: Client,
    base: String,
}

impl Account {
    /// What the API answers on a path below the vehicle.
    pub(crate) async fn vehicle(&self, device: &DeviceId, path: &str) -> Result<Value> {
        let url = format!("{}/vehicles/{device}{path}", self.base);
        Ok(self.client.get(url).send().await?.error_for_status()?.json().await?)
    }

    /// The state of a notice.
    pub(crate) async fn notice(&self, device: &DeviceId, notice: &str) -> Result<Option<String>> {
        let body = self.vehicle(device, "/notices").await?;
        let notices = body["notices"].as_array().context("the account lists no notices")?;
        let found = notices.iter().find(|known| known["id"] == notice);
        Ok(found.and_then(|known| known["state"].as_str()).map(ToOwned::to_owned))
    }
}
