//! Conditions on facts, as data: what makes somebody eligible for an offer or a member of a segment.
//!
//! A condition is a tree that is checked when it is read, not a text in a language of its own: each comparison names its
//! fact, so that a rejection can say which figure it rests on, and what is not known is neither true nor false (Kleene's
//! strong logic, 1952).
//! Invariant: learning one more fact turns an unknown into a yes or a no, but never a yes into a no or back.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A number, in the fact's own unit.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A word, such as a dealer's or a motive's.
    Word(String),
}

/// What is known of one car and its owner, by name; the unit stands in the name, such as `odometer_km`.
pub type Facts = BTreeMap<String, Value>;

/// What is asked of one fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// A number of at least this.
    AtLeast(f64),
    /// A number below this.
    Below(f64),
    /// This flag.
    Is(bool),
    /// One of these words.
    OneOf(Vec<String>),
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// All of these; nothing asked is fulfilled.
    All(Vec<Condition>),
    /// Any of these; nothing offered is not fulfilled.
    Any(Vec<Condition>),
    /// Not this one.
    Not(Box<Condition>),
    /// One fact.
    Fact {
        /// Its name.
        name: String,
        /// What is asked of it.
        test: Test,
    },
}

/// How far a condition is fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// A fact is missing, or of another kind than is asked of it.
    Unknown,
}

/// A comparison on which a judgement rests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// The fact.
    pub name: String,
    /// What was found; `None` if it is not known.
    pub found: Option<Value>,
    /// What was asked.
    pub test: Test,
}

/// A condition's truth, with the comparisons that made it so.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// How far it is fulfilled.
    pub truth: Truth,
    /// The comparisons without which it would be another; never more than were looked at.
    pub grounds: Vec<Ground>,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Test {
    fn judge(&self, value: Option<&Value>) -> Truth {
        let holds = match (self, value) {
            (Self::AtLeast(bound), Some(Value::Number(number))) if !number.is_nan() => number >= bound,
            (Self::Below(bound), Some(Value::Number(number))) if !number.is_nan() => number < bound,
            (Self::Is(wanted), Some(Value::Flag(flag))) => flag == wanted,
            (Self::OneOf(words), Some(Value::Word(word))) => words.contains(word),
            _ => return Truth::Unknown,
        };
        if holds { Truth::Yes } else { Truth::No }
    }
}

impl Condition {
    /// Judges the facts.
    pub fn judge(&self, facts: &Facts) -> Judgement {
        match self {
            Self::All(parts) => combined(parts, facts, Truth::No, Truth::Yes),
            Self::Any(parts) => combined(parts, facts, Truth::Yes, Truth::No),
            Self::Not(part) => {
                let Judgement { truth, grounds } = part.judge(facts);
                Judgement { truth: truth.not(), grounds }
            }
            Self::Fact { name, test } => {
                let found = facts.get(name);
                let ground = Ground { name: name.clone(), found: found.cloned(), test: test.clone() };
                Judgement { truth: test.judge(found), grounds: alloc::vec![ground] }
            }
        }
    }

    /// The names of all facts that it looks at.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(names)),
            Self::Not(part) => part.collect(names),
            Self::Fact { name, .. } => {
                names.insert(name);
            }
        }
    }

    /// How many conditions stand within each other; a reader of foreign data bounds it before it judges.
    pub fn depth(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(part) => 1 + part.depth(),
            Self::Fact { .. } => 1,
        }
    }
}

