//! What has to hold in a programme beyond its syntax.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use toml::Spanned;

use super::error::Wrong;
use super::file::{Birthday, RawEntry, RawProgramme, RawStep};
use super::{Entry, Message, Programme, Purpose, Step, Tell, Trigger, Wait};
use crate::channels::Channel;
use crate::located;

/// The word that ends a programme.
const END: &str = "end";

/// What is wrong, where in the text, under which key.
type Found = located::Found<Wrong>;

fn found<T>(place: &Spanned<T>, key: impl Into<String>, wrong: Wrong) -> Found {
    Found::new(place.span().start, key, wrong)
}

/// Checks a whole programme and makes it ready to run.
pub(super) fn programme(file: &str, raw: RawProgramme) -> Result<Programme, Found> {
    let name = raw.name.get_ref();
    if !is_name(name) {
        return Err(found(&raw.name, "name", Wrong::Name(name.clone())));
    }
    if raw.step.is_empty() {
        return Err(found(&raw.name, "step", Wrong::Empty));
    }
    let cap = *raw.cap.get_ref();
    if cap.contacts == 0 || !(1..=400).contains(&cap.days) {
        return Err(found(&raw.cap, "cap", Wrong::OutOfRange));
    }
    let entry = entry(&raw.entry)?;
    let exit = raw.exit.iter().map(|name| trigger(name.get_ref()).map_err(|wrong| found(name, "exit", wrong)));
    let exit = exit.collect::<Result<Vec<_>, _>>()?;
    for (at, step) in raw.step.iter().enumerate() {
        let id = step.id.get_ref();
        if !is_name(id) || id == END {
            return Err(found(&step.id, "step.id", Wrong::Name(id.clone())));
        }
        if raw.step[..at].iter().any(|other| other.id.get_ref() == id) {
            return Err(found(&step.id, "step.id", Wrong::DuplicateStep(id.clone())));
        }
    }
    let steps = raw.step.iter().enumerate().map(|(at, one)| step(&raw, at, one));
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    circles(&raw.step, &steps)?;
    reach(&raw.step, &steps)?;
    let RawEntry { when, again_after_days, .. } = raw.entry.into_inner();
    Ok(Programme {
        file: file.to_owned(),
        name: raw.name.into_inner(),
        version: raw.version,
        responsible: raw.responsible,
        purpose: raw.purpose,
        priority: raw.priority,
        entry,
        when,
        again_after_days,
        exit,
        cap,
        pack: raw.pack,
        steps,
    })
}

fn entry(raw: &Spanned<RawEntry>) -> Result<Entry, Found> {
    let RawEntry { on, within_days, monthly, birthday, when, again_after_days } = raw.get_ref();
    if when.iter().any(|condition| !condition.is_possible()) {
        return Err(found(raw, "entry.when", Wrong::OutOfRange));
    }
    if !(1..=365).contains(within_days) {
        return Err(found(raw, "entry.within_days", Wrong::OutOfRange));
    }
    match (on, monthly, birthday) {
        (Some(name), None, None) => {
            let trigger = trigger(name).map_err(|wrong| found(raw, "entry.on", wrong))?;
            Ok(Entry::On { trigger, within_days: *within_days })
        }
        (None, Some(day), None) if (1..=28).contains(day) => Ok(Entry::Monthly { day: *day }),
        (None, Some(_), None) => Err(found(raw, "entry.monthly", Wrong::OutOfRange)),
        (None, None, Some(Birthday::Car)) => Ok(Entry::CarBirthday),
        (None, None, Some(Birthday::Owner)) => Ok(Entry::OwnerBirthday),
        (None, None, None) if when.is_empty() => Err(found(raw, "entry.when", Wrong::NoCondition)),
        (None, None, None) if *again_after_days == 0 => Err(found(raw, "entry.again_after_days", Wrong::OutOfRange)),
        (None, None, None) => Ok(Entry::When),
        _ => Err(found(raw, "entry", Wrong::Entry)),
    }
}

fn trigger(name: &str) -> Result<Trigger, Wrong> {
    Trigger::from_name(name).ok_or_else(|| Wrong::UnknownTrigger(name.to_owned()))
}

