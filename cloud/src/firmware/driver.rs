//! The task behind rollouts: looks at each of them once a step, carries out what the look says, and serves what devices ask for.
//!
//! It holds the fleet's updates in memory while a rollout is under way, fed by the committer's changes.
//! Invariant: a state is durable before anything follows from it, and after a restart the next look finds what is still to be done.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use milepost_engine::experiments::{Key, position};
use milepost_engine::rollout::{DeviceUpdate, LocalWindow, Observed, Phase, Rollout, State, step};
use milepost_protocol::DeviceId;
use milepost_protocol::update::{Version, Window};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::transfer::{Ask, Transfer};
use super::{Firmware, FirmwareError};
use crate::config;
use crate::domain::{Actor, Change, ChangeKind, Intent, Vehicle};
use crate::events::{ChunksSent, RolloutFailed, RolloutMoved, UpdatesOffered, chain};
use crate::store::{QueueCursor, StoreError};
use crate::zones::zone;

/// How many vehicles are read at a time.
const PAGE: usize = 500;

/// How many offers are committed at a time.
const OFFERS_AT_ONCE: usize = 64;

/// How long a stopped rollout is still looked at for something to withdraw, in milliseconds.
const WITHDRAW_FOR_MS: u64 = 3_600_000;

/// How often the budget of bytes grows.
const REFILL: Duration = Duration::from_millis(50);

/// What is known of one device.
#[derive(Debug, Clone)]
struct Member {
    update: DeviceUpdate,
    seen_ms: u64,
    zone: String,
}

impl Member {
    fn of(vehicle: Vehicle) -> (DeviceId, Self) {
        let Vehicle { device, update, state, profile, .. } = vehicle;
        (device, Self { update, seen_ms: state.last_received_ms, zone: profile.time_zone })
    }
}

/// An image in memory: how chunks name it, and its bytes.
type Image = (u32, Arc<Vec<u8>>);

struct Driver {
    firmware: Firmware,
    key: Key,
    /// Every device, while a rollout is under way.
    fleet: Option<HashMap<DeviceId, Member>>,
    running: HashMap<u32, (String, Version)>,
    images: HashMap<(String, Version), Image>,
    transfer: Transfer,
}

