//! The service book in the vehicle's document: the plan that was chosen, its items, and every entry that was ever made.
//!
//! Invariant: where an item stands follows from its start and the entries alone, by [`milepost_engine::service_book`]; an
//! entry is never changed by another one, and the number of a cycle never comes to mean another cycle.

use milepost_engine::due::Extra;
use milepost_engine::maintenance::{Completion, UNKNOWN_ODOMETER_M};
use milepost_engine::plans::Choice;
use milepost_engine::service_book::{Book, Car, Event, EventId, Kind, Refusal, Source, Tracked, fold};
use milepost_protocol::NoticeId;
use milepost_protocol::plan::{Anchor, DAY_MS, ItemId, PlanItem, Rule};
use serde::{Deserialize, Serialize};

use super::Actor;

/// Work that belongs to no item of any plan, such as wiper blades; it is kept and changes no rule.
pub const OTHER_WORK: ItemId = ItemId(0);

/// The most entries that a book takes.
pub const MAX_ENTRIES: usize = 2_000;

/// How many cycles of an item keep their numbers.
const MAX_NUMBERS: usize = 200;

/// The plan that a vehicle goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenPlan {
    /// Its file.
    pub file: String,
    /// What people call it.
    pub name: String,
    /// Its version.
    pub version: u32,
}

/// What is written beside an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remarks {
    /// What was done, in the words of whoever wrote it.
    pub title: String,
    /// Anything else.
    pub note: String,
    /// Where it was done.
    pub place: String,
    /// What it cost, in hundredths of the owner's currency.
    pub cost_cents: Option<u64>,
}

/// An entry: what happened, who said so, and what is written beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Who said so.
    pub by: Actor,
    /// What is written beside it; an edit's replaces that of the entry that it edits.
    #[serde(default)]
    pub remarks: Remarks,
    /// The notices that it closed; taking it back opens the last of them again.
    #[serde(default)]
    pub closed: Vec<NoticeId>,
}

/// An item as this vehicle has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BookItem {
    /// The rule that holds now.
    pub rule: Rule,
    /// The present cycle.
    pub anchor: Anchor,
    /// Where its first known cycle began.
    pub start: Anchor,
    /// Whether somebody said so; an assumption gives way to any record, however old.
    #[serde(default)]
    pub told: bool,
    /// What counts beside the rule.
    #[serde(default)]
    pub extra: Extra,
    /// The items whose completion does this one too.
    #[serde(default)]
    pub done_with: Vec<ItemId>,
    /// The item after whose first completion it begins to count.
    #[serde(default)]
    pub after: Option<ItemId>,
    /// The item that it still waits for.
    #[serde(default)]
    pub waits_for: Option<ItemId>,
    /// Whether it applies to this car.
    #[serde(default = "yes")]
    pub applies: bool,
    /// Which schedule holds, and why.
    #[serde(default)]
    pub choice: Choice,
    /// The record that the present cycle began with; none for the first.
    #[serde(default)]
    pub began_with: Option<EventId>,
    #[serde(default)]
    numbers: Vec<(EventId, u32)>,
}

fn yes() -> bool {
    true
}

impl BookItem {
    /// An item that begins at `start`, which somebody `told` or which is assumed.
    pub fn new(rule: Rule, start: Anchor, told: bool) -> Self {
        Self {
            rule,
            anchor: start,
            start,
            told,
            extra: Extra::default(),
            done_with: Vec::new(),
            after: None,
            waits_for: None,
            applies: true,
            choice: Choice::default(),
            began_with: None,
            numbers: Vec::new(),
        }
    }

    /// The rule with the present cycle.
    pub fn planned(&self) -> PlanItem {
        PlanItem { rule: self.rule, anchor: self.anchor }
    }

    /// Whether it can fall due.
    pub fn counts(&self) -> bool {
        self.applies && self.waits_for.is_none()
    }

