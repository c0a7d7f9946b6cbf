//! One look at a rollout and its fleet: who is offered the image now, what is withdrawn, and whether the state moves.
//!
//! Invariant: a look changes nothing by itself, and the same look twice asks for the same things.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use milepost_protocol::update::Refusal;
use serde::{Deserialize, Serialize};

use super::device::{DeviceUpdate, Phase};
use super::gates::{Baseline, Failure, judge};
use super::waves::{PauseReason, Rollout, State, StopReason};

/// A device of the rollout's board.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// Its place in the rollout's order, from 0 to 1: a keyed hash of its id and the rollout.
    pub position: f64,
    /// Whether it is connected.
    pub connected: bool,
    /// When it was last heard of, in milliseconds of Unix time.
    pub seen_ms: u64,
    /// What is known of its firmware.
    pub update: &'a DeviceUpdate,
}

/// How one device stands in a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It runs this version or a newer one by other ways and is no part of the rollout.
    Elsewhere,
    /// It was not offered the image yet.
    Waiting,
    /// It is on its way.
    UnderWay,
    /// It is confirmed and watched.
    Soaking,
    /// It is confirmed and does well.
    Healthy,
    /// It does not move, or cannot be reached.
    Stuck,
    /// It failed.
    Failed(Failure),
    /// It was withdrawn.
    Withdrawn,
}

/// How many devices of a wave stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Devices of the wave and those before it.
    pub members: u32,
    /// Not offered yet.
    pub waiting: u32,
    /// On their way.
    pub under_way: u32,
    /// Confirmed and watched.
    pub soaking: u32,
    /// Confirmed and well.
    pub healthy: u32,
    /// Not moving.
    pub stuck: u32,
    /// Failed.
    pub failed: u32,
    /// Withdrawn.
    pub withdrawn: u32,
}

/// What a look leads to; numbers are places in the fleet that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The state from now on.
    pub state: State,
    /// Who is offered the image.
    pub offers: Vec<usize>,
    /// From whom it is withdrawn.
    pub withdrawals: Vec<usize>,
    /// The wave as it stands.
    pub tally: Tally,
}

