//! An experiment's whole table: sizes, means, effects by segment, and what may be said of each.
//!
//! Invariant: units are folded in one at a time and forgotten; the result depends on their sums alone, not on their order
//! beyond rounding.

use alloc::vec::Vec;

use super::cuped::{Adjustment, adjusted_difference, adjustment};
use super::ebh::discoveries;
use super::sequential::{Interval, Sequential};
use super::srm::{self, Phase, Srm};
use super::summary::{Summary, difference};
use super::verdict::{Grounds, Verdict, verdict};

/// The sums of an experiment: one summary for each segment, arm and metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    arms: usize,
    metrics: usize,
    /// By segment, then arm, then metric.
    cells: Vec<Summary>,
}

impl Table {
    /// An empty table.
    pub fn new(arms: usize, metrics: usize) -> Self {
        Self { arms, metrics, cells: Vec::new() }
    }

    /// The table of one segment and one metric, by what remains of each arm.
    pub fn of_arms(arms: Vec<Summary>) -> Self {
        Self { arms: arms.len(), metrics: 1, cells: arms }
    }

    /// Takes in a unit; `outcomes` has one value for each metric, `before` is the covariate, 0 where there is none.
    ///
    /// A segment that was not seen before comes to be; an arm beyond the table's is not counted.
    pub fn observe(&mut self, segment: usize, arm: usize, outcomes: &[f64], before: f64) {
        if arm >= self.arms {
            return;
        }
        let width = self.arms * self.metrics;
        if self.cells.len() < (segment + 1) * width {
            self.cells.resize((segment + 1) * width, Summary::default());
        }
        let at = segment * width + arm * self.metrics;
        for (cell, &outcome) in self.cells[at..at + self.metrics].iter_mut().zip(outcomes) {
            cell.observe(outcome, before);
        }
    }

    /// How many segments were seen.
    pub fn segments(&self) -> usize {
        self.cells.len() / (self.arms * self.metrics).max(1)
    }

    /// The summary of one cell, or of all segments together.
    pub fn summary(&self, segment: Option<usize>, arm: usize, metric: usize) -> Summary {
        let at = |segment: usize| {
            let index = (segment * self.arms + arm) * self.metrics + metric;
            self.cells.get(index).copied().unwrap_or_default()
        };
        match segment {
            Some(segment) => at(segment),
            None => (0..self.segments()).map(at).fold(Summary::default(), Summary::merge),
        }
    }
}

/// How a table is read; all of it decided before the first look.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The arm that the others are compared with.
    pub control: usize,
    /// The intended share of each arm.
    pub shares: Vec<f64>,
    /// The interval's level and tuning.
    pub sequential: Sequential,
    /// Differences within ± this share of the control's mean do not matter.
    pub indifference: f64,
    /// Whether a covariate was given.
    pub covariate: bool,
}

/// One arm against the control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The arm.
    pub arm: usize,
    /// The metric.
    pub metric: usize,
    /// The segment; all together where there is none.
    pub segment: Option<usize>,
    /// The arm's mean less the control's.
    pub effect: f64,
    /// The interval that holds at every look.
    pub interval: Interval,
    /// The p-value that holds at every look.
    pub p: f64,
    /// The units of the arm and of the control.
    pub units: [f64; 2],
    /// What may be said.
    pub verdict: Verdict,
}

/// All that an experiment shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Whether the arms' sizes are right.
    pub srm: Srm,
    /// Arms against the control: all segments together first, then each segment, by arm and metric.
    pub effects: Vec<Effect>,
    /// What the covariate brings to each metric.
    pub adjustments: Vec<Adjustment>,
}

/// Reads a table whose shares stood still.
pub fn analyse(table: &Table, reading: &Reading) -> Findings {
    let counts: Vec<u64> = (0..table.arms).map(|arm| table.summary(None, arm, 0).n as u64).collect();
    analyse_phases(table, reading, &[Phase { shares: reading.shares.clone(), counts }])
}