    fn tracked(&self) -> Tracked {
        let Anchor { cycle, .. } = self.start;
        let unknown = Anchor { cycle, odometer_m: UNKNOWN_ODOMETER_M, ..Anchor::default() };
        let start = if self.told { self.start } else { unknown };
        Tracked { rule: self.rule, start, done_with: self.done_with.clone(), after: self.after }
    }

    /// The number of the cycle that began with a record: the one it always had, or the next that never was.
    fn number(&mut self, began_with: Option<EventId>, first: u32) -> u32 {
        let Some(record) = began_with else { return first };
        if let Some((_, number)) = self.numbers.iter().find(|(known, _)| *known == record) {
            return *number;
        }
        let number = self.numbers.iter().map(|(_, number)| *number).fold(first, u32::max).saturating_add(1);
        self.numbers.push((record, number));
        let excess = self.numbers.len().saturating_sub(MAX_NUMBERS);
        self.numbers.drain(..excess);
        number
    }
}

/// A vehicle's service book.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceBook {
    /// The plan that it goes by; none was chosen yet, or its items were set by hand.
    pub plan: Option<ChosenPlan>,
    /// Whether the items were set by hand, so that no plan replaces them.
    pub by_hand: bool,
    /// The items.
    pub items: Vec<BookItem>,
    /// Items that the plan no longer has, for the day when it has them again.
    pub retired: Vec<BookItem>,
    /// Everything that was ever entered, in the order in which it came.
    pub entries: Vec<Entry>,
    /// The number of the next entry that arises here.
    pub next_entry: u64,
    /// When the rules were last taken from the plan, in milliseconds of Unix time.
    pub planned_ms: u64,
    /// Entries that do not count, and why.
    pub refused: Vec<(EventId, Refusal)>,
    /// Whether the car was sold to somebody who is not with us.
    pub sold: bool,
    /// Since when it has its present owner, in milliseconds of Unix time; 0 from the start.
    pub owned_since_ms: u64,
}

/// Ids that arise here are small and count up; those of imported records follow from what the file says and have this bit.
pub const IMPORTED: u64 = 1 << 52;

/// The bit of the ids of work that a counter in the car shows; item and day follow below, so that a reset has one id whenever it is seen.
const DETECTED: u64 = 1 << 51;

/// The id of the record of an item's work that a counter in the car has shown since a moment (milliseconds of Unix time).
pub fn detected(item: ItemId, at_ms: u64) -> EventId {
    EventId(DETECTED | u64::from(item.0) << 32 | (at_ms / DAY_MS) & u64::from(u32::MAX))
}

impl ServiceBook {
    /// The item with this number.
    pub fn item(&self, item: ItemId) -> Option<&BookItem> {
        self.items.iter().find(|known| known.rule.item == item)
    }

