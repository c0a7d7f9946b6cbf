//! The row by which the committer tells the planner that a vehicle's notices have to be looked at.
//!
//! It is stored in the commit that changes the notices, and taken away in the commit that holds what was planned.
//! Invariant: it is taken away only in the version in which it was read, so that no change in between is missed.

use milepost_protocol::DeviceId;

use crate::domain::ChangeKind;
use crate::store::{DocKey, DocWrite, Expected, NOTICE_OUTBOX};

/// The row of one vehicle.
pub(crate) fn mark(device: &DeviceId) -> DocWrite {
    DocWrite { key: DocKey::new(NOTICE_OUTBOX, device.as_str()), expected: Expected::Any, value: Some(Vec::new()) }
}

/// Whether a change may lead to a delivery, or take one back.
pub(crate) fn concerns(kind: ChangeKind) -> bool {
    match kind {
        ChangeKind::NoticeRaised(_)
        | ChangeKind::NoticeChanged(_)
        | ChangeKind::Consent
        | ChangeKind::Profile
        | ChangeKind::Access => true,
        ChangeKind::State
        | ChangeKind::Plan
        | ChangeKind::Update
        | ChangeKind::Configuration
        | ChangeKind::UpdateAsked
        | ChangeKind::Care => false,
    }
}
