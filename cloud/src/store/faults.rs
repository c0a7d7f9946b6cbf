//! What tests do to a store: hold its commits back, or make them fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::watch;

use super::StoreError;

/// Switches that a test shares with a [`super::MemoryStore`].
#[derive(Debug, Clone)]
pub struct Faults {
    held: Arc<watch::Sender<bool>>,
    waiting: Arc<watch::Sender<u32>>,
    fail_next: Arc<AtomicU32>,
    full: Arc<AtomicBool>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            held: Arc::new(watch::Sender::new(false)),
            waiting: Arc::new(watch::Sender::new(0)),
            fail_next: Arc::default(),
            full: Arc::default(),
        }
    }
}

impl Faults {
    /// From now on commits wait.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets the waiting commits go on, and later ones pass.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Comes back once a commit is waiting.
    pub async fn commit_waits(&self) {
        let mut waiting = self.waiting.subscribe();
        if waiting.wait_for(|count| *count > 0).await.is_err() {
            unreachable!("the sender lives in self");
        }
    }

    /// Makes the next `count` commits fail, with nothing applied.
    pub fn fail_next(&self, count: u32) {
        self.fail_next.store(count, Ordering::SeqCst);
    }

    /// Pretends that the disk is full, or has room again.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    pub(super) fn room(&self) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full { free_bytes: 0, reserve_bytes: 1 });
        }
        Ok(())
    }

    pub(super) async fn before_commit(&self, frees: bool) -> Result<(), StoreError> {
        let mut held = self.held.subscribe();
        if *held.borrow() {
            self.waiting.send_modify(|count| *count += 1);
            let released = held.wait_for(|held| !held).await.is_ok();
            self.waiting.send_modify(|count| *count -= 1);
            if !released {
                return Err(StoreError::Stopped);
            }
        }
        if !frees {
            self.room()?;
        }
        let failed =
            self.fail_next.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if failed { Err(StoreError::Injected) } else { Ok(()) }
    }
}