    /// The entry with this id.
    pub fn entry(&self, id: EventId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.event.id == id)
    }

    /// Enters what happened; answers its id.
    pub fn enter(&mut self, at_ms: u64, kind: Kind, by: &Actor, remarks: Remarks) -> EventId {
        let id = EventId(self.next_entry);
        self.next_entry += 1;
        self.entries.push(Entry { event: Event { id, at_ms, kind }, by: by.clone(), remarks, closed: Vec::new() });
        id
    }

    /// The book as the engine derives it.
    pub fn fold(&self, built_ms: u64, now_ms: u64) -> Book {
        let tracked: Vec<_> = self.items.iter().map(BookItem::tracked).collect();
        let events: Vec<_> = self.entries.iter().map(|entry| entry.event).filter(|event| !is_other(event)).collect();
        fold(&tracked, Car { built_ms, now_ms }, &events)
    }

    /// Brings every item to where its entries put it; answers the items whose cycle changed.
    pub fn derive(&mut self, built_ms: u64, now_ms: u64) -> Vec<ItemId> {
        let book = self.fold(built_ms, now_ms);
        self.refused = book.refused;
        self.sold = book.followed.sold;
        self.owned_since_ms = book.followed.since_ms;
        let mut changed = Vec::new();
        for item in &mut self.items {
            let Some(state) = book.items.get(&item.rule.item) else { continue };
            let mut anchor = state.planned.anchor;
            if state.began_with.is_none() && anchor.at_ms == 0 {
                anchor = item.start;
            }
            let first = if state.began_with.is_some() { item.start.cycle } else { anchor.cycle };
            anchor.cycle = item.number(state.began_with, first);
            item.applies = state.applies;
            item.waits_for = state.waits_for;
            item.began_with = state.began_with;
            if anchor != item.anchor {
                item.anchor = anchor;
                changed.push(item.rule.item);
            }
        }
        changed
    }

    /// Fills in what completions and starts did not know: `known` answers for a moment with what the counters stood at.
    pub fn fill(&mut self, now_ms: u64, mut known: impl FnMut(u64) -> Option<Completion>) -> bool {
        let mut filled = false;
        for entry in &mut self.entries {
            let (Kind::Completed { done, .. } | Kind::Edited { done, .. }) = &mut entry.event.kind else { continue };
            if done.odometer_m.is_none()
                && let Some(then) = known(done.at_ms)
            {
                filled |= then.odometer_m.is_some();
                done.odometer_m = then.odometer_m;
            }
        }
        for item in &mut self.items {
            let unknown = item.start.odometer_m == UNKNOWN_ODOMETER_M;
            if let Some(odometer_m) = known(now_ms).and_then(|now| now.odometer_m).filter(|_| unknown) {
                item.start.odometer_m = odometer_m;
                filled = true;
            }
            if item.start.at_ms == 0 {
                item.start.at_ms = now_ms;
                filled = true;
            }
        }
        filled
    }

    /// Everything that was done, newest first, as it reads after every edit.
    pub fn services(&self) -> Vec<Service> {
        let mut services: Vec<Service> = Vec::new();
        for entry in &self.entries {
            let Kind::Completed { item, done, by: source } = entry.event.kind else { continue };
            if services.iter().any(|known| known.id == entry.event.id) {
                continue;
            }
            services.push(Service {
                id: entry.event.id,
                item,
                done,
                source,
                by: entry.by.clone(),
                told_ms: entry.event.at_ms,
                remarks: entry.remarks.clone(),
                stands: true,
                edits: 0,
            });
        }
        let mut changes: Vec<&Entry> = self.entries.iter().collect();
        changes.sort_by_key(|entry| (entry.event.at_ms, entry.event.id));
        for entry in changes {
            let (Kind::Edited { of, .. } | Kind::Erased { of } | Kind::Restored { of }) = entry.event.kind else {
                continue;
            };
            let Some(service) = services.iter_mut().find(|service| service.id == of) else { continue };
            match entry.event.kind {
                Kind::Edited { done, .. } => {
                    service.done = done;
                    service.remarks.clone_from(&entry.remarks);
                    service.edits += 1;
                }
                Kind::Erased { .. } => service.stands = false,
                Kind::Restored { .. } => service.stands = true,
                _ => {}
            }
        }
        services.sort_by_key(|service| std::cmp::Reverse((service.done.at_ms, service.id)));
        services
    }
}

/// Work that was done, as its record reads now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The record.
    pub id: EventId,
    /// The item, or [`OTHER_WORK`].
    pub item: ItemId,
    /// When and at which counters.
    pub done: Completion,
    /// Who says so.
    pub source: Source,
    /// Who entered it.
    pub by: Actor,
    /// When it was entered, in milliseconds of Unix time.
    pub told_ms: u64,
    /// What is written beside it.
    pub remarks: Remarks,
    /// Whether it was not taken back.
    pub stands: bool,
    /// How often it was edited.
    pub edits: u32,
}

fn is_other(event: &Event) -> bool {
    matches!(event.kind, Kind::Completed { item, .. } if item == OTHER_WORK)
}
