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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_every_text_has_a_glyph() {
        for text in TEXTS.iter().flatten() {
            assert!(BODY.has(text), "{text}");
        }
        for titles in TEXTS
            .iter()
            .map(|texts| [Key::Item1, Key::Item5, Key::Noted, Key::MenuTitle].map(|key| texts[key as usize]))
        {
            assert!(titles.iter().all(|title| TITLE.has(title)), "{titles:?}");
        }
    }

    #[test]
    fn no_language_falls_back_to_english_for_a_sentence() {
        for (english, german, chinese) in [Key::AdviceDue, Key::WhenEither, Key::NotedDone, Key::IdleText]
            .map(|key| (key.text(0), key.text(1), key.text(2)))
        {
            assert!(english != german && english != chinese, "{english}");
        }
    }

    #[test]
    fn glyphs_stand_in_the_order_of_their_codes() {
        for face in [&BODY, &TITLE] {
            assert!(face.glyphs.is_sorted_by(|one, next| one.code < next.code));
        }
    }
}
