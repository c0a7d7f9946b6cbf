//! The workshop in the configuration: what it does for owners, and its places with hours as people write them.
//!
//! Invariant: a place that passes its check can be booked at.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use milepost_engine::booking::{Capacity, Hours, Limit, Workshop as Rules};
use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};

use crate::booking::{WorkshopDoc, WorkshopId};

/// Everything about the workshop: what its people do for owners, and the places at which owners can book.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Workshop {
    /// Whether owners may be called. Default false.
    pub calls: bool,
    /// The sender of letters: name and address, a line each. Default: none, and no letters.
    pub sender: Vec<String>,
    /// Where owners can book. Default: nowhere.
    pub places: Vec<Place>,
}

impl Workshop {
    /// The places as they are booked at, or the key that is wrong and why.
    pub fn build(&self) -> Result<Vec<WorkshopDoc>, (&'static str, String)> {
        let mut built: Vec<WorkshopDoc> = Vec::new();
        for place in &self.places {
            if built.iter().any(|known| known.id == place.id) {
                return Err(("workshop.places.id", format!("workshop {} stands twice", place.id)));
            }
            built.push(place.build()?);
        }
        Ok(built)
    }
}

/// One place at which owners can book. Each is a table `[[workshop.places]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its id for ever: 1 to 32 characters of `[a-z0-9-]`.
    pub id: WorkshopId,
    /// What people call it.
    pub name: String,
    /// Where it is, in one line. Default: none.
    #[serde(default)]
    pub address: String,
    /// Where it is called. Default: none.
    #[serde(default)]
    pub phone: String,
    /// The IANA time zone of its clocks.
    pub time_zone: String,
    /// How many cars fit at a time.
    pub bays: u16,
    /// Blocks such as `"08:00-12:00"` by day: `monday` to `sunday`; a day that is not there is closed.
    pub open: BTreeMap<Day, Vec<String>>,
    /// Dates such as `"2026-12-25"` on which it is closed. Default: none.
    #[serde(default)]
    pub closed: Vec<String>,
    /// Visits of at least so many minutes are at most so many at a time. Default: no more limits than the bays.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// How long the work on an item takes, in minutes, by the item's number. Default: none.
    #[serde(default)]
    pub minutes: BTreeMap<String, u16>,
    /// How long the work on any other item takes, in minutes. Default 60.
    #[serde(default = "an_hour")]
    pub other_minutes: u16,
    /// Visits begin at multiples of it after a block opens, in minutes. Default 30.
    #[serde(default = "half_an_hour")]
    pub grain_minutes: u16,
    /// How far ahead a visit is booked at least, in minutes. Default 120.
    #[serde(default = "two_hours")]
    pub lead_minutes: u32,
    /// How far ahead a visit is booked at most, in days. Default 120.
    #[serde(default = "four_months")]
    pub horizon_days: u16,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say everything")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

fn an_hour() -> u16 {
    60
}

fn half_an_hour() -> u16 {
    30
}

fn two_hours() -> u32 {
    120
}

fn four_months() -> u16 {
    120
}

impl Place {
    /// The workshop as it is booked at, or the key that is wrong and why.
    pub fn build(&self) -> Result<WorkshopDoc, (&'static str, String)> {
        let at = |message: String| format!("workshop {}: {message}", self.id);
        if TimeZone::get(&self.time_zone).is_err() {
            let message = format!("there is no time zone {} in the IANA database", self.time_zone);
            return Err(("workshop.places.time_zone", at(message)));
        }
        let mut hours: [Vec<Hours>; 7] = std::array::from_fn(|_| Vec::new());
        for (day, blocks) in &self.open {
            for text in blocks {
                let message = || at(format!("{text} is no block of hours such as 08:00-12:00"));
                let block = block(text).ok_or_else(|| ("workshop.places.open", message()))?;
                hours[*day as usize].push(block);
            }
        }
        let mut closed = BTreeSet::new();
        for text in &self.closed {
            let message = || at(format!("{text} is no date such as 2026-12-25"));
            let date: Date = text.parse().map_err(|_| ("workshop.places.closed", message()))?;
            closed.insert(crate::booking::day_number(date));
        }
        let mut durations = BTreeMap::new();
        for (item, minutes) in &self.minutes {
            let message = || at(format!("{item} is no number of a service item"));
            let number: u16 = item.parse().map_err(|_| ("workshop.places.minutes", message()))?;
            durations.insert(ItemId(number), *minutes);
        }
        let rules = Rules {
            hours,
            closed,
            capacity: Capacity { bays: self.bays, limits: self.limits.clone() },
            grain_min: self.grain_minutes,
            lead_min: self.lead_minutes,
            horizon_days: self.horizon_days,
            durations,
            other_min: self.other_minutes,
        };
        rules.check().map_err(|error| ("workshop.places.id", at(error.to_string())))?;
        Ok(WorkshopDoc {
            id: self.id.clone(),
            name: self.name.clone(),
            address: self.address.clone(),
            phone: self.phone.clone(),
            time_zone: self.time_zone.clone(),
            rules,
            retired: false,
        })
    }
}

/// A block such as `08:00-12:00`; the end may be `24:00`.
fn block(text: &str) -> Option<Hours> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let (opens, closes) = text.split_once('-')?;
    Some(Hours { opens_min: minute(opens)?, closes_min: minute(closes)? })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const GOOD: &str = "[[workshop.places]]\nid = \"mitte\"\nname = \"Mitte\"\ntime_zone = \"Europe/Berlin\"\nbays = 2\n\
        closed = [\"2026-12-25\"]\nopen = { monday = [\"08:00-12:00\", \"13:00-17:00\"] }\nminutes = { 1 = 60 }\n";

    fn wrong(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        Config::parse(&GOOD.replace(from, to), "m.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_workshop_is_read_with_its_hours() {
        let config = Config::parse(GOOD, "m.toml").unwrap();
        let workshop = config.workshop.places[0].build().unwrap();
        assert_eq!(workshop.rules.hours[0].len(), 2);
        assert_eq!(workshop.rules.closed.len(), 1);
        let again = Config::parse(&config.effective(), "again.toml").unwrap();
        assert_eq!(again, config, "what check-config prints is a configuration again");
    }

    #[test]
    fn what_cannot_be_is_named_with_its_key_and_the_workshop() {
        assert_eq!(
            wrong("Europe/Berlin", "Europe/Berln"),
            "m.toml:4: workshop.places.time_zone: workshop mitte: there is no time zone Europe/Berln in the IANA database"
        );
        assert!(wrong("13:00", "11:00").contains("opening hours of Monday do not follow each other"));
        assert!(wrong("08:00", "8").contains("8-12:00 is no block of hours"));
        assert!(wrong("12-25", "25-12").contains("2026-25-12 is no date"));
        assert!(wrong("1 = 60", "oil = 60").contains("oil is no number of a service item"));
        assert!(wrong("bays = 2", "bays = 0").contains("workshop has no bay"));
        assert!(wrong("bays", "bay").contains("did you mean `bays`?"));
        let twice = format!("{GOOD}\n{GOOD}");
        let error = Config::parse(&twice, "m.toml").unwrap_err().to_string();
        assert!(error.contains("workshop mitte stands twice"), "{error}");
    }
}
