//! A notice as the service keeps it: one id, one state, every surface, its whole history.
//!
//! Invariant: a final state never changes, and the same answer twice is the same as once.
//! Nothing is seen or changes before the notice was raised, and its history never goes back in time, whichever clocks told it.

use milepost_engine::journey::Message;
use milepost_engine::service_book::notice_rests_until;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Actions, Answer, NoticeKind, NoticeState, Reason, Surface};
use milepost_protocol::plan::{ItemId, Level, SafetyClass};
use serde::{Deserialize, Serialize};

use super::{Actor, Made, Moment, ProgrammeStep, Recall};

/// What a notice speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A service item that reached a level.
    Reminder {
        /// The item.
        item: ItemId,
        /// The cycle of the item.
        cycle: u32,
        /// The level.
        level: Level,
    },
    /// An offer.
    Offer {
        /// The offer's number in the engine's catalogue.
        offer: u16,
        /// The how-manieth presentation to this vehicle.
        serial: u32,
    },
    /// A safety recall.
    Recall {
        /// The how-manieth to this vehicle.
        serial: u32,
    },
    /// A piece of information.
    Information {
        /// The how-manieth to this vehicle.
        serial: u32,
    },
    /// A step of a programme.
    Programme {
        /// What it tells.
        message: Message,
        /// The how-manieth piece of information to this vehicle.
        serial: u32,
    },
}

impl Subject {
    /// The id that follows from the subject.
    pub fn id(self) -> NoticeId {
        match self {
            Self::Reminder { item, cycle, level } => NoticeId::reminder(item, cycle, level),
            Self::Offer { offer, serial } => NoticeId::offer(offer, serial),
            Self::Recall { serial } | Self::Information { serial } | Self::Programme { serial, .. } => {
                NoticeId::information(serial)
            }
        }
    }

    /// The service item of a reminder.
    pub fn item(self) -> Option<ItemId> {
        match self {
            Self::Reminder { item, .. } => Some(item),
            Self::Offer { .. } | Self::Recall { .. } | Self::Information { .. } | Self::Programme { .. } => None,
        }
    }

    /// The level of a reminder.
    pub fn level(self) -> Option<Level> {
        match self {
            Self::Reminder { level, .. } => Some(level),
            Self::Offer { .. } | Self::Recall { .. } | Self::Information { .. } | Self::Programme { .. } => None,
        }
    }

    /// The kind on the wire.
    pub fn kind(self) -> NoticeKind {
        match self {
            Self::Reminder { .. } => NoticeKind::Reminder,
            Self::Offer { .. } => NoticeKind::Offer,
            Self::Recall { .. } | Self::Information { .. } | Self::Programme { .. } => NoticeKind::Information,
        }
    }
}

/// A notice was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where, for the first time.
    pub on: Surface,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// A notice changed its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: Actor,
    /// The state before.
    pub from: NoticeState,
    /// The state after.
    pub to: NoticeState,
}

/// One notice of one vehicle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeDoc {
    /// What it speaks of; its id follows from it.
    pub subject: Subject,
    /// Its precedence.
    pub safety: SafetyClass,
    /// What the owner can answer.
    pub actions: Actions,
    raised_ms: u64,
    raised_by: Actor,
    /// When it stops being of use.
    #[serde(default)]
    pub expires_ms: Option<u64>,
    /// Why, the one that came first first.
    pub reasons: Vec<Reason>,
    state: NoticeState,
    /// Whether the car knows it too.
    #[serde(default)]
    pub in_car: bool,
    #[serde(default)]
    seen: Vec<Seen>,
    #[serde(default)]
    history: Vec<Transition>,
    /// The stored decision that chose it, for an offer.
    #[serde(default)]
    pub decision: Option<u64>,
    /// What a recall is about.
    #[serde(default)]
    pub recall: Option<Recall>,
    /// Which step of a programme it is.
    #[serde(default)]
    pub programme: Option<ProgrammeStep>,
    /// What of the catalogue it tells, for an offer or advice.
    #[serde(default)]
    pub made: Option<Made>,
}

impl NoticeDoc {
    /// A notice that `by` raises; what invites answers, expires or is in the car is set on it.
    pub fn raised(subject: Subject, safety: SafetyClass, reasons: Vec<Reason>, at: Moment, by: Actor) -> Self {
        Self {
            subject,
            safety,
            actions: Actions::default(),
            raised_ms: at.ms(),
            in_car: by == Actor::Car,
            raised_by: by,
            expires_ms: None,
            reasons,
            state: NoticeState::Raised,
            seen: Vec::new(),
            history: Vec::new(),
            decision: None,
            recall: None,
            programme: None,
            made: None,
        }
    }

    /// The notice's identity.
    pub fn id(&self) -> NoticeId {
        self.subject.id()
    }

    /// How urgent the car's display draws it: a reminder's level; a recall is due, and overdue if the agency says not to drive.
    pub fn level_in_car(&self) -> Option<Level> {
        match (&self.recall, self.subject) {
            (Some(recall), _) if recall.do_not_drive => Some(Level::Overdue),
            (_, Subject::Recall { .. }) => Some(Level::Due),
            (_, subject) => subject.level(),
        }
    }

    /// When it was raised, in milliseconds of Unix time: the earlier moment, if the car and the service both did.
    pub fn raised_ms(&self) -> u64 {
        self.raised_ms
    }

