//! A font with its measures.
//!
//! Invariant: a text is measured before it is drawn, so that a character that is missing is found.

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use ttf_parser::Face;

use super::PdfError;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/LibertinusSerif-Regular.otf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/LibertinusSerif-Bold.otf");

/// A font with its measures.
pub(crate) struct Typeface {
    font: Font,
    face: Face<'static>,
}

impl Typeface {
    /// The font for running text.
    pub(crate) fn regular() -> Result<Self, PdfError> {
        Self::new(REGULAR)
    }

    /// The font for titles.
    pub(crate) fn bold() -> Result<Self, PdfError> {
        Self::new(BOLD)
    }

    fn new(bytes: &'static [u8]) -> Result<Self, PdfError> {
        let face = Face::parse(bytes, 0).map_err(|error| PdfError::Document(error.to_string()))?;
        let font = Font::new(bytes.into(), 0).ok_or_else(|| PdfError::Document("font does not read".to_owned()))?;
        Ok(Self { font, face })
    }

    /// The width of a text in points, without kerning.
    pub(crate) fn width(&self, text: &str, size: f32) -> Result<f32, PdfError> {
        let mut units: u32 = 0;
        for character in text.chars() {
            let glyph = self.face.glyph_index(character).ok_or(PdfError::Character(character))?;
            units += u32::from(self.face.glyph_hor_advance(glyph).unwrap_or_default());
        }
        Ok(units as f32 * size / f32::from(self.face.units_per_em()))
    }

    /// A text in lines that are no wider than `width`; a word that is wider is cut.
    pub(crate) fn wrap(&self, text: &str, size: f32, width: f32) -> Result<Vec<String>, PdfError> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let mut rest = word;
            loop {
                let line = lines.last_mut().expect("there is always a line");
                let joined = if line.is_empty() { rest.to_owned() } else { format!("{line} {rest}") };
                if self.width(&joined, size)? <= width {
                    *line = joined;
                    break;
                }
                if !line.is_empty() {
                    lines.push(String::new());
                    continue;
                }
                let mut end = 0;
                for (at, character) in rest.char_indices() {
                    let next = at + character.len_utf8();
                    if end > 0 && self.width(&rest[..next], size)? > width {
                        break;
                    }
                    end = next;
                }
                rest[..end].clone_into(line);
                rest = &rest[end..];
                if rest.is_empty() {
                    break;
                }
                lines.push(String::new());
            }
        }
        Ok(lines)
    }

    /// Draws one line with its base at `y`.
    pub(crate) fn draw(
        &self,
        surface: &mut Surface<'_>,
        text: &str,
        size: f32,
        x: f32,
        y: f32,
    ) -> Result<(), PdfError> {
        self.width(text, size)?;
        surface.draw_text(Point::from_xy(x, y), self.font.clone(), size, text, false, TextDirection::Auto);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_asked() {
        let face = Typeface::regular().unwrap();
        let text = format!("one two three {} four", "y".repeat(300));
        for line in face.wrap(&text, 11.0, 100.0).unwrap() {
            assert!(face.width(&line, 11.0).unwrap() <= 100.0, "{line}");
        }
    }
}
