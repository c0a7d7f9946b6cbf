//! Visits as iCalendar (RFC 5545): one as an invitation, all of an owner as a feed.
//!
//! Times are in UTC, so that no time zone has to be described.
//! Invariant: no line is longer than 75 octets, none is cut within a character, and no text ends a line or a value early.

use std::fmt::Write as _;

use jiff::Timestamp;
use milepost_engine::booking::Standing;

use super::Visit;

/// The longest line, in octets without its line break.
const MAX_LINE: usize = 75;

/// A visit with its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The visit.
    pub visit: &'a Visit,
    /// What stands in the calendar.
    pub summary: String,
    /// More about it.
    pub description: String,
    /// Where it is.
    pub location: String,
}

/// A calendar of visits under a name.
pub fn calendar(name: &str, entries: &[Entry<'_>]) -> String {
    let mut text = Text::default();
    text.line("BEGIN", "VCALENDAR");
    text.line("VERSION", "2.0");
    text.line("PRODID", "-//Milepost//Appointments//EN");
    text.line("CALSCALE", "GREGORIAN");
    text.line("METHOD", "PUBLISH");
    text.line("X-WR-CALNAME", &escaped(name));
    for entry in entries {
        event(&mut text, entry);
    }
    text.line("END", "VCALENDAR");
    text.0
}

fn event(text: &mut Text, entry: &Entry<'_>) {
    let Entry { visit, summary, description, location } = entry;
    text.line("BEGIN", "VEVENT");
    text.line("UID", &format!("{}@milepost", visit.id));
    text.line("SEQUENCE", &visit.sequence().to_string());
    text.line("DTSTAMP", &utc(visit.changed_ms()));
    text.line("LAST-MODIFIED", &utc(visit.changed_ms()));
    text.line("CREATED", &utc(visit.booked_ms()));
    text.line("DTSTART", &utc(visit.span.start_ms));
    text.line("DTEND", &utc(visit.span.end_ms));
    text.line("SUMMARY", &escaped(summary));
    text.line("DESCRIPTION", &escaped(description));
    text.line("LOCATION", &escaped(location));
    let taken_back = matches!(visit.standing, Standing::Cancelled | Standing::NoShow);
    text.line("STATUS", if taken_back { "CANCELLED" } else { "CONFIRMED" });
    if visit.standing == Standing::Planned {
        text.line("BEGIN", "VALARM");
        text.line("ACTION", "DISPLAY");
        text.line("DESCRIPTION", &escaped(summary));
        text.line("TRIGGER", "-P1D");
        text.line("END", "VALARM");
    }
    text.line("END", "VEVENT");
}

#[derive(Debug, Default)]
struct Text(String);

impl Text {
    /// Writes a property, folded as section 3.1 says.
    fn line(&mut self, name: &str, value: &str) {
        let line = format!("{name}:{value}");
        let mut used = 0;
        for character in line.chars() {
            if used + character.len_utf8() > MAX_LINE {
                self.0.push_str("\r\n ");
                used = 1;
            }
            self.0.push(character);
            used += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// A text as a value, as section 3.3.11 says; control characters that it has no form for are left out.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => {
                value.push('\\');
                value.push(character);
            }
            '\n' => value.push_str("\\n"),
            '\t' => value.push(' '),
            character if character.is_control() => {}
            character => value.push(character),
        }
    }
    value
}

/// A moment in UTC; what lies past the calendar's range is its last moment.
fn utc(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let at = at.unwrap_or(Timestamp::MAX).to_zoned(jiff::tz::TimeZone::UTC);
    let mut text = String::new();
    let (year, month, day) = (at.year(), at.month(), at.day());
    write!(text, "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", at.hour(), at.minute(), at.second())
        .expect("writing to a string cannot fail");
    text
}

#[cfg(test)]
mod tests {
    use milepost_engine::booking::Span;
    use milepost_protocol::plan::ItemId;
    use proptest::prelude::*;

    use super::super::visit::Step;
    use super::*;
    use crate::domain::Actor;

    const START_MS: u64 = 1_794_816_000_000; // 2026-11-16 08:00 UTC

    fn visit(standing: Standing) -> Visit {
        let span = Span::of(START_MS, 90);
        let step = Step { at_ms: START_MS - 1, by: Actor::System, standing, span };
        Visit {
            id: "00112233445566aa".parse().unwrap(),
            workshop: "mitte".parse().unwrap(),
            vehicle: "golf-1".parse().unwrap(),
            owner: "anna".parse().unwrap(),
            items: vec![ItemId::BRAKE_FLUID],
            notices: Vec::new(),
            span,
            day: "2026-11-16".to_owned(),
            standing,
            waits: false,
            note: String::new(),
            history: vec![step],
        }
    }

    fn of(visit: &Visit, summary: &str) -> String {
        let entry = Entry {
            visit,
            summary: summary.to_owned(),
            description: "Brake fluid".to_owned(),
            location: "Road 2, Town".to_owned(),
        };
        calendar("Milepost", &[entry])
    }

    /// The lines as a reader sees them: unfolded.
    fn lines(calendar: &str) -> Vec<String> {
        calendar.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_visit_is_an_event_with_its_times_in_utc() {
        let text = of(&visit(Standing::Planned), "Workshop: brake fluid; bring the key");
        let lines = lines(&text);
        for line in [
            "BEGIN:VCALENDAR",
            "UID:00112233445566aa@milepost",
            "SEQUENCE:0",
            "DTSTART:20261116T080000Z",
            "DTEND:20261116T093000Z",
            "SUMMARY:Workshop: brake fluid\\; bring the key",
            "LOCATION:Road 2\\, Town",
            "STATUS:CONFIRMED",
            "TRIGGER:-P1D",
            "END:VCALENDAR",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn a_visit_that_was_taken_back_says_so_and_rings_no_bell() {
        let text = of(&visit(Standing::Cancelled), "Workshop");
        assert!(text.contains("STATUS:CANCELLED\r\n") && !text.contains("VALARM"), "{text}");
    }

    /// Undoes what [`escaped`] did.
    fn plain(value: &str) -> String {
        let (mut text, mut characters) = (String::new(), value.chars());
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some('n') => text.push('\n'),
                    Some(escaped) => text.push(escaped),
                    None => panic!("a backslash at the end of {value}"),
                },
                character => text.push(character),
            }
        }
        text
    }

    proptest! {
        #[test]
        fn any_text_survives_folding_and_escaping(summary in "[^\\p{Cc}]{0,200}(\n[^\\p{Cc}]{0,40})?") {
            let text = of(&visit(Standing::Planned), &summary);
            for line in text.split_terminator("\r\n") {
                prop_assert!(line.len() <= MAX_LINE && !line.contains(['\r', '\n']), "{line}");
            }
            let lines = lines(&text);
            let value = lines.iter().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
            prop_assert_eq!(plain(value), summary);
        }
    }
}
