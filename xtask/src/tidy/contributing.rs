//! Each direct dependency earns its place: a line in CONTRIBUTING.md, and a use in the source.

use std::collections::BTreeSet;

use super::Finding;
use super::metadata::Metadata;
use super::tree::Tree;

const FILE: &str = "CONTRIBUTING.md";
const HEADING: &str = "## Dependencies";

/// Every direct dependency has a line, every line a direct dependency.
pub(super) fn check(metadata: &Metadata, tree: &Tree) -> Vec<Finding> {
    let own: BTreeSet<&str> = metadata.members().map(|member| member.name.as_str()).collect();
    let used: BTreeSet<&str> = metadata
        .members()
        .flat_map(|member| &member.dependencies)
        .map(|dependency| dependency.name.as_str())
        .filter(|name| !own.contains(name))
        .collect();
    let lines = lines(tree.text(FILE).unwrap_or_default());
    let mut findings = Vec::new();
    for name in &used {
        if !lines.iter().any(|(_, listed)| listed == name) {
            findings.push(Finding::new(FILE, format!("`{name}` has no line: why it, and what else was looked at")));
        }
    }
    for (line, listed) in &lines {
        if !used.contains(listed) {
            findings.push(Finding::at(FILE, *line, format!("`{listed}` is no direct dependency any more")));
        }
    }
    for name in declared(tree.text("Cargo.toml").unwrap_or_default()) {
        if !used.contains(name.as_str()) && !own.contains(name.as_str()) {
            findings.push(Finding::new("Cargo.toml", format!("no crate of the workspace uses `{name}`")));
        }
    }
    findings
}

/// Dependencies that a crate declares and whose name none of its sources contains.
pub(super) fn unused(metadata: &Metadata, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in metadata.members() {
        let folder = format!("{}/", metadata.folder(member));
        for dependency in &member.dependencies {
            let name = dependency.rename.as_deref().unwrap_or(&dependency.name).replace('-', "_");
            // Features of these are what is wanted, or macros name them from outside.
            if !tree.texts(&folder, ".rs").any(|(_, text)| mentions(text, &name)) {
                findings
                    .push(Finding::new(format!("{folder}Cargo.toml"), format!("`{}` is not used", dependency.name)));
            }
        }
    }
    findings
}

/// The names at the head of the list under the heading, with their lines.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("## ") {
            inside = line == HEADING;
        } else if inside && let Some(rest) = line.strip_prefix("- `") {
            let names = rest.split(": ").next().unwrap_or(rest);
            found.extend(names.split('`').step_by(2).filter(|name| !name.is_empty()).map(|name| (number + 1, name)));
        }
    }
    found
}

fn declared(manifest: &str) -> Vec<String> {
    let table: toml::Table = manifest.parse().unwrap_or_default();
    table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies")?.as_table())
        .map(|dependencies| dependencies.keys().cloned().collect())
        .unwrap_or_default()
}

/// Whether the name stands in the text as a word of its own.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.match_indices(name).any(|(at, _)| {
        let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
        let after = text.as_bytes().get(at + name.len()).copied();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::super::metadata::tests::metadata;
    use super::*;

    fn one_crate() -> Metadata {
        metadata(1, &[("milepost", "0.1.0", "MIT", &["axum", "tokio-util"]), ("axum", "0.8.0", "MIT", &[])])
    }

    #[test]
    fn a_dependency_without_a_line_and_a_line_without_a_dependency_are_found() {
        let tree = Tree::of([
            (
                FILE,
                "# How\n- `outside`: no list\n## Dependencies\n- `axum`, `gone`: because; looked at: others.\n## Next\n- `x`: y\n",
            ),
            ("Cargo.toml", "[workspace.dependencies]\naxum = \"1\"\nmetrics = \"1\"\nmilepost = \"1\"\n"),
        ]);
        let found: Vec<_> = check(&one_crate(), &tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "error: CONTRIBUTING.md: `tokio-util` has no line: why it, and what else was looked at",
                "error: CONTRIBUTING.md:4: `gone` is no direct dependency any more",
                "error: Cargo.toml: no crate of the workspace uses `metrics`",
            ]
        );
    }

    #[test]
    fn a_dependency_that_no_source_names_is_found() {
        let tree = Tree::of([
            ("milepost/src/lib.rs", "use axum::Router; // tokio_utility\n"),
            ("other/src/lib.rs", "tokio_util"),
        ]);
        let found = unused(&one_crate(), &tree);
        assert!(found.len() == 1 && found[0].text.contains("tokio-util"), "{found:?}");
    }
}
