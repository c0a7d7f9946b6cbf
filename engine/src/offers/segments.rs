//! Named groups of cars and their owners, kept as facts change instead of being rebuilt.
//!
//! What a membership rests on stays with the car, so that a change looks at that car alone, and only at segments that ask
//! for a fact that changed.
//! Invariant: after any sequence of changes, who belongs where is what judging everybody anew would say.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::eligibility::{Condition, Facts, Truth};

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

/// A car joined or left a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The segment's name.
    pub segment: String,
    /// Its version.
    pub version: u32,
    /// Whether the car belongs to it now.
    pub joined: bool,
}

/// How a segment's condition was judged last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The segment's version then.
    pub version: u32,
    /// Since when the car belongs to it, in milliseconds of Unix time; `None` if it does not.
    pub since_ms: Option<u64>,
}

/// Where one car belongs, with the facts that this rests on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// The facts that segments ask for, as they were last told.
    facts: Facts,
    judged: BTreeMap<String, Judged>,
}

impl Standing {
    /// Takes in what is known now; segments of which neither version nor facts changed are not judged again.
    pub fn keep_up(&mut self, segments: &[Segment], facts: &Facts, now_ms: u64) -> Vec<Move> {
        let mut moves = Vec::new();
        let gone = |name: &String| !segments.iter().any(|segment| segment.name == *name);
        let left: Vec<String> = self.judged.keys().filter(|name| gone(name)).cloned().collect();
        for name in left {
            moves.extend(self.leave(&name));
        }
        for segment in segments {
            let known = self.judged.get(&segment.name).copied();
            let asked = segment.condition.names();
            let same = asked.iter().all(|name| self.facts.get(*name) == facts.get(*name));
            if known.is_some_and(|known| known.version == segment.version) && same {
                continue;
            }
            let belongs = segment.condition.judge(facts).truth == Truth::Yes;
            let before = known.and_then(|known| known.since_ms);
            let since_ms = belongs.then(|| before.unwrap_or(now_ms));
            self.judged.insert(segment.name.clone(), Judged { version: segment.version, since_ms });
            if belongs != before.is_some() {
                let (segment, version) = (segment.name.clone(), segment.version);
                moves.push(Move { segment, version, joined: belongs });
            }
        }
        // Two segments may ask for one fact, so facts are kept once all were judged.
        self.facts = segments
            .iter()
            .flat_map(|segment| segment.condition.names())
            .filter_map(|name| Some((name.into(), facts.get(name)?.clone())))
            .collect();
        moves
    }

    /// Leaves every segment, and forgets what memberships rested on.
    pub fn leave_all(&mut self) -> Vec<Move> {
        let names: Vec<String> = self.judged.keys().cloned().collect();
        let moves = names.iter().filter_map(|name| self.leave(name)).collect();
        self.facts.clear();
        moves
    }

    fn leave(&mut self, name: &str) -> Option<Move> {
        let Judged { version, since_ms } = self.judged.remove(name)?;
        since_ms.map(|_| Move { segment: name.into(), version, joined: false })
    }

    /// The segments that the car belongs to, with the moment since when, in milliseconds of Unix time.
    pub fn members(&self) -> impl Iterator<Item = (&str, u64)> {
        self.judged.iter().filter_map(|(name, judged)| Some((name.as_str(), judged.since_ms?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::eligibility::tests::{any_condition, any_name, any_value, fact};
    use super::super::eligibility::{Test, Value};
    use super::*;

    fn segment(name: &str, version: u32, condition: Condition) -> Segment {
        Segment { name: name.into(), version, condition }
    }

    fn km(km: f64) -> Facts {
        Facts::from([("km".into(), Value::Number(km))])
    }

    #[test]
    fn joining_and_leaving_are_told_once_with_the_version_that_decided() {
        let far = [segment("far", 1, fact("km", Test::AtLeast(100.0)))];
        let mut standing = Standing::default();
        assert_eq!(standing.keep_up(&far, &km(50.0), 1), []);
        let told = |joined, version| Move { segment: "far".into(), version, joined };
        assert_eq!(standing.keep_up(&far, &km(120.0), 2), [told(true, 1)]);
        assert_eq!(standing.keep_up(&far, &km(130.0), 3), []);
        assert_eq!(standing.members().collect::<Vec<_>>(), [("far", 2)]);
        let farther = [segment("far", 2, fact("km", Test::AtLeast(200.0)))];
        assert_eq!(standing.keep_up(&farther, &km(130.0), 4), [told(false, 2)]);
        assert_eq!(standing.keep_up(&farther, &km(300.0), 5), [told(true, 2)]);
        assert_eq!(standing.keep_up(&[], &km(300.0), 6), [told(false, 2)], "a segment that is gone has no members");
    }

    #[test]
    fn whoever_leaves_all_leaves_nothing_behind() {
        let everybody = [segment("all", 1, Condition::All(Vec::new()))];
        let mut standing = Standing::default();
        assert_eq!(standing.keep_up(&everybody, &Facts::new(), 1).len(), 1);
        assert_eq!(standing.leave_all().len(), 1);
        assert_eq!(standing, Standing::default());
    }

    proptest! {
        #[test]
        fn keeping_up_says_what_judging_anew_would(
            conditions in prop::collection::vec(any_condition(), 1..4),
            changes in prop::collection::vec((any_name(), prop::option::of(any_value()), 0usize..5), 0..40),
        ) {
            let mut standing = Standing::default();
            let mut version = 0;
            let mut current: BTreeMap<String, Segment> = BTreeMap::new();
            let mut facts = Facts::new();
            let mut members: alloc::collections::BTreeSet<String> = alloc::collections::BTreeSet::new();
            for (name, value, which) in changes {
                if let Some(condition) = conditions.get(which) {
                    version += 1;
                    let segment_name = std::format!("s{}", which % 2);
                    current.insert(segment_name.clone(), segment(&segment_name, version, condition.clone()));
                }
                match value {
                    Some(value) => facts.insert(name, value),
                    None => facts.remove(&name),
                };
                let segments: Vec<Segment> = current.values().cloned().collect();
                for moved in standing.keep_up(&segments, &facts, version.into()) {
                    let news = if moved.joined { members.insert(moved.segment) } else { members.remove(&moved.segment) };
                    prop_assert!(news, "a move is told once");
                }
                let anew: Vec<&str> = segments
                    .iter()
                    .filter(|segment| segment.condition.judge(&facts).truth == Truth::Yes)
                    .map(|segment| segment.name.as_str())
                    .collect();
                let kept: Vec<&str> = standing.members().map(|(name, _)| name).collect();
                prop_assert_eq!(&kept, &anew);
                prop_assert!(members.iter().eq(anew.iter()));
            }
        }
    }
}
