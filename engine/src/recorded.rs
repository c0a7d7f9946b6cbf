//! Published vectors and recorded data for tests, from the folder that `MILEPOST_DATA` names.

use std::io::Read as _;
use std::path::PathBuf;
use std::println;
use std::string::String;

/// A file of the engagement data, or nothing, said aloud, where the data is not at hand.
pub(crate) fn engagement(file: &str) -> Option<String> {
    let Some(data) = std::env::var_os("MILEPOST_DATA") else {
        println!("skipped: MILEPOST_DATA does not name the folder that holds engagement/{file}");
        return None;
    };
    let path = PathBuf::from(data).join("engagement").join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    let read = if bytes.starts_with(&[0x1F, 0x8B]) {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text)
    } else {
        (&bytes[..]).read_to_string(&mut text)
    };
    assert!(read.is_ok(), "{}: no text", path.display());
    Some(text)
}

/// The same, as JSON.
pub(crate) fn engagement_json(file: &str) -> Option<serde_json::Value> {
    let text = engagement(file)?;
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}
