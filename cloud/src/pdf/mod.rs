//! What is drawn on paper: a font with its measures, and pages of A4 that follow each other, as PDF.
//!
//! The font is Libertinus Serif, whose licence (SIL OFL 1.1) allows embedding; only the glyphs in use are embedded.
//! Invariant: a character that the font lacks is an error, never an empty box on paper.

mod sheets;
mod typeface;

pub(crate) use sheets::{Ink, Sheets};
pub(crate) use typeface::Typeface;

/// A4, in points of 1/72 inch.
pub(crate) const WIDTH: f32 = 595.28;
/// A4, in points of 1/72 inch.
pub(crate) const HEIGHT: f32 = 841.89;
/// What stays free on each side, in points of 1/72 inch.
pub(crate) const MARGIN: f32 = 70.9;

/// Why something was not drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// The font lacks a character.
    #[error("font lacks the character U+{code:04X}", code = *.0 as u32)]
    Character(char),
    /// The font or the document does not read or write; the text is the library's.
    #[error("document could not be written: {0}")]
    Document(String),
}
