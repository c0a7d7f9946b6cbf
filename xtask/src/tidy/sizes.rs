//! Long files are worth a second look, and past a point need a reason.

use super::Finding;
use super::tree::Tree;

const LOOK: usize = 400;
const SPLIT: usize = 800;

/// The line of a module's documentation that says why the file is long.
const REASON: &str = "//! Long because ";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for end in [".rs", ".css", ".js", ".ts", ".html"] {
        for (path, text) in tree.texts("", end) {
            let lines = text.lines().count();
            if path.contains("/vendor/") || text.lines().any(|line| line.starts_with(REASON)) {
                continue;
            }
            if lines > SPLIT {
                let text = format!("{lines} lines; split it, or say why not in a line `{REASON}…`");
                findings.push(Finding::new(path, text));
            } else if lines > LOOK {
                findings.push(Finding::note(path, format!("{lines} lines")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "x\n".repeat(SPLIT + 1);
        let explained = format!("{REASON}it is one table.\n{long}");
        let tree = Tree::of([
            ("a/long.rs", &long),
            ("a/explained.rs", &explained),
            ("a/vendor/lib.js", &long),
            ("a/middle.rs", &"x\n".repeat(LOOK + 1)),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| (finding.place, finding.note)).collect();
        assert_eq!(found, [("a/long.rs".to_owned(), false), ("a/middle.rs".to_owned(), true)]);
    }
}
