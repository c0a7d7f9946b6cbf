//! When to ask whether the broker still lives, and when to give it up.
//!
//! Invariant: between silence and one of both lies a bounded time.

use core::time::Duration;

/// What CONNECT promises: never to be silent for longer, in seconds.
pub(super) const PROMISED_S: u16 = 60;

/// How long we are silent before we ask.
const ASK_AFTER: Duration = Duration::from_secs(45);

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ask,
    GiveUp,
}

/// All of it is zero at first, so that no image of it lies in flash.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepAlive {
    /// When we last spoke, on the link's clock.
    spoken: Duration,
    /// Whether that was a question without an answer so far.
    has_asked: bool,
}

impl KeepAlive {
    pub(super) const fn new() -> Self {
        Self { spoken: Duration::ZERO, has_asked: false }
    }

    /// A connection begins.
    pub(super) fn begin(&mut self, now: Duration) {
        *self = Self { spoken: now, has_asked: false };
    }

    /// Something of ours leaves; an answer is awaited no longer for that.
    pub(super) fn spoke(&mut self, now: Duration) {
        if !self.has_asked {
            self.spoken = now;
        }
    }

    /// The broker has answered.
    pub(super) fn answered(&mut self) {
        self.has_asked = false;
    }

    /// When [`KeepAlive::step`] has something to do.
    pub(super) fn deadline(&self) -> Duration {
        self.spoken.saturating_add(if self.has_asked { ANSWER_WITHIN } else { ASK_AFTER })
    }

    pub(super) fn step(&mut self, now: Duration) -> Due {
        match self.has_asked {
            _ if now < self.deadline() => Due::Nothing,
            true => Due::GiveUp,
            false => {
                *self = Self { spoken: now, has_asked: true };
                Due::Ask
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_is_broken_before_the_promised_time_and_an_answer_is_awaited_for_a_while() {
        let mut keep = KeepAlive::new();
        keep.begin(at(100));
        assert_eq!((keep.deadline(), keep.step(at(144))), (at(145), Due::Nothing));
        keep.spoke(at(120));
        assert_eq!(keep.step(at(164)), Due::Nothing);
        assert_eq!((keep.step(at(165)), keep.deadline()), (Due::Ask, at(180)));
        keep.answered();
        assert_eq!(keep.step(at(209)), Due::Nothing);
        assert_eq!(keep.step(at(210)), Due::Ask);
        assert_eq!((keep.step(at(224)), keep.step(at(225))), (Due::Nothing, Due::GiveUp));
    }
}
