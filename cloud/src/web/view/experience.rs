//! What offers have led to, in plain words.
//!
//! Invariant: no sentence names a winner or loser that the verdict does not.

use milepost_engine::experiments::verdict::{LEAST_UNITS, Verdict};
use milepost_engine::offers::increment::Increment;

use crate::i18n::Format;

/// The verdict on what offers bring for each account, as sentences.
pub(crate) fn verdict_words(increment: &Increment, format: &Format) -> String {
    let localizer = format.localizer;
    let Some(effect) = increment.findings.effects.first() else { return localizer.text("verdict-learning") };
    let money = |amount: f64| format.worth(amount);
    let least = format.integer(LEAST_UNITS as i64);
    match effect.verdict {
        Verdict::Invalid => localizer.text("verdict-invalid"),
        Verdict::Learning if effect.units[0].min(effect.units[1]) < LEAST_UNITS => {
            localizer.with("verdict-too-few", [("least", least.into())])
        }
        verdict => {
            let key = match verdict {
                Verdict::Winner => "verdict-winner",
                Verdict::Loser => "verdict-loser",
                Verdict::NoDifference => "verdict-no-difference",
                Verdict::Learning | Verdict::Invalid => "verdict-learning-interval",
            };
            let (low, high) = (money(effect.interval.low), money(effect.interval.high));
            let arguments = [("effect", money(effect.effect).into()), ("low", low.into()), ("high", high.into())];
            localizer.with(key, arguments)
        }
    }
}
