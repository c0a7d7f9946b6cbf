//! Templates hold nothing that the content security policy would have to be loosened for.

use super::Finding;
use super::tree::Tree;

/// What makes htmx build functions out of text, or the browser run what stands in an attribute.
const BANNED: &[(&str, &str)] = &[
    ("hx-on:", "htmx would build a function out of text"),
    ("hx-on=", "htmx would build a function out of text"),
    ("hx-vals=\"js:", "htmx would build a function out of text"),
    ("hx-vals='js:", "htmx would build a function out of text"),
    ("hx-confirm=\"js:", "htmx would build a function out of text"),
    ("hx-confirm='js:", "htmx would build a function out of text"),
    ("javascript:", "a script in a link is refused by the policy"),
    (" style=\"", "a style in an attribute is refused by the policy"),
    ("<style", "a style in a page is refused by the policy"),
];

/// Expressions that may reach the page unescaped.
const DRAWN: &[&str] = &["page.icon(", "chart.shapes"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("cloud/templates/", "") {
        for (number, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            for (word, reason) in BANNED {
                if lower.contains(word) {
                    findings.push(Finding::at(path, number + 1, format!("`{}`: {reason}", word.trim())));
                }
            }
            if lower.contains("<script") && !lower.contains("src=") {
                findings.push(Finding::at(path, number + 1, "a script in a page is refused by the policy"));
            }
            if lower.match_indices("safe }}").any(|(at, _)| !is_drawn(&lower[..at])) {
                findings.push(Finding::at(
                    path,
                    number + 1,
                    "`|safe`: text reaches the page unescaped; only what our own code draws may",
                ));
            }
            if let Some(handler) = handler(&lower) {
                findings.push(Finding::at(
                    path,
                    number + 1,
                    format!("`{handler}`: a handler in an attribute is refused by the policy"),
                ));
            }
        }
    }
    findings
}

/// Whether the expression that ends here is drawn by our own code out of numbers and names of its own.
fn is_drawn(before: &str) -> bool {
    let expression = before.rsplit("{{").next().unwrap_or_default().trim_start();
    DRAWN.iter().any(|drawn| expression.starts_with(drawn))
}

/// An attribute such as `onclick="`.
fn handler(line: &str) -> Option<&str> {
    line.split(char::is_whitespace).find(|word| {
        word.strip_prefix("on")
            .and_then(|rest| rest.split_once("=\""))
            .is_some_and(|(event, _)| !event.is_empty() && event.bytes().all(|byte| byte.is_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_policy_refuses_is_found_in_templates() {
        for (line, bad) in [
            ("<a hx-on:click=\"x()\">", true),
            ("<a hx-vals='js:{a: 1}'>", true),
            ("<button onclick=\"x()\">", true),
            ("<p style=\"color: red\">", true),
            ("<script>x()</script>", true),
            ("{{ text|safe }}", true),
            ("{{ page.icon(\"car\")|safe }}{{ text | safe }}", true),
            ("{{ page.icon(\"car\")|safe }}", false),
            ("<script src=\"/assets/htmx.js\" defer></script>", false),
            ("<form hx-post=\"/answer\" hx-swap=\"outerHTML\">", false),
            ("<p>only=\"yes\" once=\"2\"</p>", true),
        ] {
            let tree = Tree::of([("cloud/templates/page.html", line)]);
            assert_eq!(!check(&tree).is_empty(), bad, "{line}");
        }
    }
}
