//! Pages that follow each other: what does not fit below stands at the top of the next.
//!
//! Invariant: a row of a table is never torn apart, and every page says which of how many it is.

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;

use super::{HEIGHT, MARGIN, PdfError, Typeface, WIDTH};

/// Where a page begins and ends, in points.
const TOP: f32 = 70.0;
const BOTTOM: f32 = HEIGHT - 78.0;
const FOOT: f32 = HEIGHT - 44.0;

/// The size of a page's foot.
const FOOT_SIZE: f32 = 8.0;

/// The distance from one line to the next, for a size of 1.
const LEADING: f32 = 1.35;

/// The distance between two columns.
const GUTTER: f32 = 10.0;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ink {
    /// In points.
    pub(crate) size: f32,
    /// Whether it is a title's.
    pub(crate) bold: bool,
    /// From 0, black, to 255.
    pub(crate) grey: u8,
}

impl Ink {
    /// Running text.
    pub(crate) const TEXT: Self = Self { size: 10.5, bold: false, grey: 0 };
    /// What stands beside it.
    pub(crate) const SOFT: Self = Self { size: 9.0, bold: false, grey: 90 };
    /// A part's title.
    pub(crate) const PART: Self = Self { size: 13.0, bold: true, grey: 0 };
    /// A document's title.
    pub(crate) const TITLE: Self = Self { size: 22.0, bold: true, grey: 0 };
    /// A table's head.
    pub(crate) const HEAD: Self = Self { size: 9.0, bold: true, grey: 60 };
}

enum Piece {
    Line { ink: Ink, x: f32, y: f32, text: String },
    Rule { y: f32, grey: u8 },
}

/// Pages on their way to a document.
pub(crate) struct Sheets {
    regular: Typeface,
    bold: Typeface,
    pages: Vec<Vec<Piece>>,
    y: f32,
}

impl Sheets {
    /// An empty first page.
    pub(crate) fn new() -> Result<Self, PdfError> {
        Ok(Self { regular: Typeface::regular()?, bold: Typeface::bold()?, pages: vec![Vec::new()], y: TOP })
    }

    fn face(&self, ink: Ink) -> &Typeface {
        if ink.bold { &self.bold } else { &self.regular }
    }

    fn put(&mut self, piece: Piece) {
        self.pages.last_mut().expect("there is always a page").push(piece);
    }

    /// Goes to a new page if less than `height` is left on this one.
    fn keep(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    /// Leaves some room, in points.
    pub(crate) fn skip(&mut self, height: f32) {
        self.y += height;
    }

    /// Sets a paragraph over the whole width.
    pub(crate) fn paragraph(&mut self, ink: Ink, text: &str) -> Result<(), PdfError> {
        self.row(ink, &[(1.0, text)])
    }

    /// Sets a part's title, which stays with what comes next.
    pub(crate) fn part(&mut self, text: &str) -> Result<(), PdfError> {
        self.skip(14.0);
        self.keep(90.0);
        self.paragraph(Ink::PART, text)?;
        self.skip(2.0);
        Ok(())
    }

    /// Sets texts beside each other, each with its share of the width.
    pub(crate) fn row(&mut self, ink: Ink, columns: &[(f32, &str)]) -> Result<(), PdfError> {
        let whole = WIDTH - 2.0 * MARGIN;
        let mut cells = Vec::new();
        for (share, text) in columns {
            let width = whole * share;
            let inner = if columns.len() > 1 { width - GUTTER } else { width };
            cells.push((width, self.face(ink).wrap(text, ink.size, inner)?));
        }
        let lines = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        let leading = ink.size * LEADING;
        self.keep(lines as f32 * leading);
        let (top, mut x) = (self.y, MARGIN);
        for (width, lines) in cells {
            for (at, text) in lines.into_iter().enumerate() {
                let y = top + ink.size + at as f32 * leading;
                self.put(Piece::Line { ink, x, y, text });
            }
            x += width;
        }
        self.y = top + lines as f32 * leading;
        Ok(())
    }

    /// Draws a line over the whole width.
    pub(crate) fn rule(&mut self, grey: u8) {
        let y = self.y + 2.0;
        self.put(Piece::Rule { y, grey });
        self.y += 5.0;
    }

    /// Writes the document; `foot` stands on every page, before its number.
    pub(crate) fn finish(self, title: &str, language: &str, foot: &str) -> Result<Vec<u8>, PdfError> {
        let Self { regular, bold, pages, .. } = self;
        let mut document = Document::new();
        document.set_metadata(Metadata::new().title(title.to_owned()).language(language.to_owned()));
        let of = pages.len();
        for (at, pieces) in pages.iter().enumerate() {
            let settings = PageSettings::from_wh(WIDTH, HEIGHT)
                .ok_or_else(|| PdfError::Document("page has no size".to_owned()))?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for piece in pieces {
                match piece {
                    Piece::Line { ink, x, y, text } => {
                        surface.set_fill(Some(fill(ink.grey)));
                        let face = if ink.bold { &bold } else { &regular };
                        face.draw(&mut surface, text, ink.size, *x, *y)?;
                    }
                    Piece::Rule { y, grey } => {
                        surface.set_fill(Some(fill(*grey)));
                        let mut path = PathBuilder::new();
                        if let Some(rect) = Rect::from_xywh(MARGIN, *y, WIDTH - 2.0 * MARGIN, 0.6) {
                            path.push_rect(rect);
                        }
                        if let Some(path) = path.finish() {
                            surface.draw_path(&path);
                        }
                    }
                }
            }
            surface.set_fill(Some(fill(90)));
            let number = format!("{} / {of}", at + 1);
            let x = WIDTH - MARGIN - regular.width(&number, FOOT_SIZE)?;
            regular.draw(&mut surface, &number, FOOT_SIZE, x, FOOT)?;
            let width = WIDTH - 2.0 * MARGIN - 60.0;
            for (line, text) in regular.wrap(foot, FOOT_SIZE, width)?.iter().enumerate() {
                regular.draw(&mut surface, text, FOOT_SIZE, MARGIN, FOOT + line as f32 * FOOT_SIZE * LEADING)?;
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|error| PdfError::Document(format!("{error:?}")))
    }
}

fn fill(grey: u8) -> Fill {
    Fill { paint: luma::Color::new(grey).into(), ..Fill::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_to_another_page_and_no_row_is_torn() {
        let mut sheets = Sheets::new().unwrap();
        for _ in 0..60 {
            sheets
                .row(Ink::TEXT, &[(0.5, "one two three four five six seven eight nine ten eleven"), (0.5, "x")])
                .unwrap();
        }
        assert!(sheets.pages.len() > 1);
        for page in &sheets.pages {
            let lines = page.iter().filter(|piece| matches!(piece, Piece::Line { .. })).count();
            assert_eq!(lines % 3, 0, "two lines on the left and one on the right");
            assert!(page.iter().all(|piece| !matches!(piece, Piece::Line { y, .. } if *y > BOTTOM + 15.0)));
        }
        let pdf = sheets.finish("Title", "en", "foot").unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
    }

    #[test]
    fn a_character_that_the_font_lacks_is_an_error() {
        let mut sheets = Sheets::new().unwrap();
        assert_eq!(sheets.paragraph(Ink::TEXT, "制动液"), Err(PdfError::Character('制')));
    }
}
