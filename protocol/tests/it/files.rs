//! Golden files: `NAME.hex` holds the bytes, `NAME.txt` beside it says in words what they mean.
//!
//! Invariant: a file that stands is never overwritten; only missing ones are written, and only when asked for.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const BYTES_PER_LINE: usize = 32;

/// Compares bytes and words with the files, or writes those that are missing when `MILEPOST_VECTORS=write`.
pub(crate) fn compare(folder: &str, name: &str, bytes: &[u8], words: &str) {
    let path = folder_of(folder).join(name);
    for (extension, wanted) in [("hex", hex(bytes)), ("txt", words.to_owned())] {
        let path = path.with_extension(extension);
        if !path.exists() && std::env::var("MILEPOST_VECTORS").is_ok_and(|value| value == "write") {
            fs::create_dir_all(path.parent().expect("a file stands in a folder")).unwrap();
            fs::write(&path, &wanted).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; `cargo xtask vectors` writes missing vectors", path.display())
        });
        assert_eq!(found, wanted, "{} is a promise to devices that are out there", path.display());
    }
}

/// The bytes of a file.
pub(crate) fn read(folder: &str, name: &str) -> Vec<u8> {
    let path = folder_of(folder).join(name).with_extension("hex");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The names of all files in a folder.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder_of(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn folder_of(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/v1").join(folder)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(BYTES_PER_LINE) {
        for byte in line {
            write!(text, "{byte:02x}").expect("a string takes every text");
        }
        text.push('\n');
    }
    text
}
