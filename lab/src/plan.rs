//! `milepost lab plan`: how many units an experiment needs before it starts, if it may be looked at at any time.
//!
//! Invariant: power and false alarms are simulated with the very interval that the experiment is read with.

use anyhow::Context as _;
use clap::Args;
use milepost_engine::experiments::plan::{Design, Plan, Question, plan, power_at};
use serde_json::{Value, json};

use crate::chart::{Series, lines};
use crate::output::Output;
use crate::page::Page;

/// How many units an experiment needs.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The control's mean; of a rate, from 0 to 1.
    #[arg(long)]
    baseline: f64,
    /// The least difference that is worth finding, in the baseline's unit.
    #[arg(long, value_name = "DIFFERENCE")]
    mde: f64,
    /// The outcome's standard deviation, where it is no rate.
    #[arg(long, value_name = "DEVIATION")]
    deviation: Option<f64>,
    /// The probability of finding that difference.
    #[arg(long, default_value_t = 0.8, value_parser = within)]
    power: f64,
    /// How often it is looked at, evenly spread.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    looks: u32,
    /// Arms, the control among them.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=200))]
    arms: u32,
    /// The probability of any false alarm.
    #[arg(long, default_value_t = 0.05, value_parser = within)]
    alpha: f64,
    /// Units that arrive each day, all arms together, to say how long it takes.
    #[arg(long, value_name = "UNITS")]
    per_day: Option<f64>,
    #[command(flatten)]
    output: Output,
}

fn within(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.001..=0.999).contains(&value) { Ok(value) } else { Err("not within 0.001 to 0.999".to_owned()) }
}

pub(super) fn run(arguments: &PlanArguments) -> anyhow::Result<()> {
    let design = design(arguments)?;
    let found = plan(design).context("--mde: not even a billion units in each arm would find this difference")?;
    let lines = report(arguments, design, &found);
    arguments.output.give(&json_of(arguments, &found), &lines, || page(design, &found, &lines))
}

fn design(arguments: &PlanArguments) -> anyhow::Result<Design> {
    let PlanArguments { baseline, mde, deviation, power, looks, arms, alpha, per_day, .. } = *arguments;
    anyhow::ensure!(mde.is_finite() && mde != 0.0, "--mde: a difference other than 0 is needed");
    anyhow::ensure!(per_day.is_none_or(|units| units > 0.0), "--per-day: not above 0");
    let variance = if let Some(deviation) = deviation {
        anyhow::ensure!(deviation.is_finite() && deviation > 0.0, "--deviation: not above 0");
        deviation * deviation
    } else {
        let other = baseline + mde;
        let is_rate = |rate: f64| rate > 0.0 && rate < 1.0;
        anyhow::ensure!(
            is_rate(baseline) && is_rate(other),
            "--baseline: {baseline} and {other} are not both rates between 0 and 1; give --deviation for anything else"
        );
        // The mean of both arms' variances.
        0.5 * (baseline * (1.0 - baseline) + other * (1.0 - other))
    };
    let question = Question { variance, difference: mde.abs(), power };
    Ok(Design { question, arms, looks, alpha })
}

fn days(arguments: &PlanArguments, units_per_arm: f64) -> Option<f64> {
    arguments.per_day.map(|units| (units_per_arm * f64::from(arguments.arms) / units).ceil())
}

fn json_of(arguments: &PlanArguments, found: &Plan) -> Value {
    json!({
        "units_per_arm": found.units_per_arm,
        "units": found.units_per_arm * f64::from(arguments.arms),
        "units_per_arm_one_look": found.units_for_one_look,
        "expected_units_per_arm": found.expected_units,
        "power": found.power,
        "false_alarms": found.false_alarms,
        "false_alarms_fixed": found.false_alarms_fixed,
        "alpha_per_comparison": found.sequential.alpha,
        "tuned_at": found.sequential.tuned_at,
        "days": days(arguments, found.units_per_arm),
    })
}

fn report(arguments: &PlanArguments, design: Design, found: &Plan) -> Vec<String> {
    let Plan { units_per_arm, units_for_one_look, expected_units, power, .. } = *found;
    let mut lines = vec![format!(
        "{units_per_arm:.0} units in each of {} arms find a difference of {} in {:.0} of 100 experiments, looked at {} times.",
        design.arms,
        arguments.mde,
        100.0 * power,
        design.looks
    )];
    if let Some(days) = days(arguments, units_per_arm) {
        lines.push(format!("That is {days:.0} days."));
    }
    lines.push(format!(
        "If the difference is there, it is found after {expected_units:.0} units in each arm on average; a single look at the end would need {units_for_one_look:.0}, all of them, always."
    ));
    lines.push(format!(
        "Without any difference, {:.1} % of such experiments raise a false alarm at any look; read like single looks, {:.1} % would.",
        100.0 * found.false_alarms,
        100.0 * found.false_alarms_fixed
    ));
    if design.arms > 2 {
        lines.push(format!(
            "With {} arms against one control, each comparison is held to {:.4}, so that a first discovery stands among all.",
            design.arms - 1,
            found.sequential.alpha
        ));
    }
    lines
}

fn page(design: Design, found: &Plan, lines_said: &[String]) -> Page {
    let mut page = Page::new("How many units the experiment needs");
    page.paragraphs(lines_said);
    let shares = (1..=14).map(|tenth| f64::from(tenth) / 10.0);
    let points = shares.map(|share| (share * found.units_per_arm).ceil());
    let points = points.map(|units| (units, power_at(design, found.sequential, units))).collect();
    page.picture(
        "How surely the difference is found by the end, by the units in each arm; simulated with the interval that is read at every look.",
        &lines(
            "Power",
            "units in each arm",
            "probability of finding it",
            &[Series { name: "looked at any time".to_owned(), points, band: Vec::new() }],
        ),
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(baseline: f64, mde: f64) -> PlanArguments {
        PlanArguments {
            baseline,
            mde,
            deviation: None,
            power: 0.8,
            looks: 20,
            arms: 3,
            alpha: 0.05,
            per_day: Some(100.0),
            output: Output::default(),
        }
    }

    #[test]
    fn a_plan_is_told_in_words_and_numbers_that_agree() {
        let arguments = arguments(0.1, 0.02);
        let design = design(&arguments).expect("rates");
        let found = plan(design).expect("a plan");
        let json = json_of(&arguments, &found);
        let lines = report(&arguments, design, &found);
        assert!(lines[0].starts_with(&format!("{:.0} units in each of 3 arms", found.units_per_arm)), "{lines:?}");
        assert_eq!(json["days"], (3.0 * found.units_per_arm / 100.0).ceil());
        assert!(json["alpha_per_comparison"] == 0.025 && lines.len() == 5, "{json} {lines:?}");
    }

    #[test]
    fn what_cannot_be_planned_is_refused_by_the_flag_that_is_wrong() {
        let refused = |baseline, mde| design(&arguments(baseline, mde)).expect_err("refused").to_string();
        assert!(refused(0.1, 0.0).starts_with("--mde"));
        assert!(refused(12.0, 1.0).contains("--deviation"));
        assert!(refused(0.95, 0.1).starts_with("--baseline"));
    }
}
