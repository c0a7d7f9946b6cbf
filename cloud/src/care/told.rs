//! Who was told what, by which way, by whom, and what came of it: everything in one list.
//!
//! Invariant: it is put together from what is stored elsewhere and adds nothing to it, so that it can contradict nothing.

use std::cmp::Reverse;

use milepost_engine::channels::Channel;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::Surface;

use super::{Call, Care, CareError, CareOutcome, Way};
use crate::channels::{Delivery, Purpose, State, Task, TaskKind};
use crate::domain::{AccountId, NoticeDoc, Vehicle};

/// How many noted contacts are looked through.
const CALLS: usize = 200;

/// By which way somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldWay {
    /// A surface showed it.
    Shown(Surface),
    /// A channel carried it.
    Sent(Channel),
    /// A person of the workshop did it.
    Person(Way),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upshot {
    /// The owner saw it.
    Seen,
    /// How far a delivery has come.
    Delivery(State),
    /// What a person noted.
    Noted(CareOutcome),
    /// The workshop's task was carried out.
    TaskDone,
    /// The workshop's task is still to be done.
    TaskOpen,
}

/// One time that an owner was told, or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By which way.
    pub way: ToldWay,
    /// Which notice it was about.
    pub notice: Option<NoticeId>,
    /// What came of it.
    pub upshot: Upshot,
    /// Who of the workshop; `None` when the service did it by itself.
    pub by: Option<AccountId>,
    /// What that person noted.
    pub note: String,
}

impl Told {
    fn new(at_ms: u64, way: ToldWay, notice: Option<NoticeId>, upshot: Upshot) -> Self {
        Self { at_ms, way, notice, upshot, by: None, note: String::new() }
    }

    /// Whether it is still to come, or did not take place.
    pub fn is_past(&self) -> bool {
        match self.upshot {
            Upshot::Delivery(state) => matches!(state, State::Sent { .. }),
            Upshot::TaskOpen => false,
            Upshot::Seen | Upshot::Noted(_) | Upshot::TaskDone => true,
        }
    }
}

impl Care {
    /// Everything that a vehicle's owner was told, the newest first.
    pub async fn told(&self, vehicle: &Vehicle) -> Result<Vec<Told>, CareError> {
        let deliveries = self.channels.deliveries(&vehicle.device).await?;
        let tasks = self.channels.tasks_of(&vehicle.device).await?;
        let calls = self.calls(vehicle, CALLS).await?;
        Ok(together(vehicle, &deliveries, &tasks, &calls))
    }
}

/// One list out of everything that is known.
pub(super) fn together(vehicle: &Vehicle, deliveries: &[Delivery], tasks: &[Task], calls: &[Call]) -> Vec<Told> {
    let shown = vehicle.notices.values().flat_map(seen);
    let is_theirs = |owner: &AccountId| vehicle.owner.as_ref() == Some(owner);
    let carried = deliveries
        .iter()
        .filter(|one| is_theirs(&one.owner) && one.key.purpose == Purpose::Show)
        .filter(|one| TaskKind::of(one.key.channel).is_none())
        .flat_map(carried);
    let done = tasks.iter().filter(|task| is_theirs(&task.owner)).filter_map(|task| carried_out(task, vehicle));
    let mut all: Vec<Told> = shown.chain(carried).chain(done).chain(calls.iter().map(noted)).collect();
    all.sort_by_key(|told| (Reverse(told.at_ms), told.notice));
    all
}

fn seen(notice: &NoticeDoc) -> impl Iterator<Item = Told> {
    let own = notice.seen().iter().filter(|seen| seen.on != Surface::Advisor);
    own.map(|seen| Told::new(seen.at_ms, ToldWay::Shown(seen.on), Some(notice.id()), Upshot::Seen))
}

