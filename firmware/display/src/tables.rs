//! Texts, glyphs and icons, as `build/main.rs` wrote them.
//!
//! Invariant: there is a glyph for every character of the texts.

use crate::face::{Glyphs, Icon, Shape};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

impl Key {
    /// The message as the language writes it, with its variables in braces.
    pub(crate) fn text(self, language: usize) -> &'static str {
        text(language, self as usize).unwrap_or_default()
    }
}

fn text(language: usize, key: usize) -> Option<&'static str> {
    let ends = ENDS.get(language)?;
    let start = key.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    TEXTS.get(language)?.get(usize::from(start)..usize::from(*ends.get(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::has;

    #[test]
    fn every_letter_of_every_text_has_a_glyph() {
        for (language, all) in TEXTS.iter().enumerate() {
            let texts = || (0..ENDS[language].len()).map(|key| text(language, key).unwrap());
            assert_eq!(texts().map(str::len).sum::<usize>(), all.len());
            for text in texts() {
                assert!(!text.is_empty() && has(text), "{text}");
            }
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
        assert!(GLYPHS.codes.is_sorted_by(|one, next| one < next));
        assert!((0..GLYPHS.lens.len()).all(|index| GLYPHS.glyph(index).is_some()));
    }
}
