//! A rollout: its settings, who approved it, and where it stands.
//!
//! Invariant: it runs only after two different people have approved it, and `Stopped` and `Done` are final.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::update::Version;
use serde::{Deserialize, Serialize};

use super::gates::{Failure, Gates};

/// How many different people must approve.
const APPROVALS: usize = 2;

/// The waves, in order; each holds the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// A handful.
    Canary,
    /// A tenth of the fleet.
    Tenth,
    /// Half of it.
    Half,
    /// All of it.
    All,
}

impl Wave {
    /// The wave after this one.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Canary => Some(Self::Tenth),
            Self::Tenth => Some(Self::Half),
            Self::Half => Some(Self::All),
            Self::All => None,
        }
    }

    /// The name, for counters and people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Tenth => "10 %",
            Self::Half => "50 %",
            Self::All => "100 %",
        }
    }

    /// How many of `fleet` devices the wave reaches, the waves before it included.
    pub fn size(self, fleet: usize, canaries: usize) -> usize {
        let canaries = canaries.max(1);
        let share = match self {
            Self::Canary => 0,
            Self::Tenth => fleet.div_ceil(10),
            Self::Half => fleet.div_ceil(2),
            Self::All => fleet,
        };
        share.max(canaries).min(fleet)
    }
}

/// A window of the vehicle's own day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalWindow {
    /// The minute of the local day at which it opens.
    pub from_minute: u16,
    /// For how many minutes.
    pub minutes: u16,
}

/// How a rollout goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How many devices the first wave has.
    pub canaries: usize,
    /// How long a confirmed device is watched before it counts as well, in milliseconds.
    pub soak_ms: u64,
    /// Without any movement for this long a device is stuck, in milliseconds.
    pub stuck_after_ms: u64,
    /// How many devices may be on their way at once.
    pub max_active: usize,
    /// When devices may restart; at any time when parked without it.
    pub window: Option<LocalWindow>,
    /// The limits.
    pub gates: Gates,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            canaries: 5,
            soak_ms: 24 * 3_600_000,
            stuck_after_ms: 7 * 86_400_000,
            max_active: 500,
            window: Some(LocalWindow { from_minute: 60, minutes: 240 }),
            gates: Gates::default(),
        }
    }
}

/// Why a rollout waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Somebody asked for it.
    Asked,
    /// Too many devices are stuck.
    Stuck {
        /// How many.
        stuck: u32,
        /// Of how many in the wave.
        of: u32,
    },
}

/// Why a rollout has ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Somebody asked for it.
    Asked,
    /// Too many devices failed.
    Gate {
        /// The commonest reason.
        failure: Failure,
        /// How many failed.
        failed: u32,
        /// Of how many in the wave.
        of: u32,
    },
}

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its approvals.
    Draft,
    /// A wave is under way.
    Running {
        /// Which.
        wave: Wave,
        /// Since when, in milliseconds of Unix time.
        since_ms: u64,
        /// Whether a person has accepted that devices of this wave are stuck.
        accepts_stuck: bool,
    },
    /// It waits for a person.
    Paused {
        /// In which wave.
        wave: Wave,
        /// Since when, in milliseconds of Unix time.
        since_ms: u64,
        /// Why.
        reason: PauseReason,
    },
    /// It ended early; what was not installed yet is withdrawn.
    Stopped {
        /// In which wave; none if it had not begun.
        wave: Option<Wave>,
        /// When, in milliseconds of Unix time.
        at_ms: u64,
        /// Why.
        reason: StopReason,
    },
    /// It reached everybody whom it could reach.
    Done {
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
}

impl State {
    /// Whether nothing more comes of it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::Done { .. })
    }

    /// The wave that is or was under way.
    pub fn wave(self) -> Option<Wave> {
        match self {
            Self::Draft => None,
            Self::Running { wave, .. } | Self::Paused { wave, .. } => Some(wave),
            Self::Stopped { wave, .. } => wave,
            Self::Done { .. } => Some(Wave::All),
        }
    }

    /// The name, for counters and people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running { .. } => "running",
            Self::Paused { .. } => "paused",
            Self::Stopped { .. } => "stopped",
            Self::Done { .. } => "done",
        }
    }
}

/// One image on its way to one kind of board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// Its number.
    pub id: u32,
    /// The board.
    pub board: String,
    /// The version.
    pub version: Version,
    /// How it goes.
    pub settings: Settings,
    /// Who approved it, each once.
    #[serde(default)]
    pub approvals: Vec<String>,
    /// Where it stands.
    pub state: State,
}

/// Why an approval or a wish was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApproveError {
    /// This person has approved it already; another one is needed.
    SamePerson,
    /// It does not stand where this could be asked of it.
    State,
}

impl core::fmt::Display for ApproveError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::SamePerson => "a second person has to approve",
            Self::State => "the rollout does not stand where this could be asked of it",
        })
    }
}

impl core::error::Error for ApproveError {}

impl Rollout {
    /// Takes one person's approval; the second different one starts it.
    pub fn approve(&mut self, person: &str, now_ms: u64) -> Result<(), ApproveError> {
        if self.state != State::Draft {
            return Err(ApproveError::State);
        }
        if self.approvals.iter().any(|approved| approved == person) {
            return Err(ApproveError::SamePerson);
        }
        self.approvals.push(String::from(person));
        if self.approvals.len() >= APPROVALS {
            self.state = State::Running { wave: Wave::Canary, since_ms: now_ms, accepts_stuck: false };
        }
        Ok(())
    }

    /// Offers nobody anything until it is resumed.
    pub fn pause(&mut self, now_ms: u64) -> Result<(), ApproveError> {
        let State::Running { wave, .. } = self.state else { return Err(ApproveError::State) };
        self.state = State::Paused { wave, since_ms: now_ms, reason: PauseReason::Asked };
        Ok(())
    }

    /// Goes on with the wave it paused in; devices that were the reason are accepted as stuck.
    pub fn resume(&mut self, now_ms: u64) -> Result<(), ApproveError> {
        let State::Paused { wave, reason, .. } = self.state else { return Err(ApproveError::State) };
        let accepts_stuck = matches!(reason, PauseReason::Stuck { .. });
        self.state = State::Running { wave, since_ms: now_ms, accepts_stuck };
        Ok(())
    }

    /// Ends it for ever.
    pub fn stop(&mut self, now_ms: u64) -> Result<(), ApproveError> {
        if self.state.is_final() {
            return Err(ApproveError::State);
        }
        self.state = State::Stopped { wave: self.state.wave(), at_ms: now_ms, reason: StopReason::Asked };
        Ok(())
    }
}
