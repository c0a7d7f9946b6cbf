//! Named groups of owners, kept as facts change instead of being rebuilt.
//!
//! Invariant: after any sequence of changes, who belongs where is what judging everybody anew would say; and a change looks
//! only at segments that ask for the fact that changed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::eligibility::{Condition, Facts, Truth, Value};

/// A named group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Its name, which stays.
    pub name: String,
    /// Rises with each change of its condition; stored with what is decided by it.
    pub version: u32,
    /// Who belongs to it; whoever is not known to fulfil it does not.
    pub condition: Condition,
}

/// Somebody joined or left a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The account.
    pub account: String,
    /// The segment's name.
    pub segment: String,
    /// Its version.
    pub version: u32,
    /// Whether the account belongs to it now.
    pub joined: bool,
}

/// Segments, what is known of each account, and who belongs where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Membership {
    segments: BTreeMap<String, Segment>,
    /// For each fact the segments that ask for it.
    asks: BTreeMap<String, BTreeSet<String>>,
    facts: BTreeMap<String, Facts>,
    /// For each account the segments that it belongs to.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Membership {
    /// Adds a segment, or a newer version of one; older versions change nothing.
    ///
    /// This alone judges every account, once for each version.
    pub fn define(&mut self, segment: Segment) -> Vec<Move> {
        if self.segments.get(&segment.name).is_some_and(|known| known.version >= segment.version) {
            return Vec::new();
        }
        let name = segment.name.clone();
        for asking in self.asks.values_mut() {
            asking.remove(&name);
        }
        for fact in segment.condition.names() {
            self.asks.entry(fact.into()).or_default().insert(name.clone());
        }
        self.segments.insert(name.clone(), segment);
        let accounts: Vec<String> = self.facts.keys().cloned().collect();
        accounts.iter().filter_map(|account| self.judge(account, &name)).collect()
    }

    /// Takes in a fact of an account, `None` if it is not known any more.
    pub fn tell(&mut self, account: &str, fact: &str, value: Option<Value>) -> Vec<Move> {
        let is_new = !self.facts.contains_key(account);
        let facts = self.facts.entry(account.into()).or_default();
        match value {
            Some(value) => facts.insert(fact.into(), value),
            None => facts.remove(fact),
        };
        // A segment may take in accounts of which nothing is known, such as one that asks for nothing.
        let asked: Vec<String> = if is_new {
            self.segments.keys().cloned().collect()
        } else {
            self.asks.get(fact).into_iter().flatten().cloned().collect()
        };
        asked.iter().filter_map(|segment| self.judge(account, segment)).collect()
    }

    fn judge(&mut self, account: &str, name: &str) -> Option<Move> {
        let segment = self.segments.get(name)?;
        let belongs = segment.condition.judge(self.facts.get(account)?).truth == Truth::Yes;
        let member = self.members.entry(account.into()).or_default();
        let moved = if belongs { member.insert(name.into()) } else { member.remove(name) };
        let version = segment.version;
        moved.then(|| Move { account: account.into(), segment: name.into(), version, joined: belongs })
    }

    /// The segments that an account belongs to.
    pub fn of(&self, account: &str) -> impl Iterator<Item = &Segment> {
        self.members.get(account).into_iter().flatten().filter_map(|name| self.segments.get(name))
    }

    /// How many accounts belong to a segment.
    pub fn size(&self, segment: &str) -> usize {
        self.members.values().filter(|member| member.contains(segment)).count()
    }

    /// Forgets a person; returns whether anything was known.
    pub fn erase(&mut self, account: &str) -> bool {
        self.members.remove(account);
        self.facts.remove(account).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::eligibility::Test;
    use super::super::eligibility::tests::{any_condition, any_name, any_value, fact};
    use super::*;

    fn segment(name: &str, version: u32, condition: Condition) -> Segment {
        Segment { name: name.into(), version, condition }
    }

    #[test]
    fn joining_and_leaving_are_told_once_with_the_version_that_decided() {
        let mut membership = Membership::default();
        assert_eq!(membership.define(segment("far", 1, fact("km", Test::AtLeast(100.0)))), []);
        assert_eq!(membership.tell("anna", "km", Some(Value::Number(50.0))), []);
        let told = |joined, version| Move { account: "anna".into(), segment: "far".into(), version, joined };
        assert_eq!(membership.tell("anna", "km", Some(Value::Number(120.0))), [told(true, 1)]);
        assert_eq!(membership.tell("anna", "km", Some(Value::Number(130.0))), []);
        assert_eq!(membership.tell("anna", "colour", Some(Value::Word("red".into()))), []);
        assert_eq!(membership.define(segment("far", 2, fact("km", Test::AtLeast(200.0)))), [told(false, 2)]);
        assert_eq!(membership.define(segment("far", 1, fact("km", Test::AtLeast(0.0)))), [], "an old version is late");
        assert_eq!((membership.size("far"), membership.of("anna").count()), (0, 0));
        assert!(membership.erase("anna") && !membership.erase("anna"));
    }

    #[test]
    fn a_segment_that_asks_for_nothing_takes_in_everybody() {
        let mut membership = Membership::default();
        membership.define(segment("all", 1, Condition::All(Vec::new())));
        assert_eq!(membership.tell("anna", "km", None).len(), 1);
        assert_eq!(membership.tell("anna", "km", None), []);
        assert_eq!(membership.size("all"), 1);
    }

    proptest! {
        #[test]
        fn keeping_up_says_what_judging_everybody_anew_would(
            conditions in prop::collection::vec(any_condition(), 1..4),
            changes in prop::collection::vec(("[pq]", any_name(), prop::option::of(any_value()), 0usize..5), 0..40),
        ) {
            let mut membership = Membership::default();
            let mut version = 0;
            let mut current: BTreeMap<String, Condition> = BTreeMap::new();
            let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
            for (account, name, value, which) in changes {
                if let Some(condition) = conditions.get(which) {
                    version += 1;
                    let segment_name = std::format!("s{}", which % 2);
                    membership.define(segment(&segment_name, version, condition.clone()));
                    current.insert(segment_name, condition.clone());
                }
                membership.tell(&account, &name, value.clone());
                let known = facts.entry(account).or_default();
                match value {
                    Some(value) => known.insert(name, value),
                    None => known.remove(&name),
                };
            }
            for (account, known) in &facts {
                let anew: Vec<&str> = current
                    .iter()
                    .filter(|(_, condition)| condition.judge(known).truth == Truth::Yes)
                    .map(|(name, _)| name.as_str())
                    .collect();
                let kept: Vec<&str> = membership.of(account).map(|segment| segment.name.as_str()).collect();
                prop_assert_eq!(kept, anew);
            }
        }
    }
}
