//! Words that have no place in what is checked in.

use super::Finding;
use super::links::outside_fences;
use super::tree::{Tree, is};

/// Found anywhere, in the pieces in which this file may hold them.
const ANYWHERE: &[(&[&str], &str)] = &[
    (&["/wo", "rk/"], "a path of one machine"),
    (&["/ho", "me/"], "a path of one machine"),
    (&["/ro", "ot/"], "a path of one machine"),
    (&["/Us", "ers/"], "a path of one machine"),
    (&["FIX", "ME"], "unfinished work belongs into an issue"),
    (&["<<<<", "<<< "], "an unresolved merge"),
    (&[">>>>", ">>> "], "an unresolved merge"),
];

/// Found in Rust source.
const RUST: &[(&[&str], &str)] = &[
    (&["to", "do!("], "unfinished work"),
    (&["unimpl", "emented!("], "unfinished work"),
    (&["#[ig", "nore"], "a test that does not run claims nothing"),
    (&["#[should_", "panic"], "assert the error instead"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("", "") {
        if is(path, "lock") || path.contains("/vendor/") || path.ends_with("package-lock.json") {
            continue;
        }
        let rust: &[_] = if is(path, "rs") { RUST } else { &[] };
        for (number, line) in text.lines().enumerate() {
            for (word, reason) in ANYWHERE.iter().chain(rust) {
                let word = word.concat();
                if line.contains(&word) {
                    findings.push(Finding::at(path, number + 1, format!("`{word}`: {reason}")));
                }
            }
            if rust.is_empty() {
                continue;
            }
            let attribute = line.trim_start();
            let bare = attribute.starts_with("#[allow(") || attribute.starts_with("#![allow(");
            if bare && !rest_of_attribute(text, number).contains("reason") {
                findings.push(Finding::at(
                    path,
                    number + 1,
                    "an allowance without a reason; better an expectation with one",
                ));
            }
        }
        if is(path, "rs") && path.contains("/src/") && !path.ends_with("/tests.rs") && !text.starts_with("//!") {
            findings.push(Finding::at(path, 1, "the file does not open with its purpose and its invariant (`//! …`)"));
        }
        if is(path, "md") {
            for (number, line) in outside_fences(text).filter(|(_, line)| has_two_sentences(line)) {
                findings.push(Finding::at(path, number, format!("one sentence per line: {line}")));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') && !is(path, "svg") {
            findings.push(Finding::new(path, "the last line has no end"));
        }
    }
    findings
}

/// Whether a sentence ends and another begins within the line; tables and code in backticks are passed over.
fn has_two_sentences(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', '-', ' ']);
    let words: String = line.split('`').step_by(2).collect();
    !line.starts_with('|')
        && words.match_indices(". ").any(|(at, _)| {
            let ends = words[..at].ends_with(|c: char| c.is_lowercase() || c == ')');
            ends && words[at + 2..].starts_with(char::is_uppercase)
        })
}

/// The attribute that begins in line `number`, to its closing bracket.
fn rest_of_attribute(text: &str, number: usize) -> String {
    let mut whole = String::new();
    for line in text.lines().skip(number) {
        whole.push_str(line);
        if line.trim_end().ends_with(']') {
            break;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_and_paths_of_a_machine_are_found() {
        let machine = format!("see {}x\n", ANYWHERE[0].0.concat());
        let unfinished = format!("//! F.\nfn f() {{ {}) }}\n", RUST[0].0.concat());
        let tree = Tree::of([
            ("a.md", &machine),
            ("e.md", "1. One. Two\n2. Only `a. B` one.\n| A. B |\n```\nA. B\n```\nFirst one. Second one.\n"),
            ("b.rs", &unfinished),
            ("b.md", &unfinished),
            (
                "c.rs",
                "//! C.\n#[allow(dead_code)]\nfn f() {}\n#[allow(\n    dead_code,\n    reason = \"later\"\n)]\nfn g() {}\n",
            ),
            ("d.txt", "no end"),
            ("f/src/f.rs", "use std::fmt;\n"),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| finding.place).collect();
        assert_eq!(found, ["a.md:1", "b.rs:2", "c.rs:2", "d.txt", "e.md:1", "e.md:7", "f/src/f.rs:1"]);
    }
}
