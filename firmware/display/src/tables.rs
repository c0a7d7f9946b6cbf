//! Texts, glyphs and icons, as `build/main.rs` wrote them.
//!
//! Invariant: a face holds a glyph for every character of the texts that are set in it.

use crate::face::{Face, Glyph, Icon};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

impl Key {
    /// The message as the language writes it, with its variables in braces.
    pub(crate) fn text(self, language: usize) -> &'static str {
        TEXTS.get(language).and_then(|texts| texts.get(self as usize)).copied().unwrap_or_default()
    }
}
