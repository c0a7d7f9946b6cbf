//! Judging the 12 V battery from voltages at rest and while cranking.
//!
//! Invariant: one bad night or one odd start never decides; a verdict is the median of the latest samples, of which there are at least three.

use heapless::Vec;
use milepost_protocol::record::{BatteryRest, Cranking};
use serde::{Deserialize, Serialize};

use crate::maintenance::BatteryHealth;

/// A rest voltage means something after the surface charge is gone: two hours.
pub const SETTLED_AFTER_S: u32 = 2 * 3600;

/// How many samples a verdict looks back on.
pub const WINDOW: usize = 5;

/// How many samples a verdict needs.
pub const ENOUGH: usize = 3;

/// Lowest voltage that a sound battery keeps under load, by temperature: (tenths of a degree Celsius, millivolts).
///
/// The table of the BCI load test, given there from 70 °F down to 0 °F.
const LOAD_TEST: [(i16, u16); 8] =
    [(211, 9_600), (156, 9_500), (100, 9_400), (44, 9_300), (-11, 9_100), (-67, 8_900), (-122, 8_700), (-178, 8_500)];

/// The latest samples of one battery. It is emptied when another battery is fitted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Window {
    rests_mv: Vec<u16, WINDOW>,
    crankings_mv: Vec<u16, WINDOW>,
}

impl Window {
    /// Takes in a rest voltage; one that has not settled is passed over.
    pub fn rest(&mut self, rest: &BatteryRest) {
        if rest.rested_s >= SETTLED_AFTER_S {
            push(&mut self.rests_mv, rest.millivolts);
        }
    }

    /// Takes in a start of the engine, brought to 21 °C.
    pub fn cranking(&mut self, cranking: &Cranking) {
        if is_voltage(cranking.min_millivolts) {
            push(&mut self.crankings_mv, at_21_celsius(cranking.min_millivolts, cranking.outside_decicelsius));
        }
    }

    /// The verdict's figures.
    pub fn health(&self) -> BatteryHealth {
        BatteryHealth { rest_mv: median(&self.rests_mv), cranking_mv: median(&self.crankings_mv) }
    }

    /// Forgets the samples: another battery is fitted.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

fn is_voltage(millivolts: u16) -> bool {
    millivolts != 0 && millivolts != u16::MAX
}

fn push(window: &mut Vec<u16, WINDOW>, millivolts: u16) {
    if !is_voltage(millivolts) {
        return;
    }
    if window.is_full() {
        window.remove(0);
    }
    window.push(millivolts).expect("a full window has just given one up");
}

fn median(window: &Vec<u16, WINDOW>) -> Option<u16> {
    if window.len() < ENOUGH {
        return None;
    }
    // The sample with half of the others before it; counting takes far less code than sorting.
    let middle = window.len() / 2;
    window.iter().copied().find(|sample| {
        let below = window.iter().filter(|other| *other < sample).count();
        let equal = window.iter().filter(|other| *other == sample).count();
        (below..below + equal).contains(&middle)
    })
}

/// A cranking voltage as it would have been at 21 °C, in millivolts: cold lowers it, and that is no fault of the battery.
///
/// Between the rows of the load test the line is straight; beyond its ends and without a temperature the nearest row counts.
pub fn at_21_celsius(millivolts: u16, outside_decicelsius: Option<i16>) -> u16 {
    let warmest = LOAD_TEST[0];
    let outside = outside_decicelsius.unwrap_or(warmest.0).min(warmest.0);
    let mut expected = i32::from(LOAD_TEST[LOAD_TEST.len() - 1].1);
    for pair in LOAD_TEST.windows(2) {
        let ((warm, high), (cold, low)) = (pair[0], pair[1]);
        if outside >= cold {
            let share = i32::from(outside - cold) * i32::from(high - low) / i32::from(warm - cold);
            expected = i32::from(low) + share;
            break;
        }
    }
    let lift = i32::from(warmest.1) - expected;
    millivolts.saturating_add(lift as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(millivolts: u16, rested_s: u32) -> BatteryRest {
        BatteryRest { millivolts, rested_s, outside_decicelsius: None }
    }

    #[test]
    fn one_bad_night_is_not_a_bad_battery() {
        let mut window = Window::default();
        for millivolts in [12_650, 12_640, 11_700, 12_600] {
            window.rest(&rest(millivolts, SETTLED_AFTER_S));
        }
        assert_eq!(window.health().rest_mv, Some(12_640));
    }

    #[test]
    fn fewer_than_three_samples_say_nothing() {
        let mut window = Window::default();
        window.rest(&rest(11_000, SETTLED_AFTER_S));
        window.rest(&rest(11_000, SETTLED_AFTER_S));
        assert_eq!(window.health(), BatteryHealth::default());
    }

    #[test]
    fn a_voltage_that_has_not_settled_or_is_absent_is_passed_over() {
        let mut window = Window::default();
        for sample in [rest(13_900, 60), rest(0, 90_000), rest(u16::MAX, 90_000)] {
            window.rest(&sample);
        }
        assert_eq!(window, Window::default());
    }

    #[test]
    fn the_oldest_sample_gives_way() {
        let mut window = Window::default();
        for millivolts in [11_000, 11_000, 11_000, 12_500, 12_500, 12_500] {
            window.rest(&rest(millivolts, SETTLED_AFTER_S));
        }
        assert_eq!(window.health().rest_mv, Some(12_500));
    }

    #[test]
    fn cold_is_no_fault_of_the_battery() {
        for (millivolts, outside, expected) in [
            (9_600, None, 9_600),
            (9_600, Some(350), 9_600),
            (9_600, Some(211), 9_600),
            (9_100, Some(-11), 9_600),
            (8_500, Some(-178), 9_600),
            (8_500, Some(-400), 9_600),
            (9_350, Some(72), 9_600),
            (u16::MAX, Some(-400), u16::MAX),
        ] {
            assert_eq!(at_21_celsius(millivolts, outside), expected, "{millivolts} at {outside:?}");
        }
    }

    #[test]
    fn a_window_survives_storage() {
        let mut window = Window::default();
        window.rest(&rest(12_500, SETTLED_AFTER_S));
        let text = serde_json::to_string(&window).expect("plain data");
        assert_eq!(serde_json::from_str::<Window>(&text).expect("what was written"), window);
        assert_eq!(serde_json::from_str::<Window>("{}").expect("an older document"), Window::default());
    }
}
