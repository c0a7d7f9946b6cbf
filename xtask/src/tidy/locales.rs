//! Fluent files say the same things in every language, and what the pages ask for.
//!
//! Invariant: a key with its variables stands in all languages or in none; a key that nothing uses, or that is used and nowhere defined, is found.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::tree::Tree;

const FOLDER: &str = "cloud/locales/";

/// The language that the others are compared with.
const BASE: &str = "en";

/// A message's variables, by its key.
type Messages<'a> = BTreeMap<String, (String, BTreeSet<&'a str>)>;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut languages: BTreeMap<&str, Messages<'_>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, text) in tree.texts(FOLDER, ".ftl") {
        let Some((language, _)) = path[FOLDER.len()..].split_once('/') else { continue };
        for (line, key, variables) in messages(text) {
            let place = format!("{path}:{line}");
            if languages.entry(language).or_default().insert(key.clone(), (place.clone(), variables)).is_some() {
                findings.push(Finding::new(place, format!("`{key}` is defined twice")));
            }
        }
    }
    let Some(base) = languages.get(BASE) else { return findings };
    for (language, messages) in &languages {
        for (key, (place, variables)) in base {
            match messages.get(key) {
                None => findings.push(Finding::new(place, format!("`{key}` is missing in {language}"))),
                Some((other, found)) if found != variables => {
                    let text = format!("`{key}` has the variables {found:?}, and {variables:?} in {BASE}");
                    findings.push(Finding::new(other, text));
                }
                Some(_) => {}
            }
        }
        for (key, (place, _)) in messages {
            if !base.contains_key(key) {
                findings.push(Finding::new(place, format!("`{key}` is not in {BASE}")));
            }
        }
    }
    let used = Used::of(tree);
    for (key, (place, _)) in base {
        let name = key.split('.').next().unwrap_or(key);
        if !key.starts_with('-') && !used.has(name) {
            findings.push(Finding::new(place, format!("`{key}` is used nowhere")));
        }
    }
    for (key, place) in &used.calls {
        if !base.contains_key(*key) {
            findings.push(Finding::new(place, format!("`{key}` is not defined in {BASE}")));
        }
    }
    findings
}

/// The messages and terms of a file with their variables; attributes count as `key.attribute`.
fn messages(text: &str) -> Vec<(usize, String, BTreeSet<&str>)> {
    let mut found: Vec<(usize, String, BTreeSet<&str>)> = Vec::new();
    let mut parent = String::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let head = line.split_once('=').map(|(head, _)| head.trim_end());
        let is_name = |name: &str| {
            let name = name.strip_prefix('-').unwrap_or(name);
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if let Some(head) = head {
            if let Some(attribute) = head.trim_start().strip_prefix('.').filter(|_| line.starts_with(' ')) {
                found.push((number + 1, format!("{parent}.{attribute}"), BTreeSet::new()));
            } else if is_name(head) {
                head.clone_into(&mut parent);
                found.push((number + 1, parent.clone(), BTreeSet::new()));
            }
        }
        if let Some((_, _, variables)) = found.last_mut() {
            variables.extend(line.split('$').skip(1).map(|rest| {
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().unwrap_or(rest)
            }));
        }
    }
    found
}

/// What the pages and the service ask for.
struct Used<'a> {
    /// Every text that stands between two double quotes of a line.
    quoted: BTreeSet<&'a str>,
    /// Beginning and end of keys that are put together, such as `item-` and `-inline` of `item-{}-inline`.
    composed: BTreeSet<(&'a str, &'a str)>,
    /// Keys that calls name outright, with the place.
    calls: BTreeMap<&'a str, String>,
}

impl<'a> Used<'a> {
    /// Calls whose first text is a key.
    const CALLS: &'static [&'static str] = &["page.t(\"", "page.t1(\"", "localizer.text(\"", "localizer.with(\""];

    fn of(tree: &'a Tree) -> Self {
        let mut used = Self { quoted: BTreeSet::new(), composed: BTreeSet::new(), calls: BTreeMap::new() };
        let sources = tree.texts("cloud/templates/", "").chain(tree.texts("cloud/src/", ".rs"));
        let own = tree.texts(FOLDER, ".ftl");
        for (path, text) in sources {
            for (number, line) in text.lines().enumerate() {
                for quoted in line.split('"') {
                    match (quoted.find('{'), quoted.rfind('}')) {
                        (Some(from), Some(to)) if from < to => {
                            let (beginning, end) = (&quoted[..from], &quoted[to + 1..]);
                            if beginning.ends_with('-') || end.starts_with('-') {
                                used.composed.insert((beginning, end));
                            }
                        }
                        _ => {
                            used.quoted.insert(quoted);
                        }
                    }
                }
                for call in Self::CALLS {
                    for rest in line.split(call).skip(1) {
                        if let Some((key, _)) = rest.split_once('"')
                            && !key.contains('{')
                        {
                            used.calls.insert(key, format!("{path}:{}", number + 1));
                        }
                    }
                }
            }
        }
        // A message may stand inside another.
        for (_, text) in own {
            used.quoted.extend(text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::trim));
        }
        used
    }

    fn has(&self, key: &str) -> bool {
        let composed = |(beginning, end): &(&str, &str)| {
            key.strip_prefix(beginning).is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end))
        };
        self.quoted.contains(key) || self.composed.iter().any(composed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_with_their_attributes_and_variables() {
        let text = "# comment = no\n-brand = Milepost\nnext-item = { $item } in\n    { $days ->\n        [one] a day\n       *[other] { $days } days\n    }\n    .title = Why { $rule }\n";
        let found: Vec<_> = messages(text)
            .into_iter()
            .map(|(line, key, vars)| (line, key, vars.into_iter().collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            found,
            [
                (2, "-brand".to_owned(), vec![]),
                (3, "next-item".to_owned(), vec!["days", "item"]),
                (8, "next-item.title".to_owned(), vec!["rule"]),
            ]
        );
    }

    #[test]
    fn languages_that_differ_and_keys_that_nobody_uses_or_defines_are_found() {
        let tree = Tree::of([
            (
                "cloud/locales/en/a.ftl",
                "hello = Hello { $name }\nspare = Spare\nitem-oil = Oil\nwhen-title = x\nonly-en = x\n",
            ),
            ("cloud/locales/de/a.ftl", "hello = Hallo\nspare = x\nitem-oil = Öl\nwhen-title = x\nonly-de = x\n"),
            (
                "cloud/templates/a.html",
                "{{ page.t(\"hello\") }} <a title=\"{{ page.t(\"missing\") }}\"> {{ page.t(\"only-en\") }}",
            ),
            ("cloud/src/a.rs", "format!(\"item-{}\", name); format!(\"{key}-title\")\n"),
        ]);
        let found: Vec<_> =
            check(&tree).into_iter().map(|finding| format!("{} {}", finding.place, finding.text)).collect();
        assert_eq!(
            found,
            [
                "cloud/locales/de/a.ftl:1 `hello` has the variables {}, and {\"name\"} in en",
                "cloud/locales/en/a.ftl:5 `only-en` is missing in de",
                "cloud/locales/de/a.ftl:5 `only-de` is not in en",
                "cloud/locales/en/a.ftl:2 `spare` is used nowhere",
                "cloud/templates/a.html:1 `missing` is not defined in en",
            ]
        );
    }
}
