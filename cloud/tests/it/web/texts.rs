use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use milepost::api::Problem;
use milepost::i18n::Language;

fn read_all(folder: &Path, end: &str, texts: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, end, texts);
        } else if path.to_str().unwrap().ends_with(end) {
            texts.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn keys(code: &str) -> BTreeSet<String> {
    let mut files = Vec::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(code), ".ftl", &mut files);
    let lines = files.iter().flat_map(|(_, text)| text.lines());
    let key = |line: &str| {
        let (key, _) = line.split_once('=')?;
        (!line.starts_with([' ', '#', '-', '\t'])).then(|| key.trim().to_owned())
    };
    lines.filter_map(key).collect()
}

/// The quoted words of a text that follow one of the calls that take a key.
fn used(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in [".t(\"", ".t1(\"", ".text(\"", ".with(\""] {
        for (at, _) in text.match_indices(call) {
            let rest = &text[at + call.len()..];
            found.push(rest[..rest.find('"').unwrap()].to_owned());
        }
    }
    found
}

#[test]
fn every_key_that_a_template_or_the_code_names_exists() {
    let english = keys("en");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    read_all(&root.join("templates"), ".html", &mut files);
    read_all(&root.join("src"), ".rs", &mut files);
    let mut count = 0;
    for (path, text) in &files {
        for key in used(text) {
            assert!(english.contains(&key), "{path} names the key {key}, which does not exist");
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn every_key_is_used_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    read_all(&root.join("templates"), ".html", &mut files);
    read_all(&root.join("src"), ".rs", &mut files);
    // Keys that are put together: a stem in the code and a number or a code behind it.
    let composed = [
        "month-",
        "item-",
        "offer-",
        "purpose-",
        "record-",
        "error-",
        "unit-",
        "theme-",
        "when-",
        "quantity-",
        "programme-",
        "question-",
        "trigger-",
        "pack-",
        "stage-",
        "touchpoint-",
        "outcome-",
        "cause-",
        "met-",
        "step-",
        "figure-",
        "fact-",
        "arm-",
        "experiment-intake-",
        "policy-because-",
        "policy-change-",
        "policy-learning",
        "policy-fixed",
    ];
    for key in keys("en") {
        let is_named = files.iter().any(|(_, text)| text.contains(&format!("\"{key}\"")));
        assert!(is_named || composed.iter().any(|stem| key.starts_with(stem)), "{key} is used nowhere");
    }
}

#[test]
fn every_language_has_the_same_keys() {
    let english = keys("en");
    for language in Language::all() {
        assert_eq!(keys(language.code()), english, "{}", language.code());
    }
}

#[test]
fn every_problem_has_a_title_and_a_sentence_in_every_language() {
    for language in Language::all() {
        for code in Problem::CODES {
            for key in [format!("error-{code}"), format!("error-{code}-title")] {
                assert!(language.localizer().has(&key), "{} {key}", language.code());
            }
        }
    }
}
