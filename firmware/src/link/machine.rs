//! The link's states and what moves it between them, without any I/O: times go in, steps come out.
//!
//! ```text
//! Offline ──retry time──► Connecting ──CONNACK + SUBACK──► CatchingUp ──nothing waits──► Live
//!    ▲                        │                                │  ▲                       │
//!    └──────── loss, refusal, watchdog ◄───────────────────────┴──┴── something waits ◄───┘
//! ```
//! Invariant: while connected, either nothing is under way or a watchdog deadline stands.

use core::fmt;

use super::backoff::Backoff;

/// How patient the link is; all times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// The bound of the first wait after a loss.
    pub retry_base_ms: u32,
    /// The bound that later waits never pass.
    pub retry_cap_ms: u32,
    /// The bound of the first wait after the identity was refused.
    pub refused_base_ms: u32,
    /// The bound that later waits after refusals never pass.
    pub refused_cap_ms: u32,
    /// From the first attempt to connect until SUBACK.
    pub connect_timeout_ms: u32,
    /// Without any PUBACK while publishes are under way.
    pub puback_timeout_ms: u32,
    /// Without any receipt while records wait for one.
    pub receipt_timeout_ms: u32,
    /// How many closings before CONNACK in a row count as a refused identity.
    pub early_closes: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retry_base_ms: 1_000,
            retry_cap_ms: 120_000,
            refused_base_ms: 120_000,
            refused_cap_ms: 3_600_000,
            connect_timeout_ms: 20_000,
            puback_timeout_ms: 30_000,
            receipt_timeout_ms: 60_000,
            early_closes: 3,
        }
    }
}

impl Policy {
    /// For many cars in one process that runs for minutes.
    pub fn fleet() -> Self {
        Self {
            retry_base_ms: 200,
            retry_cap_ms: 3_000,
            refused_base_ms: 5_000,
            refused_cap_ms: 30_000,
            puback_timeout_ms: 15_000,
            receipt_timeout_ms: 15_000,
            early_closes: 8,
            ..Self::default()
        }
    }
}

/// Where the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waiting for the next attempt.
    Offline {
        /// When it is, in milliseconds of the link's clock.
        retry_at_ms: u64,
    },
    /// From the attempt until SUBACK.
    Connecting {
        /// When the attempt began, likewise.
        since_ms: u64,
    },
    /// Connected; older records are still on their way.
    CatchingUp,
    /// Connected; everything that there was has a receipt.
    Live,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nobody answers at the address.
    Unreachable,
    /// The server's certificate is not one that this device trusts, or the server did not prove that it holds the key.
    Untrusted,
    /// The connection opened and closed again before CONNACK.
    ClosedEarly,
    /// The server refuses this device's certificate, client id or topics.
    Refused,
    /// An established connection broke.
    Broken,
    /// The watchdog abandoned it.
    Stuck(Stuck),
}

/// What the watchdog waited for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// CONNACK and SUBACK.
    Connect,
    /// The acknowledgement of a publish.
    Puback,
    /// The cloud's receipt.
    Receipt,
}

impl Loss {
    /// What `Display` writes, in two pieces, for an image without formatting.
    pub fn words(self) -> [&'static str; 2] {
        let whole = match self {
            Self::Unreachable => "the cloud is unreachable",
            Self::Untrusted => "the server's certificate is not trusted",
            Self::ClosedEarly => "the connection closed before it was accepted",
            Self::Refused => "the identity is refused",
            Self::Broken => "the connection broke",
            Self::Stuck(stuck) => return ["the connection made no progress: ", stuck.text()],
        };
        [whole, ""]
    }
}

impl Stuck {
    /// What it waited for, in words.
    fn text(self) -> &'static str {
        match self {
            Self::Connect => "no connection in time",
            Self::Puback => "no PUBACK in time",
            Self::Receipt => "no receipt in time",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().into_iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What the owner of the machine has to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Open a connection.
    Connect,
    /// Throw the connection away and report the loss through [`Machine::lost`].
    Abandon(Stuck),
}

/// The state machine.
#[derive(Debug)]
pub struct Machine {
    policy: Policy,
    state: State,
    retries: Backoff,
    refusals: Backoff,
    early_closes: u32,
    under_way: u16,
    acknowledged_at_ms: u64,
    receipt_due_since_ms: Option<u64>,
}

impl Machine {
    /// A machine that is offline and may connect at once.
    pub fn new(policy: Policy, seed: u64, now_ms: u64) -> Self {
        Self {
            policy,
            state: State::Offline { retry_at_ms: now_ms },
            retries: Backoff::new(seed),
            refusals: Backoff::new(seed ^ 0x9E37_79B9_7F4A_7C15),
            early_closes: 0,
            under_way: 0,
            acknowledged_at_ms: now_ms,
            receipt_due_since_ms: None,
        }
    }

