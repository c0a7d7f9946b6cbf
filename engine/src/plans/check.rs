//! What has to hold in a plan beyond its syntax.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use toml::Spanned;

use super::error::Wrong;
use super::file::{Bounds, RawItem, RawPlan, Stage};
use super::items::item_id;
use crate::located;

/// What is wrong, where in the text, under which key.
type Found = located::Found<Wrong>;

fn found<T>(place: &Spanned<T>, key: impl Into<String>, wrong: Wrong) -> Result<(), Found> {
    Err(Found::new(place.span().start, key, wrong))
}

/// Checks a whole plan.
pub(super) fn plan(plan: &RawPlan) -> Result<(), Found> {
    for pattern in &plan.vin {
        if !is_vin_pattern(pattern.get_ref()) {
            return found(pattern, "vin", Wrong::VinPattern(pattern.get_ref().clone()));
        }
    }
    if let Some(years) = plan.years.as_ref().filter(|years| years.get_ref()[0] > years.get_ref()[1]) {
        return found(years, "years", Wrong::Years);
    }
    for (at, item) in plan.item.iter().enumerate() {
        let name = item.item.get_ref();
        if item_id(name).is_none() {
            return found(&item.item, "item.item", Wrong::UnknownItem(name.clone()));
        }
        if plan.item[..at].iter().any(|other| other.item.get_ref() == name) {
            return found(&item.item, "item.item", Wrong::DuplicateItem(name.clone()));
        }
        self::item(item, name)?;
        let refers =
            item.done_with.iter().map(|other| ("done_with", other)).chain(item.after.iter().map(|o| ("after", o)));
        for (field, other) in refers {
            if !plan.item.iter().any(|known| known.item.get_ref() == other.get_ref()) {
                return found(other, format!("item.{name}.{field}"), Wrong::MissingItem(other.get_ref().clone()));
            }
        }
    }
    circles(plan)
}

fn item(item: &RawItem, name: &str) -> Result<(), Found> {
    let key = |field: &str| format!("item.{name}.{field}");
    let fields = [("first", &item.first), ("repeat", &item.repeat), ("severe", &item.severe)];
    for (field, bounds) in fields {
        let Some(bounds) = bounds else { continue };
        if !in_range(bounds.get_ref()) {
            return found(bounds, key(field), Wrong::OutOfRange);
        }
        if item.lead.as_ref().is_some_and(|lead| longer(lead.get_ref(), bounds.get_ref())) {
            return found(item.lead.as_ref().unwrap_or(bounds), key("lead"), Wrong::LeadBeyondInterval);
        }
    }
    let has_bounds =
        |bounds: &Option<Spanned<Bounds>>| bounds.as_ref().is_some_and(|bounds| *bounds.get_ref() != Bounds::default());
    let never = !has_bounds(&item.repeat) && item.stage.is_empty() && item.done_with.is_empty();
    if never && !item.has_condition() {
        return found(&item.item, key("repeat"), Wrong::NeverDue);
    }
    stages(&item.stage, &key("stage"), |stage| stage.from_km, |stage| stage.until_km)?;
    stages(&item.stage, &key("stage"), |stage| stage.from_months, |stage| stage.until_months)?;
    for stage in &item.stage {
        let every = &stage.get_ref().every;
        if !in_range(every) || *every == Bounds::default() {
            return found(stage, key("stage.every"), Wrong::OutOfRange);
        }
        if item.lead.as_ref().is_some_and(|lead| longer(lead.get_ref(), every)) {
            return found(stage, key("lead"), Wrong::LeadBeyondInterval);
        }
    }
    Ok(())
}

/// Stages begin at 0, follow each other, and the last has no end; a metric that none of them names is none of their business.
fn stages(
    stages: &[Spanned<Stage>],
    key: &str,
    from: impl Fn(&Stage) -> u32,
    until: impl Fn(&Stage) -> Option<u32>,
) -> Result<(), Found> {
    if stages.iter().all(|stage| from(stage.get_ref()) == 0 && until(stage.get_ref()).is_none()) {
        return if stages.len() > 1 && stages.iter().all(|stage| stage.get_ref().is_unbounded()) {
            found(&stages[1], key, Wrong::Overlap)
        } else {
            Ok(())
        };
    }
    let mut reached = Some(0);
    for stage in stages {
        let begins = from(stage.get_ref());
        match reached {
            Some(end) if begins > end => return found(stage, key, Wrong::Gap),
            Some(end) if begins == end => {}
            _ => return found(stage, key, Wrong::Overlap),
        }
        reached = until(stage.get_ref());
        if reached.is_some_and(|end| end <= begins) {
            return found(stage, key, Wrong::OutOfRange);
        }
    }
    match (reached, stages.last()) {
        (Some(_), Some(last)) => found(last, key, Wrong::Gap),
        _ => Ok(()),
    }
}

