//! Numbers, distances and spans, as the owner's pages write them.
//!
//! Invariant: SI goes in, text comes out, and whatever goes in, the text stays short.

use crate::tables::Key;
use crate::words::{Language, Words};

/// A number as text: the longest is a grouped `u32` with sign or decimals.
pub(crate) type Figure = heapless::String<32>;

/// The largest number that is written out; what no car reaches is a mistake of a sensor, and stands as a dash.
const LARGEST: u64 = 999_999;

/// What distances are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DistanceUnit {
    /// Kilometres.
    #[default]
    Km,
    /// International miles of 1,609.344 m.
    Mi,
}

impl DistanceUnit {
    /// Every unit.
    pub const ALL: [Self; 2] = [Self::Km, Self::Mi];

    /// Whole units of a distance in metres.
    pub(crate) fn whole(self, metres: u32) -> u64 {
        u64::from(metres) * 1000 / self.millimetres()
    }

    fn millimetres(self) -> u64 {
        match self {
            Self::Km => 1_000_000,
            Self::Mi => 1_609_344,
        }
    }
}

/// A whole number, grouped.
pub(crate) fn integer(language: Language, value: u64) -> Figure {
    bounded(language, value, LARGEST)
}

/// A whole number, grouped; a dash beyond `largest`.
pub(crate) fn bounded(language: Language, value: u64, largest: u64) -> Figure {
    let mut figure = Figure::new();
    if value > largest {
        let _ = figure.push('–');
        return figure;
    }
    push(&mut figure, value, 1, language.text(Key::NumberGroup));
    figure
}

/// A number without grouping, as an identifier has it.
pub(crate) fn plain(number: u16) -> Figure {
    let mut figure = Figure::new();
    push(&mut figure, number.into(), 1, "");
    figure
}

/// Writes a number with at least so many digits, at most ten, in groups of three.
fn push(figure: &mut Figure, value: u64, at_least: usize, group: &str) {
    let mut rest = value;
    let mut digits = [0; 10];
    let mut len = 0;
    for digit in &mut digits {
        if rest > 0 || len < at_least {
            *digit = (rest % 10) as u8;
            len += 1;
        }
        rest /= 10;
    }
    for (place, digit) in digits.iter().enumerate().take(len).rev() {
        // The largest number with its groups has room.
        let _ = figure.push(char::from(b'0' + digit));
        if place > 0 && place % 3 == 0 {
            let _ = figure.push_str(group);
        }
    }
}

/// How many decimals a measured number has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decimals {
    None,
    Two,
}

/// A measured number; what is no number counts as zero.
pub(crate) fn decimal(language: Language, value: f32, decimals: Decimals) -> Figure {
    let scale: u8 = match decimals {
        Decimals::None => 1,
        Decimals::Two => 100,
    };
    let scaled = (value.abs() * f32::from(scale) + 0.5) as u64;
    let (whole, fraction) = if scale == 1 { (scaled, 0) } else { (scaled / 100, scaled % 100) };
    let mut figure = Figure::new();
    if value < 0.0 && scaled > 0 {
        let _ = figure.push('−');
    }
    let _ = figure.push_str(&integer(language, whole));
    if scale > 1 && whole <= LARGEST {
        let _ = figure.push_str(language.text(Key::NumberDecimal));
        push(&mut figure, fraction, 2, "");
    }
    figure
}

/// A distance that is a forecast: two significant figures.
pub(crate) fn distance_about(language: Language, unit: DistanceUnit, metres: u32) -> Words {
    let mut step = 1;
    while unit.whole(metres) >= 100 * step {
        step *= 10;
    }
    let step_mm = step * unit.millimetres();
    let steps = (u64::from(metres) * 1000 + step_mm / 2).checked_div(step_mm).unwrap_or(0);
    let value = steps * step;
    let key = match unit {
        DistanceUnit::Km => Key::DistanceKm,
        DistanceUnit::Mi => Key::DistanceMi,
    };
    language.fill(key, &[("value", &integer(language, value))])
}

/// A span of at least one day, in the unit that suits its length.
pub(crate) fn span_about(language: Language, days: u16) -> Words {
    let days = u32::from(days);
    let (one, many, count) = match days {
        0..14 => (Key::SpanDay, Key::SpanDays, days),
        14..70 => (Key::SpanWeeks, Key::SpanWeeks, (days + 3) / 7),
        70..700 => (Key::SpanMonths, Key::SpanMonths, (days * 10 + 152) / 304),
        _ => (Key::SpanYear, Key::SpanYears, (days * 2 + 365) / 730),
    };
    let key = if count == 1 { one } else { many };
    language.fill(key, &[("n", &integer(language, count.into()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts hold no-break spaces, which are hard to see in a test.
    fn spaced(words: &Words) -> Words {
        let mut spaced = Words::new();
        for letter in words.chars() {
            let _ = spaced.push(if letter == '\u{a0}' { ' ' } else { letter });
        }
        spaced
    }

    #[test]
    fn forecasts_have_two_significant_figures_in_the_drivers_unit() {
        for (unit, metres, text) in [
            (DistanceUnit::Km, 1_912_000, "1,900 km"),
            (DistanceUnit::Km, 87_400, "87 km"),
            (DistanceUnit::Km, 0, "0 km"),
            (DistanceUnit::Km, 999_600, "1,000 km"),
            (DistanceUnit::Mi, 1_912_000, "1,200 mi"),
            (DistanceUnit::Km, u32::MAX, "– km"),
        ] {
            assert_eq!(spaced(&distance_about(Language::English, unit, metres)), text);
        }
    }

    fn figure(text: &str) -> Figure {
        Figure::try_from(text).unwrap()
    }

    #[test]
    fn a_language_groups_and_points_in_its_own_way() {
        assert_eq!(integer(Language::German, 20_490), "20.490");
        assert_eq!((integer(Language::English, 0), integer(Language::English, 100)), (figure("0"), figure("100")));
        assert_eq!((plain(0), plain(60_007)), (figure("0"), figure("60007")));
        assert_eq!(decimal(Language::German, 11.82, Decimals::Two), "11,82");
        assert_eq!(decimal(Language::English, -6.6, Decimals::None), "−7");
        assert_eq!(decimal(Language::English, -0.004, Decimals::Two), "0.00");
        assert_eq!(decimal(Language::English, f32::NAN, Decimals::Two), "0.00");
        assert_eq!(decimal(Language::English, f32::INFINITY, Decimals::Two), "–");
    }

    #[test]
    fn spans_take_the_unit_that_suits_their_length() {
        for (days, text) in
            [(1, "1 day"), (6, "6 days"), (21, "3 weeks"), (92, "3 months"), (730, "2 years"), (u16::MAX, "180 years")]
        {
            assert_eq!(spaced(&span_about(Language::English, days)), text);
        }
    }
}
