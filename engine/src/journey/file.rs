//! The shape of a programme file.
//!
//! Invariant: a field that is not known here is an error, so that a misspelt cap is never a cap that does not count.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use toml::Spanned;

use super::check;
use super::error::{ProgrammeError, Wrong};
use super::{Cap, Condition, Programme, Purpose};
use crate::located;

/// The programmes that come with the engine: file name and text.
pub const BUILT_IN: [(&str, &str); 13] = [
    ("welcome.toml", include_str!("programmes/welcome.toml")),
    ("advice.toml", include_str!("programmes/advice.toml")),
    ("visit-follow-up.toml", include_str!("programmes/visit-follow-up.toml")),
    ("booking-help.toml", include_str!("programmes/booking-help.toml")),
    ("monthly-report.toml", include_str!("programmes/monthly-report.toml")),
    ("winter.toml", include_str!("programmes/winter.toml")),
    ("car-birthday.toml", include_str!("programmes/car-birthday.toml")),
    ("owner-birthday.toml", include_str!("programmes/owner-birthday.toml")),
    ("multi-car.toml", include_str!("programmes/multi-car.toml")),
    ("certificate.toml", include_str!("programmes/certificate.toml")),
    ("finance.toml", include_str!("programmes/finance.toml")),
    ("reactivation.toml", include_str!("programmes/reactivation.toml")),
    ("at-dealer.toml", include_str!("programmes/at-dealer.toml")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProgramme {
    pub(super) name: Spanned<String>,
    pub(super) version: u32,
    pub(super) responsible: String,
    pub(super) purpose: Purpose,
    #[serde(default = "usual_priority")]
    pub(super) priority: u16,
    pub(super) entry: Spanned<RawEntry>,
    #[serde(default)]
    pub(super) exit: Vec<Spanned<String>>,
    pub(super) cap: Spanned<Cap>,
    #[serde(default)]
    pub(super) pack: Vec<String>,
    #[serde(default)]
    pub(super) step: Vec<RawStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEntry {
    pub(super) on: Option<String>,
    #[serde(default = "usual_within")]
    pub(super) within_days: u16,
    pub(super) monthly: Option<u8>,
    pub(super) birthday: Option<Birthday>,
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    #[serde(default)]
    pub(super) again_after_days: u16,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Birthday {
    Car,
    Owner,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    pub(super) after_days: u16,
    pub(super) wait: Option<Spanned<RawWait>>,
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    pub(super) tell: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) by: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) in_car: bool,
    #[serde(default)]
    pub(super) promotes: bool,
    #[serde(default = "usual_stand")]
    pub(super) stands_days: u16,
    pub(super) same_as: Option<String>,
    #[serde(default = "usual_lapse")]
    pub(super) lapses_days: u16,
    pub(super) next: Option<Spanned<String>>,
    pub(super) otherwise: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWait {
    #[serde(rename = "for")]
    pub(super) trigger: String,
    pub(super) days: u16,
}

fn usual_priority() -> u16 {
    100
}

fn usual_within() -> u16 {
    14
}

fn usual_stand() -> u16 {
    30
}

fn usual_lapse() -> u16 {
    14
}

/// Reads and checks a programme.
pub fn read(file: &str, text: &str) -> Result<Programme, ProgrammeError> {
    let raw: RawProgramme = located::parse(file, text, Wrong::Syntax)?;
    check::programme(file, raw).map_err(|found| found.placed(file, text))
}
