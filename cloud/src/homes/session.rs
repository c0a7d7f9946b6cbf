//! One connection to one owner's broker: everything is said once, then what changes, until it is lost or not wanted any more.
//!
//! Invariant: a car is noted as placed before a byte of it leaves, and as gone only after the broker has acknowledged that.

use std::time::Duration;

use milepost_protocol::DeviceId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::discovery::{config, config_topic, state, state_topic};
use super::mqtt::{Client, KEEP_ALIVE_S, Login, MqttError};
use super::service::HomeError;
use super::{Broker, Homes, Status};
use crate::accounts::{Account, Accounts, AccountsError};
use crate::channels::{Dial, SendError, Wire};
use crate::domain::{AccountId, Change, ChangeKind, Vehicle};
use crate::i18n::{Format, Language};
use crate::store::StoreError;
use crate::zones::zone;

/// How long connecting, or an acknowledgement, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long changes gather before they are said.
const GATHER: Duration = Duration::from_millis(500);

/// How often everything is said anew: dates move without a car's doing.
const ANEW: Duration = Duration::from_mins(15);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// The broker was not reached.
    #[error("failed to reach the broker")]
    Dial(#[from] SendError),
    /// The broker was not spoken with.
    #[error("failed to speak with the broker")]
    Mqtt(#[from] MqttError),
    /// The broker does not answer.
    #[error("the broker does not answer")]
    Silent,
    /// What was said could not be noted.
    #[error("failed to note what is at the broker")]
    Home(#[from] HomeError),
    /// The store failed.
    #[error("failed to read the vehicles")]
    Store(#[from] StoreError),
    /// The account failed.
    #[error("failed to read the account")]
    Account(#[from] AccountsError),
}

/// Whose connection, and with what.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) homes: Homes,
    pub(super) accounts: Accounts,
    pub(super) dial: Dial,
    pub(super) public_url: String,
    pub(super) account: AccountId,
}

type Link = Client<Box<dyn Wire>>;

impl Session {
    fn now_ms(&self) -> u64 {
        self.homes.service.clock().now_ms()
    }

    /// The part of topics and names that stands for the account without naming it.
    fn mark(&self) -> String {
        crate::channels::short_hash(&format!("home {}", self.account))
    }

    fn availability(&self) -> String {
        format!("milepost/{}/availability", self.mark())
    }

    async fn connect(&self, broker: &Broker) -> Result<Link, SessionError> {
        let (client, will_topic) = (format!("milepost-{}", &self.mark()[..12]), self.availability());
        let Broker { host, port, tls, user, password, .. } = broker;
        let connected = async {
            let stream = self.dial.open(host, *port, *tls).await?;
            let login = Login { client: &client, user, password, will_topic: &will_topic, will: b"offline" };
            Ok::<_, SessionError>(Client::log_in(stream, &login).await?)
        };
        tokio::time::timeout(PATIENCE, connected).await.map_err(|_| SessionError::Silent)?
    }

    /// Serves a broker until the connection is lost, or `stop`.
    pub(super) async fn serve(&self, broker: &Broker, stop: &CancellationToken) -> Result<(), SessionError> {
        // What changes from here on is said even if it changes while everything is said for the first time.
        let mut changes = self.homes.service.subscribe();
        let mut link = self.connect(broker).await?;
        let mut cars = self.say_all(&mut link, broker).await?;
        let status = Status { at_ms: self.now_ms(), error: None };
        self.homes
            .change(&self.account, |home| {
                home.status = Some(status.clone());
                Ok(())
            })
            .await?;
        let mut pings = tokio::time::interval(Duration::from_secs(u64::from(KEEP_ALIVE_S / 2)));
        let mut anew = tokio::time::interval(ANEW);
        // The first tick comes at once, and everything has just been said.
        anew.tick().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                heard = link.listen() => heard?,
                _ = pings.tick() => link.ping().await?,
                _ = anew.tick() => cars = self.say_all(&mut link, broker).await?,
                changed = changed(&mut changes, &cars) => {
                    tokio::time::sleep(GATHER).await;
                    // What came in the meantime is in what is about to be read.
                    changes = changes.resubscribe();
                    match changed {
                        Changed::State(device) => self.say_one(&mut link, &device).await?,
                        Changed::Cars => cars = self.say_all(&mut link, broker).await?,
                        Changed::Stopped => break,
                    }
                }
            }
        }
        link.retain(&self.availability(), b"offline").await?;
        settled(&mut link).await?;
        Ok(link.log_out().await?)
    }

    /// Takes everything away from a broker.
    pub(super) async fn clear(&self, broker: &Broker, devices: &[DeviceId]) -> Result<(), SessionError> {
        let mut link = self.connect(broker).await?;
        for device in devices {
            retract(&mut link, broker, device).await?;
        }
        link.retain(&self.availability(), b"").await?;
        settled(&mut link).await?;
        Ok(link.log_out().await?)
    }

    /// Says everything, and takes away what is not this owner's any more; answers which cars there are.
    async fn say_all(&self, link: &mut Link, broker: &Broker) -> Result<Vec<DeviceId>, SessionError> {
        let vehicles = self.homes.service.vehicles_of(&self.account).await?;
        let cars: Vec<DeviceId> = vehicles.iter().map(|vehicle| vehicle.device.clone()).collect();
        let account = self.accounts.account(&self.account).await?;
        let noted = self.homes.change(&self.account, |home| {
            if let Some(present) = &mut home.present {
                present.devices.extend(cars.iter().cloned());
                present.devices.sort_unstable();
                present.devices.dedup();
            }
            Ok(())
        });
        let placed = noted.await?.present.map(|present| present.devices).unwrap_or_default();
        let gone: Vec<&DeviceId> = placed.iter().filter(|device| !cars.contains(device)).collect();
        for device in &gone {
            retract(link, broker, device).await?;
        }
        let availability = self.availability();
        for vehicle in &vehicles {
            let format = self.format(account.as_ref(), vehicle);
            let config = config(vehicle, &availability, &self.public_url, &format);
            link.retain(&config_topic(&broker.prefix, &vehicle.device), config.to_string().as_bytes()).await?;
            let state = state(vehicle, &format).to_string();
            link.retain(&state_topic(&vehicle.device), state.as_bytes()).await?;
        }
        link.retain(&availability, b"online").await?;
        settled(link).await?;
        if !gone.is_empty() {
            self.homes
                .change(&self.account, |home| {
                    if let Some(present) = &mut home.present {
                        present.devices.retain(|device| cars.contains(device));
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(cars)
    }

    async fn say_one(&self, link: &mut Link, device: &DeviceId) -> Result<(), SessionError> {
        let Some(vehicle) = self.homes.service.vehicle(device).await? else { return Ok(()) };
        if vehicle.owner.as_ref() != Some(&self.account) {
            return Ok(());
        }
        let account = self.accounts.account(&self.account).await?;
        let state = state(&vehicle, &self.format(account.as_ref(), &vehicle)).to_string();
        link.retain(&state_topic(device), state.as_bytes()).await?;
        settled(link).await
    }

    fn format(&self, account: Option<&Account>, vehicle: &Vehicle) -> Format {
        let language = account.and_then(|account| account.language.as_deref());
        Format {
            localizer: Language::choose(language, None, None).localizer(),
            unit: account.map(|account| account.unit).unwrap_or_default(),
            zone: zone(&vehicle.profile.time_zone),
            now_ms: self.now_ms(),
            currency: None,
        }
    }
}

/// What has to be said anew.
enum Changed {
    State(DeviceId),
    Cars,
    Stopped,
}

async fn changed(changes: &mut Receiver<Change>, cars: &[DeviceId]) -> Changed {
    loop {
        match changes.recv().await {
            Ok(change) => {
                // A car may have come or gone, or be called otherwise.
                if change.kinds.contains(&ChangeKind::Profile) {
                    return Changed::Cars;
                }
                if cars.contains(&change.vehicle) {
                    return Changed::State(change.vehicle);
                }
            }
            Err(RecvError::Lagged(_)) => return Changed::Cars,
            Err(RecvError::Closed) => return Changed::Stopped,
        }
    }
}

async fn retract<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Client<S>,
    broker: &Broker,
    device: &DeviceId,
) -> Result<(), MqttError> {
    link.retain(&config_topic(&broker.prefix, device), b"").await?;
    link.retain(&state_topic(device), b"").await
}

async fn settled<S: AsyncRead + AsyncWrite + Unpin>(link: &mut Client<S>) -> Result<(), SessionError> {
    let settled = tokio::time::timeout(PATIENCE, link.settle()).await;
    Ok(settled.map_err(|_| SessionError::Silent)??)
}