    /// Where the link stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether publishes may leave.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::CatchingUp | State::Live)
    }

    /// How many publishes have no PUBACK yet.
    pub fn under_way(&self) -> u16 {
        self.under_way
    }

    /// When [`Machine::step`] has something to do if nothing happens before.
    pub fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Offline { retry_at_ms } => Some(retry_at_ms),
            State::Connecting { since_ms } => Some(after(since_ms, self.policy.connect_timeout_ms)),
            State::CatchingUp | State::Live => {
                let receipt_ms =
                    self.receipt_due_since_ms.map(|since_ms| after(since_ms, self.policy.receipt_timeout_ms));
                match (self.puback_due_ms(), receipt_ms) {
                    (Some(puback_ms), Some(receipt_ms)) => Some(puback_ms.min(receipt_ms)),
                    (puback_ms, receipt_ms) => puback_ms.or(receipt_ms),
                }
            }
        }
    }

    fn puback_due_ms(&self) -> Option<u64> {
        (self.under_way > 0).then(|| after(self.acknowledged_at_ms, self.policy.puback_timeout_ms))
    }

    /// What is due at `now_ms`. A returned [`Step::Connect`] has moved the machine to `Connecting`.
    pub fn step(&mut self, now_ms: u64) -> Option<Step> {
        if now_ms < self.deadline()? {
            return None;
        }
        match self.state {
            State::Offline { .. } => {
                self.state = State::Connecting { since_ms: now_ms };
                Some(Step::Connect)
            }
            State::Connecting { .. } => Some(Step::Abandon(Stuck::Connect)),
            State::CatchingUp | State::Live => {
                let puback = self.puback_due_ms().is_some_and(|due_ms| now_ms >= due_ms);
                Some(Step::Abandon(if puback { Stuck::Puback } else { Stuck::Receipt }))
            }
        }
    }

    /// The broker granted the subscription; the session stands.
    pub fn subscribed(&mut self, now_ms: u64) {
        self.state = State::CatchingUp;
        self.under_way = 0;
        self.acknowledged_at_ms = now_ms;
        self.receipt_due_since_ms = None;
        self.early_closes = 0;
        self.refusals.reset();
    }

    /// A publish was handed to the connection.
    pub fn published(&mut self, now_ms: u64) {
        if self.under_way == 0 {
            self.acknowledged_at_ms = now_ms;
        }
        self.under_way = self.under_way.saturating_add(1);
    }

    /// A publish was acknowledged. Only this proves that the connection is of use, so only now the back-off starts afresh.
    pub fn acknowledged(&mut self, now_ms: u64) {
        self.under_way = self.under_way.saturating_sub(1);
        self.acknowledged_at_ms = now_ms;
        self.retries.reset();
    }

    /// Whether sent records wait for a receipt; the host tells it after each change.
    pub fn awaiting_receipt(&mut self, now_ms: u64, awaiting: bool) {
        match (awaiting, self.receipt_due_since_ms) {
            (true, None) => self.receipt_due_since_ms = Some(now_ms),
            (false, _) => self.receipt_due_since_ms = None,
            (true, Some(_)) => {}
        }
        match (self.state, awaiting) {
            (State::CatchingUp, false) => self.state = State::Live,
            (State::Live, true) => self.state = State::CatchingUp,
            _ => {}
        }
    }

    /// A receipt arrived.
    pub fn receipt(&mut self, now_ms: u64) {
        self.retries.reset();
        if self.receipt_due_since_ms.is_some() {
            self.receipt_due_since_ms = Some(now_ms);
        }
    }

    /// The device starts anew: there is no connection, and the next attempt is at `at_ms`.
    pub fn restart(&mut self, at_ms: u64) {
        self.state = State::Offline { retry_at_ms: at_ms };
        self.under_way = 0;
        self.receipt_due_since_ms = None;
    }

    /// There is no connection any more; sets when to try again.
    pub fn lost(&mut self, now_ms: u64, loss: Loss) {
        self.early_closes = match loss {
            Loss::ClosedEarly => self.early_closes.saturating_add(1),
            _ => 0,
        };
        let refused = match loss {
            Loss::Refused => true,
            Loss::ClosedEarly => self.early_closes >= self.policy.early_closes,
            _ => false,
        };
        let wait_ms = if refused {
            // Never at once: a refused device that hammers the front door costs every other device a handshake.
            let half_ms = self.policy.refused_base_ms / 2;
            half_ms.saturating_add(self.refusals.next(self.policy.refused_base_ms, self.policy.refused_cap_ms))
        } else {
            self.retries.next(self.policy.retry_base_ms, self.policy.retry_cap_ms)
        };
        self.state = State::Offline { retry_at_ms: after(now_ms, wait_ms) };
        self.under_way = 0;
        self.receipt_due_since_ms = None;
    }
}

