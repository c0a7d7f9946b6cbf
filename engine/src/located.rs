//! What is wrong in a file that people write, with its place, and how such a file is read.
//!
//! Plans, programmes and the catalogue of offers are TOML alike; each says by a `Wrong` of its own what can be wrong in it.
//! Invariant: whatever is refused is refused with file, line and key.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use serde::Deserialize;

/// What is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<W> {
    /// The file's name, as given.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The key, such as `item.engine-oil.lead`.
    pub key: String,
    /// What is wrong there.
    pub wrong: W,
}

impl<W> Located<W> {
    /// What is wrong with a file as it stands beside others, told at its first line.
    pub fn whole(file: impl Into<String>, key: &str, wrong: W) -> Self {
        Self { file: file.into(), line: 1, key: key.to_owned(), wrong }
    }
}

impl<W: fmt::Display> fmt::Display for Located<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.key, self.wrong)
    }
}

impl<W: fmt::Debug + fmt::Display> core::error::Error for Located<W> {}

/// What is wrong, before anybody has said which file the text is from.
pub(crate) struct Found<W> {
    /// How many bytes of the text stand before it.
    at: usize,
    key: String,
    wrong: W,
}

impl<W> Found<W> {
    /// What is wrong behind the first `at` bytes of a text, under which key.
    pub(crate) fn new(at: usize, key: impl Into<String>, wrong: W) -> Self {
        Self { at, key: key.into(), wrong }
    }

    /// The same with its place in the file that the text is from.
    pub(crate) fn placed(self, file: &str, text: &str) -> Located<W> {
        Located { file: file.to_owned(), line: line_of(text, self.at), key: self.key, wrong: self.wrong }
    }
}

/// Reads a file's text; `syntax` makes what is wrong of the reader's words.
pub(crate) fn parse<'t, T, W>(file: &str, text: &'t str, syntax: fn(String) -> W) -> Result<T, Located<W>>
where
    T: Deserialize<'t>,
{
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Found::new(at, key_at(text, at), syntax(error.message().trim().to_owned())).placed(file, text)
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// What stands before the `=` of the line, as the place that a reader's error names.
fn key_at(text: &str, at: usize) -> &str {
    let line = text.lines().nth(line_of(text, at) - 1).unwrap_or_default();
    line.split('=').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        price: toml::Spanned<u32>,
    }

    #[test]
    fn whatever_is_wrong_is_told_with_file_line_and_key() {
        let read = |text: &str| parse::<Raw, _>("x.toml", text, |told| told).map_err(|error| error.to_string());
        assert_eq!(read("# ours\nprice = 3\n").expect("it reads").price.span(), 15..16);
        for (text, told) in [
            ("\nprice = \"much\"\n", "x.toml:2: price: invalid type: string \"much\", expected u32"),
            ("price = 3\n\ncolour = 1\n", "x.toml:3: colour: unknown field `colour`, expected `price`"),
            ("", "x.toml:1: : missing field `price`"),
        ] {
            assert_eq!(read(text).expect_err(text), told);
        }
        let text = "# ours\nprice = 3\n";
        assert_eq!(
            Found::new(15, "price", "is too low").placed("x.toml", text).to_string(),
            "x.toml:2: price: is too low"
        );
        assert_eq!(Located::whole("x.toml", "id", "stands twice").to_string(), "x.toml:1: id: stands twice");
    }
}
