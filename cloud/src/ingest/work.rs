//! What the committer is given, and how it answers.

use bytes::Bytes;
use milepost_engine::offers::Arm;
use milepost_engine::offers::regroup::Because;
use milepost_engine::offers::segments::Segment;
use milepost_protocol::DeviceId;
use tokio::sync::oneshot;

use crate::domain::{Actor, Intent, IntentError, Outcome};
use crate::store::DocWrite;

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// It is on stable storage, or it was there before, or it is set aside for good: the device may be acknowledged.
    Committed,
    /// The disk has too little room: the device keeps it and tries again later.
    Full,
    /// The store failed: the device keeps it and tries again later.
    Failed,
}

/// One piece of work for the committer.
#[derive(Debug)]
pub enum Work {
    /// An envelope as it came from a device's connection.
    Envelope {
        /// The device, from its connection alone.
        device: DeviceId,
        /// The envelope.
        bytes: Bytes,
        /// Told after the commit.
        ack: oneshot::Sender<Ack>,
    },
    /// A person's wish.
    Intent {
        /// The vehicle.
        device: DeviceId,
        /// The wish.
        intent: Box<Intent>,
        /// Documents that are written in the same commit, if they are all as expected.
        docs: Vec<DocWrite>,
        /// Whose.
        by: Actor,
        /// Told after the commit.
        reply: oneshot::Sender<Result<Outcome, IntentError>>,
    },
    /// A device acknowledged a message.
    Delivered {
        /// The device.
        device: DeviceId,
        /// The message's number.
        number: u64,
    },
    /// A person stops arms of offers, or lets them go on.
    StopArms {
        /// Which.
        arms: Vec<Arm>,
        /// Whether they are stopped.
        stopped: bool,
        /// Told after the commit.
        done: oneshot::Sender<()>,
    },
    /// The policy tells owners apart by other segments from now on.
    Regroup {
        /// Which.
        segments: Vec<Segment>,
        /// Why it may.
        because: Because,
        /// Documents that are written in the same commit, if they are all as expected.
        docs: Vec<DocWrite>,
        /// Told after the commit.
        done: oneshot::Sender<()>,
    },
    /// Timers may be due.
    Tick {
        /// Told when everything that was due is committed.
        done: oneshot::Sender<()>,
    },
    /// Everything before this is the last.
    Close {
        /// Told when it is committed.
        done: oneshot::Sender<()>,
    },
}

impl Work {
    /// The documents that are to be written with it.
    pub(super) fn docs(&self) -> &[DocWrite] {
        match self {
            Self::Intent { docs, .. } | Self::Regroup { docs, .. } => docs,
            _ => &[],
        }
    }
}
