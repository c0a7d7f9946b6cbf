//! Files of others that we ship are the files that were looked at.
//!
//! `SHA256SUMS` stands beside them: `SHA-256  file`, one line each; lines that begin with `#` say where they come from.

use sha2::{Digest, Sha256};

use super::Finding;
use super::tree::Tree;

const FOLDER: &str = "cloud/assets/vendor/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let list = format!("{FOLDER}SHA256SUMS");
    let text = tree.text(&list).unwrap_or_default();
    let listed: Vec<(&str, &str)> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once("  ")).collect();
    let mut findings = Vec::new();
    for (wanted, file) in &listed {
        match tree.bytes(&format!("{FOLDER}{file}")) {
            None => findings.push(Finding::new(&list, format!("{file} is not there"))),
            Some(bytes) if hex(bytes) != *wanted => {
                findings.push(Finding::new(format!("{FOLDER}{file}"), "is not the file that its hash stands for"));
            }
            Some(_) => {}
        }
    }
    for path in tree.paths().filter(|path| path.starts_with(FOLDER) && **path != list) {
        if !listed.iter().any(|(_, file)| *file == &path[FOLDER.len()..]) {
            findings.push(Finding::new(path, format!("has no line in {list}")));
        }
    }
    findings
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_missing_and_an_unlisted_file_are_found() {
        let empty = hex(b"");
        let list = format!("# from the registry\n{empty}  a.js\n{empty}  b.js\n{empty}  c.js\n");
        let tree = Tree::of([
            ("cloud/assets/vendor/SHA256SUMS", &list),
            ("cloud/assets/vendor/a.js", ""),
            ("cloud/assets/vendor/b.js", "changed"),
            ("cloud/assets/vendor/d.js", ""),
        ]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "error: cloud/assets/vendor/b.js: is not the file that its hash stands for",
                "error: cloud/assets/vendor/SHA256SUMS: c.js is not there",
                "error: cloud/assets/vendor/d.js: has no line in cloud/assets/vendor/SHA256SUMS",
            ]
        );
    }
}
