//! The stage: a service on a temporary folder, its people, its cars, and what the fleet needs to know of them.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use milepost_engine::plan::Powertrain;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use rand::Rng;
use rand::distr::Alphanumeric;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Options;
use super::owners::{Person, Step};
use super::roster::{Class, Participant, draw};
use crate::accounts::{Accounts, Role};
use crate::clock::Clock;
use crate::config::{Config, Workshop};
use crate::domain::{AccountId, Actor, Profile};
use crate::pki::Role as CertificateRole;
use crate::server::{Faces, RunningServer, Server};

/// How much of a year one run lives through at the most, in milliseconds.
const YEAR_MS: f64 = 365.0 * DAY_MS as f64;

/// How many steps of the owners may wait to be looked at.
const STEPS: usize = 1_024;

/// Everything that stands before the first car drives.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) server: RunningServer,
    pub(super) roster: Vec<Participant>,
    pub(super) identities: PathBuf,
    /// What the service's clock showed at `started_ms`.
    pub(super) epoch_ms: u64,
    pub(super) started_ms: u64,
    pub(super) speed: f64,
    people: Vec<Login>,
}

/// One log-in, as it is printed and left in `people.json`.
#[derive(Debug, Clone, Serialize)]
struct Login {
    name: String,
    password: String,
    role: Role,
    vehicles: Vec<String>,
}

impl Stage {
    /// Starts the service and makes everybody known to it.
    pub(super) async fn set(options: &Options, folder: &Path, faces: Faces) -> Result<Self> {
        ensure!(options.vehicles > 0, "a demonstration needs at least one vehicle");
        ensure!(options.speed.is_finite() && options.speed >= 1.0, "the speed must be at least 1");
        let started_ms = Clock::real().now_ms();
        let epoch_ms = epoch_ms(started_ms, options)?;
        let config = config(options, folder, epoch_ms, started_ms);
        std::fs::create_dir_all(folder).with_context(|| format!("making {} failed", folder.display()))?;
        let file = folder.join("milepost.toml");
        std::fs::write(&file, config.effective()).with_context(|| format!("writing {} failed", file.display()))?;

        let server = Server::start(config, faces).await?;
        let year = date(epoch_ms)?.year();
        let roster = draw(options.vehicles, options.seed, u16::try_from(year).unwrap_or_default());
        let identities = folder.join("identities");
        for participant in &roster {
            register(&server, participant, epoch_ms).await?;
            identify(&server, participant, &identities, started_ms)?;
        }
        let people = people(&server, &roster).await?;
        let text = serde_json::to_string_pretty(&people)? + "\n";
        std::fs::write(folder.join("people.json"), text).context("writing people.json failed")?;
        Ok(Self { server, roster, identities, epoch_ms, started_ms, speed: options.speed, people })
    }

    /// Says where the pages are and who can log in.
    pub(super) fn welcome(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "Milepost is at http://{}", self.server.http)?;
        let width = self.people.iter().map(|login| login.name.len()).max().unwrap_or_default();
        for role in [Role::Owner, Role::Advisor, Role::Engineer, Role::Lead] {
            for Login { name, password, vehicles, .. } in self.people.iter().filter(|login| login.role == role).take(3)
            {
                let of = if vehicles.is_empty() { String::new() } else { format!("  {}", vehicles.join(", ")) };
                writeln!(out, "  {role:<9} {name:<width$}  {password}{of}", role = role.name())?;
            }
        }
        let owners = self.people.iter().filter(|login| login.role == Role::Owner).count();
        if owners > 3 {
            writeln!(out, "  and {} more owners with the same password", owners - 3)?;
        }
        out.flush()?;
        Ok(())
    }

    /// Lets the owners live; they stop when the set is dropped.
    pub(super) fn people(&self) -> (JoinSet<()>, mpsc::Receiver<Step>) {
        let (steps, receiver) = mpsc::channel(STEPS);
        let mut tasks = JoinSet::new();
        let http = self.server.http;
        for (seed, login) in (0..).zip(self.people.iter().filter(|login| login.role == Role::Owner)) {
            let person = Person { name: login.name.clone(), password: login.password.clone(), seed };
            let steps = steps.clone();
            tasks.spawn(async move {
                if let Err(error) = person.live(http, steps).await {
                    tracing::warn!("an owner left: {error:#}");
                }
            });
        }
        (tasks, receiver)
    }
}

