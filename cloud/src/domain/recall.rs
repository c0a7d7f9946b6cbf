//! A safety recall as a notice carries it.

use serde::{Deserialize, Serialize};

/// One campaign for one car line of one model year, in the agency's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Recall {
    /// The campaign's number, such as `24V001000`.
    pub campaign: String,
    /// The maker as the file spells it.
    pub make: String,
    /// The model as the file spells it.
    pub model: String,
    /// The model year.
    pub year: u16,
    /// What is affected.
    pub component: String,
    /// What is wrong.
    pub defect: String,
    /// What it can lead to.
    pub consequence: String,
    /// What is done about it.
    pub remedy: String,
    /// When it was reported, such as `2024-01-20`; may be empty.
    pub reported: String,
    /// Whether the agency says not to drive.
    pub do_not_drive: bool,
    /// Whether the agency says to park outside, away from houses.
    pub park_outside: bool,
}
