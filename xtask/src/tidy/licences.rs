//! Licences of everything that is built in: each package's SPDX expression must be met by the allowed ones.

use super::Finding;
use super::metadata::Metadata;
use super::policy::Policy;

pub(super) fn check(metadata: &Metadata, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let place = format!("{} {}", package.name, package.version);
        let mut allow = policy.licenses.allow.clone();
        for exception in policy.licenses.exceptions.iter().filter(|exception| exception.name == package.name) {
            allow.extend_from_slice(&exception.allow);
        }
        match package.license.as_deref() {
            None => findings.push(Finding::new(place, "names no licence")),
            Some(expression) if !allowed(expression, &allow) => {
                findings
                    .push(Finding::new(place, format!("its licence `{expression}` is not among those of deny.toml")));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Whether the expression can be met with allowed licences alone. `/` is how older manifests write `OR`.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allow).is_some_and(|met| met && rest.is_empty())
}

fn either(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let mut met = both(rest, allow)?;
    while let [word, after @ ..] = *rest
        && word.eq_ignore_ascii_case("or")
    {
        *rest = after;
        met |= both(rest, allow)?;
    }
    Some(met)
}

fn both(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let mut met = one(rest, allow)?;
    while let [word, after @ ..] = *rest
        && word.eq_ignore_ascii_case("and")
    {
        *rest = after;
        met &= one(rest, allow)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let met = either(rest, allow)?;
            *rest = rest.strip_prefix(&[")"])?;
            Some(met)
        }
        [licence, with, exception, after @ ..] if with.eq_ignore_ascii_case("with") => {
            *rest = after;
            let whole = format!("{licence} WITH {exception}");
            Some(allow.contains(&whole))
        }
        [licence, after @ ..] => {
            *rest = after;
            Some(allow.iter().any(|allowed| allowed == licence))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::metadata::tests::metadata;
    use super::*;

    #[test]
    fn an_expression_is_met_by_allowed_licences_alone() {
        let allow = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for (expression, met) in [
            ("MIT", true),
            ("MIT/GPL-3.0", true),
            ("MIT OR GPL-3.0", true),
            ("MIT AND GPL-3.0", false),
            ("(GPL-3.0 OR ISC) AND MIT", true),
            ("GPL-3.0 OR ISC AND BSL-1.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0 WITH Other-exception", false),
            ("(MIT", false),
            ("MIT )", false),
            ("", false),
        ] {
            assert_eq!(allowed(expression, &allow), met, "{expression}");
        }
    }

    #[test]
    fn a_package_without_a_licence_and_one_with_a_foreign_licence_are_found() {
        let policy = Policy::read("[licenses]\nallow = [\"MIT\"]").unwrap();
        let metadata =
            metadata(1, &[("a", "1.0.0", "MIT", &[]), ("b", "1.0.0", "", &[]), ("c", "1.0.0", "AGPL-3.0", &[])]);
        let places: Vec<_> = check(&metadata, &policy).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["b 1.0.0", "c 1.0.0"]);
    }
}
