//! One request and its answer: how long to wait, and for whom.
//!
//! Invariant: one request is outstanding at a time, and every exchange ends, in an answer, a refusal or silence.

use super::{NegativeCode, Response};

/// How long a control unit gets, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For its first answer (P2).
    pub answer_ms: u64,
    /// After each request for patience (P2*).
    pub pending_ms: u64,
    /// For everything, however often it asks for patience.
    pub whole_ms: u64,
}

impl Default for Patience {
    /// The standard's 50 ms and 5 s, the first with room for gateways.
    fn default() -> Self {
        Self { answer_ms: 150, pending_ms: 5_000, whole_ms: 30_000 }
    }
}

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The answer is still to come.
    Waiting,
    /// The payload is the answer.
    Answered,
    /// It was refused.
    Refused(NegativeCode),
    /// Nothing came in time.
    Late,
}

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    service: u8,
    patience: Patience,
    deadline_ms: u64,
    end_ms: u64,
}

impl Exchange {
    /// A request has left; `None` if it is empty.
    pub fn begin(now_ms: u64, request: &[u8], patience: Patience) -> Option<Self> {
        Some(Self {
            service: *request.first()?,
            patience,
            deadline_ms: now_ms.saturating_add(patience.answer_ms),
            end_ms: now_ms.saturating_add(patience.whole_ms),
        })
    }

    /// Takes a payload of the control unit that was asked; what answers another request is passed over.
    pub fn heard(&mut self, now_ms: u64, payload: &[u8]) -> Progress {
        if self.poll(now_ms) == Progress::Late {
            return Progress::Late;
        }
        match Response::parse(payload) {
            Response::Negative { service, code: NegativeCode::PENDING } if service == self.service => {
                self.deadline_ms = now_ms.saturating_add(self.patience.pending_ms).min(self.end_ms);
                Progress::Waiting
            }
            Response::Negative { service, code } if service == self.service => Progress::Refused(code),
            _ if payload.first() == Some(&self.service.wrapping_add(0x40)) => Progress::Answered,
            _ => Progress::Waiting,
        }
    }

    /// Whether the time is over.
    pub fn poll(&self, now_ms: u64) -> Progress {
        if now_ms > self.deadline_ms { Progress::Late } else { Progress::Waiting }
    }
}

/// Keeps a session other than the default one: control units leave it after 5 s without a request (S3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionKeeper {
    next_ms: Option<u64>,
}

impl SessionKeeper {
    const EVERY_MS: u64 = 2_000;

    /// An answer says which session it is.
    pub fn session(&mut self, now_ms: u64, session: u8) {
        self.next_ms = (session != 1).then(|| now_ms.saturating_add(Self::EVERY_MS));
    }

    /// A request has left, which keeps the session as well.
    pub fn asked(&mut self, now_ms: u64) {
        if let Some(next_ms) = &mut self.next_ms {
            *next_ms = now_ms.saturating_add(Self::EVERY_MS);
        }
    }

    /// Whether a request to keep the session is due.
    pub fn is_due(&self, now_ms: u64) -> bool {
        self.next_ms.is_some_and(|next_ms| now_ms >= next_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Exchange {
        Exchange::begin(0, &[0x19, 0x02, 0xFF], Patience::default()).unwrap()
    }

    #[test]
    fn an_answer_or_a_refusal_to_this_request_ends_it_and_nothing_else_does() {
        assert_eq!(asked().heard(10, &[0x59, 0x02, 0xFF]), Progress::Answered);
        assert_eq!(asked().heard(10, &[0x7F, 0x19, 0x31]), Progress::Refused(NegativeCode(0x31)));
        assert_eq!(asked().heard(10, &[0x7F, 0x22, 0x31]), Progress::Waiting);
        assert_eq!(asked().heard(10, &[0x62, 1, 2, 3]), Progress::Waiting);
        assert_eq!(asked().poll(151), Progress::Late);
        assert_eq!(Exchange::begin(0, &[], Patience::default()), None);
    }

    #[test]
    fn a_request_for_patience_gets_it_but_not_for_ever() {
        let mut exchange = asked();
        let mut now_ms = 0;
        while now_ms < 30_000 {
            assert_eq!(exchange.heard(now_ms, &[0x7F, 0x19, 0x78]), Progress::Waiting);
            now_ms += if now_ms == 0 { 100 } else { 4_900 };
            if now_ms > 30_000 {
                break;
            }
            assert_eq!(exchange.poll(now_ms), Progress::Waiting, "{now_ms}");
        }
        assert_eq!(exchange.poll(30_001), Progress::Late);
    }

    #[test]
    fn a_session_is_kept_only_while_there_is_one() {
        let mut keeper = SessionKeeper::default();
        assert!(!keeper.is_due(100_000));
        keeper.session(0, 3);
        assert!(!keeper.is_due(1_999) && keeper.is_due(2_000));
        keeper.asked(2_000);
        assert!(!keeper.is_due(3_999));
        keeper.session(4_000, 1);
        assert!(!keeper.is_due(100_000));
    }
}