impl Stage {
    fn is_unbounded(&self) -> bool {
        self.from_km == 0 && self.until_km.is_none() && self.from_months == 0 && self.until_months.is_none()
    }
}

/// What the wire's 32 bits hold in metres, seconds and millilitres, and 16 in days.
fn in_range(bounds: &Bounds) -> bool {
    let within = |value: Option<u32>, most: u32| value.is_none_or(|value| (1..=most).contains(&value));
    within(bounds.km, 2_000_000)
        && within(bounds.months.map(Into::into), 600)
        && within(bounds.days.map(Into::into), 18_250)
        && within(bounds.engine_h, 100_000)
        && within(bounds.fuel_l, 1_000_000)
        && within(bounds.cycles, 1_000_000)
}

fn longer(lead: &Bounds, interval: &Bounds) -> bool {
    let over = |lead: Option<u32>, interval: Option<u32>| lead.zip(interval).is_some_and(|(lead, every)| lead > every);
    over(lead.km, interval.km)
        || over(lead.time_days(), interval.time_days())
        || over(lead.engine_h, interval.engine_h)
        || over(lead.fuel_l, interval.fuel_l)
        || over(lead.cycles, interval.cycles)
}

fn circles(plan: &RawPlan) -> Result<(), Found> {
    let next = |name: &str| -> Vec<&str> {
        let item = plan.item.iter().find(|item| item.item.get_ref() == name);
        item.map(|item| item.done_with.iter().chain(&item.after).map(|other| other.get_ref().as_str()).collect())
            .unwrap_or_default()
    };
    for item in &plan.item {
        let start = item.item.get_ref().as_str();
        let mut paths: Vec<Vec<&str>> = next(start).into_iter().map(|name| [start, name].to_vec()).collect();
        while let Some(path) = paths.pop() {
            let last = path[path.len() - 1];
            if last == start {
                return found(&item.item, format!("item.{start}"), Wrong::Circle(path.join(" -> ")));
            }
            // A circle that does not lead back here is found from one of its own items.
            if path[..path.len() - 1].contains(&last) {
                continue;
            }
            paths.extend(next(last).into_iter().map(|name| {
                let mut longer = path.clone();
                longer.push(name);
                longer
            }));
        }
    }
    Ok(())
}

/// Up to 17 letters and digits without I, O and Q (ISO 3779), `?` for any one, `*` only at the end.
fn is_vin_pattern(pattern: &str) -> bool {
    let (fixed, open) = pattern.strip_suffix('*').map_or((pattern, false), |fixed| (fixed, true));
    let is_allowed = |letter: char| {
        letter == '?' || letter.is_ascii_digit() || (letter.is_ascii_uppercase() && !"IOQ".contains(letter))
    };
    fixed.chars().all(is_allowed) && if open { fixed.len() < 17 } else { fixed.len() == 17 }
}

impl Bounds {
    /// The calendar bound in days.
    pub(super) fn time_days(&self) -> Option<u32> {
        let months = self.months.map(|months| (f64::from(months) * super::rules::MONTH_DAYS) as u32);
        [months, self.days.map(Into::into)].into_iter().flatten().min()
    }
}

/// Whether a VIN fits a pattern that was checked.
pub(super) fn vin_fits(pattern: &str, vin: &str) -> bool {
    let (fixed, open) = pattern.strip_suffix('*').map_or((pattern, false), |fixed| (fixed, true));
    let vin = vin.to_owned().to_ascii_uppercase();
    (if open { vin.len() >= fixed.len() } else { vin.len() == fixed.len() })
        && fixed.chars().zip(vin.chars()).all(|(wanted, is)| wanted == '?' || wanted == is)
}
