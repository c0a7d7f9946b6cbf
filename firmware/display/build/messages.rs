//! Reads messages of one line each from a Fluent file.
//!
//! Invariant: every key of a language is a key of English with the same variables.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// One message; a variable `{ $name }` stands as `{name}`.
pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) text: String,
}

pub(crate) fn read(path: &Path) -> Vec<Message> {
    let file = fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let mut messages: Vec<Message> = Vec::new();
    for (number, line) in file.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = || format!("{}:{}", path.display(), number + 1);
        let Some((key, text)) = line.split_once(" = ") else { panic!("{}: no message of one line", place()) };
        assert!(messages.iter().all(|known| known.key != key), "{}: `{key}` stands twice", place());
        let text = text.replace("{ $", "{").replace(" }", "}");
        assert!(text.matches('{').count() == text.matches('}').count(), "{}: a variable is not closed", place());
        messages.push(Message { key: key.to_owned(), text });
    }
    messages
}

/// Writes the keys as an enum, and for each language its texts with the places where they end.
pub(crate) fn write(out: &mut String, codes: &[&str], languages: &[Vec<Message>]) {
    let Some((english, others)) = languages.split_first() else { return };
    for (code, language) in codes.iter().skip(1).zip(others) {
        for message in language {
            let Some(base) = english.iter().find(|base| base.key == message.key) else {
                panic!("{code}: `{}` is not in English", message.key)
            };
            assert_eq!(variables(&message.text), variables(&base.text), "{code}: the variables of `{}`", message.key);
        }
    }
    out.push_str("/// A message of `locales/`.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub(crate) enum Key {\n");
    for message in english {
        let _ = writeln!(out, "    {},", variant(&message.key));
    }
    out.push_str("}\n\n");
    let (mut texts, mut ends) = (String::new(), String::new());
    for language in languages {
        let all: Vec<&str> = english
            .iter()
            .map(|base| language.iter().find(|message| message.key == base.key).unwrap_or(base).text.as_str())
            .collect();
        let all_ends: Vec<u16> = (1..=all.len())
            .map(|count| u16::try_from(all[..count].concat().len()).expect("a language stays below 64 KiB"))
            .collect();
        let _ = writeln!(texts, "    {:?},", all.concat());
        let _ = writeln!(ends, "    {all_ends:?},");
    }
    let (count, keys) = (languages.len(), english.len());
    let _ = writeln!(
        out,
        "/// All texts of each language, one behind the other.\nstatic TEXTS: [&str; {count}] = [\n{texts}];\n"
    );
    let _ = writeln!(out, "/// Where each text ends.\nstatic ENDS: [[u16; {keys}]; {count}] = [\n{ends}];\n");
}

fn variables(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

/// `when-either` as `WhenEither`.
fn variant(key: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    key.split('-').map(capital).collect()
}
