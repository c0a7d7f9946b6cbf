//! Parts with an odometer of their own: sets of wheels that a car wears in turn.
//!
//! A set's distance is what was driven while it was mounted; the car's odometer minus the one at the first mounting would
//! count the other set's seasons too.
//! Invariant: every metre is credited to one set at most, and none when it is not certain which was mounted.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::maintenance::is_plausible;
use crate::usage::Wheels;

/// How many sets are remembered.
const MAX_SETS: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Set {
    sensors: Vec<u32>,
    distance_m: u32,
}

/// The odometers of a car's sets of wheels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PartOdometer {
    sets: Vec<Set>,
    last: Option<(u32, Vec<u32>)>,
    /// Metres between two looks with different sets, which nobody can credit.
    pub uncredited_m: u32,
}

impl PartOdometer {
    /// Takes in which wheels are mounted at an odometer in metres; a swap between the axles is the same set.
    pub fn observe(&mut self, wheels: &Wheels, odometer_m: u32) {
        let mut sensors: Vec<_> = wheels.mounted.values().filter_map(|tyre| tyre.sensor).collect();
        sensors.sort_unstable();
        if sensors.is_empty() || !is_plausible(odometer_m) {
            return;
        }
        match &self.last {
            // A late look, or an odometer that falls, credits nothing.
            Some((last_m, _)) if odometer_m < *last_m => return,
            // Wheels are looked at one after the other while the car stands; the last look has the whole set.
            Some((last_m, _)) if odometer_m == *last_m => {}
            Some((last_m, mounted)) if *mounted == sensors => {
                let driven_m = odometer_m - last_m;
                self.credit(&sensors, driven_m);
            }
            Some((last_m, _)) => self.uncredited_m = self.uncredited_m.saturating_add(odometer_m - last_m),
            None => {}
        }
        self.last = Some((odometer_m, sensors));
    }

    fn credit(&mut self, sensors: &[u32], driven_m: u32) {
        if let Some(set) = self.sets.iter_mut().find(|set| set.sensors == sensors) {
            set.distance_m = set.distance_m.saturating_add(driven_m);
            return;
        }
        if self.sets.len() >= MAX_SETS {
            self.sets.remove(0);
        }
        self.sets.push(Set { sensors: sensors.to_vec(), distance_m: driven_m });
    }

    /// What the set that is mounted now has covered, in metres.
    pub fn mounted_m(&self) -> Option<u32> {
        let (_, mounted) = self.last.as_ref()?;
        Some(self.sets.iter().find(|set| set.sensors == *mounted).map_or(0, |set| set.distance_m))
    }
}
