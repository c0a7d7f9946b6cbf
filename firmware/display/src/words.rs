//! Messages in the driver's language, with their variables filled in.
//!
//! Invariant: every text that a person reads stands in `locales/`; a message that does not fit its buffer is cut and ends in dots.

use crate::tables::Key;

/// A message with its variables filled in; the longest of any language fits.
pub(crate) type Words = heapless::String<192>;

/// The languages that the display speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Chinese];

    /// The language for a BCP 47 tag; English for what the display does not speak, and for Chinese in traditional script.
    pub fn from_tag(tag: &str) -> Self {
        let mut parts = tag.split(['-', '_']);
        let is = |part: Option<&str>, wanted: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(wanted));
        let language = parts.next();
        let traditional = parts.any(|part| ["Hant", "TW", "HK", "MO"].iter().any(|other| is(Some(part), other)));
        if is(language, "de") {
            Self::German
        } else if is(language, "zh") && !traditional {
            Self::Chinese
        } else {
            Self::English
        }
    }

    /// A message without variables.
    pub(crate) fn text(self, key: Key) -> &'static str {
        key.text(self as usize)
    }

    /// A message with its variables filled in.
    pub(crate) fn fill(self, key: Key, values: &[(&str, &str)]) -> Words {
        let mut words = Words::new();
        for (index, piece) in self.text(key).split('{').enumerate() {
            let Some((name, after)) = piece.split_once('}').filter(|_| index > 0) else {
                append(&mut words, piece);
                continue;
            };
            append(&mut words, values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            append(&mut words, after);
        }
        words
    }
}

/// Puts a text behind the words; what does not fit gives way to dots.
pub(crate) fn append(words: &mut Words, text: &str) {
    const DOTS: char = '…';
    if words.ends_with(DOTS) {
        return;
    }
    for letter in text.chars() {
        if words.len() + letter.len_utf8() + DOTS.len_utf8() > words.capacity() {
            // There is room: each letter before has left it.
            let _ = words.push(DOTS);
            return;
        }
        let _ = words.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::has;

    #[test]
    fn a_tag_finds_its_language_and_any_other_finds_english() {
        for (tag, language) in [
            ("de-AT", Language::German),
            ("zh-Hans", Language::Chinese),
            ("zh_CN", Language::Chinese),
            ("zh-Hant-HK", Language::English),
            ("zh-TW", Language::English),
            ("fr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::from_tag(tag), language, "{tag}");
        }
    }

    #[test]
    fn variables_are_filled_in_by_their_names() {
        let words = Language::English.fill(Key::WhenEither, &[("distance", "1,900 km"), ("span", "3 weeks")]);
        assert_eq!(words, "In about 3 weeks or 1,900 km");
    }

    #[test]
    fn words_that_are_too_long_end_in_dots() {
        let mut words = Words::new();
        for _ in 0..20 {
            append(&mut words, "Winterreifen ");
        }
        assert!(words.ends_with('…') && words.len() > 180, "{words}");
    }

    #[test]
    fn a_letter_that_a_face_lacks_is_noticed() {
        assert!(has("Bremsflüssigkeit 制动液"));
        assert!(!has("Тормозная жидкость"));
    }
}
