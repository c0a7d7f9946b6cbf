//! When to ask whether the broker still lives, and when to give it up.
//!
//! Invariant: between silence and one of both lies a bounded time.

/// What CONNECT promises: never to be silent for longer, in seconds.
pub(super) const PROMISED_S: u16 = 60;

/// How long we are silent before we ask, in milliseconds.
const ASK_AFTER_MS: u64 = 45_000;

/// How long an answer may take, in milliseconds.
const ANSWER_WITHIN_MS: u64 = 15_000;

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
    /// When we last spoke, in milliseconds of the link's clock.
    spoken_ms: u64,
    /// Whether that was a question without an answer so far.
    has_asked: bool,
}

impl KeepAlive {
    pub(super) const fn new() -> Self {
        Self { spoken_ms: 0, has_asked: false }
    }

    /// A connection begins.
    pub(super) fn begin(&mut self, now_ms: u64) {
        *self = Self { spoken_ms: now_ms, has_asked: false };
    }

    /// Something of ours leaves; an answer is awaited no longer for that.
    pub(super) fn spoke(&mut self, now_ms: u64) {
        if !self.has_asked {
            self.spoken_ms = now_ms;
        }
    }

    /// The broker has answered.
    pub(super) fn answered(&mut self) {
        self.has_asked = false;
    }

    /// When [`KeepAlive::step`] has something to do.
    pub(super) fn deadline(&self) -> u64 {
        self.spoken_ms.saturating_add(if self.has_asked { ANSWER_WITHIN_MS } else { ASK_AFTER_MS })
    }

    pub(super) fn step(&mut self, now_ms: u64) -> Due {
        match self.has_asked {
            _ if now_ms < self.deadline() => Due::Nothing,
            true => Due::GiveUp,
            false => {
                *self = Self { spoken_ms: now_ms, has_asked: true };
                Due::Ask
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> u64 {
        seconds * 1000
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
