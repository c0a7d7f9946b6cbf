//! What offers have led to, in plain words.
//!
//! Invariant: no sentence names a winner or loser that the verdict does not.

use milepost_engine::experiments::verdict::{LEAST_UNITS, Verdict};
use milepost_engine::offers::Arm;
use milepost_engine::offers::book::{Book, Increment, arms_of};
use milepost_engine::offers::catalogue::Kind;
use milepost_engine::offers::eligibility::Facts;

use crate::i18n::Format;
use crate::offers::Catalogue;

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

/// An arm, what is expected of it with its standard deviation, and its share.
pub(crate) type Believed = (Arm, Option<(f64, f64)>, f64);

/// What is expected of each arm that is live for a car of no segment, and the share that it would be drawn with.
pub(crate) fn beliefs(catalogue: &Catalogue, book: &Book) -> Vec<Believed> {
    let halted = book.halted();
    let mut arms = vec![Arm::Nothing];
    arms.extend(catalogue.live(Kind::Offer).flat_map(arms_of).filter(|arm| !halted.contains(arm)));
    let x = book.learner.features([], &Facts::new());
    let shares = book.learner.shares(&x, &arms);
    arms.into_iter().zip(shares).map(|(arm, share)| (arm, book.learner.belief(arm, &x), share)).collect()
}
