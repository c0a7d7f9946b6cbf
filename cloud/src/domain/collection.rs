//! Which signals a device shall collect and does: the plan that people decided, and the one that it reports.
//!
//! Invariant: the version rises with every change, and a decided plan keeps every rule.

use milepost_protocol::collection::CollectionPlan;
use milepost_protocol::record::CollectionReport;
use serde::{Deserialize, Serialize};

use super::{Actor, Agreement};

/// A plan that somebody decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedPlan {
    /// The plan.
    pub plan: CollectionPlan,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: Actor,
}

/// What a device told of its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedPlan {
    /// What it told.
    pub report: CollectionReport,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// What a device collects: decided and reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Collection {
    /// What was decided last.
    pub desired: Option<DecidedPlan>,
    /// What the device told last.
    pub reported: Option<ReportedPlan>,
}

impl Collection {
    /// The version of the next decision: above what the device has told as well, which may have been another cloud's before.
    pub fn next_version(&self) -> u32 {
        let decided = self.desired.as_ref().map_or(0, |decided| decided.plan.version);
        let told = self.reported.map_or(0, |told| told.report.version.max(told.report.refused.unwrap_or(0)));
        decided.max(told).saturating_add(1)
    }

    /// How both stand to each other; a device that does not collect never answers.
    pub fn agreement(&self) -> Agreement {
        let Some(desired) = &self.desired else { return Agreement::AsBuilt };
        let version = desired.plan.version;
        match self.reported {
            Some(told) if told.report.version == version => Agreement::InForce,
            Some(told) if told.report.refused == Some(version) => Agreement::Differs,
            _ => Agreement::Waiting,
        }
    }
}
