//! Texts in boxes: one line or several, cut with dots where the box ends.
//!
//! Invariant: no pixel of a text lies outside of its box; a text that had to be cut is counted.

use embedded_graphics::prelude::{DrawTarget, DrawTargetExt, Size};
use embedded_graphics::primitives::Rectangle;

use crate::face::Face;
use crate::ink::{Ink, Tone};
use crate::point;

const DOTS: char = '…';

/// Where a line stands in its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// A face with the colours of a text and its place in a box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) face: Face,
    pub(crate) tone: Tone,
    pub(crate) align: Align,
    /// From one base line to the next, in pixels.
    pub(crate) leading: u32,
}

/// What the scenes draw on.
#[derive(Debug)]
pub(crate) struct Paper<'t, D> {
    pub(crate) target: &'t mut D,
    /// How many texts did not fit their boxes.
    pub(crate) cut: u32,
}

impl<D: DrawTarget<Color = Ink>> Paper<'_, D> {
    /// A filled rectangle.
    pub(crate) fn fill(&mut self, area: Rectangle, ink: Ink) -> Result<(), D::Error> {
        self.target.fill_solid(&area, ink)
    }

    /// Sets a text into a box, from its top, and answers how many lines it took.
    pub(crate) fn text(&mut self, style: Style, text: &str, area: Rectangle) -> Result<u32, D::Error> {
        let most = area.size.height.checked_div(style.leading).unwrap_or(0);
        let mut rest = text.trim_matches(' ');
        let mut lines = 0;
        while !rest.is_empty() && lines < most {
            let (line, after) = split(style.face, rest, area.size.width);
            let top = area.top_left + point(0, lines * style.leading);
            let is_cut = lines + 1 == most && !after.is_empty();
            let dots = if is_cut { style.face.advance(DOTS) } else { 0 };
            let line = if is_cut { front(style.face, rest, area.size.width.saturating_sub(dots)) } else { line };
            self.line(style, line, is_cut, Rectangle::new(top, Size::new(area.size.width, style.leading)))?;
            (rest, lines) = (after, lines + 1);
        }
        self.cut += u32::from(!rest.is_empty());
        Ok(lines)
    }

    /// Sets one line, centred in the height of its box by the face's capitals.
    fn line(&mut self, style: Style, line: &str, is_cut: bool, area: Rectangle) -> Result<(), D::Error> {
        let dots = if is_cut { style.face.advance(DOTS) } else { 0 };
        let spare = area.size.width.saturating_sub(style.face.width(line) + dots);
        let left = match style.align {
            Align::Left => 0,
            Align::Centre => spare / 2,
            Align::Right => spare,
        };
        let base = base_line(style.face, area.size.height);
        let pen = area.top_left + point(left, base);
        let mut boxed = self.target.clipped(&area);
        let pen = style.face.draw(&mut boxed, line, pen, style.tone)?;
        if is_cut {
            style.face.draw(&mut boxed, "…", pen, style.tone)?;
        }
        Ok(())
    }
}

/// Where the base line lies in a line of this height: the capitals, seven tenths of the ascent, stand in the middle.
fn base_line(face: Face, height: u32) -> u32 {
    (height + face.ascent() * 7 / 10).div_ceil(2)
}

/// How many lines a text takes in this width.
pub(crate) fn lines(face: Face, text: &str, width: u32) -> u32 {
    let mut rest = text.trim_matches(' ');
    let mut lines = 0;
    while !rest.is_empty() {
        (_, rest) = split(face, rest, width);
        lines += 1;
    }
    lines
}

/// The first line of a text in this width, and what follows it. A word that is wider than a line is broken anywhere.
fn split(face: Face, text: &str, width: u32) -> (&str, &str) {
    let mut used = 0;
    let mut before = None;
    let mut last_break = None;
    for (at, letter) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, letter)) {
            last_break = Some(at);
        }
        used += face.advance(letter);
        if used > width && letter != ' ' && at > 0 {
            let (line, rest) = text.split_at_checked(last_break.unwrap_or(at)).unwrap_or((text, ""));
            return (line.trim_end_matches(' '), rest.trim_start_matches(' '));
        }
        before = Some(letter);
    }
    (text.trim_end_matches(' '), "")
}

/// As much of a text as fits this width.
fn front(face: Face, text: &str, width: u32) -> &str {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += face.advance(letter);
        if used > width {
            return text.get(..at).unwrap_or_default().trim_end_matches(' ');
        }
    }
    text
}

/// Whether a line may end between two letters: behind a space or a hyphen, and around a Chinese character that is no closing mark.
fn may_break(before: char, after: char) -> bool {
    let is_wide = |letter: char| letter >= '\u{2e80}';
    let is_closing = |letter: char| matches!(letter, '，' | '。' | '、' | '；' | '：' | '？' | '！' | '）');
    let is_bound = |letter: char| letter == '\u{a0}';
    if is_bound(before) || is_bound(after) || is_closing(after) || after == ' ' {
        return false;
    }
    before == ' ' || before == '-' && !after.is_ascii_digit() || is_wide(before) || is_wide(after)
}

#[cfg(test)]
mod tests {
    use Face::{Body, Title};

    use super::*;
    use crate::tables::GLYPHS;

    #[test]
    fn no_letter_is_taller_than_its_line() {
        for (face, leading, grown) in [(Body, 24, 2), (Title, 38, 3)] {
            let base = i64::from(base_line(face, leading));
            for shape in GLYPHS.shapes {
                let (top, bottom) = (i64::from(shape.top), i64::from(shape.height) - i64::from(shape.top));
                assert!(top * grown <= base * 2 && base * 2 + bottom * grown <= i64::from(leading) * 2, "{shape:?}");
            }
        }
    }

    #[test]
    fn a_line_ends_between_words_and_a_figure_stays_with_its_unit() {
        let text = "In about 3\u{a0}weeks or 1,900\u{a0}km";
        let width = Body.width("In about 3\u{a0}weeks or 1,900");
        assert_eq!(split(Body, text, width), ("In about 3\u{a0}weeks or", "1,900\u{a0}km"));
        assert_eq!(lines(Body, text, width), 2);
    }

    #[test]
    fn chinese_lines_do_not_begin_with_a_closing_mark() {
        let width = Body.width("请尽快完成");
        assert_eq!(split(Body, "请尽快完成。请", width), ("请尽快完", "成。请"));
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_and_a_box_narrower_than_a_letter_still_ends() {
        assert_eq!(split(Body, "Reifen", Body.width("Rei")), ("Rei", "fen"));
        assert_eq!(lines(Body, "Reifen", 1), 6);
    }
}
