//! Years held against their truth.
//!
//! Invariant: a statement counts as wrong if it was wrong at any look, not only at the last.

use std::collections::BTreeSet;

use milepost_engine::experiments::verdict::Verdict;

use super::market::{ARMS, INSISTENT, SEGMENTS};
use super::year::{Beside, INDIFFERENCE, Year};

/// What the looks said of the best arm in one segment at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// The arm that truly earns most is named.
    Winner,
    /// No arm beats doing nothing, and that is said.
    NoDifference,
    /// The best arm is not known yet.
    Learning,
    /// Something else was said.
    Wrong,
}

/// One year in figures.
#[derive(Debug)]
pub(super) struct Scored {
    pub(super) regret: Vec<[f64; 2]>,
    pub(super) conclusions: Vec<Conclusion>,
    /// Definite verdicts given at any look, one for each segment, arm and kind; and how many of them are wrong.
    pub(super) verdicts: usize,
    pub(super) wrong: usize,
    /// The week of the look at which each true winner was first named.
    pub(super) named_in_week: Vec<usize>,
    pub(super) increment: Beside,
    pub(super) foretold: Option<Beside>,
    pub(super) adaptive: Vec<(Beside, f64)>,
    /// When the insistent arm was halted, with complaints and contacts, and how many harmless arms were.
    pub(super) halted: Option<(usize, f64, f64)>,
    pub(super) harmless_halted: usize,
    pub(super) sizes_ok: bool,
    pub(super) broken_log_seen: bool,
    pub(super) decisions: u64,
}

pub(super) fn score(year: Year) -> Scored {
    let market = &year.market;
    let mut said = BTreeSet::new();
    let mut first_named = [None; SEGMENTS.len()];
    for (week, look) in year.looks.iter().enumerate() {
        for effect in look {
            let (Some(segment), kind) = (effect.segment, kind(effect.verdict)) else { continue };
            if kind == 0 {
                continue;
            }
            said.insert((segment, effect.arm, kind));
            if effect.verdict == Verdict::Winner && market.best(segment).0 == effect.arm {
                first_named[segment].get_or_insert(week + 1);
            }
        }
    }
    let is_wrong = |&&(segment, arm, kind): &&(usize, usize, u8)| {
        let truth = market.effect(segment, arm);
        match kind {
            1 => truth <= 1e-9,
            2 => truth >= -1e-9,
            _ => truth.abs() > INDIFFERENCE * market.mean(segment, 0),
        }
    };
    let wrong = said.iter().filter(is_wrong).count();
    let last = year.looks.last().map_or(&[][..], Vec::as_slice);
    let conclusions = (0..SEGMENTS.len()).map(|segment| conclude(&year, last, segment)).collect();
    let harmless = (1..ARMS.len()).filter(|&arm| arm != INSISTENT && year.halted[arm].is_some()).count();
    Scored {
        conclusions,
        verdicts: said.len(),
        wrong,
        named_in_week: first_named.into_iter().flatten().collect(),
        halted: year.halted[INSISTENT],
        harmless_halted: harmless,
        regret: year.regret,
        increment: year.increment,
        foretold: year.foretold,
        adaptive: year.adaptive,
        sizes_ok: year.sizes_ok,
        broken_log_seen: year.broken_log_seen,
        decisions: year.decisions,
    }
}

/// Definite verdicts by number: 1 better, 2 worse, 3 no difference; 0 for what says nothing yet.
fn kind(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Winner => 1,
        Verdict::Loser => 2,
        Verdict::NoDifference => 3,
        Verdict::Learning | Verdict::Invalid => 0,
    }
}

fn conclude(year: &Year, last: &[milepost_engine::experiments::analysis::Effect], segment: usize) -> Conclusion {
    let (best, _) = year.market.best(segment);
    let own = || last.iter().filter(|effect| effect.segment == Some(segment));
    let named = own()
        .filter(|effect| effect.verdict == Verdict::Winner)
        .max_by(|a, b| a.effect.total_cmp(&b.effect))
        .map(|effect| effect.arm);
    match named {
        Some(arm) if arm == best => Conclusion::Winner,
        None if own().any(|effect| matches!(effect.verdict, Verdict::Learning | Verdict::Invalid)) => {
            Conclusion::Learning
        }
        None if best == 0 => Conclusion::NoDifference,
        Some(_) | None => Conclusion::Wrong,
    }
}