/// The year of the demonstration ends with the last November that is over, so that every run sees autumn become winter.
fn epoch_ms(now_ms: u64, options: &Options) -> Result<u64> {
    let today = date(now_ms)?;
    let this_year = Date::new(today.year(), 11, 30)?;
    let end = if this_year <= today { this_year } else { this_year.checked_sub(1.year())? };
    let end_ms = end.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond();
    let lived_ms = options.seconds.map_or(YEAR_MS, |seconds| (seconds * 1_000.0 * options.speed).min(YEAR_MS));
    Ok(u64::try_from(end_ms)?.saturating_sub(lived_ms as u64))
}

fn date(unix_ms: u64) -> Result<Date> {
    Ok(Timestamp::from_millisecond(i64::try_from(unix_ms)?)?.to_zoned(TimeZone::UTC).date())
}

fn config(options: &Options, folder: &Path, epoch_ms: u64, started_ms: u64) -> Config {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut config = Config::default();
    config.data.folder = folder.join("data");
    config.clock.epoch_ms = Some(epoch_ms);
    config.clock.started_ms = Some(started_ms);
    config.clock.speed = options.speed;
    config.front_door.listen = local(0);
    config.http.listen = local(options.port);
    config.admin.listen = local(0);
    config.workshop = workshop();
    // Virtual days pass within a second, so what falls due is looked for more often.
    config.ingest.tick_ms = 100;
    config
}

/// Where the owners can book.
fn workshop() -> Workshop {
    let text = include_str!("workshops.toml");
    Config::parse(text, "workshops.toml").expect("a test has checked the file").workshop
}

async fn register(server: &RunningServer, participant: &Participant, epoch_ms: u64) -> Result<()> {
    let Participant { device, past, .. } = participant;
    let powertrain = if past.class == Class::Electric { Powertrain::Electric } else { Powertrain::Combustion };
    let age_years = u64::from(participant.age_years);
    let profile = Profile {
        model_name: participant.model.to_owned(),
        model_year: Some(participant.model_year),
        powertrain,
        registered_ms: epoch_ms.saturating_sub(age_years * 365 * DAY_MS),
        ..Profile::default()
    };
    server.service.register(device, profile, Some(participant.owner.clone()), Actor::System).await?;
    let mut progress = participant.progress.iter().copied().cycle();
    super::begin_under_way(&server.service, device, past.odometer_m, epoch_ms, || progress.next().unwrap_or(0.5))
        .await?;
    let all = Purposes::FUNCTION.and(Purposes::WORKSHOP);
    let purposes = if participant.offers { all.and(Purposes::OFFERS) } else { all };
    server.service.set_consent(device, purposes, Actor::Owner(participant.owner.clone())).await?;
    Ok(())
}

/// Issues the certificate and leaves the car's past beside it.
fn identify(server: &RunningServer, participant: &Participant, folder: &Path, now_ms: u64) -> Result<()> {
    let Participant { device, past, .. } = participant;
    server.pki.issue(device, CertificateRole::Device, now_ms)?.write(device, folder)?;
    let file = folder.join(device.as_str()).join("vehicle.json");
    std::fs::write(&file, serde_json::to_vec(past)?).with_context(|| format!("writing {} failed", file.display()))
}

async fn people(server: &RunningServer, roster: &[Participant]) -> Result<Vec<Login>> {
    let accounts = Accounts::new(server.service.clone(), Clock::real());
    let password: String = rand::rng().sample_iter(Alphanumeric).take(14).map(char::from).collect();
    let mut people: Vec<Login> = Vec::new();
    for Participant { device, owner, .. } in roster {
        if let Some(login) = people.iter_mut().find(|login| login.name == owner.as_str()) {
            login.vehicles.push(device.to_string());
        } else {
            let login = account(&accounts, owner, Role::Owner, &password).await?;
            people.push(Login { vehicles: vec![device.to_string()], ..login });
        }
    }
    for role in [Role::Advisor, Role::Engineer, Role::Lead] {
        people.push(account(&accounts, &role.name().parse()?, role, &password).await?);
    }
    Ok(people)
}

async fn account(accounts: &Accounts, id: &AccountId, role: Role, password: &str) -> Result<Login> {
    let mut shown: String = id.to_string();
    if let Some(first) = shown.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    accounts.create(id.clone(), &shown, role, password).await?;
    Ok(Login { name: id.to_string(), password: password.to_owned(), role, vehicles: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workshops_of_the_demonstration_can_be_booked_at() {
        assert_eq!(workshop().places.iter().filter(|workshop| workshop.build().is_ok()).count(), 2);
    }
}
