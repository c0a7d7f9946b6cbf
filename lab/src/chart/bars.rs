//! Bars side by side, with intervals where there are any.
//!
//! Invariant: every bar starts at zero.

use super::scale::{Scale, say};
use super::svg::{Anchor, Svg, shortened};
use super::{Picture, WIDTH};

/// Bars of several kinds in several groups.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bars {
    /// The groups, from top to bottom.
    pub(crate) groups: Vec<String>,
    /// The kinds, in each group from top to bottom.
    pub(crate) kinds: Vec<String>,
    /// By group, then kind.
    pub(crate) values: Vec<Vec<f64>>,
    /// The same, low and high; empty where there are none.
    pub(crate) spans: Vec<Vec<(f64, f64)>>,
}

const LABELS: f64 = 200.0;

/// Draws the bars over one axis named `axis`.
pub(crate) fn bars(title: &str, axis: &str, bars: &Bars) -> Picture {
    let kinds = bars.kinds.len().max(1);
    let thick = if kinds > 2 { 9.0 } else { 15.0 };
    let group_height = thick * kinds as f64 + 12.0;
    let ends = bars.spans.iter().flatten().flat_map(|(low, high)| [*low, *high]);
    let values = bars.values.iter().flatten().copied();
    let scale = Scale::over(values.chain(ends).chain([0.0]), LABELS + 12.0, WIDTH - 30.0);
    let bottom = 8.0 + group_height * bars.groups.len() as f64;
    let mut svg = Svg::default();
    for (value, text) in scale.ticks() {
        svg.line("grid", (scale.at(value), 4.0), (scale.at(value), bottom));
        svg.text("tick", (scale.at(value), bottom + 18.0), Anchor::Middle, &text);
    }
    for (at, (group, values)) in bars.groups.iter().zip(&bars.values).enumerate() {
        let top = 8.0 + group_height * at as f64 + 6.0;
        let middle = top + thick * kinds as f64 / 2.0;
        svg.text("label", (LABELS, middle + 4.0), Anchor::End, &shortened(group, 30));
        for (kind, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let y = top + thick * kind as f64;
            let (zero, end) = (scale.at(0.0), scale.at(*value));
            svg.rect(&format!("bar s{}", kind % 6), zero.min(end), y, (end - zero).abs(), thick - 2.0);
            if let Some((low, high)) = bars.spans.get(at).and_then(|spans| spans.get(kind)) {
                let y = y + (thick - 2.0) / 2.0;
                svg.line("whisker", (scale.at(*low), y), (scale.at(*high), y));
            }
        }
    }
    svg.line("zero", (scale.at(0.0), 4.0), (scale.at(0.0), bottom));
    svg.text("axis", (f64::midpoint(LABELS, WIDTH), bottom + 38.0), Anchor::Middle, axis);
    let mut height = bottom + 46.0;
    if bars.kinds.len() > 1 {
        for (at, kind) in bars.kinds.iter().enumerate() {
            let x = 24.0 + at as f64 * 170.0;
            svg.rect(&format!("bar s{}", at % 6), x, bottom + 52.0, 14.0, 10.0);
            svg.text("label", (x + 20.0, bottom + 61.0), Anchor::Start, kind);
        }
        height += 24.0;
    }
    Picture { svg: svg.finish(height, title), header: header(bars), rows: table(bars) }
}

fn header(bars: &Bars) -> Vec<String> {
    let columns = bars.kinds.iter().flat_map(|kind| {
        let ends: &[&str] = if bars.spans.is_empty() { &[] } else { &["from", "to"] };
        std::iter::once(kind.clone()).chain(ends.iter().map(|&end| end.to_owned()))
    });
    std::iter::once(String::new()).chain(columns).collect()
}

fn table(bars: &Bars) -> Vec<Vec<String>> {
    let row = |(at, group): (usize, &String)| {
        let mut cells = vec![group.clone()];
        for (kind, value) in bars.values[at].iter().enumerate() {
            cells.push(say(*value));
            if let Some(spans) = bars.spans.get(at) {
                let (low, high) = spans.get(kind).copied().unwrap_or((f64::NAN, f64::NAN));
                cells.extend([say(low), say(high)]);
            }
        }
        cells
    };
    bars.groups.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_start_at_zero_and_their_numbers_stand_in_the_table() {
        let found = bars(
            "t",
            "uplift",
            &Bars {
                groups: vec!["best".into(), "worst".into()],
                kinds: vec!["uplift".into()],
                values: vec![vec![0.2], vec![-0.1]],
                spans: vec![vec![(0.1, 0.3)], vec![(-0.2, f64::NAN)]],
            },
        );
        assert_eq!(found.svg.matches("class=\"bar s0\"").count(), 2);
        assert!(!found.svg.contains("NaN"), "{}", found.svg);
        assert_eq!(found.rows[1], ["worst", "−0.1000", "−0.2000", "—"]);
        assert_eq!(found.header, ["", "uplift", "from", "to"]);
    }
}
