//! What offers have led to, in plain words.
//!
//! Invariant: no sentence names a winner or loser that the verdict does not.

use milepost_engine::experiments::verdict::{LEAST_UNITS, Verdict};
use milepost_engine::offers::Arm;
use milepost_engine::offers::book::{Book, Increment, arms_of};
use milepost_engine::offers::catalogue::Kind;
use milepost_engine::offers::eligibility::Facts;
use milepost_engine::offers::judge::{Judged, Rule, Support, interval};
use milepost_engine::policy::Policy;

use crate::i18n::Format;
use crate::offers::Catalogue;
use crate::rules::Method;

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
pub(crate) fn beliefs(catalogue: &Catalogue, book: &Book, rule: Rule) -> Vec<Believed> {
    let halted = book.halted();
    let mut arms = vec![Arm::Nothing];
    arms.extend(catalogue.live(Kind::Offer).flat_map(arms_of).filter(|arm| !halted.contains(arm)));
    let x = book.learner.features([], &Facts::new());
    let shares = book.shares_by(rule, &arms);
    arms.into_iter().zip(shares).map(|(arm, share)| (arm, book.learner.belief(arm, &x), share)).collect()
}

/// The policies that there could be: the one in force first.
pub(crate) fn methods(in_force: Method) -> Vec<Method> {
    let other = match in_force {
        Method::Learning => Method::Fixed(Policy::default()),
        Method::Fixed(_) => Method::Learning,
    };
    vec![in_force, other]
}

/// The name of what a log says of a policy.
pub(crate) fn support_name(support: Support) -> &'static str {
    match support {
        Support::Better => "better",
        Support::Alike => "alike",
        Support::Worse => "worse",
        Support::Refused(_) => "refused",
    }
}

/// What the log says of a policy, as a sentence.
pub(crate) fn support_words(judged: &Judged, format: &Format) -> String {
    let localizer = format.localizer;
    let Ok(estimates) = judged.evaluation.estimates else {
        let decisions = format.integer(i64::try_from(judged.decisions).unwrap_or(i64::MAX));
        let size = format.integer(judged.evaluation.effective_size as i64);
        return localizer.with("policy-refused", [("decisions", decisions.into()), ("size", size.into())]);
    };
    let key = match judged.support {
        Support::Better => "policy-better",
        Support::Alike | Support::Refused(_) => "policy-alike",
        Support::Worse => "policy-worse",
    };
    let (low, high) = interval(estimates.dr);
    let money = |amount: f64| format.worth(amount);
    let arguments = [
        ("value", money(estimates.dr.value).into()),
        ("low", money(low).into()),
        ("high", money(high).into()),
        ("logged", money(judged.logged.value).into()),
        ("decisions", format.integer(i64::try_from(judged.decisions).unwrap_or(i64::MAX)).into()),
    ];
    localizer.with(key, arguments)
}
