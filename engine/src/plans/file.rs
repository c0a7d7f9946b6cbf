//! The shape of a plan file.
//!
//! Invariant: a field that is not known here is an error, so that a misspelt bound is never a bound that does not count.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::plan::{Recurrence, SafetyClass};
use serde::Deserialize;
use toml::Spanned;

use super::check;
use super::error::{PlanError, Wrong};
use super::severity::Hardship;
use crate::located::{self, Found};
use crate::plan::Powertrain;

/// Bounds in the units of service booklets; whichever is reached first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Kilometres.
    pub km: Option<u32>,
    /// Months, of 30.4 days.
    pub months: Option<u16>,
    /// Days.
    pub days: Option<u16>,
    /// Hours of the engine running.
    pub engine_h: Option<u32>,
    /// Litres of fuel burnt.
    pub fuel_l: Option<u32>,
    /// Cycles of the part: full charges of a traction battery, regenerations of a particulate filter.
    pub cycles: Option<u32>,
}

/// A measured condition that makes an item due by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum Condition {
    /// The 12 V battery's voltages, in millivolts.
    #[serde(rename = "battery-12v")]
    Battery12v {
        /// Rest voltage below which it is upcoming.
        rest_upcoming_mv: u16,
        /// Rest voltage below which it is due.
        rest_due_mv: u16,
        /// Cranking voltage below which it is due.
        cranking_due_mv: u16,
    },
    /// A condition model of [`crate::condition`]; due at so many per cent used.
    Used {
        /// Per cent of the part's life.
        due_percent: u8,
    },
}

/// Which odometer an item counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Odometer {
    /// The car's.
    #[default]
    Vehicle,
    /// The part's own, which only counts while it is mounted.
    Part,
}

/// Intervals that hold for a stretch of the car's life only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// From which odometer on, in kilometres.
    #[serde(default)]
    pub from_km: u32,
    /// Up to which, in kilometres; the last stage has no end.
    pub until_km: Option<u32>,
    /// From which age on, in months.
    #[serde(default)]
    pub from_months: u32,
    /// Up to which, in months; the last stage has no end.
    pub until_months: Option<u32>,
    /// The intervals.
    pub every: Bounds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Class {
    Comfort,
    Wear,
    Safety,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Repeats {
    #[default]
    Floating,
    Fixed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItem {
    pub(super) item: Spanned<String>,
    safety: Class,
    #[serde(default)]
    recurrence: Repeats,
    pub(super) first: Option<Spanned<Bounds>>,
    pub(super) repeat: Option<Spanned<Bounds>>,
    pub(super) severe: Option<Spanned<Bounds>>,
    #[serde(default)]
    severe_when: Vec<Hardship>,
    pub(super) lead: Option<Spanned<Bounds>>,
    pub(super) grace: Option<Spanned<Bounds>>,
    condition: Option<Condition>,
    #[serde(default)]
    pub(super) stage: Vec<Spanned<Stage>>,
    #[serde(default)]
    pub(super) done_with: Vec<Spanned<String>>,
    pub(super) after: Option<Spanned<String>>,
    #[serde(default)]
    odometer: Odometer,
}

impl RawItem {
    pub(super) fn has_condition(&self) -> bool {
        self.condition.is_some()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPlan {
    version: u32,
    name: String,
    powertrain: Spanned<String>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    pub(super) vin: Vec<Spanned<String>>,
    pub(super) years: Option<Spanned<[u16; 2]>>,
    pub(super) item: Vec<RawItem>,
}

/// One item of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name, one of [`super::item_id`].
    pub name: String,
    /// Its precedence.
    pub safety: SafetyClass,
    /// Where the next cycle starts.
    pub recurrence: Recurrence,
    /// Bounds of the first cycle of a new car.
    pub first: Bounds,
    /// Bounds of every later cycle.
    pub repeat: Bounds,
    /// Bounds of every cycle under severe use.
    pub severe: Option<Bounds>,
    /// What counts as severe for it.
    pub severe_when: Vec<Hardship>,
    /// How far ahead of a bound it becomes upcoming.
    pub lead: Bounds,
    /// How far behind a bound it becomes overdue.
    pub grace: Bounds,
    /// A condition beside the bounds.
    pub condition: Option<Condition>,
    /// Intervals by stretch of the car's life, in place of [`Self::repeat`].
    pub stages: Vec<Stage>,
    /// The items whose completion does this one too.
    pub done_with: Vec<String>,
    /// The item after whose first completion this one begins to count.
    pub after: Option<String>,
    /// Which odometer counts.
    pub odometer: Odometer,
}

/// A plan that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The file's name.
    pub file: String,
    /// Rises with each change.
    pub version: u32,
    /// What people call it.
    pub name: String,
    /// The kind of drive that it is for.
    pub powertrain: Powertrain,
    /// Models, `*` at the end for any rest; empty fits all.
    pub models: Vec<String>,
    /// VIN patterns; empty fits all.
    pub vin: Vec<String>,
    /// First and last model year.
    pub years: Option<[u16; 2]>,
    /// The items.
    pub items: Vec<Item>,
}

/// Reads and checks a plan.
pub fn read(file: &str, text: &str) -> Result<Plan, PlanError> {
    let raw: RawPlan = located::parse(file, text, Wrong::Syntax)?;
    let placed = |found: Found<Wrong>| found.placed(file, text);
    check::plan(&raw).map_err(placed)?;
    let powertrain = match raw.powertrain.get_ref().as_str() {
        "combustion" => Powertrain::Combustion,
        "hybrid" => Powertrain::Hybrid,
        "electric" => Powertrain::Electric,
        other => {
            let told = alloc::format!("{other:?} is none of combustion, hybrid, electric");
            return Err(placed(Found::new(raw.powertrain.span().start, "powertrain", Wrong::Syntax(told))));
        }
    };
    let plain = |names: Vec<Spanned<String>>| names.into_iter().map(Spanned::into_inner).collect();
    let items = raw.item.into_iter().map(item).collect();
    let RawPlan { version, name, models, vin, years, .. } = raw;
    let years = years.map(Spanned::into_inner);
    Ok(Plan { file: file.to_owned(), version, name, powertrain, models, vin: plain(vin), years, items })
}

fn item(raw: RawItem) -> Item {
    let bounds = |bounds: Option<Spanned<Bounds>>| bounds.map(Spanned::into_inner);
    let repeat = bounds(raw.repeat).or(raw.stage.first().map(|stage| stage.get_ref().every)).unwrap_or_default();
    Item {
        name: raw.item.into_inner(),
        safety: match raw.safety {
            Class::Comfort => SafetyClass::Comfort,
            Class::Wear => SafetyClass::Wear,
            Class::Safety => SafetyClass::Safety,
        },
        recurrence: match raw.recurrence {
            Repeats::Floating => Recurrence::Floating,
            Repeats::Fixed => Recurrence::Fixed,
        },
        first: bounds(raw.first).unwrap_or(repeat),
        repeat,
        severe: bounds(raw.severe),
        severe_when: raw.severe_when,
        lead: bounds(raw.lead).unwrap_or_default(),
        grace: bounds(raw.grace).unwrap_or_default(),
        condition: raw.condition,
        stages: raw.stage.into_iter().map(Spanned::into_inner).collect(),
        done_with: raw.done_with.into_iter().map(Spanned::into_inner).collect(),
        after: raw.after.map(Spanned::into_inner),
        odometer: raw.odometer,
    }
}
