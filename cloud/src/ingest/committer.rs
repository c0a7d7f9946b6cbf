//! The one writer of vehicles.

use milepost_protocol::DeviceId;
use tokio::sync::{mpsc, oneshot};

use super::Work;
use crate::domain::{Actor, Intent, IntentError, Outcome};

/// A handle on the committer task; clones share it.
#[derive(Debug, Clone)]
pub struct Committer {
    work: mpsc::Sender<Work>,
}

impl Committer {
    /// Has an intent carried out; durable on `Ok`.
    pub async fn intent(&self, device: DeviceId, intent: Intent, by: Actor) -> Result<Outcome, IntentError> {
        let (reply, answer) = oneshot::channel();
        let work = Work::Intent { device, intent, by, reply };
        self.work.send(work).await.map_err(|_| IntentError::Stopping)?;
        answer.await.map_err(|_| IntentError::Stopping)?
    }
}
