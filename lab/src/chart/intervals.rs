//! Estimates with their intervals, one under the other.
//!
//! Invariant: what is known of a row shows in the shape of its mark, not in its colour alone.

use super::scale::{Scale, say};
use super::svg::{Anchor, Svg, shortened};
use super::{Picture, WIDTH};

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Better.
    Up,
    /// Worse.
    Down,
    /// No difference that matters.
    Same,
    /// Not known, or nothing to judge.
    Open,
}

impl Mark {
    fn class(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Same => "same",
            Self::Open => "open",
        }
    }

    fn shape(self) -> &'static [(f64, f64)] {
        match self {
            Self::Up => &[(0.0, -6.0), (6.0, 5.0), (-6.0, 5.0)],
            Self::Down => &[(0.0, 6.0), (6.0, -5.0), (-6.0, -5.0)],
            Self::Same => &[(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)],
            Self::Open => &[(0.0, -6.0), (6.0, 0.0), (0.0, 6.0), (-6.0, 0.0)],
        }
    }
}

/// One estimate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) mark: Mark,
    /// In words, for the table.
    pub(crate) said: String,
}

const LABELS: f64 = 270.0;
const ROW: f64 = 26.0;

/// Draws the rows over one axis named `axis`.
pub(crate) fn intervals(title: &str, axis: &str, rows: &[Row]) -> Picture {
    let ends = rows.iter().flat_map(|row| [row.value, row.low, row.high]);
    let scale = Scale::over(ends, LABELS + 12.0, WIDTH - 30.0);
    let bottom = 10.0 + ROW * rows.len() as f64;
    let mut svg = Svg::default();
    for (value, text) in scale.ticks() {
        svg.line("grid", (scale.at(value), 6.0), (scale.at(value), bottom));
        svg.text("tick", (scale.at(value), bottom + 18.0), Anchor::Middle, &text);
    }
    if scale.contains(0.0) {
        svg.line("zero", (scale.at(0.0), 6.0), (scale.at(0.0), bottom));
    }
    for (at, row) in rows.iter().enumerate() {
        let y = 10.0 + ROW * (at as f64 + 0.5);
        let class = row.mark.class();
        svg.text("label", (LABELS, y + 4.0), Anchor::End, &shortened(&row.label, 42));
        if row.value.is_finite() {
            svg.line(&format!("span {class}"), (scale.at(row.low), y), (scale.at(row.high), y));
            svg.mark(class, row.mark.shape(), (scale.at(row.value), y));
        }
    }
    svg.text("axis", (f64::midpoint(LABELS, WIDTH), bottom + 38.0), Anchor::Middle, axis);
    let table =
        rows.iter().map(|row| vec![row.label.clone(), say(row.value), say(row.low), say(row.high), row.said.clone()]);
    Picture {
        svg: svg.finish(bottom + 46.0, title),
        header: ["", axis, "from", "to", "what is known"].map(str::to_owned).to_vec(),
        rows: table.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_drawn_escaped_and_told_in_the_table() {
        let row = |label: &str, value, mark| Row {
            label: label.to_owned(),
            value,
            low: value - 1.0,
            high: f64::INFINITY,
            mark,
            said: "so".to_owned(),
        };
        let rows = [row("a < b & \"c\"", 1.0, Mark::Up), row("none", f64::NAN, Mark::Open)];
        let found = intervals("two <rows>", "money", &rows);
        assert!(found.svg.contains("a &lt; b &amp; &quot;c&quot;") && !found.svg.contains("<rows>"), "{}", found.svg);
        assert!(!found.svg.contains("NaN") && !found.svg.contains("inf"), "{}", found.svg);
        assert_eq!(found.svg.matches("<polygon").count(), 1);
        assert_eq!(found.rows[1][1], "—");
    }
}