    /// Who raised it first: the car from its own plan, or the service.
    pub fn raised_by(&self) -> &Actor {
        &self.raised_by
    }

    /// The state on every surface.
    pub fn state(&self) -> NoticeState {
        self.state
    }

    /// Where it was seen, each surface once.
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Every change of state, oldest first.
    pub fn history(&self) -> &[Transition] {
        &self.history
    }

    /// How often it was answered, by anybody and in any way.
    pub fn answers(&self) -> usize {
        let is_answer = |step: &&Transition| {
            use NoticeState::{Booked, Done, Refused, Snoozed};
            matches!(step.to, Snoozed { .. } | Booked | Done | Refused)
        };
        self.history.iter().filter(is_answer).count()
    }

    /// Notes that the car raised it too; answers whether that was the first raise.
    pub fn raised_in_car(&mut self, at: Moment) -> bool {
        self.in_car = true;
        let first = at.ms() < self.raised_ms;
        if first {
            self.raised_ms = at.ms();
            self.raised_by = Actor::Car;
        }
        first
    }

    /// Notes that a surface showed it; answers whether that was news.
    pub fn mark_seen(&mut self, on: Surface, at: Moment, by: &Actor) -> bool {
        if self.was_seen(on) {
            return false;
        }
        self.seen.push(Seen { on, at_ms: at.not_before(self.raised_ms).ms() });
        if self.state == NoticeState::Raised {
            let at_ms = self.after_all(at).ms();
            self.transit(NoticeState::Shown { on, at_ms }, at, by);
        }
        true
    }

    /// Whether a surface has shown it.
    pub fn was_seen(&self, on: Surface) -> bool {
        self.seen.iter().any(|seen| seen.on == on)
    }

    /// Whether the car's display has shown it.
    pub fn was_shown_in_car(&self) -> bool {
        self.was_seen(Surface::Car)
    }

    /// Whether a person has answered it, on any surface.
    pub fn was_answered(&self) -> bool {
        let is_answer =
            |state| !matches!(state, NoticeState::Raised | NoticeState::Shown { .. } | NoticeState::Expired);
        self.history.iter().any(|step| step.by != Actor::System && is_answer(step.to))
    }

    /// Applies an answer; answers whether the state changed.
    ///
    /// A final notice keeps its state, and so does one that already has the state that the answer leads to.
    pub fn answer(&mut self, answer: Answer, at: Moment, by: &Actor) -> bool {
        let to = match answer {
            Answer::Snooze { days } => {
                NoticeState::Snoozed { until_ms: notice_rests_until(self.safety, self.after_all(at).ms(), days) }
            }
            Answer::Book => NoticeState::Booked,
            Answer::Done => NoticeState::Done,
            Answer::Refuse => NoticeState::Refused,
        };
        self.transit(to, at, by)
    }

    /// Puts the notice off until a moment that was granted; answers whether the state changed.
    pub fn snooze(&mut self, until_ms: u64, at: Moment, by: &Actor) -> bool {
        self.transit(NoticeState::Snoozed { until_ms }, at, by)
    }

    /// Ends the notice because time, a later level or a completion overtook it; answers whether the state changed.
    pub fn expire(&mut self, at: Moment, by: &Actor) -> bool {
        self.transit(NoticeState::Expired, at, by)
    }

    /// Brings a snoozed notice back when its time has come; answers whether the state changed.
    pub fn wake(&mut self, now_ms: u64) -> bool {
        match self.state {
            NoticeState::Snoozed { until_ms } if now_ms >= until_ms => {
                self.transit(NoticeState::Raised, Moment::now(now_ms), &Actor::System)
            }
            _ => false,
        }
    }

    /// When the notice changes by itself next: the end of its snooze or of its use.
    pub fn next_timer_ms(&self) -> Option<u64> {
        if self.state.is_final() {
            return None;
        }
        let wake = match self.state {
            NoticeState::Snoozed { until_ms } => Some(until_ms),
            _ => None,
        };
        wake.into_iter().chain(self.expires_ms).min()
    }

    /// Takes a final state back to open, for an undone completion; answers whether the state changed.
    pub fn reopen(&mut self, at: Moment, by: &Actor) -> bool {
        if self.state != NoticeState::Done {
            return false;
        }
        self.enter(NoticeState::Raised, at, by);
        true
    }

    /// Takes an appointment back, so that the notice asks again; answers whether the state changed.
    pub fn unbook(&mut self, at: Moment, by: &Actor) -> bool {
        self.state == NoticeState::Booked && self.transit(NoticeState::Raised, at, by)
    }

    fn transit(&mut self, to: NoticeState, at: Moment, by: &Actor) -> bool {
        if self.state.is_final() || self.state == to {
            return false;
        }
        self.enter(to, at, by);
        true
    }

    fn enter(&mut self, to: NoticeState, at: Moment, by: &Actor) {
        let at_ms = self.after_all(at).ms();
        let from = std::mem::replace(&mut self.state, to);
        self.history.push(Transition { at_ms, by: by.clone(), from, to });
    }

    /// The moment, or that of the last thing that became of the notice if a clock that lags put it before that.
    pub(crate) fn after_all(&self, at: Moment) -> Moment {
        at.not_before(self.history.last().map_or(self.raised_ms, |last| last.at_ms))
    }
}
