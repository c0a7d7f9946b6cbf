//! Two latencies, measured between two processes on one machine's clock.
//!
//! A span opens on one side and closes on the other; whichever message comes first waits for its partner.
//! Invariant: a span is counted once, and its end is never before its beginning.

use std::collections::HashMap;

use serde::Serialize;

/// A notice of a vehicle, as both sides name it.
pub(super) type Key = (String, String);

/// Spans in the making and those measured.
#[derive(Debug, Default)]
pub(super) struct Spans {
    half: HashMap<Key, Half>,
    measured_us: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
enum Half {
    Opened(u64),
    Closed(u64),
    Counted,
}

/// Percentiles in milliseconds; `None` where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Percentiles {
    /// The median.
    pub(super) p50: Option<f64>,
    /// 99 of 100 are no slower.
    pub(super) p99: Option<f64>,
}

impl Spans {
    /// The span began.
    pub(super) fn open(&mut self, key: Key, at_us: u64) {
        match self.half.get(&key) {
            None => {
                self.half.insert(key, Half::Opened(at_us));
            }
            // What was heard before the span began belongs to an earlier change.
            Some(&Half::Closed(closed_us)) if closed_us < at_us => {
                self.half.insert(key, Half::Opened(at_us));
            }
            Some(&Half::Closed(closed_us)) => self.count(key, at_us, closed_us),
            Some(Half::Opened(_) | Half::Counted) => {}
        }
    }

    /// The span ended.
    pub(super) fn close(&mut self, key: Key, at_us: u64) {
        match self.half.get(&key) {
            // Of several ends before a beginning the last one counts.
            None | Some(Half::Closed(_)) => {
                self.half.insert(key, Half::Closed(at_us));
            }
            Some(&Half::Opened(opened_us)) if opened_us <= at_us => self.count(key, opened_us, at_us),
            Some(Half::Opened(_) | Half::Counted) => {}
        }
    }

    /// The span will never be whole: another answer came first, so that nothing has to travel back.
    pub(super) fn forget(&mut self, key: Key) {
        self.half.insert(key, Half::Counted);
    }

    /// The percentiles of what was measured.
    pub(super) fn percentiles(&self) -> Percentiles {
        let mut sorted = self.measured_us.clone();
        sorted.sort_unstable();
        Percentiles { p50: at_share(&sorted, 0.50), p99: at_share(&sorted, 0.99) }
    }

    fn count(&mut self, key: Key, opened_us: u64, closed_us: u64) {
        self.half.insert(key, Half::Counted);
        self.measured_us.push(closed_us - opened_us);
    }
}

/// The nearest-rank percentile in milliseconds.
fn at_share(sorted_us: &[u64], share: f64) -> Option<f64> {
    let rank = (share * sorted_us.len() as f64).ceil() as usize;
    sorted_us.get(rank.saturating_sub(1)).map(|us| *us as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        (name.to_owned(), "n".to_owned())
    }

    #[test]
    fn a_span_is_measured_whichever_side_speaks_first() {
        let mut spans = Spans::default();
        spans.open(key("a"), 1_000);
        spans.close(key("a"), 4_000);
        spans.close(key("b"), 9_000);
        spans.open(key("b"), 8_000);
        assert_eq!(spans.percentiles(), Percentiles { p50: Some(1.0), p99: Some(3.0) });
    }

    #[test]
    fn a_repeated_message_is_not_counted_again() {
        let mut spans = Spans::default();
        for _ in 0..2 {
            spans.open(key("a"), 1_000);
            spans.close(key("a"), 2_000);
        }
        assert_eq!(spans.measured_us.len(), 1);
    }

    #[test]
    fn an_end_before_the_beginning_belongs_to_another_span() {
        let mut spans = Spans::default();
        spans.close(key("a"), 1_000);
        spans.open(key("a"), 2_000);
        spans.close(key("a"), 4_000);
        assert_eq!(spans.percentiles().p50, Some(2.0));
    }

    #[test]
    fn nothing_measured_is_no_figure() {
        assert_eq!(Spans::default().percentiles(), Percentiles { p50: None, p99: None });
    }
}
