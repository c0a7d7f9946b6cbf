//! What a catalogue says of an offer: for whom, where, until when, for how much, and what it would bring this one owner.
//!
//! Invariant: an entry that cannot be made says why, with the figures; and nobody is told a benefit that a missing fact would
//! have to be guessed for.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};

use super::arm::{Channel, Timing};
use super::eligibility::{Condition, Facts, Ground, Truth, Value};

/// An amount of money in the hundredth of its currency, such as cents.
pub type Hundredths = i64;

/// What is said of an offer in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// A line.
    pub title: String,
    /// A few sentences: the service first, the offer attached.
    pub body: String,
}

/// What an offer asks of an owner who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Book an appointment in the workshop.
    Book,
    /// Have somebody call.
    Call,
    /// Read on.
    Read,
}

/// What an owner saves, by what is known of this car: a part that stands and a part that goes with a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Benefit {
    /// The part that stands.
    pub base: Hundredths,
    /// A fact that is a number, and the amount for each unit of it.
    pub per: Option<(String, f64)>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Advice: it promotes nothing, is given to whom it fits, and is no contact in the sense of caps and holdouts.
    Tip,
    /// Something to be had, decided on by arms.
    Offer,
}

/// An entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; it is part of the notice's id.
    pub id: u16,
    /// Its name, such as `winter-tyres`; it stays.
    pub code: String,
    /// What it is.
    pub kind: Kind,
    /// Rises with each change; stored with every decision.
    pub version: u32,
    /// By language, such as `de`.
    pub content: BTreeMap<String, Content>,
    /// What the owner pays.
    pub price: Hundredths,
    /// What remains of it, before the cost of contacts: the reward of a booking.
    pub margin: Hundredths,
    /// The dealers who make it; all, where none is named.
    pub dealers: BTreeSet<String>,
    /// How many can still be made; any number, where none is given.
    pub stock: Option<u32>,
    /// From when, in milliseconds of Unix time.
    pub from_ms: u64,
    /// Until when, excluded.
    pub until_ms: u64,
    /// For whom.
    pub condition: Condition,
    /// What it saves this owner.
    pub benefit: Benefit,
    /// What it asks for.
    pub action: Action,
    /// Purposes that must all be consented to.
    pub needs: Purposes,
    /// Where it can be shown; each place makes arms of its own.
    pub channels: Vec<Channel>,
    /// When it can be shown; each makes arms of its own.
    pub timings: Vec<Timing>,
    /// The service item that it remedies; that item being due does not hold the offer back, any other safety item does.
    pub remedies: Option<ItemId>,
    /// The tip that has to be given before it, by number.
    pub after: Option<u16>,
    /// How long an answer holds, in days: so long it is not made again.
    pub rest_days: u16,
    /// How long it stands once it is made, in days.
    pub stands_days: u16,
}

/// What an owner is told of an entry that can be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Personal<'a> {
    /// The text in the owner's language, or in the first one that was asked for and is there.
    pub content: &'a Content,
    /// The language of it.
    pub language: &'a str,
    /// What it saves; `None` where a fact is missing that it goes with.
    pub saves: Option<Hundredths>,
    /// The figures that speak for it.
    pub grounds: Vec<Ground>,
}

/// Why an entry cannot be made to somebody now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Unfit {
    /// An earlier presentation is still open.
    AlreadyOpen {
        /// Since when, in milliseconds of Unix time.
        since_ms: u64,
    },
    /// The owner has answered it, and the answer still holds; or the tip was given.
    Answered {
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// Advice comes first, and has not been given for a day yet.
    TipFirst {
        /// The tip, by number.
        tip: u16,
    },
    /// It begins later.
    NotYet {
        /// When, in milliseconds of Unix time.
        from_ms: u64,
    },
    /// It has ended.
    Over {
        /// When, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// None is left.
    OutOfStock,
    /// The owner's dealer does not make it.
    Dealer {
        /// The dealer; `None` where the owner has none.
        dealer: Option<String>,
    },
    /// It has no text in a language that the owner reads.
    Language,
    /// The facts speak against it.
    Condition(Vec<Ground>),
    /// Facts are missing that would have to speak for it.
    NotKnown(Vec<Ground>),
}

/// Who is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Owner<'a> {
    /// The dealer who looks after the car.
    pub dealer: Option<&'a str>,
    /// Languages, the preferred one first.
    pub languages: &'a [&'a str],
    /// What is known of car and owner.
    pub facts: &'a Facts,
}

impl Benefit {
    /// The amount for a car; `None` where a fact is missing that it goes with.
    pub fn of(&self, facts: &Facts) -> Option<Hundredths> {
        let Some((name, amount)) = &self.per else { return Some(self.base) };
        let Some(Value::Number(count)) = facts.get(name) else { return None };
        let moving = count * amount;
        moving.is_finite().then(|| self.base.saturating_add(libm::round(moving) as Hundredths))
    }
}

