//! Time zones by name: from the system's files, or from the copy in the program where there are none.
//!
//! Invariant: a name that neither knows counts as UTC and is counted, never passed over in silence.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::events::UnknownZone;

/// The zone of a name in the IANA database, such as `Europe/Berlin`.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| {
        UnknownZone { name }.emit();
        TimeZone::UTC
    })
}

/// The minute of the local day at a moment in milliseconds of Unix time; a moment beyond the calendar counts as midnight.
pub(crate) fn minute_of_day(zone: &TimeZone, at_ms: u64) -> u16 {
    let Ok(at) = Timestamp::from_millisecond(at_ms.cast_signed()) else { return 0 };
    let local = zone.to_datetime(at);
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

/// Whether a name is one of the database.
pub(crate) fn is_known(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_time_begins_and_ends_when_it_does_there() {
        for (name, moment, hours) in [
            ("Europe/Berlin", "2026-03-29T00:59:59Z", 1),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", 2),
            ("Europe/Berlin", "2026-10-25T00:59:59Z", 2),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", 1),
            ("America/New_York", "2026-03-08T06:59:59Z", -5),
            ("America/New_York", "2026-03-08T07:00:00Z", -4),
            ("Asia/Shanghai", "2026-07-01T00:00:00Z", 8),
            ("no/zone", "2026-07-01T00:00:00Z", 0),
        ] {
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(zone(name).to_offset(moment).seconds(), hours * 3600, "{name} {moment}");
        }
    }
}
