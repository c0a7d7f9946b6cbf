//! One owner's way through one programme for one cause.
//!
//! Invariant: it only goes forward; a step is told at most once; what was passed over is in the log with its reason.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::{Cap, Events, Facts, Programme, Step, Tell, Trigger};

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It came to its end.
    Completed,
    /// Something happened on which it ends.
    Exit(Trigger),
    /// The owner left.
    Left,
    /// The programme or the step at which it stood is gone.
    Withdrawn,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was told.
    Told,
    /// It had nothing to tell, and led on.
    Passed,
    /// A condition did not hold.
    Unfit,
    /// What it waited for did not happen in time.
    TimedOut,
    /// The owner has not consented to its purpose.
    NoConsent,
    /// It became known too late to be of use.
    Lapsed,
    /// The catalogue of offers says the same to this owner.
    Said,
    /// It promotes something, and the account gets no promotions, so that their effect can be measured.
    HeldOut,
}

impl What {
    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Passed => "passed",
            Self::Unfit => "unfit",
            Self::TimedOut => "timed_out",
            Self::NoConsent => "no_consent",
            Self::Lapsed => "lapsed",
            Self::Said => "said",
            Self::HeldOut => "held_out",
        }
    }
}

/// Why a step that is due waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The owner was contacted often enough for now.
    Cap,
    /// Something that concerns safety is open, and comes first.
    Safety,
    /// The owner did not want what was promoted last.
    Fatigue,
    /// The owner is left alone at this hour.
    Quiet,
}

/// An entry of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The step.
    pub step: String,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// What became of it.
    pub what: What,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The programme's name.
    pub programme: String,
    /// Its version when the run began.
    pub version: u32,
    /// What it began with; with the programme it is the run's identity.
    pub cause: String,
    /// When that was, in milliseconds of Unix time.
    pub entered_ms: u64,
    /// The step that comes next; none when it is over.
    pub step: Option<String>,
    /// From when that step's delay counts, in milliseconds of Unix time.
    pub since_ms: u64,
    /// Why the step waits although it is due.
    #[serde(default)]
    pub held: Option<Held>,
    /// When it is looked at again, in milliseconds of Unix time.
    #[serde(default)]
    pub again_ms: Option<u64>,
    /// When it was over, in milliseconds of Unix time, and why.
    #[serde(default)]
    pub ended: Option<(u64, Ended)>,
    /// What the owner has chosen from the programme's pack; none is everything.
    #[serde(default)]
    pub chosen: Option<Vec<String>>,
    /// What became of the steps so far.
    #[serde(default)]
    pub log: Vec<Log>,
}

/// What a look at a run depends on.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Now, in milliseconds of Unix time.
    pub now_ms: u64,
    /// What is known of owner and car.
    pub facts: &'a Facts<'a>,
    /// What the car's data may be used for.
    pub consent: Purposes,
    /// Contacts beside this journey's own, such as offers, and all about the owner's other cars: when, and whether they promoted
    /// something.
    pub others: &'a [(u64, bool)],
    /// How many contacts all programmes together make at most; promotions do not count against what promotes nothing.
    pub cap: Cap,
    /// How many promotions all programmes together make at most.
    pub promotions: Cap,
    /// Whether something that concerns safety is open.
    pub open_safety: bool,
    /// Until when the owner is left alone at this hour, in milliseconds of Unix time.
    pub quiet_until_ms: Option<u64>,
    /// Until when nothing is promoted to the owner, who did not want the last, in milliseconds of Unix time.
    pub fatigued_until_ms: Option<u64>,
    /// Whether the account gets no promotions at all.
    pub held_out: bool,
    /// The entries of the catalogue that the catalogue itself tells this owner.
    pub said: &'a [String],
}

/// What a look at a run comes to.
#[derive(Debug)]
pub enum Due<'p> {
    /// A step is to be told now.
    Tell(&'p Step, &'p Tell),
    /// Nothing happens before that moment, in milliseconds of Unix time.
    Wait(u64),
    /// It is over.
    Over,
}

impl Run {
    /// A run that begins.
    pub(super) fn new(programme: &Programme, cause: String, entered_ms: u64) -> Self {
        Self {
            programme: programme.name.clone(),
            version: programme.version,
            cause,
            entered_ms,
            step: programme.steps.first().map(|step| step.id.clone()),
            since_ms: entered_ms,
            held: None,
            again_ms: None,
            ended: None,
            chosen: None,
            log: Vec::new(),
        }
    }

    /// Whether it is under way.
    pub fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// When it told something, in milliseconds of Unix time.
    pub fn told_ms(&self) -> impl Iterator<Item = u64> {
        self.log.iter().filter(|entry| entry.what == What::Told).map(|entry| entry.at_ms)
    }

