//! Which recalls concern a car, by make, model and model year alone.
//!
//! The agency's files hold no serial numbers, so that a match means "may be concerned"; only the maker knows.
//! Invariant: spelling does not decide: case, spaces and punctuation count for nothing, and common short names of makers for their long ones.

use super::Recall;

/// Makers as people call them, and as the files do; both folded.
const ALIASES: [(&str, &str); 8] = [
    ("VW", "VOLKSWAGEN"),
    ("MERCEDES", "MERCEDESBENZ"),
    ("MB", "MERCEDESBENZ"),
    ("CHEVY", "CHEVROLET"),
    ("LANDROVER", "LANDROVER"),
    ("ALFA", "ALFAROMEO"),
    ("ROLLS", "ROLLSROYCE"),
    ("SKODAAUTO", "SKODA"),
];

/// A car as far as recalls go; folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Car {
    make: String,
    model: String,
    year: u16,
}

impl Car {
    /// A car of which make, model and year are known; `None` if make or model say nothing.
    pub fn new(make: &str, model: &str, year: u16) -> Option<Self> {
        let (make, model) = (maker(make), folded(model));
        (!make.is_empty() && !model.is_empty()).then_some(Self { make, model, year })
    }

    /// A car by the name that its owner sees, such as `VW Golf Variant`: the first word is its make.
    pub fn of_name(name: &str, year: u16) -> Option<Self> {
        let (make, model) = name.trim().split_once(char::is_whitespace)?;
        Self::new(make, model, year)
    }

    /// What the keys of its recalls begin with.
    pub(super) fn prefix(&self) -> String {
        format!("{}/{}/", self.make, self.year)
    }

    /// Whether a recall may concern it: same make and year, and its model begins with the recall's.
    ///
    /// The files name model lines, `GOLF`, and owners variants, `Golf Variant`; where the file is the narrower one, it is not matched.
    pub fn is_concerned(&self, recall: &Recall) -> bool {
        let model = folded(&recall.model);
        self.year == recall.year
            && self.make == maker(&recall.make)
            && !model.is_empty()
            && self.model.starts_with(&model)
    }
}

/// What a recall's key begins with.
pub(super) fn prefix_of(recall: &Recall) -> String {
    format!("{}/{}/", maker(&recall.make), recall.year)
}

/// A model as keys hold it.
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

fn maker(text: &str) -> String {
    let folded = folded(text);
    let long = ALIASES.iter().find(|(short, _)| *short == folded).map(|(_, long)| (*long).to_owned());
    long.unwrap_or(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(make: &str, model: &str, year: u16) -> Recall {
        Recall { make: make.to_owned(), model: model.to_owned(), year, ..Recall::default() }
    }

    #[test]
    fn spelling_does_not_decide_and_year_and_make_do() {
        let golf = Car::of_name("VW Golf Variant", 2021).unwrap();
        assert!(golf.is_concerned(&recall("VOLKSWAGEN", "GOLF", 2021)));
        assert!(golf.is_concerned(&recall("Volkswagen", "Golf-Variant", 2021)));
        for other in
            [recall("VOLKSWAGEN", "GOLF", 2020), recall("AUDI", "GOLF", 2021), recall("VOLKSWAGEN", "POLO", 2021)]
        {
            assert!(!golf.is_concerned(&other), "{other:?}");
        }
        let benz = Car::new("Mercedes-Benz", "C 300", 2019).unwrap();
        assert!(benz.is_concerned(&recall("MERCEDES BENZ", "C300", 2019)));
    }

    #[test]
    fn a_narrower_recall_does_not_concern_the_whole_line() {
        let golf = Car::of_name("VW Golf", 2021).unwrap();
        assert!(!golf.is_concerned(&recall("VOLKSWAGEN", "GOLF GTI", 2021)));
    }

    #[test]
    fn a_name_without_a_model_matches_nothing() {
        for name in ["", "Golf", "VW ", "VW -"] {
            assert_eq!(Car::of_name(name, 2021), None, "{name:?}");
        }
    }
}