fn step(programme: &RawProgramme, at: usize, raw: &RawStep) -> Result<Step, Found> {
    let id = raw.id.get_ref();
    let key = |field: &str| format!("step.{id}.{field}");
    let wait = match &raw.wait {
        None => None,
        Some(wait) => {
            let trigger = trigger(&wait.get_ref().trigger).map_err(|wrong| found(wait, key("wait.for"), wrong))?;
            if !(1..=365).contains(&wait.get_ref().days) {
                return Err(found(wait, key("wait.days"), Wrong::OutOfRange));
            }
            Some(Wait { trigger, days: wait.get_ref().days })
        }
    };
    if raw.when.iter().any(|condition| !condition.is_possible()) {
        return Err(found(&raw.id, key("when"), Wrong::OutOfRange));
    }
    if raw.after_days > 730 || !(1..=365).contains(&raw.stands_days) || !(1..=365).contains(&raw.lapses_days) {
        return Err(found(&raw.id, key("after_days, stands_days or lapses_days"), Wrong::OutOfRange));
    }
    if raw.promotes && programme.purpose != Purpose::Offers {
        return Err(found(&raw.id, key("promotes"), Wrong::Promotes));
    }
    let tell = match &raw.tell {
        None => None,
        Some(name) => Some(tell(raw, name, &key)?),
    };
    if tell.is_none() && wait.is_none() && raw.when.is_empty() {
        return Err(found(&raw.id, key("tell"), Wrong::Idle));
    }
    let behind = (at + 1 < programme.step.len()).then_some(at + 1);
    let leads = |field: &str, target: &Option<Spanned<String>>, usual: Option<usize>| match target {
        None => Ok(usual),
        Some(target) if target.get_ref() == END => Ok(None),
        Some(target) => {
            let position = programme.step.iter().position(|step| step.id.get_ref() == target.get_ref());
            let missing = || found(target, key(field), Wrong::MissingStep(target.get_ref().clone()));
            position.map(Some).ok_or_else(missing)
        }
    };
    let next = leads("next", &raw.next, behind)?;
    Ok(Step {
        id: id.clone(),
        after_days: raw.after_days,
        wait,
        when: raw.when.clone(),
        tell,
        lapses_days: raw.lapses_days,
        next,
        otherwise: leads("otherwise", &raw.otherwise, next)?,
    })
}

fn tell(raw: &RawStep, name: &Spanned<String>, key: &dyn Fn(&str) -> String) -> Result<Tell, Found> {
    let unknown = || found(name, key("tell"), Wrong::UnknownMessage(name.get_ref().clone()));
    let message = Message::from_name(name.get_ref()).ok_or_else(unknown)?;
    let channel = |name: &Spanned<String>| {
        let unknown = || found(name, key("by"), Wrong::UnknownChannel(name.get_ref().clone()));
        Channel::from_name(name.get_ref()).ok_or_else(unknown)
    };
    let by = raw.by.iter().map(channel).collect::<Result<Vec<_>, _>>()?;
    let (in_car, promotes, stands_days) = (raw.in_car, raw.promotes, raw.stands_days);
    Ok(Tell { message, by, in_car, promotes, stands_days, same_as: raw.same_as.clone() })
}

fn circles(raw: &[RawStep], steps: &[Step]) -> Result<(), Found> {
    for start in 0..steps.len() {
        // From which step each one was come to first.
        let mut from: Vec<Option<usize>> = alloc::vec![None; steps.len()];
        let mut open = [start].to_vec();
        while let Some(last) = open.pop() {
            for behind in [steps[last].next, steps[last].otherwise].into_iter().flatten() {
                if behind == start {
                    let mut names = [steps[start].id.as_str()].to_vec();
                    let mut at = last;
                    while at != start {
                        names.push(&steps[at].id);
                        at = from[at].unwrap_or(start);
                    }
                    names.push(&steps[start].id);
                    names.reverse();
                    let circle = Wrong::Circle(names.join(" -> "));
                    return Err(found(&raw[start].id, format!("step.{}.next", steps[last].id), circle));
                }
                if from[behind].is_none() {
                    from[behind] = Some(last);
                    open.push(behind);
                }
            }
        }
    }
    Ok(())
}

fn reach(raw: &[RawStep], steps: &[Step]) -> Result<(), Found> {
    let mut reached = alloc::vec![false; steps.len()];
    let mut open = [0].to_vec();
    while let Some(at) = open.pop() {
        if !core::mem::replace(&mut reached[at], true) {
            open.extend([steps[at].next, steps[at].otherwise].into_iter().flatten());
        }
    }
    match reached.iter().position(|reached| !reached) {
        Some(at) => Err(found(&raw[at].id, format!("step.{}", steps[at].id), Wrong::Unreachable)),
        None => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !name.is_empty() && name.len() <= 40 && name.chars().all(fits)
}
