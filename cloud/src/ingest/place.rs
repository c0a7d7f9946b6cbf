//! When a record was measured, by our clock.
//!
//! Invariant: no time lies further ahead of ours than tolerated.

use milepost_engine::usage::Times;
use milepost_protocol::envelope::{ClockQuality, Header};

/// The times of a record, and whether its own lay too far ahead and was clamped.
///
/// `at_ms` is the record's time as the envelope gives it.
/// A device without a clock counts from its boot; then the envelope's age says when that was, and without one only the time of arrival is known.
pub fn place(header: &Header, at_ms: u64, received_at_ms: u64, tolerance_ms: u64) -> (Times, bool) {
    let measured_at_ms = match (header.quality, header.age_ms) {
        (ClockQuality::Network | ClockQuality::Estimated, _) => at_ms,
        (ClockQuality::SinceBoot, Some(age_ms)) => {
            let base = received_at_ms.saturating_sub(age_ms);
            if at_ms >= header.base_ms {
                base.saturating_add(at_ms - header.base_ms)
            } else {
                base.saturating_sub(header.base_ms - at_ms)
            }
        }
        (ClockQuality::SinceBoot, None) => received_at_ms,
    };
    let clamped = measured_at_ms > received_at_ms.saturating_add(tolerance_ms);
    let measured_at_ms = if clamped { received_at_ms } else { measured_at_ms };
    (Times { measured_at_ms, received_at_ms }, clamped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(quality: ClockQuality, base_ms: u64, age_ms: Option<u64>) -> Header {
        Header { boot: 1, first: 0, base_ms, quality, age_ms, consent: 1 }
    }

    #[test]
    fn times_since_boot_are_placed_by_the_envelopes_age() {
        let header = header(ClockQuality::SinceBoot, 5_000, Some(60_000));
        assert_eq!(place(&header, 5_000, 1_000_000, 0).0.measured_at_ms, 940_000);
        assert_eq!(place(&header, 7_000, 1_000_000, 0).0.measured_at_ms, 942_000);
        assert_eq!(
            place(&header, 4_000, 1_000_000, 0).0.measured_at_ms,
            939_000,
            "a record may be older than the base"
        );
    }

    #[test]
    fn without_a_clock_and_an_age_the_arrival_counts() {
        let header = header(ClockQuality::SinceBoot, 5_000, None);
        assert_eq!(
            place(&header, 9_000, 1_000_000, 0),
            (Times { measured_at_ms: 1_000_000, received_at_ms: 1_000_000 }, false)
        );
    }

    #[test]
    fn a_clock_far_in_the_future_is_clamped_and_one_a_little_ahead_is_not() {
        let header = header(ClockQuality::Network, 0, None);
        assert_eq!(place(&header, 2_000_000, 1_000_000, 500).0.measured_at_ms, 1_000_000);
        assert!(place(&header, 2_000_000, 1_000_000, 500).1);
        assert!(!place(&header, 1_000_400, 1_000_000, 500).1);
    }

    #[test]
    fn the_end_of_time_overflows_nothing() {
        let header = header(ClockQuality::SinceBoot, 0, Some(0));
        assert!(place(&header, u64::MAX, 1_000_000, 500).1);
    }
}
