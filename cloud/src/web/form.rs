//! What forms send, before it is trusted.

use milepost_protocol::notice::Answer;
use serde::Deserialize;

use crate::api::Problem;
use crate::i18n::Format;

/// An answer to a notice, as the buttons send it.
#[derive(Debug, Deserialize)]
pub(crate) struct AnswerForm {
    answer: String,
    days: Option<u16>,
}

impl AnswerForm {
    /// The answer, if it is one.
    pub(crate) fn parse(&self) -> Result<Answer, Problem> {
        parse_answer(&self.answer, self.days)
    }
}

/// An answer by its name; a snooze needs its days, 1 to 90.
pub(crate) fn parse_answer(name: &str, days: Option<u16>) -> Result<Answer, Problem> {
    match (name, days) {
        ("snooze", Some(days @ 1..=90)) => Ok(Answer::Snooze { days }),
        ("book", _) => Ok(Answer::Book),
        ("done", _) => Ok(Answer::Done),
        ("refuse", _) => Ok(Answer::Refuse),
        _ => Err(Problem::invalid()),
    }
}

/// A completion: a date and, if known, an odometer reading in the owner's unit.
#[derive(Debug, Deserialize)]
pub(crate) struct CompleteForm {
    date: String,
    #[serde(default)]
    odometer: String,
}

/// A completion in the words of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completed {
    /// When, in milliseconds of Unix time; now if absent.
    pub(crate) at_ms: Option<u64>,
    /// The odometer then, in metres.
    pub(crate) odometer_m: Option<u32>,
}

impl CompleteForm {
    /// Reads the fields. Today means now, so that noon is not in the future in the morning;
    /// an odometer field that was left as it came means the present reading to the metre.
    pub(crate) fn parse(&self, format: &Format, odometer_m: Option<u32>) -> Result<Completed, Problem> {
        let is_today = self.date == format.date_field(format.now_ms);
        let at_ms = if is_today { None } else { Some(format.parse_date(&self.date).ok_or_else(Problem::invalid)?) };
        Ok(Completed { at_ms, odometer_m: odometer(&self.odometer, format, odometer_m)? })
    }
}

/// An odometer field in metres; one that was left empty, or as it came from `present_m`, says nothing.
pub(crate) fn odometer(typed: &str, format: &Format, present_m: Option<u32>) -> Result<Option<u32>, Problem> {
    let typed = typed.trim();
    let unchanged = present_m.is_some_and(|m| format.odometer_field(m.into()).to_string() == typed);
    if typed.is_empty() || unchanged {
        return Ok(None);
    }
    let value: u32 = typed.parse().map_err(|_| Problem::invalid())?;
    let metres = (f64::from(value) * format.unit.metres()).round();
    if metres < f64::from(u32::MAX) { Ok(Some(metres as u32)) } else { Err(Problem::invalid()) }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::i18n::{DistanceUnit, Language};

    fn format() -> Format {
        Format {
            localizer: Language::DEFAULT.localizer(),
            unit: DistanceUnit::Km,
            zone: TimeZone::UTC,
            now_ms: 1_772_350_000_000, // 2026-03-01 07:26 UTC
            currency: None,
        }
    }

    fn parse(date: &str, odometer: &str) -> Result<Completed, Problem> {
        let form = CompleteForm { date: date.to_owned(), odometer: odometer.to_owned() };
        form.parse(&format(), Some(48_213_900))
    }

    #[test]
    fn a_form_left_as_it_came_means_here_and_now() {
        assert_eq!(parse("2026-03-01", "48213"), Ok(Completed { at_ms: None, odometer_m: None }));
        assert_eq!(parse("2026-03-01", ""), Ok(Completed { at_ms: None, odometer_m: None }));
    }

    #[test]
    fn another_day_and_another_reading_are_taken_as_typed() {
        let expected = Completed { at_ms: Some(1_772_280_000_000 - 86_400_000), odometer_m: Some(47_900_000) };
        assert_eq!(parse("2026-02-27", "47900"), Ok(expected));
    }

    #[test]
    fn what_is_no_date_or_number_is_refused() {
        for (date, odometer) in [("", "1"), ("yesterday", "1"), ("2026-02-27", "12.5"), ("2026-02-27", "9999999999")] {
            assert_eq!(parse(date, odometer), Err(Problem::invalid()), "{date} {odometer}");
        }
    }

    #[test]
    fn a_snooze_needs_a_length_within_its_bounds() {
        assert_eq!(parse_answer("snooze", Some(7)), Ok(Answer::Snooze { days: 7 }));
        for (name, days) in [("snooze", None), ("snooze", Some(0)), ("snooze", Some(91)), ("later", None)] {
            assert_eq!(parse_answer(name, days), Err(Problem::invalid()), "{name} {days:?}");
        }
    }
}