    /// Goes as far as it can without telling anything.
    ///
    /// `own_ms` is when this programme told something to this owner about this car, `all` the same of all programmes.
    pub(super) fn look<'p>(
        &mut self,
        programme: &'p Programme,
        events: &Events,
        own_ms: &[u64],
        all: &[(u64, bool)],
        world: &World<'_>,
    ) -> Due<'p> {
        let now_ms = world.now_ms;
        self.held = None;
        loop {
            if self.ended.is_some() {
                return Due::Over;
            }
            let exits = programme.exit.iter().filter_map(|exit| events.first_from(*exit, self.entered_ms));
            if let Some(exit) = exits.filter(|event| event.at_ms <= now_ms).min() {
                self.end(exit.at_ms, Ended::Exit(exit.trigger));
                continue;
            }
            let position = self.step.as_deref().and_then(|id| programme.position(id));
            let Some(step) = position.and_then(|at| programme.steps.get(at)) else {
                self.end(now_ms, Ended::Withdrawn);
                continue;
            };
            let due_ms = after(self.since_ms, step.after_days);
            if now_ms < due_ms {
                return Due::Wait(due_ms);
            }
            let begin_ms = match step.wait {
                None => due_ms,
                Some(wait) => {
                    let until_ms = after(due_ms, wait.days);
                    match events.first_from(wait.trigger, due_ms).filter(|event| event.at_ms <= until_ms.min(now_ms)) {
                        Some(event) => event.at_ms,
                        None if now_ms < until_ms => return Due::Wait(until_ms),
                        None => {
                            self.go(programme, step, step.otherwise, until_ms, What::TimedOut);
                            continue;
                        }
                    }
                }
            };
            let late_ms = after(begin_ms, step.lapses_days);
            if step.tell.is_some() && now_ms > late_ms {
                self.go(programme, step, step.next, begin_ms, What::Lapsed);
                continue;
            }
            if !step.when.iter().all(|condition| condition.holds(world.facts, now_ms)) {
                self.go(programme, step, step.otherwise, begin_ms, What::Unfit);
                continue;
            }
            let Some(tell) = &step.tell else {
                self.go(programme, step, step.next, begin_ms, What::Passed);
                continue;
            };
            if !world.consent.contains(programme.purpose.purposes()) {
                self.go(programme, step, step.next, begin_ms, What::NoConsent);
                continue;
            }
            if tell.same_as.as_ref().is_some_and(|entry| world.said.contains(entry)) {
                self.go(programme, step, step.next, begin_ms, What::Said);
                continue;
            }
            if tell.promotes && world.held_out {
                self.go(programme, step, step.next, begin_ms, What::HeldOut);
                continue;
            }
            if tell.promotes && world.open_safety {
                self.held = Some(Held::Safety);
                return Due::Wait(after(now_ms, 1).min(late_ms.saturating_add(1)));
            }
            if let Some(until_ms) = world.fatigued_until_ms.filter(|until_ms| tell.promotes && now_ms < *until_ms) {
                self.held = Some(Held::Fatigue);
                return Due::Wait(until_ms.min(late_ms.saturating_add(1)));
            }
            let promotions: Vec<u64> = all.iter().filter(|(_, promotes)| *promotes).map(|(at_ms, _)| *at_ms).collect();
            // What promotes something leaves room for service, and never takes it from it.
            let counts = |promotes: bool| tell.promotes || !promotes;
            let contacts: Vec<u64> =
                all.iter().filter(|(_, promotes)| counts(*promotes)).map(|(at_ms, _)| *at_ms).collect();
            let free_ms = [
                free_from(own_ms, programme.cap, now_ms),
                free_from(&contacts, world.cap, now_ms),
                if tell.promotes { free_from(&promotions, world.promotions, now_ms) } else { now_ms },
            ];
            let free_ms = free_ms.into_iter().fold(now_ms, u64::max);
            if free_ms > now_ms {
                self.held = Some(Held::Cap);
                return Due::Wait(free_ms.min(late_ms.saturating_add(1)));
            }
            if let Some(until_ms) = world.quiet_until_ms.filter(|until_ms| now_ms < *until_ms) {
                self.held = Some(Held::Quiet);
                return Due::Wait(until_ms.min(late_ms.saturating_add(1)));
            }
            return Due::Tell(step, tell);
        }
    }

    /// Notes that a step was told.
    pub(super) fn told(&mut self, programme: &Programme, step: &Step, now_ms: u64) {
        self.go(programme, step, step.next, now_ms, What::Told);
    }

    /// Ends it.
    pub(super) fn end(&mut self, at_ms: u64, why: Ended) {
        self.ended = Some((at_ms, why));
        (self.step, self.held, self.again_ms) = (None, None, None);
    }

    fn go(&mut self, programme: &Programme, step: &Step, to: Option<usize>, at_ms: u64, what: What) {
        self.log.push(Log { step: step.id.clone(), at_ms, what });
        self.since_ms = at_ms;
        match to.and_then(|to| programme.steps.get(to)) {
            Some(step) => self.step = Some(step.id.clone()),
            None => self.end(at_ms, Ended::Completed),
        }
    }
}

fn after(at_ms: u64, days: u16) -> u64 {
    at_ms.saturating_add(u64::from(days) * DAY_MS)
}

/// From when one more contact keeps a cap: now, or when enough of the last ones are older than its days.
fn free_from(times_ms: &[u64], cap: Cap, now_ms: u64) -> u64 {
    let days_ms = u64::from(cap.days) * DAY_MS;
    let mut recent: Vec<u64> =
        times_ms.iter().copied().filter(|at_ms| at_ms.saturating_add(days_ms) > now_ms).collect();
    recent.sort_unstable();
    let most = usize::from(cap.contacts);
    match recent.len().checked_sub(most) {
        None => now_ms,
        Some(_) if most == 0 => u64::MAX,
        Some(excess) => recent[excess].saturating_add(days_ms),
    }
}
