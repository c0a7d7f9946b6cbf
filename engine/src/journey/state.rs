//! Everything about one owner's journey with one car.
//!
//! Invariant: it follows from the events taken in, the moments at which it was looked at, and what the owner chose;
//! reading never changes it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::calendar::{anniversary, days_until, next_monthly, next_yearly};
use super::{
    Due, Ended, Entry, Event, Events, Evidence, Programme, Programmes, Run, Signal, Step, Tell, Trigger, World,
};

/// The most runs that are kept; the oldest that are over leave first.
const MAX_RUNS: usize = 60;

/// How long contacts are kept for caps, in days.
const CONTACTS_DAYS: u64 = 400;

/// How many days behind its day a calendar's cause still counts.
const CALENDAR_DAYS: u64 = 3;

/// How many days pass between two looks at a programme that begins on conditions, if nothing else happens.
const CONDITIONS_DAYS: u64 = 3;

/// Whether an owner takes part in a programme; the newer of both counts, and leaving in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Membership {
    /// When the owner left, in milliseconds of Unix time; 0 is never.
    pub left_ms: u64,
    /// When the owner joined again, in milliseconds of Unix time; 0 is never.
    pub joined_ms: u64,
}

impl Membership {
    /// Whether the owner stays out.
    pub fn is_left(self) -> bool {
        self.left_ms > 0 && self.left_ms >= self.joined_ms
    }
}

/// A step that is told now.
#[derive(Debug)]
pub struct Telling<'p> {
    /// The programme.
    pub programme: &'p Programme,
    /// The step.
    pub step: &'p Step,
    /// What it tells.
    pub tell: &'p Tell,
    /// What the run began with.
    pub cause: String,
    /// What the owner chose from the pack.
    pub chosen: Vec<String>,
}

/// A journey.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Journey {
    /// Since when it is looked after, in milliseconds of Unix time; 0 before the first look.
    pub since_ms: u64,
    events: Events,
    runs: Vec<Run>,
    memberships: BTreeMap<String, Membership>,
    /// When programmes or people told something, in milliseconds of Unix time, and whether that promoted something.
    contacts: Vec<(u64, bool)>,
    /// What the owner did, as far as it tells of the stage.
    pub evidence: Evidence,
    /// When it has to be looked at again, in milliseconds of Unix time.
    pub next_ms: Option<u64>,
}

impl Journey {
    /// Takes an event in; answers whether it was news.
    pub fn apply(&mut self, event: Event) -> bool {
        let fresh = self.events.insert(event);
        if fresh {
            // Somebody has to look.
            self.next_ms = Some(self.next_ms.map_or(event.at_ms, |next_ms| next_ms.min(event.at_ms)));
        }
        fresh
    }

    /// Takes in that somebody turned to the owner by themselves, so that caps count it too.
    pub fn touch(&mut self, at_ms: u64) {
        self.contacts.push((at_ms, false));
    }

    /// Counts a sign of the stage.
    pub fn note(&mut self, signal: Signal, at_ms: u64) {
        self.evidence.note(signal, at_ms);
    }

    /// The newest event of a trigger.
    pub fn newest(&self, trigger: Trigger) -> Option<Event> {
        self.events.newest(trigger)
    }

    /// All runs that are kept, in the order in which they began to be known.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// When programmes or people told something, in milliseconds of Unix time, and whether that promoted something.
    pub fn contacts(&self) -> &[(u64, bool)] {
        &self.contacts
    }

    /// Whether the owner takes part in a programme if it has cause to begin.
    pub fn takes_part(&self, programme: &str) -> bool {
        self.memberships.get(programme).is_none_or(|membership| !membership.is_left())
    }

