//! Notices in the car: those that the cloud sends and those that the car raises by itself, under one identity.
//!
//! A reminder's id follows from (item, cycle, level), so the car and the cloud name it alike without having met, and either may be first.
//! Invariant: a notice is raised once, shown first once and answered once, across restarts; a closed one never opens again by a repetition.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_engine::maintenance::{self, UNKNOWN_ODOMETER_M};
use milepost_protocol::notice::{Actions, Answer, Notice, NoticeKind, NoticeState};
use milepost_protocol::plan::{DAY_MS, ItemId, Level, PlanView, SafetyClass};
use milepost_protocol::{NoticeId, codec};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::store::{Key, Store};

/// The most notices that are open at once.
pub const MAX_NOTICES: usize = 12;

/// How many closed ids are remembered against repetitions.
const MAX_CLOSED: usize = 16;

/// How many (item, cycle) pairs are remembered with the level that was raised.
const MAX_RAISED: usize = 16;

/// The longest snooze, in days.
const MAX_SNOOZE_DAYS: u16 = 90;

/// The same in milliseconds.
const MAX_SNOOZE_MS: u64 = MAX_SNOOZE_DAYS as u64 * DAY_MS;

/// A notice with its state in the car, as flash keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot<N = Notice> {
    /// The notice.
    pub notice: N,
    /// Hidden until this moment of Unix time, in milliseconds.
    pub snoozed_until_ms: Option<u64>,
    /// Whether the car's display has shown it.
    pub shown: bool,
}

/// What memory keeps of a notice, to judge it by; its words stay in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The identity.
    pub id: NoticeId,
    urgency: Urgency,
    expires_ms: Option<u64>,
    /// Hidden until this moment of Unix time, in milliseconds.
    pub snoozed_until_ms: Option<u64>,
    /// Whether the car's display has shown it.
    pub shown: bool,
}

impl Head {
    fn new(notice: &Notice) -> Self {
        Self {
            id: notice.id,
            urgency: urgency(notice),
            expires_ms: notice.expires_ms,
            snoozed_until_ms: None,
            shown: false,
        }
    }
}

/// What else must survive a restart, so that nothing is told twice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    closed: Vec<NoticeId, MAX_CLOSED>,
    raised: Vec<(ItemId, u32, Level), MAX_RAISED>,
}

/// A change of one slot that has to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched(pub usize);

/// What became of a notice from the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is open in this slot.
    Open(Touched),
    /// It was closed before; a repetition.
    Closed,
    /// Every slot holds something more urgent.
    NoRoom,
}

/// All notices in the car.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    slots: [Option<Head>; MAX_NOTICES],
    /// What was told.
    pub told: Told,
}

impl Notices {
    /// No open notices, but the memory of earlier ones.
    pub fn new(told: Told) -> Self {
        Self { told, ..Self::default() }
    }

    /// Puts back what flash remembers of a slot.
    pub fn restore(&mut self, index: usize, slot: Option<&Slot>) {
        let head = slot.map(|slot| Head {
            snoozed_until_ms: slot.snoozed_until_ms,
            shown: slot.shown,
            ..Head::new(&slot.notice)
        });
        self.put(index, head);
    }

    /// What is known of a slot.
    pub fn slot(&self, index: usize) -> Option<&Head> {
        self.slots.get(index)?.as_ref()
    }

    fn put(&mut self, index: usize, head: Option<Head>) {
        if let Some(place) = self.slots.get_mut(index) {
            *place = head;
        }
    }

