//! The handle on the one writer of vehicles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use milepost_engine::offers::Arm;
use milepost_engine::offers::regroup::Because;
use milepost_engine::offers::segments::Segment;
use milepost_protocol::DeviceId;
use tokio::sync::{mpsc, oneshot};

use super::{Ack, Work};
use crate::domain::{Actor, Intent, IntentError, Outcome};
use crate::store::DocWrite;

/// How many pieces of work may wait; whoever comes then waits too.
const WAITING_WORK: usize = 4_096;

/// A handle on the committer task; clones share it.
#[derive(Debug, Clone)]
pub struct Committer {
    work: mpsc::Sender<Work>,
    has_room: Arc<AtomicBool>,
}

impl Committer {
    /// A handle, and the end that the task reads.
    pub(super) fn new() -> (Self, mpsc::Receiver<Work>) {
        let (work, queue) = mpsc::channel(WAITING_WORK);
        (Self { work, has_room: Arc::new(AtomicBool::new(true)) }, queue)
    }

    /// Gives an envelope in; `None` if the committer has stopped. The answer comes after the commit.
    ///
    /// This is the one way in for envelopes, whoever carries them.
    pub async fn envelope(&self, device: DeviceId, bytes: Bytes) -> Option<oneshot::Receiver<Ack>> {
        let (ack, answer) = oneshot::channel();
        self.work.send(Work::Envelope { device, bytes, ack }).await.ok()?;
        Some(answer)
    }

    /// Notes that a device has a message for good.
    pub async fn delivered(&self, device: DeviceId, number: u64) {
        // After a stop the message stays in the outbox and goes out once more, which is harmless.
        let _ = self.work.send(Work::Delivered { device, number }).await;
    }

    /// Has an intent carried out; durable on `Ok`.
    pub async fn intent(&self, device: DeviceId, intent: Intent, by: Actor) -> Result<Outcome, IntentError> {
        self.intent_with(device, intent, Vec::new(), by).await
    }

    /// Has one intent carried out and documents written in the same commit; durable on `Ok`.
    ///
    /// [`IntentError::Conflict`] if a document is not as expected, or somebody writes it in the very same commit.
    pub async fn intent_with(
        &self,
        device: DeviceId,
        intent: Intent,
        docs: Vec<DocWrite>,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        let (reply, answer) = oneshot::channel();
        let work = Work::Intent { device, intent: Box::new(intent), docs, by, reply };
        self.work.send(work).await.map_err(|_| IntentError::Stopping)?;
        answer.await.map_err(|_| IntentError::Stopping)?
    }

    /// Stops arms of offers, or lets them go on; comes back when that is committed.
    pub async fn stop_arms(&self, arms: Vec<Arm>, stopped: bool) {
        let (done, answer) = oneshot::channel();
        if self.work.send(Work::StopArms { arms, stopped, done }).await.is_ok() {
            // A committer that stops meanwhile has not taken it, and the book says so.
            let _ = answer.await;
        }
    }

    /// Lets the policy tell owners apart by other segments, with documents in the same commit; comes back when that is committed, or
    /// refused because a document is not as expected.
    pub async fn regroup(&self, segments: Vec<Segment>, because: Because, docs: Vec<DocWrite>) {
        let (done, answer) = oneshot::channel();
        if self.work.send(Work::Regroup { segments, because, docs, done }).await.is_ok() {
            // A committer that stops meanwhile has not taken it, and the book says so.
            let _ = answer.await;
        }
    }

    /// Handles everything whose time has come; comes back when it is committed.
    pub async fn tick(&self) {
        let (done, answer) = oneshot::channel();
        if self.work.send(Work::Tick { done }).await.is_ok() {
            // A committer that stops meanwhile finds what is due at the next start.
            let _ = answer.await;
        }
    }

    /// Commits everything that was given in before, and stops.
    pub async fn close(&self) {
        let (done, answer) = oneshot::channel();
        if self.work.send(Work::Close { done }).await.is_ok() {
            let _ = answer.await;
        }
    }

    /// Whether the last commit found room on the disk.
    pub fn has_room(&self) -> bool {
        self.has_room.load(Ordering::Relaxed)
    }

    pub(super) fn set_room(&self, has_room: bool) {
        self.has_room.store(has_room, Ordering::Relaxed);
    }
}
