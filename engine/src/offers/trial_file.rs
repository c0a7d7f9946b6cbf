//! The shape of an experiment's file.
//!
//! Invariant: what cannot be run is an error with file, line and key: arms that do not add up to one, an arm twice, a span or a
//! phase that is none.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::arm::{Arm, Channel, Timing};
use super::error::{EntryError, Wrong};
use super::file::{Checked, bound, is_name, wrong};
use super::trial::{Allocation, Trial, TrialArm, USUAL_WINDOW_DAYS};
use crate::experiments::enrolment::Experiment;
use crate::located;

/// Units at which intervals are tightest, where a file does not say.
const UNITS: u32 = 5_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArm {
    name: Spanned<String>,
    share: f64,
    offer: Option<u16>,
    channel: Option<Spanned<String>>,
    timing: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPhase {
    from: Spanned<Datetime>,
    shares: Spanned<Vec<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTrial {
    id: Spanned<String>,
    version: u32,
    layer: Spanned<String>,
    span: Option<Spanned<[f64; 2]>>,
    #[serde(default)]
    segments: Vec<String>,
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
    window_days: Option<Spanned<u32>>,
    units: Option<Spanned<u32>>,
    indifference: Option<Spanned<f64>>,
    arm: Spanned<Vec<RawArm>>,
    #[serde(default)]
    phase: Vec<RawPhase>,
}

/// Reads and checks an experiment; whether the catalogue has its offers is for whoever has the catalogue.
pub fn read_trial(file: &str, text: &str) -> Result<Trial, EntryError> {
    let raw = located::parse(file, text, Wrong::Syntax)?;
    trial(raw).map_err(|found| found.placed(file, text))
}

fn trial(raw: RawTrial) -> Checked<Trial> {
    for (name, key) in [(&raw.id, "id"), (&raw.layer, "layer")] {
        if !is_name(name.get_ref()) {
            return wrong(name.span().start, key, Wrong::Name);
        }
    }
    let (from_ms, until_ms) = (bound(raw.from.as_ref(), 0)?, bound(raw.until.as_ref(), u64::MAX)?);
    if from_ms >= until_ms {
        let at = raw.until.as_ref().map_or(0, |until| until.span().start);
        return wrong(at, "until", Wrong::EndsBeforeItBegins);
    }
    let span = match &raw.span {
        None => (0.0, 1.0),
        Some(span) => {
            let [from, to] = *span.get_ref();
            if !(0.0 <= from && from < to && to <= 1.0) {
                return wrong(span.span().start, "span", Wrong::NoSpan);
            }
            (from, to)
        }
    };
    let units = raw.units.as_ref().map_or(UNITS, |units| *units.get_ref());
    if units == 0 {
        return wrong(raw.units.map_or(0, |units| units.span().start), "units", Wrong::NotAboveZero);
    }
    let window_days = raw.window_days.as_ref().map_or(USUAL_WINDOW_DAYS, |days| *days.get_ref());
    if window_days == 0 {
        return wrong(raw.window_days.map_or(0, |days| days.span().start), "window_days", Wrong::NotAboveZero);
    }
    let indifference = raw.indifference.as_ref().map_or(0.0, |share| *share.get_ref());
    if !(0.0..=1.0).contains(&indifference) {
        return wrong(raw.indifference.map_or(0, |share| share.span().start), "indifference", Wrong::NoSpan);
    }
    let (id, version) = (raw.id.into_inner(), raw.version);
    let at = raw.arm.span().start;
    let mut phases =
        alloc::vec![Allocation { from_ms, shares: raw.arm.get_ref().iter().map(|arm| arm.share).collect() }];
    runs(&id, version, &phases[0], at, "arm")?;
    let arms = arms(raw.arm.into_inner())?;
    for phase in raw.phase {
        let from_ms = bound(Some(&phase.from), 0)?;
        if phases.last().is_some_and(|last| from_ms <= last.from_ms) {
            return wrong(phase.from.span().start, "phase.from", Wrong::EndsBeforeItBegins);
        }
        let at = phase.shares.span().start;
        let shares = phase.shares.into_inner();
        if shares.len() != arms.len() {
            let text = alloc::format!("{} shares for {} arms", shares.len(), arms.len());
            return wrong(at, "phase.shares", Wrong::Experiment(text));
        }
        let allocation = Allocation { from_ms, shares };
        runs(&id, version, &allocation, at, "phase.shares")?;
        phases.push(allocation);
    }
    let (layer, segments) = (raw.layer.into_inner(), raw.segments);
    Ok(Trial { id, version, layer, span, segments, arms, phases, until_ms, window_days, units, indifference })
}

/// Whether the shares of a phase can be drawn from.
fn runs(id: &str, version: u32, phase: &Allocation, at: usize, key: &str) -> Checked<()> {
    match Experiment::new(id, version, &phase.shares, 1.0) {
        Ok(_) => Ok(()),
        Err(error) => wrong(at, key, Wrong::Experiment(error.to_string())),
    }
}

fn arms(raw: Vec<RawArm>) -> Checked<Vec<TrialArm>> {
    let mut arms: Vec<TrialArm> = Vec::new();
    for one in raw {
        let at = one.name.span().start;
        let name = one.name.into_inner();
        if !is_name(&name) {
            return wrong(at, "arm.name", Wrong::Name);
        }
        let channel = match &one.channel {
            None => Channel::Account,
            Some(given) => match Channel::from_name(given.get_ref()) {
                Some(channel) => channel,
                None => return wrong(given.span().start, "arm.channel", Wrong::NoneOf(&["account", "car"])),
            },
        };
        let timing = match &one.timing {
            None => Timing::Now,
            Some(given) => match Timing::from_name(given.get_ref()) {
                Some(timing) => timing,
                None => return wrong(given.span().start, "arm.timing", Wrong::NoneOf(&["now", "saturday"])),
            },
        };
        let arm = one.offer.map_or(Arm::Nothing, |offer| Arm::Offer { offer, channel, timing });
        if arms.iter().any(|known| known.name == name || known.arm == arm) {
            return wrong(at, "arm", Wrong::Twice(name));
        }
        arms.push(TrialArm { name, arm });
    }
    Ok(arms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
id = "winter-tyres-car"
version = 1
layer = "tyres"
span = [0.0, 0.5]
segments = ["town"]
until = 2027-04-01
window_days = 45

[[arm]]
name = "control"
share = 0.5

[[arm]]
name = "in-the-car"
share = 0.5
offer = 1
channel = "car"

[[phase]]
from = 2026-11-01
shares = [0.25, 0.75]
"#;

    #[test]
    fn an_experiment_reads_with_its_arms_and_phases() {
        let trial = read_trial("one.toml", TEXT).expect("it holds");
        assert_eq!((trial.span, trial.arms.len(), trial.phases.len(), trial.units), ((0.0, 0.5), 2, 2, UNITS));
        assert_eq!(trial.counts_until_ms(1), 45 * 86_400_000 + 1);
        let usual = read_trial("one.toml", &TEXT.replace("window_days = 45", "")).expect("it holds");
        assert_eq!(usual.window_days, USUAL_WINDOW_DAYS);
        assert_eq!(trial.offers().collect::<Vec<_>>(), [1]);
        let second_ms = trial.phases[1].from_ms;
        assert_eq!((trial.phase_at(second_ms - 1), trial.phase_at(second_ms)), (Some(0), Some(1)));
        assert_eq!(trial.phase_at(trial.until_ms), None);
    }

    #[test]
    fn what_cannot_run_is_named_with_file_line_and_key() {
        for (from, to, expected) in [
            (
                "share = 0.5\noffer",
                "share = 0.4\noffer",
                "one.toml:10: arm: the weights of the arms add to 0.9, not to 1",
            ),
            ("shares = [0.25, 0.75]", "shares = [0.25]", "one.toml:22: phase.shares: 1 shares for 2 arms"),
            ("[0.25, 0.75]", "[0.25, 0.25]", "one.toml:22: phase.shares: the weights of the arms add to 0.5, not to 1"),
            ("[0.0, 0.5]", "[0.5, 0.5]", "one.toml:5: span: is no part of 0 to 1"),
            ("name = \"in-the-car\"", "name = \"control\"", "one.toml:15: arm: \"control\" stands twice"),
            ("offer = 1\n", "", "one.toml:15: arm: \"in-the-car\" stands twice"),
            ("\"car\"", "\"fax\"", "one.toml:18: arm.channel: is none of account, car"),
            ("2027-04-01", "1970-01-01", "one.toml:7: until: ends before it begins"),
            ("window_days = 45", "window_days = 0", "one.toml:8: window_days: is not above zero"),
            ("id = \"winter-tyres-car\"", "id = \"Winter\"", "one.toml:2: id: is not up to 40 small letters"),
        ] {
            let error = read_trial("one.toml", &TEXT.replace(from, to)).expect_err(from).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
