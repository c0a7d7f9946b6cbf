//! Which devices are connected, and how the committer reaches their sessions.
//!
//! Invariant: a device has at most one session; a newer one takes over and the older is told so.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use milepost_protocol::DeviceId;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::Close;
use crate::events::Unsent;

/// How many receipts may wait for one session.
const WAITING_PUSHES: usize = 64;

/// How many envelopes a tap may lag behind.
const TAP_LAG: usize = 1_024;

/// What a session is given from outside.
#[derive(Debug)]
pub enum Push {
    /// Send these bytes once, with quality of service 0.
    Receipt(Bytes),
    /// Send these bytes once, with quality of service 0; the device asks again for what gets lost.
    Chunk(Bytes),
    /// Look into the outbox.
    Wake,
}

/// An envelope after its commit, for taps.
#[derive(Debug, Clone)]
pub(super) struct Tapped {
    pub(super) device: DeviceId,
    pub(super) bytes: Bytes,
}

/// The connected devices; clones share it.
#[derive(Debug, Clone)]
pub struct Registry {
    sessions: Arc<Mutex<Sessions>>,
    taps: broadcast::Sender<Tapped>,
}

#[derive(Debug, Default)]
struct Sessions {
    generation: u64,
    by_device: HashMap<DeviceId, Entry>,
    /// Sessions that no device is reached by: taps and claims. They are here to be ended.
    others: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    generation: u64,
    serial: String,
    pushes: mpsc::Sender<Push>,
    kick: Option<oneshot::Sender<Close>>,
}

impl Entry {
    fn kick(&mut self, why: Close) {
        if let Some(kick) = self.kick.take() {
            // A session that has just ended by itself is no longer listening, and need not.
            let _ = kick.send(why);
        }
    }
}

/// A session's place in the registry; it is given up on drop unless another has taken it.
#[derive(Debug)]
pub(super) struct Attached {
    registry: Registry,
    /// The device that is reached by it, if one is.
    device: Option<DeviceId>,
    generation: u64,
    /// The way back into the session, for work that it has begun itself.
    pub(super) own: mpsc::Sender<Push>,
    pub(super) pushes: mpsc::Receiver<Push>,
    pub(super) kick: oneshot::Receiver<Close>,
}

impl Drop for Attached {
    fn drop(&mut self) {
        let mut sessions = self.registry.lock();
        let Some(device) = &self.device else {
            sessions.others.remove(&self.generation);
            return;
        };
        if sessions.by_device.get(device).is_some_and(|entry| entry.generation == self.generation) {
            sessions.by_device.remove(device);
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self { sessions: Arc::default(), taps: broadcast::Sender::new(TAP_LAG) }
    }
}

impl Registry {
    /// Whether the device has a session now.
    pub fn is_connected(&self, device: &DeviceId) -> bool {
        self.lock().by_device.contains_key(device)
    }

    /// How many sessions there are.
    pub fn count(&self) -> usize {
        self.lock().by_device.len()
    }

    /// Gives a session something to send; a device that is not connected or does not read is counted.
    pub fn push(&self, device: &DeviceId, push: Push) {
        let kind = match &push {
            Push::Receipt(_) => "receipt",
            Push::Chunk(_) => "chunk",
            Push::Wake => "wake",
        };
        let mut sessions = self.lock();
        let reason = match sessions.by_device.get_mut(device) {
            None => "not_connected",
            Some(entry) => match entry.pushes.try_send(push) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Closed(_)) => "not_connected",
                Err(mpsc::error::TrySendError::Full(Push::Chunk(_))) => "queue_full",
                Err(mpsc::error::TrySendError::Full(_)) => {
                    // Without this receipt the device would wait for ever; a new connection makes it send again.
                    entry.kick(Close::SlowReader);
                    "slow_reader"
                }
            },
        };
        drop(sessions);
        if kind != "wake" || reason == "slow_reader" {
            Unsent { device, kind, reason }.emit();
        }
    }

    /// Ends the session of one device, if there is one.
    pub fn kick(&self, device: &DeviceId, why: Close) {
        if let Some(entry) = self.lock().by_device.get_mut(device) {
            entry.kick(why);
        }
    }

    /// Ends the sessions whose certificate is revoked.
    pub fn kick_revoked(&self, serials: &HashSet<String>) {
        let mut sessions = self.lock();
        let Sessions { by_device, others, .. } = &mut *sessions;
        for entry in by_device.values_mut().chain(others.values_mut()) {
            if serials.contains(&entry.serial) {
                entry.kick(Close::Revoked);
            }
        }
    }

    pub(super) fn attach(&self, device: &DeviceId, serial: &str) -> Attached {
        self.enter(Some(device), serial)
    }

    /// A place for a session that no device is reached by.
    pub(super) fn attach_other(&self, serial: &str) -> Attached {
        self.enter(None, serial)
    }

    fn enter(&self, device: Option<&DeviceId>, serial: &str) -> Attached {
        let (push_in, pushes) = mpsc::channel(WAITING_PUSHES);
        let (kick_in, kick) = oneshot::channel();
        let own = push_in.clone();
        let mut sessions = self.lock();
        sessions.generation += 1;
        let generation = sessions.generation;
        let entry = Entry { generation, serial: serial.to_owned(), pushes: push_in, kick: Some(kick_in) };
        let old = match device {
            Some(device) => sessions.by_device.insert(device.clone(), entry),
            None => sessions.others.insert(generation, entry),
        };
        if let Some(mut old) = old {
            old.kick(Close::TakenOver);
        }
        drop(sessions);
        Attached { registry: self.clone(), device: device.cloned(), generation, own, pushes, kick }
    }

    pub(super) fn taps(&self) -> broadcast::Receiver<Tapped> {
        self.taps.subscribe()
    }

    pub(super) fn tap(&self, device: &DeviceId, bytes: &Bytes) {
        if self.taps.receiver_count() > 0 {
            // The last tap may leave between the two calls; then nobody misses it.
            let _ = self.taps.send(Tapped { device: device.clone(), bytes: bytes.clone() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_session_takes_over_and_the_older_cannot_remove_it() {
        let registry = Registry::default();
        let device: DeviceId = "d".parse().unwrap();
        let mut old = registry.attach(&device, "1");
        let _new = registry.attach(&device, "1");
        assert_eq!(old.kick.try_recv(), Ok(Close::TakenOver));
        drop(old);
        assert!(registry.is_connected(&device));
    }

    #[test]
    fn a_session_that_does_not_take_its_receipts_is_ended() {
        let registry = Registry::default();
        let device: DeviceId = "d".parse().unwrap();
        let mut attached = registry.attach(&device, "1");
        for _ in 0..=WAITING_PUSHES {
            registry.push(&device, Push::Receipt(Bytes::new()));
        }
        assert_eq!(attached.kick.try_recv(), Ok(Close::SlowReader));
    }
}
