//! Who takes part: cars with their past, and the people around them.
//!
//! Invariant: the same seed gives the same roster.

use milepost_protocol::DeviceId;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use crate::domain::AccountId;

/// A class of car that the fleet knows how to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    Small,
    Large,
    Electric,
}

/// What the fleet is told of a car, in a file beside its certificate.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Past {
    pub(super) class: Class,
    pub(super) odometer_m: u32,
}

/// One car and its owner.
#[derive(Debug, Clone)]
pub(super) struct Participant {
    pub(super) device: DeviceId,
    pub(super) model: &'static str,
    pub(super) model_year: u16,
    pub(super) age_years: u16,
    pub(super) past: Past,
    /// The owner's account.
    pub(super) owner: AccountId,
    /// How far into each service item's cycle the car is, from 0 to 1, in the order of the plan; it begins anew when the plan is longer.
    pub(super) progress: Vec<f64>,
    /// Whether the owner allowed personalised offers.
    pub(super) offers: bool,
}

const MODELS: &[(Class, &str)] = &[
    (Class::Small, "Linnet 1.0"),
    (Class::Small, "Alder 1.4"),
    (Class::Large, "Alder Estate 2.0"),
    (Class::Large, "Heron 2.0"),
    (Class::Electric, "Linnet E"),
    (Class::Electric, "Kestrel E"),
];

const OWNERS: &[&str] = &[
    "anna", "ben", "chloe", "david", "elif", "finn", "grace", "hugo", "ines", "jonas", "katja", "li", "maria", "noah",
    "olga", "paul", "quinn", "rosa", "sven", "tara", "umut", "vera", "wim", "xenia", "yara", "zoe",
];

/// For how many items progress is drawn; our own plans have fewer.
const MAX_ITEMS: usize = 24;

/// Draws `count` cars.
pub(super) fn draw(count: usize, seed: u64, first_year: u16) -> Vec<Participant> {
    let mut random = SmallRng::seed_from_u64(seed);
    (0..count).map(|index| participant(index, first_year, &mut random)).collect()
}

fn participant(index: usize, first_year: u16, random: &mut SmallRng) -> Participant {
    let &(class, model) = MODELS.choose(random).expect("the list of models is not empty");
    let age = random.random_range(0..8_u16);
    let yearly_m = random.random_range(8_000_000..22_000_000_u32);
    Participant {
        device: format!("car-{:04}", index + 1).parse().expect("the name keeps to the alphabet of device ids"),
        model,
        model_year: first_year - age,
        age_years: age,
        past: Past { class, odometer_m: u32::from(age) * yearly_m + 1_500_000 },
        owner: OWNERS[index % OWNERS.len()].parse().expect("the names keep to the alphabet of accounts"),
        progress: (0..MAX_ITEMS).map(|_| random.random_range(0.05..0.95)).collect(),
        offers: random.random_bool(0.9),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_car_has_a_name_of_its_own_and_a_large_fleet_gives_owners_several_cars() {
        let roster = draw(120, 7, 2026);
        let devices: BTreeSet<_> = roster.iter().map(|p| p.device.as_str().to_owned()).collect();
        let owners: BTreeSet<_> = roster.iter().map(|p| p.owner.clone()).collect();
        assert_eq!((devices.len(), owners.len()), (120, OWNERS.len()));
    }

    #[test]
    fn the_same_seed_gives_the_same_roster() {
        let text = |seed| format!("{:?}", draw(10, seed, 2026));
        assert_eq!(text(3), text(3));
        assert_ne!(text(3), text(4));
    }
}
