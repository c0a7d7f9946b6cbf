//! Dependencies between the workspace's crates point one way, and pure crates stay small.

use super::Finding;
use super::metadata::Metadata;

/// What each crate of the workspace may depend on within it.
const ARROWS: &[(&str, &[&str])] = &[
    ("milepost-protocol", &[]),
    ("milepost-engine", &["milepost-protocol"]),
    ("milepost-firmware", &["milepost-protocol", "milepost-engine"]),
    ("milepost-display", &["milepost-protocol"]),
    ("milepost-spi-nor", &[]),
    ("milepost-identity", &["milepost-protocol"]),
    ("milepost-station", &["milepost-protocol", "milepost-identity"]),
    ("milepost-gateway", &["milepost-protocol", "milepost-engine", "milepost-firmware", "milepost-identity"]),
    ("milepost-lab", &["milepost-protocol", "milepost-engine"]),
    ("milepost", &["milepost-protocol", "milepost-engine", "milepost-lab"]),
    (
        "milepost-tests",
        &[
            "milepost-protocol",
            "milepost-engine",
            "milepost-firmware",
            "milepost-identity",
            "milepost-gateway",
            "milepost",
        ],
    ),
    (
        "milepost-bench",
        &[
            "milepost-protocol",
            "milepost-engine",
            "milepost-firmware",
            "milepost-display",
            "milepost-places-mps2-an386",
            "milepost-gateway",
            "milepost",
        ],
    ),
    ("milepost-places", &[]),
    ("milepost-places-mps2-an386", &["milepost-places"]),
    ("xtask", &[]),
];

/// What the pure crates may link from outside the workspace: nothing with a clock, a thread or a socket. Tests may use more.
const PURE: &[(&str, &[&str])] = &[
    ("milepost-protocol", &["heapless", "postcard", "serde"]),
    // `toml` only turns the text of a maintenance plan into data; the caller reads the file.
    ("milepost-engine", &["heapless", "libm", "serde", "siphasher", "toml"]),
    (
        "milepost-firmware",
        &[
            "embedded-can",
            "embedded-storage-async",
            "heapless",
            "libm",
            "postcard",
            "salty",
            "sequential-storage",
            "serde",
            "sha2",
            "wide",
        ],
    ),
    ("milepost-display", &["embedded-graphics", "embedded-hal", "heapless"]),
    ("milepost-spi-nor", &["embedded-hal-async", "embedded-storage-async"]),
    ("milepost-identity", &["heapless", "p256", "rfc6979", "serde", "sha2"]),
];

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let own: Vec<&str> = metadata.members().map(|member| member.name.as_str()).collect();
    let mut findings = Vec::new();
    for member in metadata.members() {
        let Some((_, arrows)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
            findings.push(Finding::new(&member.name, "has no place in the arrows of `cargo xtask tidy`"));
            continue;
        };
        let pure = PURE.iter().find(|(name, _)| *name == member.name).map(|(_, allowed)| *allowed);
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            if own.contains(&name) {
                if !arrows.contains(&name) {
                    findings.push(Finding::new(&member.name, format!("must not depend on {name}")));
                }
            } else if dependency.kind.is_none() && pure.is_some_and(|allowed| !allowed.contains(&name)) {
                findings.push(Finding::new(&member.name, format!("is pure and must not depend on {name}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::metadata::tests::metadata;
    use super::*;

    #[test]
    fn an_arrow_that_points_back_is_found() {
        let metadata = metadata(
            3,
            &[
                ("milepost-protocol", "0.1.0", "MIT", &["milepost-engine", "serde"]),
                ("milepost-engine", "0.1.0", "MIT", &["milepost-protocol", "tokio"]),
                ("milepost-spare", "0.1.0", "MIT", &[]),
                ("serde", "1.0.0", "MIT", &[]),
                ("tokio", "1.0.0", "MIT", &[]),
            ],
        );
        let found: Vec<_> = check(&metadata).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "error: milepost-protocol: must not depend on milepost-engine",
                "error: milepost-engine: is pure and must not depend on tokio",
                "error: milepost-spare: has no place in the arrows of `cargo xtask tidy`",
            ]
        );
    }
}
