//! Turns the texts, the glyphs that they need, and the icons into tables for flash.
//!
//! Invariant: a text that lacks a variable or needs a glyph that the fonts lack does not build.

mod bdf;
mod coder;
mod icons;
mod messages;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use coder::Odds;

/// The languages in the order of `Language`.
const LANGUAGES: [&str; 3] = ["en", "de", "zh-Hans"];

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo names the manifest's folder");
    let here = Path::new(&here);
    for folder in ["build", "fonts", "locales"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    let languages = LANGUAGES.map(|code| messages::read(&here.join(format!("locales/{code}.ftl"))));
    let mut out = String::new();
    messages::write(&mut out, &LANGUAGES, &languages);

    // The cloud's words may hold any Latin letter, and these signs.
    let letters = ('À'..='ÿ').chain(' '..='~');
    let mut needed: BTreeSet<char> = letters.chain("\u{a0}¡£¥§©«®°±²³µ·»½¿–…—‘’‚“”„•€−≥".chars()).collect();
    needed.extend(languages.iter().flatten().flat_map(|message| message.text.chars()));
    let font = bdf::Font::read(&here.join("fonts/regular-18.bdf"), &needed);
    let icons = icons::draw();
    let odds = Odds::count(font.pictures().chain(icons.iter().map(|(_, picture)| picture)));
    odds.write(&mut out);
    font.write(&mut out, &odds);
    for (name, picture) in &icons {
        write_bytes(&mut out, &format!("{name}_BITS"), &odds.pack(picture));
        let _ = writeln!(out, "/// An icon.\npub(crate) static {name}: Icon = Icon {{ bits: &{name}_BITS }};");
    }

    let folder = env::var("OUT_DIR").expect("cargo names the output folder");
    fs::write(Path::new(&folder).join("tables.rs"), out).expect("cargo's output folder can be written");
}

/// Writes a table of bytes.
fn write_bytes(out: &mut String, name: &str, bytes: &[u8]) {
    let _ = writeln!(out, "static {name}: [u8; {}] = {bytes:?};", bytes.len());
}
