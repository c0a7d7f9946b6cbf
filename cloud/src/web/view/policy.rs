//! What the policy of offers draws, what the log says of it, and whom it tells apart, in plain words.
//!
//! Invariant: whatever rests on the log says how much of it was read, and how that was chosen.

use milepost_engine::offers::Arm;
use milepost_engine::offers::book::{Book, arms_of};
use milepost_engine::offers::catalogue::Kind;
use milepost_engine::offers::eligibility::Facts;
use milepost_engine::offers::judge::{Judged, Rule, Support, interval};
use milepost_engine::offers::regroup::{Because, Change, Figures};
use milepost_engine::policy::Policy;

use crate::i18n::Format;
use crate::offers::{Catalogue, Extent, SegmentsDoc};
use crate::rules::Method;

/// An arm, what is expected of it with its standard deviation, and its share.
pub(crate) type Believed = (Arm, Option<(f64, f64)>, f64);

/// What is expected of each arm that is live for a car of no segment, and the share that it would be drawn with.
pub(crate) fn beliefs(catalogue: &Catalogue, book: &Book, rule: Rule) -> Vec<Believed> {
    let halted = book.halted();
    let mut arms = vec![Arm::Nothing];
    arms.extend(catalogue.live(Kind::Offer).flat_map(arms_of).filter(|arm| !halted.contains(arm)));
    let x = book.learner.features(&Facts::new());
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

fn count(number: usize, format: &Format) -> String {
    format.integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// How much of the log was read, and how it was chosen, as sentences.
pub(crate) fn extent_words(extent: &Extent, format: &Format) -> String {
    let Extent { cars, of_cars, decisions, with_choice, from_ms, until_ms, window_days } = *extent;
    let key = if extent.is_whole() { "policy-read-whole" } else { "policy-read-lot" };
    let arguments = [
        ("cars", count(cars, format).into()),
        ("all", count(of_cars, format).into()),
        ("decisions", count(decisions, format).into()),
        ("choices", count(with_choice, format).into()),
        ("from", format.date(from_ms).into()),
        ("until", format.date(until_ms).into()),
        ("days", window_days.into()),
    ];
    format.localizer.with(key, arguments)
}

/// What other segments change, a sentence for each kind of change that there is.
pub(crate) fn change_words(change: &Change, format: &Format) -> Vec<String> {
    let lists = [("kept", &change.kept), ("begins", &change.begins), ("goes", &change.goes)];
    let told = lists.into_iter().filter(|(_, names)| !names.is_empty());
    told.map(|(kind, names)| {
        format.localizer.with(&format!("policy-change-{kind}"), [("segments", names.join(", ").into())])
    })
    .collect()
}

/// The name of why segments took over.
pub(crate) fn because_name(because: &Because) -> &'static str {
    match because {
        Because::SameMembers => "same-members",
        Because::NothingLearnt => "nothing-learnt",
        Because::NotInForce => "not-in-force",
        Because::Supported(_) => "supported",
        Because::Despite(_) => "despite",
    }
}

/// Why segments took over, as a sentence; `word` is who has said so, if somebody did.
pub(crate) fn because_words(because: &Because, word: Option<&SegmentsDoc>, format: &Format) -> String {
    let key = format!("policy-because-{}", because_name(because));
    let money = |amount: f64| format.worth(amount);
    match because {
        Because::SameMembers | Because::NothingLearnt | Because::NotInForce => format.localizer.text(&key),
        Because::Supported(Figures { decisions, logged, value, low, high }) => {
            let arguments = [
                ("value", money(*value).into()),
                ("low", money(*low).into()),
                ("high", money(*high).into()),
                ("logged", money(*logged).into()),
                ("decisions", format.integer(decisions.cast_signed()).into()),
            ];
            format.localizer.with(&key, arguments)
        }
        Because::Despite(why) => {
            let who = word.map_or_else(|| "–".to_owned(), |word| word.by.to_string());
            format.localizer.with(&key, [("who", who.into()), ("why", why.clone().into())])
        }
    }
}
