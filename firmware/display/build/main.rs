//! Turns the texts, the glyphs that they need, and the icons into tables for flash.
//!
//! Invariant: a text that lacks a variable or needs a glyph that the fonts lack does not build.

mod bdf;
mod icons;
mod messages;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The languages in the order of `Language`.
const LANGUAGES: [&str; 3] = ["en", "de", "zh-Hans"];

/// What the title face shows: the cloud may send Latin titles, and these messages.
const TITLES: [&str; 3] = ["item-", "-title", "noted"];

fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo names the manifest's folder");
    let here = Path::new(&here);
    for folder in ["build", "fonts", "locales"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    let languages = LANGUAGES.map(|code| messages::read(&here.join(format!("locales/{code}.ftl"))));
    let mut out = String::new();
    messages::write(&mut out, &LANGUAGES, &languages);

    let latin: BTreeSet<char> = (' '..='~').chain('\u{a0}'..='ÿ').chain("–—‘’‚“”„…•€−≥".chars()).collect();
    let needed = |titles: bool| {
        let mut needed = latin.clone();
        for message in languages.iter().flatten() {
            let is_title = TITLES.iter().any(|part| message.key.starts_with(part) || message.key.ends_with(part));
            if is_title || !titles {
                needed.extend(message.text.chars());
            }
        }
        needed
    };
    for (name, file, titles) in [("BODY", "regular-18.bdf", false), ("TITLE", "bold-26.bdf", true)] {
        let font = bdf::Font::read(&here.join("fonts").join(file));
        bdf::write(&mut out, name, &font, &needed(titles));
    }
    icons::write(&mut out);

    let folder = env::var("OUT_DIR").expect("cargo names the output folder");
    fs::write(Path::new(&folder).join("tables.rs"), out).expect("cargo's output folder can be written");
}

/// Packs pixels of two bits, the first in the top bits, rows without padding.
fn pack(pixels: &[u8]) -> Vec<u8> {
    let byte = |four: &[u8]| four.iter().enumerate().fold(0, |byte, (at, pixel)| byte | pixel << (6 - 2 * at));
    pixels.chunks(4).map(byte).collect()
}

/// Writes a table of bytes.
fn write_bytes(out: &mut String, name: &str, bytes: &[u8]) {
    let _ = writeln!(out, "static {name}: [u8; {}] = {bytes:?};", bytes.len());
}
