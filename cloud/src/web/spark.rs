//! A small line chart as SVG, drawn here, with a sentence and a table for those who do not see it.
//!
//! Invariant: a line never crosses a gap; gaps are drawn as gaps.

use std::fmt::Write;

use milepost_protocol::plan::DAY_MS;

use crate::i18n::Format;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// A span without readings from which on the line breaks.
const GAP_MS: u64 = 3 * DAY_MS;

/// The most rows of the table: the newest.
const MAX_ROWS: usize = 30;

/// A chart ready to show.
#[derive(Debug, Clone)]
pub(crate) struct Spark {
    pub(crate) title: String,
    pub(crate) summary: Option<String>,
    /// The shapes inside the `<svg>`, built from numbers alone.
    pub(crate) shapes: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) rows: Vec<(String, String)>,
    /// Each gap in a sentence.
    pub(crate) gaps: Vec<String>,
}

/// Draws readings `(at_ms, value)`, which need not be in order; `say` writes a value.
pub(crate) fn spark(title: String, readings: &[(u64, f64)], format: &Format, say: impl Fn(f64) -> String) -> Spark {
    let mut readings: Vec<(u64, f64)> = readings.iter().copied().filter(|(_, value)| value.is_finite()).collect();
    readings.sort_by_key(|(at_ms, _)| *at_ms);
    let (Some(&(first_ms, _)), Some(&(last_ms, last))) = (readings.first(), readings.last()) else {
        return Spark {
            title,
            summary: None,
            shapes: String::new(),
            from: String::new(),
            to: String::new(),
            rows: Vec::new(),
            gaps: Vec::new(),
        };
    };
    let low = readings.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let high = readings.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    let summary = format.localizer.with(
        "chart-summary",
        [
            ("n", readings.len().into()),
            ("from", format.date(first_ms).into()),
            ("to", format.date(last_ms).into()),
            ("min", say(low).into()),
            ("max", say(high).into()),
            ("last", say(last).into()),
        ],
    );
    let rows = readings.iter().rev().take(MAX_ROWS).map(|(at_ms, value)| (format.date_time(*at_ms), say(*value)));
    let is_gap = |pair: &&[(u64, f64)]| pair[1].0 - pair[0].0 > GAP_MS;
    let gap = |pair: &[(u64, f64)]| {
        let ends = [("from", format.date(pair[0].0).into()), ("to", format.date(pair[1].0).into())];
        format.localizer.with("chart-gap", ends)
    };
    Spark {
        gaps: readings.windows(2).filter(is_gap).map(gap).collect(),
        title,
        summary: (readings.len() > 1).then_some(summary),
        shapes: shapes(&readings, low, high),
        from: format.date(first_ms),
        to: format.date(last_ms),
        rows: rows.collect(),
    }
}

fn shapes(readings: &[(u64, f64)], low: f64, high: f64) -> String {
    let (first_ms, last_ms) = (readings[0].0, readings[readings.len() - 1].0);
    let span_ms = (last_ms - first_ms).max(1) as f64;
    let span = if high > low { high - low } else { 1.0 };
    let x = |at_ms: u64| (at_ms - first_ms) as f64 / span_ms * WIDTH;
    let y = |value: f64| HEIGHT - 8.0 - (value - low) / span * (HEIGHT - 16.0);
    let mut svg = String::new();
    for line in [8.0, HEIGHT / 2.0, HEIGHT - 8.0] {
        let _ = write!(svg, "<path class=\"grid\" d=\"M0 {line:.1}H{WIDTH}\"/>");
    }
    for pair in readings.windows(2).filter(|pair| pair[1].0 - pair[0].0 > GAP_MS) {
        let (from, to) = (x(pair[0].0), x(pair[1].0));
        let _ =
            write!(svg, "<rect class=\"gap\" x=\"{from:.1}\" y=\"0\" width=\"{:.1}\" height=\"{HEIGHT}\"/>", to - from);
    }
    for run in readings.chunk_by(|a, b| b.0 - a.0 <= GAP_MS) {
        let mut path = String::new();
        for (index, (at_ms, value)) in run.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if index == 0 { "M" } else { "L" }, x(*at_ms), y(*value));
        }
        let class = if run.len() == 1 { "dot" } else { "line" };
        let close = if run.len() == 1 { "h0.01" } else { "" };
        let _ = write!(svg, "<path class=\"{class}\" d=\"{path}{close}\"/>");
    }
    svg
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::i18n::{DistanceUnit, Language};

    fn draw(readings: &[(u64, f64)]) -> Spark {
        let format = Format {
            localizer: Language::DEFAULT.localizer(),
            unit: DistanceUnit::Km,
            zone: TimeZone::UTC,
            now_ms: 0,
            currency: None,
        };
        spark("12 V".to_owned(), readings, &format, |value| format.volts(value))
    }

    #[test]
    fn a_line_breaks_at_a_gap_and_the_gap_is_drawn() {
        let shapes = draw(&[(0, 12_600.0), (DAY_MS, 12_500.0), (9 * DAY_MS, 12_400.0)]).shapes;
        assert_eq!(shapes.matches("class=\"line\"").count(), 1, "{shapes}");
        assert_eq!(shapes.matches("class=\"dot\"").count(), 1, "{shapes}");
        assert_eq!(shapes.matches("class=\"gap\"").count(), 1, "{shapes}");
        let gaps = draw(&[(0, 1.0), (DAY_MS, 1.0), (9 * DAY_MS, 1.0)]).gaps;
        assert_eq!(gaps, ["No readings from 2 Jan 1970 to 10 Jan 1970."]);
    }

    #[test]
    fn the_sentence_says_what_the_line_shows() {
        let summary = draw(&[(DAY_MS, 12_500.0), (0, 12_600.0)]).summary.unwrap();
        assert_eq!(summary, "2 readings from 1 Jan 1970 to 2 Jan 1970: lowest 12.50 V, highest 12.60 V, last 12.50 V.");
    }

    #[test]
    fn nothing_and_one_reading_draw_without_dividing_by_nothing() {
        assert!(draw(&[]).summary.is_none());
        assert!(draw(&[(5, f64::NAN)]).rows.is_empty());
        let one = draw(&[(5, 1.0)]);
        assert!(one.summary.is_none() && !one.shapes.contains("NaN") && !one.shapes.contains("inf"));
    }
}
