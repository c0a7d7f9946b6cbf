//! The model years that a command is for.
//!
//! Invariant: two filters are equal if they name the same years in the same way, in whatever order.

use std::collections::BTreeSet;

use serde::Deserialize;

/// A range of model years, and single ones beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(super) struct Years {
    #[serde(default)]
    from: Option<u16>,
    #[serde(default)]
    to: Option<u16>,
    #[serde(default, rename = "years")]
    single: BTreeSet<u16>,
}

impl Years {
    /// Reads years as the options of a question write them: `2009-2020`, `2022-;-2011;2013`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut all = Self::default();
        let year = |text: &str| text.parse::<u16>().ok();
        for part in text.split(';') {
            match part.split_once('-') {
                Some((from, "")) => all.from = Some(year(from)?),
                Some(("", to)) => all.to = Some(year(to)?),
                Some((from, to)) => (all.from, all.to) = (Some(year(from)?), Some(year(to)?)),
                None => _ = all.single.insert(year(part)?),
            }
        }
        Some(all)
    }

    /// Whether a model year is one of them; a range that ends before it begins leaves out what is between.
    pub(super) fn contain(&self, year: u16) -> bool {
        let ranged = match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => year >= from || year <= to,
            (None, None) => false,
            (from, to) => from.is_none_or(|from| year >= from) && to.is_none_or(|to| year <= to),
        };
        ranged || self.single.contains(&year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_read_as_questions_write_them() {
        let years = Years { from: Some(2022), to: Some(2011), single: [2013, 2015].into() };
        assert_eq!(Years::parse("2022-;-2011;2013;2015"), Some(years.clone()));
        assert_eq!(Years::parse("-2011;2015;2013;2022-"), Some(years.clone()));
        assert_eq!([2011, 2012, 2013, 2014, 2022].map(|year| years.contain(year)), [true, false, true, false, true]);
        let years = Years::parse("2009-2020").unwrap();
        assert_eq!([2008, 2009, 2020, 2021].map(|year| years.contain(year)), [false, true, true, false]);
        assert_eq!(Years::parse("2009-x"), None);
        assert_eq!(Years::parse(""), None);
    }
}
