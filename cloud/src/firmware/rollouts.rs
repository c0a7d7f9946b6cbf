//! Rollouts in the store, and what people may ask of them.
//!
//! Invariant: every change of a rollout names who made it, and two changes at once never overwrite each other.

use milepost_engine::rollout::{Rollout, Settings, State, Tally};
use milepost_protocol::update::Version;
use serde::{Deserialize, Serialize};

use super::{Firmware, FirmwareError};
use crate::domain::AccountId;
use crate::events::RolloutMoved;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};

const ROLLOUTS: Collection = Collection("rollout");

/// The most rollouts that are listed.
const MAX_ROLLOUTS: usize = 10_000;

/// How often a change is tried when others change the same rollout.
const TRIES: usize = 8;

/// The most entries of a rollout's history; the oldest leave first.
const MAX_HISTORY: usize = 200;

/// One thing that was done to a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Who; the service itself if absent.
    pub by: Option<AccountId>,
    /// What: `created`, `approved`, `paused`, `resumed`, `stopped`, or the state that the service moved it to.
    pub what: String,
}

/// A rollout as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutDoc {
    /// The rollout.
    pub rollout: Rollout,
    /// Who made it.
    pub created_by: AccountId,
    /// The wave as it stood last.
    #[serde(default)]
    pub tally: Tally,
    /// What was done, oldest first.
    pub history: Vec<Entry>,
}

impl RolloutDoc {
    /// Adds an entry.
    pub(super) fn note(&mut self, at_ms: u64, by: Option<AccountId>, what: &str) {
        let excess = (self.history.len() + 1).saturating_sub(MAX_HISTORY);
        self.history.drain(..excess);
        self.history.push(Entry { at_ms, by, what: what.to_owned() });
    }
}

fn key_of(id: u32) -> DocKey {
    DocKey::new(ROLLOUTS, format!("{id:010}"))
}

fn check(settings: &Settings) -> Result<(), FirmwareError> {
    let gates = &settings.gates;
    let share = |share: f64| (0.0..1.0).contains(&share);
    if !share(gates.max_failed_share) || !share(gates.max_stuck_share) {
        return Err(FirmwareError::Setting("a share must be at least 0 and below 1"));
    }
    let factors = [gates.reconnect_factor, gates.backlog_factor, gates.current_factor];
    let slacks = [gates.reconnect_slack_ms, gates.backlog_slack, gates.current_slack_ma];
    if !factors.iter().all(|factor| *factor >= 1.0) || !slacks.iter().all(|slack| *slack >= 0.0) {
        return Err(FirmwareError::Setting("a factor must be at least 1 and a slack at least 0"));
    }
    if settings.canaries == 0 || settings.max_active == 0 || settings.stuck_after_ms == 0 {
        return Err(FirmwareError::Setting("canaries, max_active and stuck_after must be above 0"));
    }
    if settings.window.is_some_and(|window| window.from_minute >= 1440 || !(1..=1440).contains(&window.minutes)) {
        return Err(FirmwareError::Setting("the window must begin within a day and last at most one"));
    }
    Ok(())
}

impl Firmware {
    /// Makes a rollout of a published image; it waits for two approvals.
    pub async fn draft(
        &self,
        board: &str,
        version: Version,
        settings: Settings,
        by: AccountId,
    ) -> Result<RolloutDoc, FirmwareError> {
        check(&settings)?;
        self.image(board, version).await?;
        let now_ms = self.service.clock().now_ms();
        for _ in 0..TRIES {
            let id = self.rollouts().await?.last().map_or(1, |last| last.rollout.id + 1);
            let board = board.to_owned();
            let rollout = Rollout { id, board, version, settings, approvals: Vec::new(), state: State::Draft };
            let mut doc = RolloutDoc { rollout, created_by: by.clone(), tally: Tally::default(), history: Vec::new() };
            doc.note(now_ms, Some(by.clone()), "created");
            match self.put(&doc, Expected::Absent).await {
                Err(FirmwareError::Store(StoreError::Conflict { .. })) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    RolloutMoved { rollout: id, state: State::Draft, by: Some(&by) }.emit();
                    return Ok(doc);
                }
            }
        }
        Err(StoreError::Conflict { what: "rollouts".to_owned() }.into())
    }

    /// One rollout.
    pub async fn rollout(&self, id: u32) -> Result<RolloutDoc, FirmwareError> {
        Ok(self.versioned(id).await?.1)
    }

    /// All rollouts, by number.
    pub async fn rollouts(&self) -> Result<Vec<RolloutDoc>, FirmwareError> {
        self.service
            .docs(ROLLOUTS, "", None, MAX_ROLLOUTS)
            .await?
            .iter()
            .map(|(_, doc)| Ok(doc.read("rollout")?))
            .collect()
    }

    /// Takes one person's approval.
    pub async fn approve(&self, id: u32, by: &AccountId) -> Result<RolloutDoc, FirmwareError> {
        self.ask(id, by, "approved", |rollout, now_ms| rollout.approve(by.as_str(), now_ms)).await
    }

    /// Pauses a running rollout.
    pub async fn pause(&self, id: u32, by: &AccountId) -> Result<RolloutDoc, FirmwareError> {
        self.ask(id, by, "paused", Rollout::pause).await
    }

    /// Lets a paused rollout go on.
    pub async fn resume(&self, id: u32, by: &AccountId) -> Result<RolloutDoc, FirmwareError> {
        self.ask(id, by, "resumed", Rollout::resume).await
    }

    /// Ends a rollout for ever.
    pub async fn stop(&self, id: u32, by: &AccountId) -> Result<RolloutDoc, FirmwareError> {
        self.ask(id, by, "stopped", Rollout::stop).await
    }

    async fn ask(
        &self,
        id: u32,
        by: &AccountId,
        what: &str,
        change: impl Fn(&mut Rollout, u64) -> Result<(), milepost_engine::rollout::ApproveError>,
    ) -> Result<RolloutDoc, FirmwareError> {
        let doc = self
            .update(id, |doc, now_ms| {
                change(&mut doc.rollout, now_ms)?;
                doc.note(now_ms, Some(by.clone()), what);
                Ok(())
            })
            .await?;
        RolloutMoved { rollout: id, state: doc.rollout.state, by: Some(by) }.emit();
        Ok(doc)
    }

    /// Changes a rollout as it stands now; tried again while others change it too.
    pub(super) async fn update(
        &self,
        id: u32,
        change: impl Fn(&mut RolloutDoc, u64) -> Result<(), FirmwareError>,
    ) -> Result<RolloutDoc, FirmwareError> {
        let now_ms = self.service.clock().now_ms();
        for _ in 0..TRIES {
            let (version, mut doc) = self.versioned(id).await?;
            change(&mut doc, now_ms)?;
            match self.put(&doc, Expected::Version(version)).await {
                Err(FirmwareError::Store(StoreError::Conflict { .. })) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(doc),
            }
        }
        Err(StoreError::Conflict { what: format!("rollout {id}") }.into())
    }

    async fn versioned(&self, id: u32) -> Result<(u64, RolloutDoc), FirmwareError> {
        let doc = self.service.doc(&key_of(id)).await?.ok_or(FirmwareError::UnknownRollout)?;
        Ok((doc.version, doc.read("rollout")?))
    }

    async fn put(&self, doc: &RolloutDoc, expected: Expected) -> Result<(), FirmwareError> {
        let write = DocWrite::json("rollout", key_of(doc.rollout.id), expected, doc)?;
        Ok(self.service.put_docs(vec![write]).await?)
    }
}
