//! What subscribers hear after a commit.

use milepost_protocol::{DeviceId, NoticeId};

/// A vehicle's committed state moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The vehicle.
    pub vehicle: DeviceId,
    /// Its revision after the commit; it only rises.
    pub revision: u64,
    /// When it was committed, by the service's clock, in milliseconds of Unix time.
    pub at_ms: u64,
    /// What happened, in order.
    pub kinds: Vec<ChangeKind>,
}

/// One thing that happened to a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// New records were folded into the state.
    State,
    /// A notice was raised.
    NoticeRaised(NoticeId),
    /// A notice was seen or changed its state.
    NoticeChanged(NoticeId),
    /// The maintenance plan changed: a completion, an undo, an anchor.
    Plan,
    /// The consent changed.
    Consent,
    /// The profile or the owner changed.
    Profile,
    /// Who else may see the vehicle changed.
    Access,
    /// The device's firmware, or an update of it, moved on.
    Update,
    /// The device's settings were decided, answered or reported.
    Configuration,
    /// The device asks for bytes of an image.
    UpdateAsked,
    /// The workshop's people noted something about it; its own state is as it was.
    Care,
}
