//! Published vectors and recorded data for tests, from the folder that `MILEPOST_DATA` names.

use std::path::PathBuf;
use std::println;
use std::string::String;

/// A file of the engagement data, or nothing, said aloud, where the data is not at hand.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
pub(crate) fn engagement(file: &str) -> Option<String> {
    let Some(data) = std::env::var_os("MILEPOST_DATA") else {
        println!("skipped: MILEPOST_DATA does not name the folder that holds engagement/{file}");
        return None;
    };
    let path = PathBuf::from(data).join("engagement").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// The same, as JSON.
pub(crate) fn engagement_json(file: &str) -> Option<serde_json::Value> {
    let text = engagement(file)?;
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}