    /// The slot of a notice.
    pub fn find(&self, id: NoticeId) -> Option<usize> {
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|slot| slot.id == id))
    }

    /// Takes a notice from the cloud; one that the car raised itself gets the cloud's words and keeps its state.
    pub fn take(&mut self, notice: &Notice) -> Taken {
        if self.told.closed.contains(&notice.id) {
            return Taken::Closed;
        }
        if let Some((item, cycle, level)) = notice.id.as_reminder() {
            self.remember_raised(item, cycle, level);
        }
        if let Some(index) = self.find(notice.id) {
            if let Some(Some(slot)) = self.slots.get_mut(index) {
                let Head { snoozed_until_ms, shown, .. } = *slot;
                *slot = Head { snoozed_until_ms, shown, ..Head::new(notice) };
            }
            return Taken::Open(Touched(index));
        }
        let head = Head::new(notice);
        let Some(index) = self.room_for(head.urgency) else { return Taken::NoRoom };
        self.put(index, Some(head));
        Taken::Open(Touched(index))
    }

    /// A notice changed elsewhere; answers the slot that has to be stored.
    pub fn update(&mut self, id: NoticeId, state: NoticeState) -> Option<Touched> {
        let index = self.find(id);
        match state {
            NoticeState::Raised | NoticeState::Shown { .. } => {
                if let Some(Some(slot)) = index.and_then(|index| self.slots.get_mut(index)) {
                    slot.snoozed_until_ms = None;
                }
            }
            NoticeState::Snoozed { until_ms } => {
                if let Some(Some(slot)) = index.and_then(|index| self.slots.get_mut(index)) {
                    slot.snoozed_until_ms = Some(until_ms);
                }
            }
            NoticeState::Booked | NoticeState::Done | NoticeState::Refused | NoticeState::Expired => {
                self.close(id);
            }
        }
        index.map(Touched)
    }

    /// The owner's answer in the car; answers the slot that has to be stored, `None` if the notice is not open.
    pub fn answer(&mut self, id: NoticeId, answer: Answer, now_ms: u64) -> Option<Touched> {
        let index = self.find(id)?;
        match answer {
            Answer::Snooze { days } => {
                let days = days.clamp(1, MAX_SNOOZE_DAYS);
                if let Some(Some(slot)) = self.slots.get_mut(index) {
                    slot.snoozed_until_ms = Some(now_ms.saturating_add(u64::from(days) * DAY_MS));
                }
            }
            Answer::Book | Answer::Done | Answer::Refuse => self.close(id),
        }
        Some(Touched(index))
    }

    /// The most urgent notice that wants to be seen at `now_ms`; without a clock nothing is snoozed or expired.
    pub fn most_urgent(&self, now_ms: Option<u64>) -> Option<(usize, &Head)> {
        let open = self.slots.iter().enumerate().filter_map(|(index, slot)| Some((index, slot.as_ref()?)));
        open.filter(|(_, slot)| {
            // Nobody snoozes longer: what hides longer was put off by a clock that stood wrong.
            let hides = |until_ms: u64, now_ms: u64| now_ms < until_ms && until_ms - now_ms <= MAX_SNOOZE_MS;
            let snoozed =
                slot.snoozed_until_ms.is_some_and(|until_ms| now_ms.is_none_or(|now_ms| hides(until_ms, now_ms)));
            let expired = slot.expires_ms.zip(now_ms).is_some_and(|(expires_ms, now_ms)| now_ms >= expires_ms);
            !snoozed && !expired
        })
        .max_by_key(|(_, slot)| slot.urgency)
    }

    /// The display shows the slot; `true` the first time.
    pub fn show(&mut self, index: usize) -> bool {
        match self.slots.get_mut(index) {
            Some(Some(slot)) => !core::mem::replace(&mut slot.shown, true),
            _ => false,
        }
    }

    /// The first slot that is out of date: expired, of an earlier cycle, or overtaken by a later level. It is closed.
    pub fn sweep(&mut self, plan: &PlanView<'_>, now_ms: Option<u64>) -> Option<Touched> {
        let index = self.slots.iter().position(|slot| {
            let Some(notice) = slot.as_ref() else { return false };
            let expired = notice.expires_ms.zip(now_ms).is_some_and(|(expires_ms, now_ms)| now_ms >= expires_ms);
            let overtaken = notice.id.as_reminder().is_some_and(|(item, cycle, level)| {
                let anchor = plan.items().find(|known| known.rule.item == item).map(|known| known.anchor.cycle);
                let raised = self.told.raised.iter().find(|(known, ..)| *known == item);
                anchor.is_some_and(|anchor| cycle < anchor)
                    || raised.is_some_and(|&(_, known, top)| (cycle, level) < (known, top))
            });
            expired || overtaken
        })?;
        if let Some(id) = self.slot(index).map(|slot| slot.id) {
            self.close(id);
        }
        Some(Touched(index))
    }

    /// The first reminder of the plan that is to be raised now: its level was reached and not told yet. It is remembered as told.
    pub fn reminder(&mut self, plan: &PlanView<'_>, usage: &maintenance::Usage, now_ms: u64) -> Option<(Notice, u32)> {
        for item in plan.items() {
            if item.anchor.odometer_m == UNKNOWN_ODOMETER_M && item.anchor.at_ms == 0 {
                // Nobody has said yet where this cycle began; the cloud settles it.
                continue;
            }
            let safety = item.rule.safety;
            let assessment = maintenance::assess(&item, usage, now_ms);
            let (item, cycle, level) = (assessment.item, assessment.cycle, assessment.level);
            if level == Level::Scheduled || self.was_raised(item, cycle, level) {
                continue;
            }
            self.remember_raised(item, cycle, level);
            let id = NoticeId::reminder(item, cycle, level);
            if self.find(id).is_some() || self.told.closed.contains(&id) {
                continue;
            }
            let mut notice = Notice {
                id,
                kind: NoticeKind::Reminder,
                safety,
                item: Some(item),
                level: Some(level),
                raised_ms: now_ms,
                expires_ms: None,
                // The display words it from item and level in its own language, until the cloud's words arrive.
                title: heapless::String::new(),
                text: heapless::String::new(),
                reasons: Vec::new(),
                actions: Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE),
            };
            for reason in &assessment.reasons {
                // A notice has room for as many reasons as an assessment.
                let _ = notice.reasons.push(*reason);
            }
            return Some((notice, cycle));
        }
        None
    }

    fn was_raised(&self, item: ItemId, cycle: u32, level: Level) -> bool {
        self.told.raised.iter().any(|&(known, at, top)| known == item && (at, top) >= (cycle, level))
    }

    fn remember_raised(&mut self, item: ItemId, cycle: u32, level: Level) {
        let raised = &mut self.told.raised;
        if let Some(known) = raised.iter_mut().find(|(known, ..)| *known == item) {
            if (known.1, known.2) < (cycle, level) {
                *known = (item, cycle, level);
            }
            return;
        }
        if raised.is_full() {
            raised.remove(0);
        }
        // There is room: the oldest was just removed if there was none.
        let _ = raised.push((item, cycle, level));
    }

    /// Closes a notice; a repetition will not open it again.
    pub fn close(&mut self, id: NoticeId) {
        if let Some(index) = self.find(id) {
            self.put(index, None);
        }
        if self.told.closed.contains(&id) {
            return;
        }
        if self.told.closed.is_full() {
            self.told.closed.remove(0);
        }
        // There is room: the oldest was just removed if there was none.
        let _ = self.told.closed.push(id);
    }

    /// A free slot, or that of the least urgent notice if the new one is more urgent.
    fn room_for(&self, new: Urgency) -> Option<usize> {
        if let Some(free) = self.slots.iter().position(Option::is_none) {
            return Some(free);
        }
        let taken = self.slots.iter().enumerate().filter_map(|(index, slot)| Some((index, slot.as_ref()?)));
        let (index, least) = taken.min_by_key(|(_, slot)| slot.urgency)?;
        (least.urgency < new).then_some(index)
    }
}