/// A delivery, and each time before that it was sent.
fn carried(one: &Delivery) -> Vec<Told> {
    let at_ms = |state: State| match state {
        State::Sent { at_ms } | State::Dead { at_ms } | State::Withdrawn { at_ms, .. } => at_ms,
        State::Queued { .. } | State::Held { .. } | State::Failed { .. } => {
            one.again.last().map_or(one.planned_ms, |last| last.at_ms)
        }
    };
    // Each repeat ends what was before it; who had it sent stands with what came after.
    let befores = one.again.iter().map(|repeat| repeat.before);
    let states = befores.chain([one.state]);
    let wished = std::iter::once(None).chain(one.again.iter().map(|repeat| Some(repeat.by.clone())));
    let told = states.zip(wished).filter_map(|(state, by)| {
        let is_news = !matches!(state, State::Withdrawn { .. }) || one.attempts > 0;
        // A first time that never was: the delivery was made by the wish itself.
        let is_start = by.is_none() && !one.again.is_empty() && state.due_ms().is_some();
        let way = ToldWay::Sent(one.key.channel);
        (is_news && !is_start)
            .then(|| Told { by, ..Told::new(at_ms(state), way, Some(one.key.notice), Upshot::Delivery(state)) })
    });
    told.collect()
}

fn carried_out(task: &Task, vehicle: &Vehicle) -> Option<Told> {
    let way = ToldWay::Person(match task.kind {
        TaskKind::Call => Way::Call,
        TaskKind::Letter => Way::Letter,
    });
    match &task.done {
        Some((at_ms, by)) => {
            let told = Told::new(*at_ms, way, Some(task.notice), Upshot::TaskDone);
            Some(Told { by: Some(by.clone()), ..told })
        }
        None => task.is_open(vehicle).then(|| Told::new(task.since_ms, way, Some(task.notice), Upshot::TaskOpen)),
    }
}

fn noted(call: &Call) -> Told {
    let told = Told::new(call.at_ms, ToldWay::Person(call.way), call.notice, Upshot::Noted(call.outcome));
    Told { by: Some(call.by.clone()), note: call.note.clone(), ..told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::{DeliveryKey, Repeat};

    fn delivery(state: State, again: Vec<Repeat>) -> Delivery {
        let key = DeliveryKey {
            device: "car-1".parse().unwrap(),
            notice: NoticeId::information(1),
            purpose: Purpose::Show,
            channel: Channel::Email,
            recipient: "ab".repeat(16),
        };
        Delivery { again, ..Delivery::planned(key, "anna".parse().unwrap(), state, 1) }
    }

    fn repeat(at_ms: u64, before: State) -> Repeat {
        Repeat { at_ms, by: "vera".parse().unwrap(), before }
    }

    #[test]
    fn what_was_sent_twice_stands_there_twice_and_the_second_time_with_who_wanted_it() {
        let mut vehicle = Vehicle::new("car-1".parse().unwrap(), 0);
        vehicle.owner = Some("anna".parse().unwrap());
        let sent = |at_ms| State::Sent { at_ms };
        let twice = delivery(sent(90), vec![repeat(80, sent(7))]);
        let told = together(&vehicle, &[twice], &[], &[]);
        let lines: Vec<_> = told.iter().map(|one| (one.at_ms, one.by.as_ref().map(AccountId::as_str))).collect();
        assert_eq!(lines, [(90, Some("vera")), (7, None)]);
    }

    #[test]
    fn what_a_person_had_sent_for_the_first_time_stands_there_once() {
        let mut vehicle = Vehicle::new("car-1".parse().unwrap(), 0);
        vehicle.owner = Some("anna".parse().unwrap());
        let once = delivery(State::Sent { at_ms: 90 }, vec![repeat(80, State::Queued { due_ms: 80 })]);
        assert_eq!(together(&vehicle, &[once], &[], &[]).len(), 1);
    }

    #[test]
    fn what_a_former_owner_was_told_is_not_told() {
        let mut vehicle = Vehicle::new("car-1".parse().unwrap(), 0);
        vehicle.owner = Some("bert".parse().unwrap());
        assert!(together(&vehicle, &[delivery(State::Sent { at_ms: 9 }, Vec::new())], &[], &[]).is_empty());
    }
}
