//! What all simulated years show together: in words, in JSON and on a page.
//!
//! Invariant: every share is given with what it counts.

use serde_json::{Value, json};

use super::SimulateArguments;
use super::market::{ARMS, INSISTENT, SEGMENTS, share};
use super::score::{Conclusion, Scored};
use super::year::DAYS;
use crate::chart::{Mark, Row, Series, intervals, lines, say};
use crate::output::number;
use crate::page::Page;

/// How many years are drawn one by one.
const SHOWN: usize = 30;

pub(super) struct Found<'a> {
    arguments: &'a SimulateArguments,
    years: &'a [Scored],
    /// Week, mean, low and high tenth, of the learner and of even draws.
    regret: [Vec<(f64, f64, f64, f64)>; 2],
    concluded: [usize; 4],
    verdicts: usize,
    wrong: usize,
    years_wrong: usize,
    increments_held: usize,
    foretold: (usize, usize),
    adaptive: (usize, usize),
    adaptive_bias: f64,
    plain_bias: f64,
    halted: usize,
    harmless_halted: usize,
    halted_on_day: f64,
    complaints_until: f64,
    named_in_week: f64,
    sizes_ok: usize,
    broken_seen: usize,
    decisions: u64,
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let at = (share * values.len().saturating_sub(1) as f64).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / n
}

impl<'a> Found<'a> {
    pub(super) fn new(arguments: &'a SimulateArguments, years: &'a [Scored]) -> Self {
        let regret = [0, 1].map(|which| {
            let week = |week: usize| {
                let mut values: Vec<f64> = years.iter().map(|year| year.regret[week][which]).collect();
                let mean = mean(values.iter().copied());
                (week as f64 + 1.0, mean, quantile(&mut values, 0.1), quantile(&mut values, 0.9))
            };
            (0..DAYS / 7).map(week).collect()
        });
        let count = |holds: &dyn Fn(&Scored) -> bool| years.iter().filter(|year| holds(year)).count();
        let conclusions = || years.iter().flat_map(|year| &year.conclusions);
        let concluded = [Conclusion::Winner, Conclusion::NoDifference, Conclusion::Learning, Conclusion::Wrong]
            .map(|wanted| conclusions().filter(|one| **one == wanted).count());
        let foretold = || years.iter().filter_map(|year| year.foretold);
        let adaptive = || years.iter().flat_map(|year| &year.adaptive);
        let mut days: Vec<f64> = years.iter().filter_map(|year| Some(year.halted?.0 as f64)).collect();
        let mut complaints: Vec<f64> = years.iter().filter_map(|year| Some(year.halted?.1)).collect();
        let mut weeks: Vec<f64> = years.iter().flat_map(|year| &year.named_in_week).map(|week| *week as f64).collect();
        Self {
            arguments,
            years,
            regret,
            concluded,
            verdicts: years.iter().map(|year| year.verdicts).sum(),
            wrong: years.iter().map(|year| year.wrong).sum(),
            years_wrong: count(&|year| year.wrong > 0),
            increments_held: count(&|year| year.increment.holds()),
            foretold: (foretold().filter(|one| one.holds()).count(), foretold().count()),
            adaptive: (adaptive().filter(|(one, _)| one.holds()).count(), adaptive().count()),
            adaptive_bias: mean(adaptive().map(|(one, _)| one.estimate - one.truth)),
            plain_bias: mean(adaptive().map(|(_, off)| *off)),
            halted: days.len(),
            harmless_halted: years.iter().map(|year| year.harmless_halted).sum(),
            halted_on_day: quantile(&mut days, 0.5),
            complaints_until: quantile(&mut complaints, 0.5),
            named_in_week: quantile(&mut weeks, 0.5),
            sizes_ok: count(&|year| year.sizes_ok),
            broken_seen: count(&|year| year.broken_log_seen),
            decisions: years.iter().map(|year| year.decisions).sum(),
        }
    }

    fn share_of(count: usize, all: usize) -> f64 {
        count as f64 / all.max(1) as f64
    }

