//! What an experiment has shown, in figures and plain words.
//!
//! Invariant: no sentence names a winner or loser that the verdict does not, and none at all while the sizes are wrong.

use milepost_engine::experiments::analysis::{Effect, Findings};
use milepost_engine::experiments::verdict::{LEAST_UNITS, Verdict};
use milepost_engine::offers::book::Book;
use milepost_engine::offers::trial::{Intake, Trial};
use milepost_engine::offers::trial_book::TrialTally;

use super::Badge;
use crate::i18n::Format;
use crate::offers::{ListedTrial, TrialState};

/// What an experiment has shown up to now.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// The sums.
    pub(crate) tally: TrialTally,
    /// What follows.
    pub(crate) findings: Findings,
}

impl Shown {
    /// What the book says of an experiment; nothing yet where nobody has taken part.
    pub(crate) fn of(trial: &Trial, book: &Book) -> Self {
        let tally = book.trial(&trial.id, trial.version).cloned().unwrap_or_else(|| TrialTally::new(trial));
        let findings = tally.findings(trial);
        Self { tally, findings }
    }

    /// What an experiment still takes in; `None` for one that nobody has let run.
    pub(crate) fn intake(&self, listed: &ListedTrial, now_ms: u64) -> Option<Intake> {
        let stopped = match listed.state {
            TrialState::Draft => return None,
            TrialState::Running => false,
            TrialState::Stopped => true,
        };
        Some(listed.trial.intake(stopped, self.tally.last_exposed_ms(), now_ms))
    }

    /// The effects over all accounts, one for each arm but the control.
    pub(crate) fn overall(&self) -> impl Iterator<Item = &Effect> {
        self.findings.effects.iter().filter(|effect| effect.segment.is_none())
    }

    /// The effects within segments, each with its segment's name, which is empty for none.
    pub(crate) fn by_segment(&self) -> impl Iterator<Item = (&str, &Effect)> {
        self.findings.effects.iter().filter_map(|effect| {
            let name = self.tally.segments().get(effect.segment?)?;
            Some((name.as_str(), effect))
        })
    }

    /// How much of the spread the service visits of the year before explain, and whether that is worth anything.
    pub(crate) fn covariate(&self) -> (f64, bool) {
        let found = self.findings.adjustments.first();
        found.map_or((0.0, false), |adjustment| (adjustment.variance_reduction, adjustment.gains()))
    }

    /// The same as a sentence.
    pub(crate) fn covariate_words(&self, format: &Format) -> String {
        let (share, gains) = self.covariate();
        let key = if gains { "experiment-cuped-gain" } else { "experiment-cuped-none" };
        let share = format.localizer.with("percent", [("value", format.decimal(share * 100.0, 1).into())]);
        format.localizer.with(key, [("share", share.into())])
    }

    /// Whether the arms' sizes are as they should be, as a sentence.
    pub(crate) fn sizes_words(&self, format: &Format) -> String {
        let key = if self.findings.srm.ok { "experiment-sizes-ok" } else { "experiment-sizes-wrong" };
        format.localizer.text(key)
    }
}

/// The name of what is still taken in.
pub(crate) fn intake_name(intake: Option<Intake>) -> &'static str {
    match intake {
        None => "not-begun",
        Some(Intake::Accounts) => "accounts",
        Some(Intake::Outcomes { .. }) => "outcomes",
        Some(Intake::Closed) => "closed",
    }
}

/// What is still taken in, as a sentence.
pub(crate) fn intake_words(intake: Option<Intake>, format: &Format) -> String {
    let key = format!("experiment-intake-{}", intake_name(intake));
    match intake {
        Some(Intake::Outcomes { until_ms }) => {
            format.localizer.with(&key, [("date", format.date_time(until_ms).into())])
        }
        _ => format.localizer.text(&key),
    }
}

/// What may be said of one arm against the control.
pub(crate) fn effect_words(trial: &Trial, effect: &Effect, format: &Format) -> String {
    let localizer = format.localizer;
    let name = |arm: usize| trial.arms.get(arm).map_or_else(String::new, |one| one.name.clone());
    let money = |amount: f64| format.worth(amount);
    let key = match effect.verdict {
        Verdict::Invalid => return localizer.text("experiment-invalid"),
        Verdict::Learning if effect.units[0].min(effect.units[1]) < LEAST_UNITS => {
            let least = format.integer(LEAST_UNITS as i64);
            return localizer.with("experiment-too-few", [("arm", name(effect.arm).into()), ("least", least.into())]);
        }
        Verdict::Winner => "experiment-winner",
        Verdict::Loser => "experiment-loser",
        Verdict::NoDifference => "experiment-no-difference",
        Verdict::Learning => "experiment-learning",
    };
    let (low, high) = (money(effect.interval.low), money(effect.interval.high));
    let arguments = [
        ("arm", name(effect.arm).into()),
        ("control", name(0).into()),
        ("effect", money(effect.effect.abs()).into()),
        ("low", low.into()),
        ("high", high.into()),
    ];
    localizer.with(key, arguments)
}

/// A verdict as a badge.
pub(crate) fn verdict_badge(verdict: Verdict, format: &Format) -> Badge {
    let (tone, icon, key) = match verdict {
        Verdict::Winner => ("ok", "check", "verdict-badge-winner"),
        Verdict::Loser => ("over", "alert", "verdict-badge-loser"),
        Verdict::NoDifference => ("", "check", "verdict-badge-no-difference"),
        Verdict::Learning => ("", "clock", "verdict-badge-learning"),
        Verdict::Invalid => ("over", "alert", "verdict-badge-invalid"),
    };
    Badge::new(format.localizer, tone, icon, key)
}

/// An interval in money; a dash while it is unbounded.
pub(crate) fn interval(effect: &Effect, format: &Format) -> String {
    let ends = [effect.interval.low, effect.interval.high];
    if ends.iter().all(|end| end.is_finite()) {
        let [low, high] = ends.map(|end| format.worth(end));
        format.localizer.with("experiment-between", [("low", low.into()), ("high", high.into())])
    } else {
        "–".to_owned()
    }
}
