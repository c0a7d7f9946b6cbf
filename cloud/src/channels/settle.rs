//! What an attempt makes of a delivery.
//!
//! Invariant: a message whose outcome is unknown keeps its idempotency key; one that was certainly not taken may travel in other company.

use milepost_engine::channels::Backoff;
use milepost_engine::experiments::{Key, draw};

use super::{Delivery, SendError, State, Why};

/// An attempt begins.
pub(super) fn begun(delivery: &Delivery, message: &str, now_ms: u64) -> Delivery {
    Delivery {
        state: State::Queued { due_ms: now_ms },
        attempts: delivery.attempts.saturating_add(1),
        first_attempt_ms: delivery.first_attempt_ms.or(Some(now_ms)),
        message: Some(message.to_owned()),
        ..delivery.clone()
    }
}

/// An attempt has ended.
pub(super) fn ended(
    delivery: &Delivery,
    outcome: &Result<(), SendError>,
    backoff: Backoff,
    draws: &Key,
    now_ms: u64,
) -> Delivery {
    let Err(error) = outcome else {
        return Delivery { state: State::Sent { at_ms: now_ms }, error: None, ..delivery.clone() };
    };
    let again = || {
        let age_ms = now_ms.saturating_sub(delivery.first_attempt_ms.unwrap_or(now_ms));
        let drawn = draw(draws, &format!("{} {}", delivery.key, delivery.attempts));
        match backoff.wait_ms(delivery.attempts, age_ms, drawn) {
            Some(wait_ms) => State::Failed { next_ms: now_ms.saturating_add(wait_ms) },
            None => State::Dead { at_ms: now_ms },
        }
    };
    let (state, message) = match error {
        SendError::Gone => (State::Withdrawn { at_ms: now_ms, why: Why::Gone }, delivery.message.clone()),
        SendError::Refused(_) => (State::Dead { at_ms: now_ms }, delivery.message.clone()),
        SendError::NotTaken(_) => (again(), None),
        SendError::Unknown(_) => (again(), delivery.message.clone()),
    };
    Delivery { state, message, error: Some(error.to_string()), ..delivery.clone() }
}

/// A member of staff takes a dead delivery up again.
pub(super) fn revived(delivery: &Delivery, now_ms: u64) -> Option<Delivery> {
    matches!(delivery.state, State::Dead { .. }).then(|| Delivery {
        state: State::Queued { due_ms: now_ms },
        first_attempt_ms: None,
        attempts: 0,
        ..delivery.clone()
    })
}
