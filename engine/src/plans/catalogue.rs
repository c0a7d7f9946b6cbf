//! Which plan a car gets.
//!
//! Invariant: no two plans fit any car equally well, so that the order of files decides nothing.

use alloc::vec::Vec;

use super::check::vin_fits;
use super::error::{PlanError, Wrong};
use super::file::Plan;
use crate::plan::Powertrain;

/// What is known of a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Car<'a> {
    /// Its kind of drive.
    pub powertrain: Powertrain,
    /// Its model's name, such as `VW Golf`.
    pub model: &'a str,
    /// Its VIN, where the owner has told it.
    pub vin: Option<&'a str>,
    /// Its model year.
    pub year: Option<u16>,
}

/// Plans that stand together.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    plans: Vec<Plan>,
}

impl Catalogue {
    /// Checks that every car finds one plan at most.
    pub fn new(plans: Vec<Plan>) -> Result<Self, PlanError> {
        for (at, plan) in plans.iter().enumerate() {
            if let Some(other) = plans[..at].iter().find(|other| collide(plan, other)) {
                return Err(PlanError::whole(&plan.file, "models", Wrong::Ambiguous(other.file.clone())));
            }
        }
        Ok(Self { plans })
    }

    /// The plan that fits a car best: by VIN before model before kind of drive, the longer pattern before the shorter.
    pub fn plan(&self, car: &Car<'_>) -> Option<&Plan> {
        self.plans
            .iter()
            .filter_map(|plan| fits(plan, car).map(|how| (how, plan)))
            .max_by_key(|(how, _)| *how)
            .map(|found| found.1)
    }

    /// All plans.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }
}

/// How well a plan fits: the letters fixed of the VIN, of the model, whether years are named; `None` if it does not.
fn fits(plan: &Plan, car: &Car<'_>) -> Option<(usize, usize, bool)> {
    if plan.powertrain != car.powertrain {
        return None;
    }
    let vin = best(&plan.vin, |pattern| car.vin.is_some_and(|vin| vin_fits(pattern, vin)))?;
    let model = best(&plan.models, |pattern| model_fits(pattern, car.model))?;
    let years = match (plan.years, car.year) {
        (None, _) => false,
        (Some([first, last]), Some(year)) if (first..=last).contains(&year) => true,
        _ => return None,
    };
    Some((vin, model, years))
}

fn best(patterns: &[alloc::string::String], fits: impl Fn(&str) -> bool) -> Option<usize> {
    if patterns.is_empty() {
        return Some(0);
    }
    patterns.iter().filter(|pattern| fits(pattern)).map(|pattern| fixed_letters(pattern)).max()
}

fn fixed_letters(pattern: &str) -> usize {
    pattern.chars().filter(|letter| !"?*".contains(*letter)).count()
}

fn model_fits(pattern: &str, model: &str) -> bool {
    let (pattern, model) = (pattern.to_lowercase(), model.to_lowercase());
    pattern.strip_suffix('*').map_or(model == pattern, |start| model.starts_with(start))
}

/// Whether some car would fit both equally well, as far as patterns tell: the same patterns over years that meet.
fn collide(one: &Plan, other: &Plan) -> bool {
    let years = match (one.years, other.years) {
        (Some([first, last]), Some([begin, end])) => first <= end && begin <= last,
        (None, None) => true,
        _ => false,
    };
    let shared = |one: &[alloc::string::String], other: &[alloc::string::String]| {
        (one.is_empty() && other.is_empty()) || one.iter().any(|pattern| other.contains(pattern))
    };
    one.powertrain == other.powertrain && years && shared(&one.vin, &other.vin) && shared(&one.models, &other.models)
}
