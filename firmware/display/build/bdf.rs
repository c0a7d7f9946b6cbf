//! Reads a BDF font with two bits for each pixel, and writes the glyphs that are needed.
//!
//! Invariant: what is needed and not there stops the build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use super::coder::{Odds, Picture};

/// How many glyphs share a start, behind which their lengths tell where each begins.
const STRIDE: usize = 16;

/// Letters without a gap: their glyphs stand first, and need no table of codes.
const RUNS: [RangeInclusive<char>; 2] = [' '..='~', 'À'..='ÿ'];

/// The widest glyph that `src/bits.rs` can read.
const WIDEST: usize = 40;

/// A glyph: its box relative to the pen on the base line, `left` to the right and `top` upwards.
struct Glyph {
    advance: u8,
    left: i8,
    top: i8,
    height: u8,
    picture: Picture,
}

pub(crate) struct Font {
    name: String,
    ascent: u8,
    glyphs: BTreeMap<char, Glyph>,
}

impl Font {
    /// Reads the glyphs that are needed.
    pub(crate) fn read(path: &Path, needed: &BTreeSet<char>) -> Self {
        let file = fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let mut font = Self { name: path.display().to_string(), ascent: 0, glyphs: BTreeMap::new() };
        let mut lines = file.lines();
        let (mut code, mut advance) = (None, 0);
        while let Some(line) = lines.next() {
            let mut words = line.split(' ');
            let name = words.next().unwrap_or_default();
            let numbers: Vec<i32> = words.filter_map(|word| word.parse().ok()).collect();
            match (name, numbers.as_slice()) {
                ("SIZE", [.., depth]) => assert_eq!(*depth, 2, "{}: two bits for each pixel", font.name),
                ("FONT_ASCENT", [ascent]) => font.ascent = narrow(*ascent),
                ("ENCODING", [number]) => code = u32::try_from(*number).ok().and_then(char::from_u32),
                ("DWIDTH", [dx, _]) => advance = narrow(*dx),
                ("BBX", &[width, height, left, bottom]) => {
                    let Some(code) = code.take() else { panic!("{}: a glyph without a code", font.name) };
                    lines.next();
                    let mut pixels = Vec::new();
                    for _ in 0..height {
                        let row = lines.next().unwrap_or_default();
                        let bits = |at: usize| {
                            let digit = row.get(at / 2..=at / 2).and_then(|digit| u8::from_str_radix(digit, 16).ok());
                            digit.unwrap_or_else(|| panic!("{}: a short row of {code}", font.name)) >> (2 - at % 2 * 2)
                                & 3
                        };
                        pixels.extend((0..width as usize).map(bits));
                    }
                    let (height, left, top) = (narrow(height), narrow(left), narrow(bottom + height));
                    let picture = Picture { width: width as usize, pixels };
                    assert!(picture.width <= WIDEST, "{}: {code} is too wide", font.name);
                    if needed.contains(&code) {
                        font.glyphs.insert(code, Glyph { advance, left, top, height, picture });
                    }
                }
                _ => {}
            }
        }
        if let Some(code) = needed.iter().find(|code| !font.glyphs.contains_key(code)) {
            panic!("{} has no glyph for {code:?}, which a text needs; fonts/README.md says how to draw it", font.name)
        }
        font
    }

    pub(crate) fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.glyphs.values().map(|glyph| &glyph.picture)
    }

    pub(crate) fn write(&self, out: &mut String, odds: &Odds) {
        let (mut codes, mut starts, mut lens, mut shape_of) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut shapes, mut bytes) = (Vec::new(), Vec::new());
        let in_runs = RUNS.into_iter().flatten();
        let alone = self.glyphs.keys().copied().filter(|code| RUNS.iter().all(|run| !run.contains(code)));
        codes.extend(
            alone.clone().map(|code| u16::try_from(u32::from(code)).expect("the texts stay in the basic plane")),
        );
        let order: Vec<char> = in_runs.chain(alone).collect();
        for code in &order {
            let Some(glyph) = self.glyphs.get(code) else { panic!("{} has no glyph for {code:?}", self.name) };
            let Glyph { advance, left, top, height, picture } = glyph;
            if lens.len().is_multiple_of(STRIDE) {
                starts.push(u16::try_from(bytes.len()).expect("the glyphs stay below 64 KiB"));
            }
            let width = picture.width;
            let shape = format!(
                "    Shape {{ advance: {advance}, left: {left}, top: {top}, width: {width}, height: {height} }},\n"
            );
            let known = shapes.iter().position(|known| *known == shape).unwrap_or_else(|| {
                shapes.push(shape);
                shapes.len() - 1
            });
            shape_of.push(u8::try_from(known).expect("a face has at most 256 shapes"));
            let packed = odds.pack(picture);
            lens.push(u8::try_from(packed.len()).expect("a glyph has at most 255 bytes"));
            bytes.extend(packed);
        }
        let (count, shape_count) = (codes.len(), shapes.len());
        let largest = self.pictures().map(|picture| picture.pixels.len()).max().unwrap_or(0);
        super::write_bytes(out, "BITS", &bytes);
        super::write_bytes(out, "SHAPE_OF", &shape_of);
        let runs = RUNS.map(|run| (u32::from(*run.start()), run.count()));
        let _ = writeln!(out, "static RUNS: [(u16, u16); {}] = {runs:?};", runs.len());
        let _ = writeln!(out, "static CODES: [u16; {count}] = {codes:?};");
        let _ = writeln!(out, "static STARTS: [u16; {}] = {starts:?};", starts.len());
        super::write_bytes(out, "LENS", &lens);
        let _ = writeln!(out, "/// How many glyphs share a start.\npub(crate) const STRIDE: usize = {STRIDE};\n");
        let _ = writeln!(out, "static SHAPES: [Shape; {shape_count}] = [\n{}];\n", shapes.concat());
        let _ = writeln!(out, "/// The pixels of the largest glyph.\npub(crate) const LARGEST: usize = {largest};\n");
        let _ = writeln!(
            out,
            "/// The glyphs of `fonts/`.\npub(crate) static GLYPHS: Glyphs = Glyphs {{\n    ascent: {},\n    runs: &RUNS,\n    codes: &CODES,\n    \
             starts: &STARTS,\n    lens: &LENS,\n    shape_of: &SHAPE_OF,\n    shapes: &SHAPES,\n    bits: &BITS,\n}};\n",
            self.ascent
        );
    }
}

fn narrow<T: TryFrom<i32>>(number: i32) -> T {
    T::try_from(number).unwrap_or_else(|_| panic!("{number} is out of the range of a glyph"))
}