    pub(super) fn json(&self) -> Value {
        let n = self.years.len();
        let [winner, none, learning, wrong] = self.concluded;
        let at = |which: usize, week: usize| self.regret[which].get(week).map_or(Value::Null, |one| number(one.1));
        let last = self.regret[0].len().saturating_sub(1);
        json!({
            "runs": n, "owners": self.arguments.owners, "decisions": self.decisions, "seed": self.arguments.seed,
            "regret": { "learner_first_week": at(0, 0), "learner_last_week": at(0, last), "even_last_week": at(1, last),
                "learner_by_week": self.regret[0].iter().map(|week| week.1).collect::<Vec<_>>() },
            "segments": { "winner_named": winner, "no_difference_said": none, "learning": learning, "wrong": wrong },
            "verdicts": { "given": self.verdicts, "wrong": self.wrong, "wrong_share": Self::share_of(self.wrong, self.verdicts),
                "years_with_a_wrong_one": self.years_wrong },
            "weeks_until_winner_named": number(self.named_in_week),
            "holdout_increment": { "coverage": Self::share_of(self.increments_held, n) },
            "off_policy_forecast": { "coverage": Self::share_of(self.foretold.0, self.foretold.1), "given": self.foretold.1 },
            "adaptive_means": { "coverage": Self::share_of(self.adaptive.0, self.adaptive.1), "bias": number(self.adaptive_bias),
                "plain_bias": number(self.plain_bias) },
            "complaints": { "harmful_halted": Self::share_of(self.halted, n), "harmless_halted": self.harmless_halted,
                "days_until_halt": number(self.halted_on_day), "complaints_until_halt": number(self.complaints_until) },
            "sizes": { "false_alarms": n - self.sizes_ok, "broken_log_seen": Self::share_of(self.broken_seen, n) },
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let n = self.years.len();
        let [winner, none, learning, wrong] = self.concluded;
        let percent = |count: usize, all: usize| format!("{:.1} %", 100.0 * Self::share_of(count, all));
        let week = |which: usize, at: usize| self.regret[which].get(at).map_or(f64::NAN, |one| one.1);
        let last = self.regret[0].len().saturating_sub(1);
        let harmless = ARMS.len() - 2;
        vec![
            format!(
                "{n} years of {} owners, {} decisions; each year has a market of its own with {} segments.",
                self.arguments.owners,
                self.decisions,
                SEGMENTS.len()
            ),
            format!(
                "Regret of a decision falls from {} euros in the first week to {} in the last; even draws stay at {}.",
                say(week(0, 0)),
                say(week(0, last)),
                say(week(1, last))
            ),
            format!(
                "Segments at the end of the year: the true winner named in {winner}, no difference said in {none}, still learning in {learning}, wrong in {wrong}; a winner was named in week {:.0} (median).",
                self.named_in_week
            ),
            format!(
                "Verdicts by segment and arm over all weekly looks: {} of {} wrong ({}); {} of {n} years hold a wrong one.",
                self.wrong,
                self.verdicts,
                percent(self.wrong, self.verdicts),
                self.years_wrong
            ),
            format!(
                "The increment by the holdout held the truth in {} of {n} years ({}).",
                self.increments_held,
                percent(self.increments_held, n)
            ),
            format!(
                "The value of the last policy, foretold from the even lane, held the truth in {} of {} years ({}).",
                self.foretold.0,
                self.foretold.1,
                percent(self.foretold.0, self.foretold.1)
            ),
            format!(
                "Means from the learner's own log, adaptively weighted: {} of {} intervals held the truth ({}); bias {} euros, where plain means are off by {}.",
                self.adaptive.0,
                self.adaptive.1,
                percent(self.adaptive.0, self.adaptive.1),
                say(self.adaptive_bias),
                say(self.plain_bias)
            ),
            format!(
                "The arm that annoys was halted in {} of {n} years, on day {:.0} after {:.0} complaints (medians); harmless arms in {} of {}.",
                self.halted,
                self.halted_on_day,
                self.complaints_until,
                self.harmless_halted,
                harmless * n
            ),
            format!(
                "Sizes of arms: {} false alarms in {n} years; a log that loses a tenth of one arm's exposures was seen in {}.",
                n - self.sizes_ok,
                percent(self.broken_seen, n)
            ),
        ]
    }

    pub(super) fn page(&self) -> Page {
        let mut page = Page::new("Simulated years");
        page.paragraphs(&self.lines());
        page.heading("Regret");
        let names = ["learner", "even draws"];
        let series: Vec<Series> = names
            .iter()
            .zip(&self.regret)
            .map(|(name, weeks)| Series {
                name: (*name).to_owned(),
                points: weeks.iter().map(|week| (week.0, week.1)).collect(),
                band: weeks.iter().map(|week| (week.2, week.3)).collect(),
            })
            .collect();
        page.picture(
            "What a decision earned less than the best arm would have, averaged over all years; the bands hold eight years in ten.",
            &lines("Regret", "week", "euros a decision", &series),
        );
        page.heading("Increment by the holdout");
        let rows: Vec<Row> =
            self.years.iter().take(SHOWN).enumerate().map(|(at, year)| increment_row(at, year)).collect();
        page.picture(
            "What the programme added for each account and year, less the truth, with its always-valid interval: it should hold zero. The first years are shown.",
            &intervals("Estimated less true increment", "euros an account, less the truth", &rows),
        );
        page.heading("Segments");
        let [winner, none, learning, wrong] = self.concluded;
        let table: Vec<Vec<String>> = [
            ("the true winner is named", winner),
            ("no difference is said, and there is none", none),
            ("still learning", learning),
            ("wrong", wrong),
        ]
        .map(|(what, count)| vec![what.to_owned(), count.to_string()])
        .to_vec();
        page.table(&["at the end of the year".to_owned(), "segments".to_owned()], &table);
        page.heading("The market");
        let shares: Vec<String> =
            SEGMENTS.iter().enumerate().map(|(at, name)| format!("{name} ({:.0} %)", 100.0 * share(at))).collect();
        page.paragraph(&format!("Segments: {}.", shares.join(", ")));
        page.paragraph(&format!(
            "Arms: {}. In a quarter of the segments no arm differs from nothing; in all others one of the two decent arms brings 2.0 to 3.2 euros a decision. Of contacts by the {}, three in a hundred end in a complaint, where one may.",
            ARMS.join(", "),
            ARMS[INSISTENT]
        ));
        page
    }
}

fn increment_row(at: usize, year: &Scored) -> Row {
    let one = year.increment;
    let off = |value: f64| value - one.truth;
    Row {
        label: format!("year {}", at + 1),
        value: off(one.estimate),
        low: off(one.interval.low),
        high: off(one.interval.high),
        mark: if one.holds() { Mark::Same } else { Mark::Down },
        said: if one.holds() { "holds the truth" } else { "misses the truth" }.to_owned(),
    }
}
