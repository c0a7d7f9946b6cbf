//! Pictures of what was found, as SVG with text as text.
//!
//! Invariant: no picture is all there is: each carries the table of its numbers; and nothing is told by colour alone.

mod bars;
mod intervals;
mod lines;
mod scale;
mod svg;

pub(crate) use bars::{Bars, bars};
pub(crate) use intervals::{Mark, Row, intervals};
pub(crate) use lines::{Series, lines};
pub(crate) use scale::say;
pub(crate) use svg::escaped;

/// A drawn picture with the numbers behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    /// The `<svg>` element.
    pub(crate) svg: String,
    /// The names of the table's columns.
    pub(crate) header: Vec<String>,
    /// Its rows.
    pub(crate) rows: Vec<Vec<String>>,
}

/// How wide pictures are drawn; they scale with the page.
const WIDTH: f64 = 720.0;