/// Drives all rollouts until `stop`.
pub async fn drive(firmware: Firmware, key: Key, settings: config::Firmware, stop: CancellationToken) {
    let mut changes = firmware.service.subscribe();
    let mut steps = tokio::time::interval(Duration::from_millis(settings.step_ms));
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut refills = tokio::time::interval(REFILL);
    refills.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let transfer = Transfer::new(settings.chunk_window, settings.bytes_per_s);
    let running = HashMap::new();
    let mut driver = Driver { firmware, key, fleet: None, running, images: HashMap::new(), transfer };
    loop {
        let done = tokio::select! {
            () = stop.cancelled() => return,
            _ = steps.tick() => driver.step().await,
            _ = refills.tick(), if !driver.transfer.is_idle() => {
                driver.transfer.refill(REFILL.as_secs_f64());
                Ok(())
            }
            change = changes.recv() => {
                let mut batch = Vec::new();
                let mut lagged = false;
                match change {
                    Ok(change) => batch.push(change),
                    Err(RecvError::Lagged(_)) => lagged = true,
                    Err(RecvError::Closed) => return,
                }
                while batch.len() < PAGE {
                    match changes.try_recv() {
                        Ok(change) => batch.push(change),
                        Err(TryRecvError::Lagged(_)) => lagged = true,
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                driver.changed(&batch, lagged).await
            }
        };
        let served = match done {
            Ok(()) => driver.serve().await,
            Err(error) => Err(error),
        };
        if let Err(error) = served {
            // The next step reads everything anew.
            driver.fleet = None;
            RolloutFailed { error: &error }.emit();
        }
    }
}

impl Driver {
    async fn step(&mut self) -> Result<(), FirmwareError> {
        let now_ms = self.firmware.service.clock().now_ms();
        let live = |rollout: &Rollout| match rollout.state {
            State::Running { .. } | State::Paused { .. } => true,
            State::Stopped { at_ms, .. } => now_ms.saturating_sub(at_ms) < WITHDRAW_FOR_MS,
            State::Draft | State::Done { .. } => false,
        };
        let rollouts = self.firmware.rollouts().await?;
        let rollouts: Vec<_> = rollouts.into_iter().map(|doc| (doc.tally, doc.rollout)).collect();
        let rollouts: Vec<_> = rollouts.into_iter().filter(|(_, rollout)| live(rollout)).collect();
        let runs = rollouts.iter().filter(|(_, rollout)| matches!(rollout.state, State::Running { .. }));
        self.running = runs.map(|(_, rollout)| (rollout.id, (rollout.board.clone(), rollout.version))).collect();
        if rollouts.is_empty() {
            self.fleet = None;
            self.images.clear();
            return Ok(());
        }
        if self.fleet.is_none() {
            self.fleet = Some(self.load().await?);
        }
        for (tally, rollout) in rollouts {
            self.look(&rollout, tally, now_ms).await?;
        }
        Ok(())
    }

    /// Looks at one rollout and carries out what follows.
    async fn look(
        &mut self,
        rollout: &Rollout,
        tally: milepost_engine::rollout::Tally,
        now_ms: u64,
    ) -> Result<(), FirmwareError> {
        let Some(fleet) = &self.fleet else { return Ok(()) };
        let salt = format!("rollout {}", rollout.id);
        let of_board = |member: &Member| member.update.board.as_deref() == Some(rollout.board.as_str());
        let members: Vec<_> = fleet.iter().filter(|(_, member)| of_board(member)).collect();
        let observed: Vec<_> = members
            .iter()
            .map(|(device, member)| Observed {
                position: position(&self.key, &salt, device.as_str()),
                connected: self.firmware.service.is_connected(device),
                seen_ms: member.seen_ms,
                update: &member.update,
            })
            .collect();
        let seen = step(rollout, &observed, now_ms);
        let device = |index: &usize| members.get(*index).map(|(device, member)| ((*device).clone(), (*member).clone()));
        let offers: Vec<_> = seen.offers.iter().filter_map(device).collect();
        let withdrawals: Vec<_> = seen.withdrawals.iter().filter_map(device).collect();
        if seen.state != rollout.state || seen.tally != tally {
            let moved = self.firmware.update(rollout.id, |doc, _| {
                if doc.rollout.state != rollout.state {
                    // A person was quicker; the next step looks at what they made of it.
                    return Err(StoreError::Conflict { what: format!("rollout {}", rollout.id) }.into());
                }
                doc.tally = seen.tally;
                if seen.state != rollout.state {
                    doc.rollout.state = seen.state;
                    let wave = seen.state.wave().map_or("", milepost_engine::rollout::Wave::name);
                    doc.note(now_ms, None, &format!("{} {wave}", seen.state.name()));
                }
                Ok(())
            });
            match moved.await {
                Ok(_) => {}
                Err(FirmwareError::Store(StoreError::Conflict { .. })) => return Ok(()),
                Err(error) => return Err(error),
            }
            if seen.state != rollout.state {
                RolloutMoved { rollout: rollout.id, state: seen.state, by: None }.emit();
            }
        }
        self.offer(rollout, offers, now_ms).await?;
        self.withdraw(rollout, withdrawals).await
    }

    async fn offer(
        &mut self,
        rollout: &Rollout,
        devices: Vec<(DeviceId, Member)>,
        now_ms: u64,
    ) -> Result<(), FirmwareError> {
        if devices.is_empty() {
            return Ok(());
        }
        let image = self.firmware.image(&rollout.board, rollout.version).await?.signed;
        UpdatesOffered { rollout: rollout.id, devices: devices.len() }.emit();
        let intents = devices.into_iter().map(|(device, member)| {
            let window = rollout.settings.window.map(|window| in_utc(window, &zone(&member.zone), now_ms));
            let (rollout, version) = (rollout.id, rollout.version);
            (device, Intent::OfferUpdate { rollout, version, image: image.clone(), window })
        });
        self.submit(intents.collect()).await
    }

    async fn withdraw(&mut self, rollout: &Rollout, devices: Vec<(DeviceId, Member)>) -> Result<(), FirmwareError> {
        let intents = devices.into_iter().map(|(device, _)| (device, Intent::WithdrawUpdate { rollout: rollout.id }));
        self.submit(intents.collect()).await
    }

    /// Has intents carried out, some at a time, and looks at their vehicles again.
    async fn submit(&mut self, intents: Vec<(DeviceId, Intent)>) -> Result<(), FirmwareError> {
        let devices: Vec<DeviceId> = intents.iter().map(|(device, _)| device.clone()).collect();
        let mut intents = intents.into_iter().peekable();
        while intents.peek().is_some() {
            let some = intents.by_ref().take(OFFERS_AT_ONCE);
            let service = &self.firmware.service;
            let done = some.map(|(device, intent)| async move { service.submit(&device, intent, Actor::System).await });
            for failed in join_all(done).await.into_iter().filter_map(Result::err) {
                // The device stands as it did, so the next step asks again.
                tracing::warn!(error = chain(&failed), "an offer was not committed");
            }
        }
        self.reload(&devices).await.map(drop)
    }

    /// Takes over what the committer changed.
    async fn changed(&mut self, batch: &[Change], lagged: bool) -> Result<(), FirmwareError> {
        let Some(fleet) = &mut self.fleet else { return Ok(()) };
        if lagged {
            self.fleet = None;
            return Ok(());
        }
        for change in batch {
            if let Some(member) = fleet.get_mut(&change.vehicle) {
                member.seen_ms = member.seen_ms.max(change.at_ms);
            }
        }
        let has = |change: &&Change, kind| change.kinds.contains(&kind);
        let moved = batch.iter().filter(|c| has(c, ChangeKind::Update) || has(c, ChangeKind::UpdateAsked));
        let mut devices: Vec<_> = moved.map(|change| change.vehicle.clone()).collect();
        devices.sort();
        devices.dedup();
        if devices.is_empty() {
            return Ok(());
        }
        let updates = self.reload(&devices).await?;
        for change in batch.iter().filter(|change| has(change, ChangeKind::UpdateAsked)) {
            let asked = updates.get(&change.vehicle).and_then(|update| update.offered);
            if let Some(offered) = asked
                && let Phase::Receiving(have) = offered.phase
                && let Some((board, version)) = self.running.get(&offered.rollout)
            {
                self.transfer.ask(&change.vehicle, Ask { board: board.clone(), version: *version, have });
            }
        }
        Ok(())
    }

    async fn reload(&mut self, devices: &[DeviceId]) -> Result<HashMap<DeviceId, DeviceUpdate>, FirmwareError> {
        let mut updates = HashMap::new();
        for vehicle in self.firmware.service.vehicles(devices).await? {
            let (device, member) = Member::of(vehicle);
            updates.insert(device.clone(), member.update.clone());
            if let Some(fleet) = &mut self.fleet {
                fleet.insert(device, member);
            }
        }
        Ok(updates)
    }

    async fn load(&self) -> Result<HashMap<DeviceId, Member>, FirmwareError> {
        let mut fleet = HashMap::new();
        let mut after: Option<QueueCursor> = None;
        loop {
            let entries = self.firmware.service.queue(after.take(), PAGE).await?;
            let devices: Vec<_> = entries.iter().map(|entry| entry.device.clone()).collect();
            fleet.extend(self.firmware.service.vehicles(&devices).await?.into_iter().map(Member::of));
            match entries.last() {
                Some(last) if entries.len() == PAGE => {
                    after = Some(QueueCursor { urgency: last.urgency, device: last.device.clone() });
                }
                _ => return Ok(fleet),
            }
        }
    }

    /// Sends what was asked for, as far as the budget goes.
    async fn serve(&mut self) -> Result<(), FirmwareError> {
        while let Some((device, ask)) = self.transfer.next() {
            let (image, bytes) = self.image(&ask.board, ask.version).await?;
            let run = self.transfer.run(image, &bytes, ask.have);
            ChunksSent { chunks: run.len() }.emit();
            for message in run {
                self.firmware.service.send_once(&device, message);
            }
        }
        Ok(())
    }

    async fn image(&mut self, board: &str, version: Version) -> Result<Image, FirmwareError> {
        let key = (board.to_owned(), version);
        if let Some(image) = self.images.get(&key) {
            return Ok(image.clone());
        }
        let manifest = self.firmware.image(board, version).await?.manifest()?;
        let image = (manifest.image(), Arc::new(self.firmware.bytes(board, version).await?));
        self.images.insert(key, image.clone());
        Ok(image)
    }
}

/// A window of a vehicle's own day, in minutes of the UTC day as its zone stands now.
fn in_utc(window: LocalWindow, zone: &TimeZone, now_ms: u64) -> Window {
    let now = i64::try_from(now_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    let offset_minutes = zone.to_offset(now).seconds() / 60;
    let from = (i32::from(window.from_minute) - offset_minutes).rem_euclid(1440);
    Window { from_minute: u16::try_from(from).unwrap_or(0), minutes: window.minutes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_at_the_same_hour_of_the_vehicles_day_in_summer_and_winter() {
        let window = LocalWindow { from_minute: 60, minutes: 240 };
        // 2026-01-15 and 2026-07-15, 12:00 UTC.
        let (winter_ms, summer_ms) = (1_768_478_400_000, 1_784_116_800_000);
        for (zone, now_ms, from_minute) in [
            ("Europe/Berlin", winter_ms, 0),
            ("Europe/Berlin", summer_ms, 1380),
            ("America/New_York", winter_ms, 360),
            ("America/New_York", summer_ms, 300),
            ("no/zone", winter_ms, 60),
        ] {
            let expected = Window { from_minute, minutes: 240 };
            assert_eq!(in_utc(window, &super::zone(zone), now_ms), expected, "{zone} {now_ms}");
        }
    }
}
