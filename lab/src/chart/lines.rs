//! Curves over one axis, with bands around them where there are any.
//!
//! Invariant: curves differ in their dashes as well as in colour, and each is named at its end of the legend.

use super::scale::{Scale, say};
use super::svg::{Anchor, Svg};
use super::{Picture, WIDTH};

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// In ascending order of the first.
    pub(crate) points: Vec<(f64, f64)>,
    /// Low and high at each point; empty where there is no band.
    pub(crate) band: Vec<(f64, f64)>,
}

const LEFT: f64 = 64.0;
const TOP: f64 = 30.0;
const RIGHT: f64 = WIDTH - 30.0;
const BOTTOM: f64 = 290.0;
/// The most rows of the table.
const ROWS: usize = 60;

/// Draws the curves with the axes' names.
pub(crate) fn lines(title: &str, x_name: &str, y_name: &str, series: &[Series]) -> Picture {
    let xs = Scale::over(series.iter().flat_map(|one| one.points.iter().map(|(x, _)| *x)), LEFT, RIGHT);
    let values = series.iter().flat_map(|one| one.points.iter().map(|(_, y)| *y));
    let bands = series.iter().flat_map(|one| one.band.iter().flat_map(|(low, high)| [*low, *high]));
    let ys = Scale::over(values.chain(bands).chain([0.0]), BOTTOM, TOP);
    let mut svg = Svg::default();
    for (value, text) in ys.ticks() {
        let class = if value.abs() < 1e-12 { "zero" } else { "grid" };
        svg.line(class, (LEFT, ys.at(value)), (RIGHT, ys.at(value)));
        svg.text("tick", (LEFT - 8.0, ys.at(value) + 4.0), Anchor::End, &text);
    }
    for (value, text) in xs.ticks() {
        svg.text("tick", (xs.at(value), BOTTOM + 18.0), Anchor::Middle, &text);
    }
    for (at, one) in series.iter().enumerate() {
        let place = |(x, y): (f64, f64)| (xs.at(x), ys.at(y));
        if one.band.len() == one.points.len() {
            let upper = one.points.iter().zip(&one.band).map(|((x, _), (_, high))| place((*x, *high)));
            let lower = one.points.iter().zip(&one.band).rev().map(|((x, _), (low, _))| place((*x, *low)));
            svg.path(&format!("band s{}", at % 6), &upper.chain(lower).collect::<Vec<_>>());
        }
        svg.path(&format!("curve s{}", at % 6), &one.points.iter().copied().map(place).collect::<Vec<_>>());
    }
    for (at, one) in series.iter().enumerate() {
        let (x, y) = (LEFT + (at % 3) as f64 * 216.0, BOTTOM + 64.0 + (at / 3) as f64 * 22.0);
        svg.line(&format!("curve s{}", at % 6), (x, y - 4.0), (x + 28.0, y - 4.0));
        svg.text("label", (x + 36.0, y), Anchor::Start, &one.name);
    }
    svg.text("axis", (4.0, TOP - 16.0), Anchor::Start, y_name);
    svg.text("axis", (f64::midpoint(LEFT, RIGHT), BOTTOM + 38.0), Anchor::Middle, x_name);
    let height = BOTTOM + 74.0 + (series.len().saturating_sub(1) / 3) as f64 * 22.0;
    let title = format!("{title}: {y_name} over {x_name}");
    Picture { svg: svg.finish(height, &title), header: header(x_name, series), rows: table(series) }
}

fn header(x_name: &str, series: &[Series]) -> Vec<String> {
    let mut header = vec![x_name.to_owned()];
    for one in series {
        header.push(one.name.clone());
        if !one.band.is_empty() {
            header.extend(["from".to_owned(), "to".to_owned()]);
        }
    }
    header
}

/// The points of the first curve, thinned to a readable number, with the values of the others at the same index.
fn table(series: &[Series]) -> Vec<Vec<String>> {
    let longest = series.iter().map(|one| one.points.len()).max().unwrap_or(0);
    let stride = longest.div_ceil(ROWS).max(1);
    let row = |at: usize| {
        let first = series.iter().find_map(|one| one.points.get(at)).map_or(f64::NAN, |point| point.0);
        let mut cells = vec![say(first)];
        for one in series {
            cells.push(one.points.get(at).map_or_else(String::new, |point| say(point.1)));
            if !one.band.is_empty() {
                let (low, high) = one.band.get(at).copied().unwrap_or((f64::NAN, f64::NAN));
                cells.extend([say(low), say(high)]);
            }
        }
        cells
    };
    (0..longest).step_by(stride).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_bands_and_names_are_drawn() {
        let series = [
            Series { name: "a".into(), points: vec![(0.0, 1.0), (1.0, 2.0)], band: vec![(0.5, 1.5), (1.0, 3.0)] },
            Series {
                name: "b".into(),
                points: (0..500).map(|at| (f64::from(at) / 500.0, 0.5)).collect(),
                band: vec![],
            },
        ];
        let found = lines("two", "share", "gain", &series);
        assert_eq!(found.svg.matches("class=\"band s0\"").count(), 1);
        assert_eq!(found.svg.matches("class=\"curve s1\"").count(), 2, "the curve and its place in the legend");
        assert_eq!(found.header, ["share", "a", "from", "to", "b"]);
        assert!(found.rows.len() <= ROWS && found.rows.iter().all(|row| row.len() == 5));
        assert!(lines("none", "x", "y", &[]).rows.is_empty());
    }
}
