//! Which notices are to be told now.
//!
//! Invariant: the answer holds no key that was told to this owner before, for a cycle that begins where it began then, and
//! none while the item rests or nobody is there to be told.

use alloc::vec::Vec;

use milepost_protocol::NoticeId;
use milepost_protocol::plan::{ItemId, Level};
use serde::{Deserialize, Serialize};

use super::book::Book;
use crate::maintenance::Usage;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The item.
    pub item: ItemId,
    /// The cycle.
    pub cycle: u32,
    /// The level.
    pub level: Level,
}

impl Key {
    /// The notice's id, as car and cloud name it alike.
    pub fn notice(self) -> NoticeId {
        NoticeId::reminder(self.item, self.cycle, self.level)
    }
}

/// A notice that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Told {
    /// What it was about.
    pub key: Key,
    /// When its cycle had begun, in milliseconds of Unix time: a record that is added later may give the same cycle another number.
    pub cycle_began_ms: u64,
    /// The owner to whom it was told, see [`super::Followed::owner`].
    pub owner: u32,
}

/// The notices of at least `least` that are to be told now.
///
/// A level that was leapt over is not told afterwards: the highest one speaks for all below it.
pub fn to_tell(book: &Book, usage: &Usage, now_ms: u64, least: Level, told: &[Told]) -> Vec<Told> {
    if book.followed.sold {
        return Vec::new();
    }
    let owner = book.followed.owner;
    book.items
        .values()
        .filter_map(|state| {
            let found = state.assess(usage, now_ms)?;
            if found.level == Level::Scheduled
                || found.level < least
                || state.rests_until(found.level, now_ms).is_some()
            {
                return None;
            }
            let key = Key { item: found.item, cycle: found.cycle, level: found.level };
            let cycle_began_ms = state.planned.anchor.at_ms;
            let was_told = told.iter().filter(|told| told.owner == owner && told.key.item == key.item).any(|told| {
                let same_cycle = told.key.cycle == key.cycle || told.cycle_began_ms == cycle_began_ms;
                same_cycle && told.key.level >= key.level
            });
            (!was_told).then_some(Told { key, cycle_began_ms, owner })
        })
        .collect()
}
