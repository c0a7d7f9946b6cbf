//! Crates that may not come in at all, and crates that came in twice.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::metadata::Metadata;
use super::policy::Policy;

/// Packages that deny.toml bans, unless only their wrappers bring them.
pub(super) fn banned(metadata: &Metadata, policy: &Policy) -> Vec<Finding> {
    let parents = metadata.parents();
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let Some(denied) = policy.bans.deny.iter().find(|denied| denied.name == package.name) else { continue };
        let none = BTreeSet::default();
        let bringers = parents.get(package.id.as_str()).unwrap_or(&none);
        let strangers: Vec<&str> =
            bringers.iter().copied().filter(|name| !denied.wrappers.iter().any(|wrapper| wrapper == name)).collect();
        if denied.wrappers.is_empty() || !strangers.is_empty() {
            let text = format!("is banned ({}); brought by {}", denied.reason, strangers.join(", "));
            findings.push(Finding::new(format!("{} {}", package.name, package.version), text));
        }
    }
    findings
}

/// Crates in more than one version, and permissions for that which are no longer needed or give no reason.
pub(super) fn doubled(metadata: &Metadata, policy: &Policy) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &metadata.packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let skip = &policy.bans.skip;
    let mut findings = Vec::new();
    for (name, versions) in &versions {
        let left: Vec<&str> = versions
            .iter()
            .copied()
            .filter(|version| !skip.iter().any(|skip| skip.name == *name && skip.covers(version)))
            .collect();
        if left.len() > 1 {
            let text = format!("stands in versions {}; settle on one, or give a reason in deny.toml", left.join(", "));
            findings.push(Finding::new(*name, text));
        }
    }
    for skip in skip {
        let place = format!("deny.toml, {} {}", skip.name, skip.version);
        let found = versions.get(skip.name.as_str());
        if !found.is_some_and(|found| found.len() > 1 && found.iter().any(|version| skip.covers(version))) {
            findings.push(Finding::new(place.clone(), "this permission is not needed any more"));
        }
        if skip.reason.is_empty() {
            findings.push(Finding::new(place, "this permission gives no reason"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::metadata::tests::metadata;
    use super::*;

    #[test]
    fn a_banned_crate_is_found_with_those_who_bring_it() {
        let policy = Policy::read(
            "[bans]\ndeny = [{ name = \"openssl\", reason = \"one TLS\" }, { name = \"chrono\", wrappers = [\"codec\"] }]",
        )
        .unwrap();
        let metadata = metadata(
            1,
            &[
                ("milepost", "0.1.0", "MIT", &["push", "codec"]),
                ("push", "1.0.0", "MIT", &["openssl"]),
                ("codec", "1.0.0", "MIT", &["chrono"]),
                ("openssl", "1.0.0", "MIT", &[]),
                ("chrono", "1.0.0", "MIT", &[]),
            ],
        );
        let findings = banned(&metadata, &policy);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].place == "openssl 1.0.0" && findings[0].text.contains("push"), "{findings:?}");
    }

    #[test]
    fn a_wrapper_does_not_cover_others() {
        let policy = Policy::read("[bans]\ndeny = [{ name = \"chrono\", wrappers = [\"codec\"] }]").unwrap();
        let metadata = metadata(
            1,
            &[
                ("milepost", "0.1.0", "MIT", &["chrono", "codec"]),
                ("codec", "1.0.0", "MIT", &["chrono"]),
                ("chrono", "1.0.0", "MIT", &[]),
            ],
        );
        assert!(banned(&metadata, &policy)[0].text.ends_with("brought by milepost"));
    }

    #[test]
    fn a_doubled_crate_needs_a_permission_and_a_permission_needs_a_doubled_crate() {
        let packages: &[(&str, &str, &str, &[&str])] =
            &[("rand", "0.9.5", "MIT", &[]), ("rand", "0.10.3", "MIT", &[]), ("serde", "1.0.0", "MIT", &[])];
        let metadata = metadata(0, packages);
        let found = |text: &str| doubled(&metadata, &Policy::read(text).unwrap());
        assert_eq!(found("")[0].place, "rand");
        assert_eq!(found("[bans]\nskip = [{ name = \"rand\", version = \"=0.9\", reason = \"old\" }]"), []);
        let stale = found(
            "[bans]\nskip = [{ name = \"rand\", version = \"=0.9\", reason = \"old\" }, { name = \"serde\", version = \"=1\", reason = \"x\" }]",
        );
        assert!(stale[0].place.contains("serde"), "{stale:?}");
        assert!(found("[bans]\nskip = [{ name = \"rand\", version = \"=0.9\" }]")[0].text.contains("no reason"));
    }
}
