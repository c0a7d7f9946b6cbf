//! Makers' maintenance plans as files: read, checked, chosen by model and VIN, and turned into the rules of one vehicle.
//!
//! A plan is TOML, so that a workshop can read and correct it; `engine/plans/` holds examples of our own.
//! Invariant: a plan that was read is whole: every item is known, every interval is above zero, stages follow each other
//! without gap or overlap, and no item waits for itself; each error names file, line and key.

mod catalogue;
mod check;
mod error;
mod file;
mod items;
mod part;
mod rules;
mod severity;
#[cfg(test)]
mod tests;

pub use catalogue::{Car, Catalogue};
pub use error::{PlanError, Wrong};
pub use file::{Bounds, Condition, Item, Odometer, Plan, Stage, read};
pub use items::{BRAKE_PADS, item_id, item_name};
pub use part::PartOdometer;
pub use rules::{Planned, done_together, planned, rules, waits_for};
pub use severity::{Choice, Finding, Hardship, MeasuredUse, schedule};

/// Our own example plans with their file names: combustion, hybrid, electric.
pub const EXAMPLES: [(&str, &str); 3] = [
    ("combustion.toml", include_str!("../../plans/combustion.toml")),
    ("hybrid.toml", include_str!("../../plans/hybrid.toml")),
    ("electric.toml", include_str!("../../plans/electric.toml")),
];