/// So long after a moment.
fn after(at_ms: u64, wait_ms: u32) -> u64 {
    at_ms.saturating_add(wait_ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> u64 {
        seconds * 1000
    }

    fn connected() -> Machine {
        let mut machine = Machine::new(Policy::default(), 1, s(0));
        assert_eq!(machine.step(s(0)), Some(Step::Connect));
        machine.subscribed(s(1));
        machine
    }

    #[test]
    fn a_new_link_connects_at_once_and_catches_up_before_it_is_live() {
        let mut machine = connected();
        assert_eq!(machine.state(), State::CatchingUp);
        machine.published(s(1));
        machine.awaiting_receipt(s(1), true);
        assert_eq!(machine.state(), State::CatchingUp);
        machine.acknowledged(s(2));
        machine.receipt(s(2));
        machine.awaiting_receipt(s(2), false);
        assert_eq!(machine.state(), State::Live);
        assert_eq!(machine.deadline(), None, "an idle link has nothing to watch");
        machine.awaiting_receipt(s(3), true);
        assert_eq!(machine.state(), State::CatchingUp);
    }

    #[test]
    fn a_connection_that_never_answers_is_abandoned() {
        let mut machine = Machine::new(Policy::default(), 1, s(0));
        assert_eq!(machine.step(s(0)), Some(Step::Connect));
        assert_eq!(machine.step(s(19)), None);
        assert_eq!(machine.step(s(20)), Some(Step::Abandon(Stuck::Connect)));
    }

    #[test]
    fn a_publish_without_puback_trips_the_watchdog_from_its_own_time_on() {
        let mut machine = connected();
        machine.published(s(100));
        assert_eq!(machine.step(s(129)), None);
        assert_eq!(machine.step(s(130)), Some(Step::Abandon(Stuck::Puback)));
    }

    #[test]
    fn each_puback_buys_the_others_under_way_more_time() {
        let mut machine = connected();
        machine.published(s(100));
        machine.published(s(100));
        machine.acknowledged(s(120));
        assert_eq!(machine.step(s(149)), None);
        assert_eq!(machine.step(s(150)), Some(Step::Abandon(Stuck::Puback)));
    }

    #[test]
    fn pubacks_without_receipts_trip_the_watchdog_too() {
        let mut machine = connected();
        machine.published(s(10));
        machine.awaiting_receipt(s(10), true);
        machine.acknowledged(s(11));
        machine.awaiting_receipt(s(50), true);
        assert_eq!(machine.step(s(69)), None);
        assert_eq!(machine.step(s(70)), Some(Step::Abandon(Stuck::Receipt)));
        machine.receipt(s(70));
        assert_eq!(machine.step(s(71)), None, "a receipt is progress");
    }

    #[test]
    fn a_loss_forgets_what_was_under_way_and_waits_before_the_next_attempt() {
        let mut machine = connected();
        machine.published(s(10));
        machine.lost(s(11), Loss::Broken);
        assert_eq!(machine.under_way(), 0);
        assert!(matches!(machine.state(), State::Offline { retry_at_ms } if retry_at_ms <= s(12)));
    }

    #[test]
    fn a_refused_identity_waits_long_and_so_do_repeated_closings_before_connack() {
        let policy = Policy::default();
        let long = u64::from(policy.refused_base_ms / 2);
        let waited = |machine: &Machine, now| match machine.state() {
            State::Offline { retry_at_ms } => retry_at_ms.saturating_sub(now),
            other => panic!("{other:?}"),
        };

        let mut machine = connected();
        machine.lost(s(5), Loss::Refused);
        assert!(waited(&machine, s(5)) >= long);

        let mut machine = connected();
        for _ in 1..policy.early_closes {
            machine.lost(s(5), Loss::ClosedEarly);
            assert!(waited(&machine, s(5)) < long, "a server that is being restarted does this too");
        }
        machine.lost(s(5), Loss::ClosedEarly);
        assert!(waited(&machine, s(5)) >= long);
    }

    #[test]
    fn only_progress_resets_the_back_off() {
        let bound = |machine: &mut Machine| {
            (0..64)
                .map(|_| {
                    machine.lost(s(0), Loss::Broken);
                    machine.subscribed(s(0));
                    machine.lost(s(0), Loss::Broken);
                    match machine.state() {
                        State::Offline { retry_at_ms } => retry_at_ms,
                        other => panic!("{other:?}"),
                    }
                })
                .max()
                .unwrap()
        };
        let mut flapping = connected();
        assert!(bound(&mut flapping) > s(60), "sessions that carry nothing do not reset it");
        flapping.subscribed(s(0));
        flapping.published(s(0));
        flapping.acknowledged(s(0));
        flapping.lost(s(0), Loss::Broken);
        assert!(matches!(flapping.state(), State::Offline { retry_at_ms } if retry_at_ms <= s(1)));
    }
}
