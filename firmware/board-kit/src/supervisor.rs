//! Whether every task still lives, so that the watchdog is fed only then.
//!
//! Invariant: a task that does not beat for longer than its bound stops the feeding for ever; only a reset begins anew.

use core::sync::atomic::{AtomicU32, Ordering};

/// A task that has to beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The task that owns the core.
    Core,
    /// The task of the link.
    Link,
}

impl Member {
    /// What a log calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Link => "link",
        }
    }
}

/// The longest silence of the core's task, in seconds; it waits for flash, never for the network.
const CORE_BOUND_S: u32 = 20;

/// The longest silence of the link's task; its own watchdogs act long before.
const LINK_BOUND_S: u32 = 120;

/// The beats of all tasks.
#[derive(Debug, Default)]
pub struct Supervisor {
    core_s: AtomicU32,
    link_s: AtomicU32,
}

impl Supervisor {
    /// Every task has beaten at zero.
    pub const fn new() -> Self {
        Self { core_s: AtomicU32::new(0), link_s: AtomicU32::new(0) }
    }

    /// A task lives, `uptime_s` seconds after the start.
    pub fn beat(&self, member: Member, uptime_s: u32) {
        self.cell(member).store(uptime_s, Ordering::Relaxed);
    }

    /// The first task that was silent for too long.
    pub fn silent(&self, uptime_s: u32) -> Option<Member> {
        [(Member::Core, CORE_BOUND_S), (Member::Link, LINK_BOUND_S)].into_iter().find_map(|(member, bound_s)| {
            let since_s = uptime_s.saturating_sub(self.cell(member).load(Ordering::Relaxed));
            (since_s > bound_s).then_some(member)
        })
    }

    fn cell(&self, member: Member) -> &AtomicU32 {
        match member {
            Member::Core => &self.core_s,
            Member::Link => &self.link_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_has_a_bound_of_its_own() {
        let supervisor = Supervisor::new();
        assert_eq!(supervisor.silent(CORE_BOUND_S), None);
        assert_eq!(supervisor.silent(CORE_BOUND_S + 1), Some(Member::Core));
        supervisor.beat(Member::Core, LINK_BOUND_S);
        assert_eq!(supervisor.silent(LINK_BOUND_S + 1), Some(Member::Link));
        supervisor.beat(Member::Link, LINK_BOUND_S);
        assert_eq!(supervisor.silent(LINK_BOUND_S + 1), None);
    }
}