impl Entry {
    /// What the owner would be told, or why not, at `now_ms`.
    pub fn fits(&self, owner: &Owner<'_>, now_ms: u64) -> Result<Personal<'_>, Unfit> {
        if now_ms < self.from_ms {
            return Err(Unfit::NotYet { from_ms: self.from_ms });
        }
        if now_ms >= self.until_ms {
            return Err(Unfit::Over { until_ms: self.until_ms });
        }
        if self.stock == Some(0) {
            return Err(Unfit::OutOfStock);
        }
        // Facts come last: a dealer or a language that does not fit needs none of them.
        if !self.dealers.is_empty() && owner.dealer.is_none_or(|dealer| !self.dealers.contains(dealer)) {
            return Err(Unfit::Dealer { dealer: owner.dealer.map(String::from) });
        }
        let spoken = owner.languages.iter().find_map(|language| self.content.get_key_value(*language));
        let (language, content) = spoken.ok_or(Unfit::Language)?;
        let judged = self.condition.judge(owner.facts);
        match judged.truth {
            Truth::Yes => {
                let saves = self.benefit.of(owner.facts);
                Ok(Personal { content, language, saves, grounds: judged.grounds })
            }
            Truth::No => Err(Unfit::Condition(judged.grounds)),
            Truth::Unknown => Err(Unfit::NotKnown(judged.grounds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::eligibility::Test;
    use super::super::eligibility::tests::fact;
    use super::*;

    fn entry() -> Entry {
        let content = Content { title: "Winter wheels".into(), body: "Safe in the cold.".into() };
        Entry {
            id: 7,
            code: "wheels".into(),
            kind: Kind::Offer,
            version: 1,
            content: BTreeMap::from([("en".into(), content)]),
            price: 24_900,
            margin: 6_000,
            dealers: BTreeSet::from(["north".into()]),
            stock: Some(1),
            from_ms: 100,
            until_ms: 200,
            condition: fact("tread_mm", Test::Below(4.0)),
            benefit: Benefit { base: 500, per: Some(("winter_km".into(), 0.25)) },
            action: Action::Book,
            needs: Purposes::OFFERS,
            channels: alloc::vec![Channel::Account],
            timings: alloc::vec![Timing::Now],
            remedies: None,
            after: None,
            rest_days: 240,
            stands_days: 30,
        }
    }

    fn owner(facts: &Facts) -> Owner<'_> {
        Owner { dealer: Some("north"), languages: &["zh", "en"], facts }
    }

    #[test]
    fn the_first_reason_against_an_entry_is_told_with_its_figures() {
        let mut entry = entry();
        let mut facts = Facts::new();
        assert_eq!(entry.fits(&owner(&facts), 99), Err(Unfit::NotYet { from_ms: 100 }));
        assert_eq!(entry.fits(&owner(&facts), 200), Err(Unfit::Over { until_ms: 200 }));
        let elsewhere = Owner { dealer: Some("south"), ..owner(&facts) };
        assert_eq!(entry.fits(&elsewhere, 150), Err(Unfit::Dealer { dealer: Some("south".into()) }));
        let foreign = Owner { languages: &["de"], ..owner(&facts) };
        assert_eq!(entry.fits(&foreign, 150), Err(Unfit::Language));
        assert!(matches!(entry.fits(&owner(&facts), 150), Err(Unfit::NotKnown(grounds)) if grounds[0].found.is_none()));
        facts.insert("tread_mm".into(), Value::Number(6.5));
        let against = entry.fits(&owner(&facts), 150);
        assert!(matches!(against, Err(Unfit::Condition(grounds)) if grounds[0].found == Some(Value::Number(6.5))));
        facts.insert("tread_mm".into(), Value::Number(3.0));
        assert!(entry.fits(&owner(&facts), 150).is_ok());
        entry.stock = Some(0);
        assert_eq!(entry.fits(&owner(&facts), 150), Err(Unfit::OutOfStock));
    }

    #[test]
    fn the_benefit_goes_with_the_car_and_is_not_told_where_it_would_be_guessed() {
        let entry = entry();
        let mut facts = Facts::from([("tread_mm".into(), Value::Number(3.0))]);
        let saves = |facts: &Facts| entry.fits(&owner(facts), 150).expect("it fits").saves;
        assert_eq!(saves(&facts), None);
        facts.insert("winter_km".into(), Value::Number(1_000.0));
        assert_eq!(saves(&facts), Some(750));
        facts.insert("winter_km".into(), Value::Number(f64::INFINITY));
        assert_eq!(saves(&facts), None);
    }

    #[test]
    fn an_entry_is_plain_data() {
        let text = serde_json::to_string(&entry()).expect("plain data");
        assert_eq!(serde_json::from_str::<Entry>(&text).expect("what was written"), entry());
    }
}