    /// The programmes that the owner has left.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        let left = self.memberships.iter().filter(|(_, membership)| membership.is_left());
        left.map(|(programme, _)| programme.as_str())
    }

    /// The owner leaves a programme, now and for ever until they join again; answers whether that was news.
    pub fn leave(&mut self, programme: &str, now_ms: u64) -> bool {
        let was = self.takes_part(programme);
        let membership = self.memberships.entry(programme.into()).or_default();
        membership.left_ms = membership.left_ms.max(now_ms);
        for run in self.runs.iter_mut().filter(|run| run.programme == programme && run.is_active()) {
            run.end(now_ms, Ended::Left);
        }
        was
    }

    /// The owner takes part again in what begins from now on; answers whether that was news.
    pub fn join(&mut self, programme: &str, now_ms: u64) -> bool {
        let was = self.takes_part(programme);
        if !was {
            let membership = self.memberships.entry(programme.into()).or_default();
            membership.joined_ms = now_ms.max(membership.left_ms + 1);
            self.next_ms = Some(now_ms);
        }
        !was
    }

    /// The owner chooses from a programme's pack; `false` if nothing of it is under way.
    pub fn choose(&mut self, programme: &str, chosen: &[String]) -> bool {
        let run = self.runs.iter_mut().rev().find(|run| run.programme == programme && run.is_active());
        run.is_some_and(|run| run.chosen.replace(chosen.to_vec()).as_deref() != Some(chosen))
    }

    /// Begins what has cause to, goes on as far as possible, and answers what is told now, the most important first.
    pub fn advance<'p>(&mut self, programmes: &'p Programmes, world: &World<'_>) -> Vec<Telling<'p>> {
        let now_ms = world.now_ms;
        if self.since_ms == 0 {
            self.since_ms = now_ms;
        }
        self.contacts.retain(|(at_ms, _)| at_ms.saturating_add(CONTACTS_DAYS * DAY_MS) > now_ms);
        let mut tellings = Vec::new();
        for programme in programmes.all() {
            self.enter(programme, world);
            self.go_on(programme, world, &mut tellings);
        }
        for run in &mut self.runs {
            if run.is_active() && programmes.get(&run.programme).is_none() {
                run.end(now_ms, Ended::Withdrawn);
            }
        }
        self.prune();
        self.next_ms = self.next_look(programmes, world);
        tellings
    }

    fn enter(&mut self, programme: &Programme, world: &World<'_>) {
        if !self.takes_part(&programme.name) {
            return;
        }
        let holds = || programme.when.iter().all(|condition| condition.holds(world.facts, world.now_ms));
        for (cause, entered_ms) in self.causes(programme, world) {
            let own = || self.runs.iter().filter(|run| run.programme == programme.name);
            let again_ms = u64::from(programme.again_after_days) * DAY_MS;
            let too_soon = own().any(|run| run.entered_ms.abs_diff(entered_ms) < again_ms);
            let joined_ms = self.memberships.get(&programme.name).map_or(0, |membership| membership.joined_ms);
            if own().any(|run| run.cause == cause) || too_soon || entered_ms < joined_ms || !holds() {
                continue;
            }
            self.runs.push(Run::new(programme, cause, entered_ms));
        }
    }

    /// What a programme may begin with now: the cause and its moment.
    fn causes(&self, programme: &Programme, world: &World<'_>) -> Vec<(String, u64)> {
        let (now_ms, today) = (world.now_ms, world.facts.today);
        // A day of the calendar counts if the journey was looked after before it began.
        let day = |ago: u64| {
            let at_ms = now_ms.saturating_sub(ago * DAY_MS);
            (self.since_ms.saturating_add(ago * DAY_MS) < now_ms || ago == 0 && self.since_ms < now_ms).then_some(at_ms)
        };
        let yearly = |of: Option<super::Date>| {
            let of = of?;
            let years = anniversary(today, of, CALENDAR_DAYS)?;
            let ago = (0..=CALENDAR_DAYS).find(|ago| anniversary(today, of, *ago).is_some())?;
            Some((format!("{years}"), day(ago)?))
        };
        match &programme.entry {
            Entry::On { trigger, within_days } => {
                let oldest_ms = now_ms.saturating_sub(u64::from(*within_days) * DAY_MS);
                let fits = |event: &Event| (oldest_ms..=now_ms).contains(&event.at_ms);
                let cause = |event: Event| (format!("{}/{}/{}", trigger.name(), event.at_ms, event.id), event.at_ms);
                self.events.of(*trigger).filter(fits).map(cause).collect()
            }
            Entry::Monthly { day: of } => {
                let ago = u64::from(today.day).checked_sub(u64::from(*of)).filter(|ago| *ago <= CALENDAR_DAYS);
                let cause = ago.and_then(|ago| Some((format!("{}-{:02}", today.year, today.month), day(ago)?)));
                cause.into_iter().collect()
            }
            Entry::CarBirthday => yearly(world.facts.registered).into_iter().collect(),
            Entry::OwnerBirthday => yearly(world.facts.born).into_iter().collect(),
            Entry::When => {
                let is_active = self.runs.iter().any(|run| run.programme == programme.name && run.is_active());
                if is_active || self.since_ms.saturating_add(DAY_MS) > now_ms {
                    return Vec::new();
                }
                [(format!("{}-{:02}-{:02}", today.year, today.month, today.day), now_ms)].to_vec()
            }
        }
    }

    fn go_on<'p>(&mut self, programme: &'p Programme, world: &World<'_>, tellings: &mut Vec<Telling<'p>>) {
        let mut own_ms: Vec<u64> =
            self.runs.iter().filter(|run| run.programme == programme.name).flat_map(Run::told_ms).collect();
        let mut all: Vec<(u64, bool)> = self.contacts.iter().chain(world.others).copied().collect();
        for run in self.runs.iter_mut().filter(|run| run.programme == programme.name) {
            loop {
                match run.look(programme, &self.events, &own_ms, &all, world) {
                    Due::Over => break,
                    Due::Wait(until_ms) => {
                        run.again_ms = Some(until_ms);
                        break;
                    }
                    Due::Tell(step, tell) => {
                        let chosen = run.chosen.clone().unwrap_or_else(|| programme.pack.clone());
                        let cause = run.cause.clone();
                        run.told(programme, step, world.now_ms);
                        own_ms.push(world.now_ms);
                        all.push((world.now_ms, tell.promotes));
                        self.contacts.push((world.now_ms, tell.promotes));
                        tellings.push(Telling { programme, step, tell, cause, chosen });
                    }
                }
            }
        }
    }

    fn prune(&mut self) {
        let excess = self.runs.len().saturating_sub(MAX_RUNS);
        let mut over: Vec<u64> = self.runs.iter().filter_map(|run| run.ended.map(|(at_ms, _)| at_ms)).collect();
        over.sort_unstable();
        if let Some(last_ms) = excess.checked_sub(1).and_then(|at| over.get(at)).copied() {
            self.runs.retain(|run| run.ended.is_none_or(|(at_ms, _)| at_ms > last_ms));
        }
    }

    fn next_look(&self, programmes: &Programmes, world: &World<'_>) -> Option<u64> {
        let (now_ms, today) = (world.now_ms, world.facts.today);
        let in_days = |days: u64| now_ms.saturating_add(days.max(1) * DAY_MS);
        let entries = programmes.all().iter().filter(|programme| self.takes_part(&programme.name));
        let entries = entries.filter_map(|programme| match &programme.entry {
            Entry::On { .. } => None,
            Entry::Monthly { day } => Some(in_days(days_until(today, next_monthly(today, *day)))),
            Entry::CarBirthday => Some(in_days(days_until(today, next_yearly(today, world.facts.registered?)))),
            Entry::OwnerBirthday => Some(in_days(days_until(today, next_yearly(today, world.facts.born?)))),
            Entry::When => Some(in_days(CONDITIONS_DAYS)),
        });
        let runs = self.runs.iter().filter(|run| run.is_active()).filter_map(|run| run.again_ms);
        runs.chain(entries).min().map(|at_ms| at_ms.max(now_ms + 1))
    }
}