/// Reads every open notice that a state region holds, for those who look at flash from outside.
pub async fn read_all<S: MultiwriteNorFlash>(state: S, mut take: impl FnMut(Slot)) -> Result<(), Error<S::Error>> {
    let mut store = Store::open(state)?;
    for index in 0..MAX_NOTICES {
        let stored = store.bytes(Key::notice(index)).await?.and_then(codec::take::<Option<Slot>>);
        if let Some((Some(slot), _)) = stored {
            take(slot);
        }
    }
    Ok(())
}

/// The order of urgency: safety first, then level, then what asks something, then the older one; from the topmost bits down.
type Urgency = u64;

/// How many bits the time takes, in milliseconds of Unix time: until the year 4,569,000.
const TIME_BITS: u32 = 57;

#[inline(never)]
fn urgency(notice: &Notice) -> Urgency {
    let kind = match notice.kind {
        NoticeKind::Reminder => 3,
        NoticeKind::Question => 2,
        NoticeKind::Information => 1,
        NoticeKind::Offer => 0,
    };
    let safety = match notice.safety {
        SafetyClass::Comfort => 0,
        SafetyClass::Wear => 1,
        SafetyClass::Safety => 2,
    };
    let level = notice.level.map_or(0, |level| 1 + level as u64);
    let newest_ms = (1 << TIME_BITS) - 1;
    (safety << 5 | level << 2 | kind) << TIME_BITS | (newest_ms - notice.raised_ms.min(newest_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(serial: u32, safety: SafetyClass) -> Notice {
        Notice {
            id: NoticeId::information(serial),
            kind: NoticeKind::Information,
            safety,
            item: None,
            level: None,
            raised_ms: u64::from(serial),
            expires_ms: None,
            title: heapless::String::new(),
            text: heapless::String::new(),
            reasons: Vec::new(),
            actions: Actions::default(),
        }
    }

    #[test]
    fn safety_comes_before_everything_and_then_the_older_one() {
        let mut notices = Notices::default();
        for (serial, safety) in [(1, SafetyClass::Comfort), (2, SafetyClass::Safety), (3, SafetyClass::Safety)] {
            notices.take(&notice(serial, safety));
        }
        let (_, slot) = notices.most_urgent(Some(0)).unwrap();
        assert_eq!(slot.id, NoticeId::information(2));
    }

    #[test]
    fn a_closed_notice_does_not_open_again_when_it_is_delivered_twice() {
        let mut notices = Notices::default();
        notices.take(&notice(1, SafetyClass::Wear));
        assert!(notices.answer(NoticeId::information(1), Answer::Done, 0).is_some());
        assert_eq!(notices.take(&notice(1, SafetyClass::Wear)), Taken::Closed);
        assert_eq!(notices.answer(NoticeId::information(1), Answer::Done, 0), None);
    }

    #[test]
    fn a_snoozed_notice_hides_until_its_time() {
        let mut notices = Notices::default();
        notices.take(&notice(1, SafetyClass::Wear));
        notices.answer(NoticeId::information(1), Answer::Snooze { days: 2 }, 1000);
        assert_eq!(notices.most_urgent(Some(1000 + 2 * DAY_MS - 1)), None);
        assert!(notices.most_urgent(Some(1000 + 2 * DAY_MS)).is_some());
    }

    #[test]
    fn only_something_more_urgent_takes_a_slot_when_all_are_taken() {
        let mut notices = Notices::default();
        for serial in 0..MAX_NOTICES as u32 {
            notices.take(&notice(serial, SafetyClass::Wear));
        }
        assert_eq!(notices.take(&notice(100, SafetyClass::Comfort)), Taken::NoRoom);
        assert!(matches!(notices.take(&notice(101, SafetyClass::Safety)), Taken::Open(_)));
        assert_eq!(
            notices.find(NoticeId::information(MAX_NOTICES as u32 - 1)),
            None,
            "the newest of the least gave way"
        );
    }

    #[test]
    fn an_update_from_elsewhere_clears_the_notice() {
        let mut notices = Notices::default();
        notices.take(&notice(1, SafetyClass::Wear));
        assert!(notices.update(NoticeId::information(1), NoticeState::Refused).is_some());
        assert_eq!(notices.most_urgent(Some(0)), None);
    }
}