/// All or any: the first part that `decides` does so alone; otherwise what is unknown outweighs what is left.
fn combined(parts: &[Condition], facts: &Facts, decides: Truth, otherwise: Truth) -> Judgement {
    let mut unknown = Vec::new();
    let mut rest = Vec::new();
    for part in parts {
        let Judgement { truth, grounds } = part.judge(facts);
        if truth == decides {
            return Judgement { truth, grounds };
        }
        if truth == Truth::Unknown { unknown.extend(grounds) } else { rest.extend(grounds) }
    }
    if unknown.is_empty() {
        Judgement { truth: otherwise, grounds: rest }
    } else {
        Judgement { truth: Truth::Unknown, grounds: unknown }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::offers) fn fact(name: &str, test: Test) -> Condition {
        Condition::Fact { name: name.into(), test }
    }

    #[test]
    fn a_rejection_names_the_figure_it_rests_on() {
        let condition = Condition::All(alloc::vec![
            fact("odometer_km", Test::AtLeast(30_000.0)),
            fact("motive", Test::OneOf(alloc::vec!["thrifty".into()])),
        ]);
        let mut facts = Facts::from([("odometer_km".into(), Value::Number(12_000.0))]);
        let found = condition.judge(&facts);
        assert_eq!((found.truth, found.grounds.len()), (Truth::No, 1), "the motive is not asked for any more");
        assert_eq!(found.grounds[0].found, Some(Value::Number(12_000.0)));
        facts.insert("odometer_km".into(), Value::Number(31_000.0));
        let found = condition.judge(&facts);
        assert_eq!((found.truth, found.grounds[0].name.as_str()), (Truth::Unknown, "motive"));
        facts.insert("motive".into(), Value::Word("thrifty".into()));
        assert_eq!(condition.judge(&facts).truth, Truth::Yes);
        facts.insert("motive".into(), Value::Flag(true));
        assert_eq!(condition.judge(&facts).truth, Truth::Unknown, "a fact of another kind tells nothing");
    }

    #[test]
    fn a_condition_is_plain_data() {
        let condition = Condition::Not(Box::new(fact("has_winter_tyres", Test::Is(true))));
        let text = serde_json::to_string(&condition).expect("plain data");
        assert_eq!(text, r#"{"not":{"fact":{"name":"has_winter_tyres","test":{"is":true}}}}"#);
        assert_eq!(serde_json::from_str::<Condition>(&text).expect("what was written"), condition);
        assert_eq!((condition.depth(), condition.names()), (2, BTreeSet::from(["has_winter_tyres"])));
    }

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    pub(in crate::offers) fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            (-3.0f64..3.0).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Flag),
            "[xy]".prop_map(Value::Word),
        ]
    }

    pub(in crate::offers) fn any_name() -> impl Strategy<Value = String> {
        prop::sample::select(&NAMES[..]).prop_map(String::from)
    }

    pub(in crate::offers) fn any_condition() -> impl Strategy<Value = Condition> {
        let test = prop_oneof![
            (-3.0f64..3.0).prop_map(Test::AtLeast),
            (-3.0f64..3.0).prop_map(Test::Below),
            any::<bool>().prop_map(Test::Is),
            prop::collection::vec("[xy]", 0..2).prop_map(Test::OneOf),
        ];
        let leaf = (any_name(), test).prop_map(|(name, test)| Condition::Fact { name, test });
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
                prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::Any),
                inner.prop_map(|part| Condition::Not(Box::new(part))),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_more_fact_never_turns_a_yes_into_a_no(
            condition in any_condition(),
            facts in prop::collection::btree_map(any_name(), any_value(), 0..4),
            name in any_name(),
            value in any_value(),
        ) {
            let before = condition.judge(&facts).truth;
            let mut more = facts.clone();
            more.entry(name).or_insert(value);
            let after = condition.judge(&more).truth;
            prop_assert!(before == Truth::Unknown || before == after, "{:?} became {:?}", before, after);
        }

        #[test]
        fn not_all_is_any_not(
            parts in prop::collection::vec(any_condition(), 0..4),
            facts in prop::collection::btree_map(any_name(), any_value(), 0..4),
        ) {
            let not = |part: &Condition| Condition::Not(Box::new(part.clone()));
            let any_not = Condition::Any(parts.iter().map(not).collect());
            let not_all = not(&Condition::All(parts));
            prop_assert_eq!(not_all.judge(&facts), any_not.judge(&facts));
        }

        #[test]
        fn the_grounds_alone_lead_to_the_same_judgement(
            condition in any_condition(),
            facts in prop::collection::btree_map(any_name(), any_value(), 0..4),
        ) {
            let judged = condition.judge(&facts);
            prop_assume!(judged.truth != Truth::Unknown);
            let kept: Facts = judged.grounds.iter().filter_map(|g| Some((g.name.clone(), g.found.clone()?))).collect();
            prop_assert_eq!(condition.judge(&kept).truth, judged.truth);
        }
    }
}
