//! How the core asks for words without knowing any language.

use super::{NoticeDoc, Profile};

/// A notice in words, for a display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeText {
    /// A line; the car takes the first 64 bytes of it, cut between characters.
    pub title: String,
    /// One or two sentences; the car takes the first 200 bytes, cut between characters.
    pub text: String,
}

/// Renders notices in the language of [`Profile::locale`].
pub trait Texts: Send + Sync {
    /// The notice in words.
    fn notice(&self, profile: &Profile, notice: &NoticeDoc) -> NoticeText;
}
