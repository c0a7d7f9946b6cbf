//! Things that one module knows and no other: the store's engine, the codecs, the clock.

use super::Finding;
use super::contributing::mentions;
use super::tree::Tree;

/// A word of Rust source that stands only where it is said.
struct Boundary {
    word: &'static str,
    /// Where the rule holds.
    within: &'static str,
    /// The paths below which the word may stand.
    except: &'static [&'static str],
    reason: &'static str,
}

const BOUNDARIES: &[Boundary] = &[
    Boundary { word: "sled", within: "", except: &["cloud/src/store/"], reason: "only the store knows its engine" },
    Boundary {
        word: "rmqtt_codec",
        within: "",
        except: &["cloud/src/frontdoor/codec.rs"],
        reason: "only one module knows the front door's codec",
    },
    Boundary {
        word: "rumqttc",
        within: "",
        except: &["gateway/src/link.rs", "gateway/src/link/"],
        reason: "only the link knows the MQTT client",
    },
    Boundary {
        word: "SystemTime",
        within: "engine/src/",
        except: &[],
        reason: "the engine has no clock: time is an argument",
    },
    Boundary {
        word: "Instant",
        within: "engine/src/",
        except: &[],
        reason: "the engine has no clock: time is an argument",
    },
    Boundary {
        word: "rand",
        within: "engine/src/",
        except: &[],
        reason: "the engine holds no randomness: draws are arguments",
    },
    Boundary { word: "async", within: "engine/src/", except: &[], reason: "the engine awaits nothing" },
    Boundary { word: "await", within: "engine/src/", except: &[], reason: "the engine awaits nothing" },
    Boundary { word: "alloc", within: "firmware/src/", except: &[], reason: "the core allocates nothing" },
    Boundary { word: "embassy_executor", within: "firmware/src/", except: &[], reason: "the core knows no executor" },
    Boundary { word: "alloc", within: "firmware/display/src/", except: &[], reason: "the display allocates nothing" },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for boundary in BOUNDARIES {
        for (path, text) in tree.texts(boundary.within, ".rs") {
            if is_test(path)
                || path.starts_with("xtask/")
                || boundary.except.iter().any(|except| path.starts_with(except))
            {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                if mentions(code(line), boundary.word) {
                    findings.push(Finding::at(path, number + 1, format!("`{}`: {}", boundary.word, boundary.reason)));
                }
            }
        }
    }
    findings
}

/// Whether a file holds nothing but tests, which may meet the product from outside.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// The line without its comment and without what stands in quotes.
fn code(line: &str) -> &str {
    let line = line.split("//").next().unwrap_or(line);
    line.split('"').next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_outside_its_module_is_found_and_a_comment_is_not() {
        let tree = Tree::of([
            ("cloud/src/store/sled.rs", "use sled::Db;\n"),
            ("cloud/src/web/page.rs", "// sled is elsewhere\nlet db: sled::Db = open();\n"),
            ("cloud/tests/it/store.rs", "use sled::Db;\n"),
            ("engine/src/usage.rs", "//! No Instant here.\nlet now = Instant::now();\nlet brand = 1;\n"),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| finding.place).collect();
        assert_eq!(found, ["cloud/src/web/page.rs:2", "engine/src/usage.rs:2"]);
    }
}