/// Looks at a rollout. `fleet` is every device of its board.
pub fn step(rollout: &Rollout, fleet: &[Observed<'_>], now_ms: u64) -> Step {
    let mut order: Vec<(f64, usize, Standing)> = Vec::with_capacity(fleet.len());
    let control = control(rollout, fleet);
    for (index, observed) in fleet.iter().enumerate() {
        let mut standing = standing(rollout, observed.update, control, now_ms);
        let unheard_ms = now_ms.saturating_sub(observed.seen_ms);
        if standing == Standing::Waiting && !observed.connected && unheard_ms >= rollout.settings.stuck_after_ms {
            // A car that nobody can reach holds a wave up no longer than one that does not move.
            standing = Standing::Stuck;
        }
        if standing != Standing::Elsewhere {
            order.push((observed.position, index, standing));
        }
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let wave = rollout.state.wave();
    let size = wave.map_or(0, |wave| wave.size(order.len(), rollout.settings.canaries));
    let members = order.get(..size).unwrap_or_default();
    let tally = tally(members);
    let mut step = Step { state: rollout.state, offers: Vec::new(), withdrawals: Vec::new(), tally };
    match rollout.state {
        State::Running { wave, accepts_stuck, .. } => {
            if let Some((failure, of)) = failing(rollout, members) {
                let reason = StopReason::Gate { failure, failed: tally.failed, of };
                step.state = State::Stopped { wave: Some(wave), at_ms: now_ms, reason };
                step.withdrawals = withdrawable(rollout, fleet);
                return step;
            }
            let open = tally.waiting + tally.under_way + tally.soaking;
            if open == 0 && tally.members > 0 {
                let allowed = f64::from(tally.members) * rollout.settings.gates.max_stuck_share;
                if !accepts_stuck && f64::from(tally.stuck) > allowed {
                    let reason = PauseReason::Stuck { stuck: tally.stuck, of: tally.members };
                    step.state = State::Paused { wave, since_ms: now_ms, reason };
                } else {
                    step.state = match wave.next() {
                        Some(wave) => State::Running { wave, since_ms: now_ms, accepts_stuck: false },
                        None => State::Done { at_ms: now_ms },
                    };
                }
                return step;
            }
            let room = rollout.settings.max_active.saturating_sub(tally.under_way as usize);
            let ready = |(_, index, standing): &&(f64, usize, Standing)| {
                let can =
                    |observed: &Observed<'_>| observed.connected && observed.update.can_be_offered(rollout.id, now_ms);
                *standing == Standing::Waiting && fleet.get(*index).is_some_and(can)
            };
            step.offers = members.iter().filter(ready).take(room).map(|(_, index, _)| *index).collect();
        }
        State::Stopped { .. } => step.withdrawals = withdrawable(rollout, fleet),
        State::Draft | State::Paused { .. } | State::Done { .. } => {}
    }
    step
}

/// How a device stands.
pub fn standing(rollout: &Rollout, update: &DeviceUpdate, control: Baseline, now_ms: u64) -> Standing {
    let Some(offered) = update.offered.filter(|offered| offered.rollout == rollout.id) else {
        let there = update.version().is_some_and(|version| version >= rollout.version);
        return if there { Standing::Elsewhere } else { Standing::Waiting };
    };
    let stuck = now_ms.saturating_sub(offered.moved_ms) >= rollout.settings.stuck_after_ms;
    match offered.phase {
        Phase::Refused(Refusal::OnTrial) => Standing::Waiting,
        Phase::Refused(refusal) => Standing::Failed(refusal.into()),
        Phase::Reverted(reason) => Standing::Failed(reason.into()),
        Phase::Withdrawn => Standing::Withdrawn,
        Phase::Confirmed => {
            let after = update.running.filter(|running| running.version == offered.version);
            let before = update.previous.filter(|previous| previous.version != offered.version);
            let baseline = Baseline::mean(before.iter()).or(control);
            let failure = after.and_then(|after| judge(&rollout.settings.gates, &after, baseline));
            match (failure, after) {
                (Some(failure), _) => Standing::Failed(failure),
                (None, Some(_)) if now_ms.saturating_sub(offered.moved_ms) >= rollout.settings.soak_ms => {
                    Standing::Healthy
                }
                (None, None) if stuck => Standing::Stuck,
                _ => Standing::Soaking,
            }
        }
        _ if stuck => Standing::Stuck,
        _ => Standing::UnderWay,
    }
}

/// The figures of the devices that were not updated yet.
fn control(rollout: &Rollout, fleet: &[Observed<'_>]) -> Baseline {
    let untouched = fleet.iter().filter(|observed| {
        observed.update.version().is_some_and(|version| version < rollout.version)
            && observed.update.offered.is_none_or(|offered| offered.rollout != rollout.id)
    });
    Baseline::mean(untouched.filter_map(|observed| observed.update.running.as_ref()))
}

fn tally(members: &[(f64, usize, Standing)]) -> Tally {
    let mut tally = Tally { members: members.len() as u32, ..Tally::default() };
    for (_, _, standing) in members {
        let count = match standing {
            Standing::Elsewhere => continue,
            Standing::Waiting => &mut tally.waiting,
            Standing::UnderWay => &mut tally.under_way,
            Standing::Soaking => &mut tally.soaking,
            Standing::Healthy => &mut tally.healthy,
            Standing::Stuck => &mut tally.stuck,
            Standing::Failed(_) => &mut tally.failed,
            Standing::Withdrawn => &mut tally.withdrawn,
        };
        *count += 1;
    }
    tally
}

/// The commonest failure and the wave's size, if more devices failed than may.
fn failing(rollout: &Rollout, members: &[(f64, usize, Standing)]) -> Option<(Failure, u32)> {
    let mut failures: BTreeMap<Failure, u32> = BTreeMap::new();
    for (_, _, standing) in members {
        if let Standing::Failed(failure) = standing {
            *failures.entry(*failure).or_default() += 1;
        }
    }
    let failed: u32 = failures.values().sum();
    let allowed = members.len() as f64 * rollout.settings.gates.max_failed_share;
    let commonest = failures.into_iter().max_by_key(|(_, count)| *count)?.0;
    // At least one whole device has to fail, and more than the share allows.
    (f64::from(failed) > allowed).then_some((commonest, members.len() as u32))
}

fn withdrawable(rollout: &Rollout, fleet: &[Observed<'_>]) -> Vec<usize> {
    let can = |observed: &Observed<'_>| {
        observed.update.offered.is_some_and(|offered| {
            offered.rollout == rollout.id && !offered.withdrawn && offered.phase.is_withdrawable()
        })
    };
    fleet.iter().enumerate().filter(|(_, observed)| can(observed)).map(|(index, _)| index).collect()
}
