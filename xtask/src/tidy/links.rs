//! Relative links in Markdown lead somewhere, down to the heading.

use super::Finding;
use super::tree::{Tree, is};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("", ".md") {
        for (line, target) in targets(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let resolved = if file.is_empty() { Some(path.to_owned()) } else { resolve(path, file) };
            match resolved {
                Some(file) if tree.has(&file) => {
                    let headings = tree.text(&file).filter(|_| is(&file, "md")).unwrap_or_default();
                    if !anchor.is_empty() && !anchors(headings).any(|heading| heading == anchor) {
                        findings.push(Finding::at(path, line, format!("`{target}`: {file} has no such heading")));
                    }
                }
                _ => findings.push(Finding::at(path, line, format!("`{target}` leads nowhere"))),
            }
        }
    }
    findings
}

/// The targets of inline links and images outside of code, with their lines.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in outside_fences(text) {
        for (index, part) in line.split('`').enumerate() {
            // Odd parts stand between backticks.
            if index % 2 == 0 {
                found.extend(
                    part.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).map(|t| (number, t)),
                );
            }
        }
    }
    found
}

/// The anchors of a file's headings, as the common forges make them.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    outside_fences(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| {
        let heading = line.trim_start_matches('#');
        heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    })
}

/// The lines outside of code fences, with their numbers.
pub(super) fn outside_fences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number + 1, line))
    })
}

/// `link` as seen from the file `from`; `None` if it leaves the repository.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if link.starts_with('/') {
        return None;
    }
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_missing_file_or_heading_is_found() {
        let tree = Tree::of([
            (
                "docs/a.md",
                "# One way, `in` code\n[up](../README.md) [here](#one-way-in-code) [gone](b.md) [out](../../x.md)\n\
                 `[code](nothing.md)`\n```\n[code](nothing.md)\n```\n[no heading](../README.md#two) [web](https://example.org/x)\n",
            ),
            ("README.md", "# One\n[folder](docs) ![picture](docs/loop.svg)\n"),
            ("docs/loop.svg", "<svg/>"),
        ]);
        let found: Vec<_> =
            check(&tree).into_iter().map(|finding| format!("{} {}", finding.place, finding.text)).collect();
        assert_eq!(
            found,
            [
                "docs/a.md:2 `b.md` leads nowhere",
                "docs/a.md:2 `../../x.md` leads nowhere",
                "docs/a.md:7 `../README.md#two`: README.md has no such heading",
            ]
        );
    }
}