/// Reads a table of an experiment whose shares changed: its sizes are held to the shares of each phase.
///
/// Effects over all units and effects within segments are two families, each with its own bound on false discoveries.
pub fn analyse_phases(table: &Table, reading: &Reading, phases: &[Phase]) -> Findings {
    let srm = srm::test(phases);
    let adjustments: Vec<Adjustment> = (0..table.metrics)
        .map(|metric| {
            let arms: Vec<Summary> = (0..table.arms).map(|arm| table.summary(None, arm, metric)).collect();
            adjustment(&arms)
        })
        .collect();
    let mut effects = family(table, reading, &adjustments, srm.ok, &[None]);
    if table.segments() > 1 {
        let segments: Vec<Option<usize>> = (0..table.segments()).map(Some).collect();
        effects.extend(family(table, reading, &adjustments, srm.ok, &segments));
    }
    Findings { srm, effects, adjustments }
}

fn family(
    table: &Table,
    reading: &Reading,
    adjustments: &[Adjustment],
    sizes_ok: bool,
    segments: &[Option<usize>],
) -> Vec<Effect> {
    let Reading { control, sequential, .. } = *reading;
    let mut effects = Vec::new();
    let mut e_values = Vec::new();
    let mut indifferences = Vec::new();
    for &segment in segments {
        for arm in (0..table.arms).filter(|&arm| arm != control) {
            for (metric, adjustment) in adjustments.iter().enumerate() {
                let base = table.summary(segment, control, metric);
                let other = table.summary(segment, arm, metric);
                let found = if reading.covariate && adjustment.gains() {
                    adjusted_difference(&base, &other, adjustment.theta)
                } else {
                    difference(&base, &other)
                };
                e_values.push(sequential.e_value(found.effect, found.standard_error, found.n));
                indifferences.push(reading.indifference * libm::fabs(base.mean));
                effects.push(Effect {
                    arm,
                    metric,
                    segment,
                    effect: found.effect,
                    interval: sequential.interval(found.effect, found.standard_error, found.n),
                    p: sequential.p_value(found.effect, found.standard_error, found.n),
                    units: [other.n, base.n],
                    verdict: Verdict::Learning,
                });
            }
        }
    }
    let found = discoveries(&e_values, sequential.alpha);
    for ((effect, discovery), indifference) in effects.iter_mut().zip(found).zip(indifferences) {
        let units = effect.units[0].min(effect.units[1]);
        effect.verdict = verdict(Grounds { sizes_ok, units, interval: effect.interval, discovery, indifference });
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::boundary::{Mixture, Normal, Sides};
    use crate::recorded::engagement;

    fn reading(arms: usize) -> Reading {
        Reading {
            control: 0,
            shares: alloc::vec![1.0 / arms as f64; arms],
            sequential: Sequential::default(),
            indifference: 0.1,
            covariate: true,
        }
    }

    type Row = (usize, usize, [f64; 2], f64);

    /// From the right, because a column on the left holds commas: arm (control, men's, women's), segment (0 neither, 1 men's, 2 women's, 3 both), visit, spend and history of each row.
    fn hillstrom() -> Option<Vec<Row>> {
        let text = engagement("hillstrom/hillstrom.csv")?;
        let rows = text.lines().skip(1).map(|row| {
            let fields: Vec<&str> = row.rsplit(',').collect();
            let number = |at: usize| fields[at].parse::<f64>().expect("a number");
            let arm = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"].iter().position(|arm| *arm == fields[3]);
            let segment = usize::from(fields[8] == "1") + 2 * usize::from(fields[7] == "1");
            (arm.expect("a known arm"), segment, [number(2), number(0)], number(9))
        });
        Some(rows.collect())
    }

    #[test]
    fn the_table_of_hillstrom_is_met_and_the_segment_effect_is_found() {
        let Some(rows) = hillstrom() else { return };
        let mut table = Table::new(3, 2);
        for (arm, segment, outcomes, history) in &rows {
            table.observe(*segment, *arm, outcomes, *history);
        }
        let findings = analyse(&table, &reading(3));
        assert!(findings.srm.ok, "{:?}", findings.srm);
        // Means of the whole file, of which this is half: within three standard errors.
        for (arm, visit, spend) in [(0, 0.106_167, 0.652_789), (1, 0.182_757, 1.422_617), (2, 0.151_4, 1.077_202)] {
            for (metric, published) in [(0, visit), (1, spend)] {
                let cell = table.summary(None, arm, metric);
                let error = (cell.variance() / cell.n).sqrt();
                assert!((cell.mean - published).abs() < 3.0 * error, "arm {arm} metric {metric}: {}", cell.mean);
            }
        }
        let effect = |arm, metric, segment| {
            let found = findings.effects.iter().find(|e| (e.arm, e.metric, e.segment) == (arm, metric, segment));
            *found.expect("every arm, metric and segment")
        };
        assert_eq!(effect(1, 0, None).verdict, Verdict::Winner);
        assert_eq!(effect(2, 0, None).verdict, Verdict::Winner);
        let (men_only, women_only) = (effect(2, 0, Some(1)), effect(2, 0, Some(2)));
        assert_eq!(women_only.verdict, Verdict::Winner, "the women's mail brings women's buyers");
        assert!(women_only.interval.contains(0.074), "{women_only:?}");
        assert_ne!(men_only.verdict, Verdict::Winner, "and is not shown to bring men's buyers");
        assert!(men_only.interval.contains(0.011) && women_only.interval.low > men_only.interval.high, "{men_only:?}");
        assert!(!findings.adjustments[1].gains(), "{:?}", findings.adjustments[1]);
        assert!((0.0..0.005).contains(&findings.adjustments[1].variance_reduction));
    }

    #[test]
    fn wrong_sizes_make_every_verdict_invalid() {
        let mut table = Table::new(2, 1);
        for at in 0..3000u32 {
            table.observe(0, usize::from(at % 3 == 0), &[f64::from(at % 3)], 0.0);
        }
        let findings = analyse(&table, &reading(2));
        assert!(findings.effects.iter().all(|effect| effect.verdict == Verdict::Invalid));
    }

    #[test]
    fn an_empty_table_concludes_nothing() {
        let findings = analyse(&Table::new(2, 1), &reading(2));
        assert_eq!(findings.effects.len(), 1);
        assert_eq!(findings.effects[0].verdict, Verdict::Learning);
    }

    /// How many of `runs` experiments without any effect raise an alarm at any of 50 looks, always-valid and with fixed z.
    fn false_alarms(runs: u64) -> (u32, u32) {
        use crate::random::Random;
        let (mut valid, mut fixed) = (0, 0);
        for run in 0..runs {
            let mut random = Random::new(run);
            let mut arms = [Summary::default(); 2];
            let (mut valid_alarm, mut fixed_alarm) = (false, false);
            for _ in 0..50 {
                for _ in 0..200 {
                    let arm = usize::from(random.uniform() < 0.5);
                    arms[arm].observe(f64::from(u8::from(random.uniform() < 0.147)), 0.0);
                }
                let found = difference(&arms[0], &arms[1]);
                valid_alarm |= Sequential::default().p_value(found.effect, found.standard_error, found.n) < 0.05;
                fixed_alarm |= found.effect.abs() > 1.96 * found.standard_error;
            }
            valid += u32::from(valid_alarm);
            fixed += u32::from(fixed_alarm);
        }
        (valid, fixed)
    }

    #[test]
    fn fifty_looks_raise_few_false_alarms_where_fixed_z_raises_many() {
        let (valid, fixed) = false_alarms(200);
        assert!(valid <= 10, "{valid} of 200");
        assert!(fixed >= 40, "{fixed} of 200: the looks are no test");
    }

    #[test]
    fn the_interval_is_never_narrower_than_the_normal_mixture_at_its_tuning() {
        // With unit variance the sum's bound over n is the half width; both are tightest at the same time.
        let n = 5000.0;
        let bound = Normal::new(n, 0.05, Sides::Both).bound(n, 0.05) / n;
        let half = Sequential::default().half_width(1.0 / f64::sqrt(n), n);
        assert!((half / bound - 1.0).abs() < 1e-6, "{half} and {bound}");
    }
}
