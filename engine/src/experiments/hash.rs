//! `GrowthBook`'s public assignment, so that experiments that run elsewhere keep their groups when they move here.
//!
//! Source: the SDK specification of `GrowthBook`, <https://docs.growthbook.io/lib/build-your-own>; its hash is FNV-1a with 32 bits
//! (Fowler, Noll and Vo; RFC 9923).
//! Invariant: the same seed, value and version give the same bucket for ever. These buckets can be guessed from outside;
//! what must not be guessed is assigned with [`super::position`].

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// FNV-1a over the bytes of `text`, 32 bits.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The bucket of `value` in [0, 1): thousandths in version 1, ten thousandths in version 2, nothing in any other.
pub fn bucket(seed: &str, value: &str, version: u32) -> Option<f64> {
    match version {
        1 => Some(f64::from(fnv1a(&format!("{value}{seed}")) % 1000) / 1000.0),
        2 => Some(f64::from(fnv1a(&fnv1a(&format!("{seed}{value}")).to_string()) % 10_000) / 10_000.0),
        _ => None,
    }
}

/// A half-open span of buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The first bucket within.
    pub from: f64,
    /// The first bucket beyond.
    pub to: f64,
}

impl Span {
    /// Whether the bucket lies within.
    pub fn contains(self, bucket: f64) -> bool {
        bucket >= self.from && bucket < self.to
    }
}

/// Even weights of `arms` arms.
pub fn equal_weights(arms: usize) -> Vec<f64> {
    alloc::vec![1.0 / arms.max(1) as f64; arms]
}

/// The spans of `arms` arms; weights that are not one for each arm, or do not sum to one within 0.01, count as even.
///
/// `coverage` is the share of each span that is used, from 0 to 1; what lies outside is cut off.
pub fn spans(arms: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<Span> {
    let coverage = if coverage.is_nan() { 0.0 } else { coverage.clamp(0.0, 1.0) };
    let given = weights.filter(|weights| {
        let total: f64 = weights.iter().sum();
        weights.len() == arms && (0.99..=1.01).contains(&total)
    });
    let weights = given.map_or_else(|| equal_weights(arms), Vec::from);
    let mut below = 0.0;
    weights
        .iter()
        .map(|weight| {
            let from = below;
            below += weight;
            Span { from, to: from + coverage * weight }
        })
        .collect()
}

/// The arm whose span holds the bucket.
pub fn choose(bucket: f64, spans: &[Span]) -> Option<usize> {
    spans.iter().position(|span| span.contains(bucket))
}

/// Whether `unit` lies within `span` of a namespace, which keeps experiments that share it apart.
pub fn in_namespace(unit: &str, namespace: &str, span: Span) -> bool {
    bucket(&format!("__{namespace}"), unit, 1).is_some_and(|bucket| span.contains(bucket))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::recorded::engagement_json;

    fn text(value: &Value) -> &str {
        value.as_str().expect("a text")
    }

    fn number(value: &Value) -> f64 {
        value.as_f64().expect("a number")
    }

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().expect("a list").iter().map(number).collect()
    }

    fn span(value: &Value) -> Span {
        let bounds = numbers(value);
        Span { from: bounds[0], to: bounds[1] }
    }

    fn list(value: &Value) -> &[Value] {
        value.as_array().expect("a list")
    }

    #[test]
    fn the_hash_is_fnv_1a_as_its_authors_publish_it() {
        for (text, hash) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(fnv1a(text), hash, "{text}");
        }
    }

    #[test]
    fn every_published_bucket_is_met_bit_for_bit() {
        let Some(cases) = engagement_json("growthbook/cases.json") else { return };
        let hashes = list(&cases["hash"]);
        assert_eq!(hashes.len(), 15);
        for case in hashes {
            let version = u32::try_from(case[2].as_u64().expect("a version")).expect("a small one");
            assert_eq!(bucket(text(&case[0]), text(&case[1]), version), case[3].as_f64(), "{case}");
        }
    }

    #[test]
    fn every_published_span_is_met() {
        let Some(cases) = engagement_json("growthbook/cases.json") else { return };
        let ranges = list(&cases["getBucketRange"]);
        assert_eq!(ranges.len(), 13);
        for case in ranges {
            let weights = case[1][2].as_array().map(|_| numbers(&case[1][2]));
            let arms = usize::try_from(case[1][0].as_u64().expect("a count")).expect("a small one");
            let found = spans(arms, number(&case[1][1]), weights.as_deref());
            let expected: Vec<Span> = list(&case[2]).iter().map(span).collect();
            assert_eq!(found.len(), expected.len(), "{case}");
            for (found, expected) in found.iter().zip(&expected) {
                // The cases are written with decimals; the last bit of 0.2 + 0.2 · 0.3 is not among them.
                let near = |a: f64, b: f64| (a - b).abs() <= f64::EPSILON;
                assert!(near(found.from, expected.from) && near(found.to, expected.to), "{case}: {found:?}");
            }
        }
        for case in list(&cases["getEqualWeights"]) {
            let arms = usize::try_from(case[0].as_i64().expect("a count")).unwrap_or(0);
            let rounded: Vec<f64> = equal_weights(arms).iter().map(|w| (w * 1e8).floor() / 1e8).collect();
            assert_eq!(rounded, numbers(&case[1]), "{case}");
        }
    }

    #[test]
    fn every_published_choice_is_met() {
        let Some(cases) = engagement_json("growthbook/cases.json") else { return };
        let choices = list(&cases["chooseVariation"]);
        assert_eq!(choices.len(), 13);
        for case in choices {
            let spans: Vec<Span> = list(&case[2]).iter().map(span).collect();
            let expected = usize::try_from(case[3].as_i64().expect("an index")).ok();
            assert_eq!(choose(number(&case[1]), &spans), expected, "{case}");
        }
    }

    #[test]
    fn every_published_namespace_is_met() {
        let Some(cases) = engagement_json("growthbook/cases.json") else { return };
        let namespaces = list(&cases["inNamespace"]);
        assert_eq!(namespaces.len(), 16);
        for case in namespaces {
            let bounds = Span { from: number(&case[2][1]), to: number(&case[2][2]) };
            let found = in_namespace(text(&case[1]), text(&case[2][0]), bounds);
            assert_eq!(Some(found), case[3].as_bool(), "{case}");
        }
    }

    #[test]
    fn an_unknown_version_has_no_bucket() {
        assert_eq!(bucket("abc", "def", 3), None);
    }
}
