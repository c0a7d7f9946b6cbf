//! Whether the band holds what it says, on a real car and on made-up ones.

use std::path::PathBuf;

use crate::histories::{Density, KINDS, track};
use crate::rolling::{Outcome, Track, judge};

const MILE_M: f64 = 1_609.344;

/// The fill-ups of a family's van from 2012 to 2017, with two gaps of several months.
fn sienna() -> Option<Track> {
    let Some(data) = std::env::var_os("MILEPOST_DATA") else {
        eprintln!("skipped without MILEPOST_DATA: fill-ups");
        return None;
    };
    let path = PathBuf::from(data).join("vehicle/fuel/toyota_sienna_2011_fillups.csv");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let part = |at: usize| cells[0].split('-').nth(at).expect("a date").parse::<i64>().expect("a number");
        let miles: f64 = cells[4].parse().expect("a number");
        (days_from_civil(part(0), part(1), part(2)) as f64, miles * MILE_M)
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// Days since 1970 (Hinnant, chrono-compatible low-level date algorithms).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn print(name: &str, outcome: &Outcome) {
    let (peer, error) = outcome.best_peer();
    eprintln!(
        "{name}: {} origins, covered {:.3} (before {:.3}, behind {:.3}), mean width {:.0} d, median error {:.1} d, best simple {peer} {error:.1} d",
        outcome.origins,
        outcome.coverage(),
        outcome.before as f64 / outcome.origins as f64,
        outcome.behind as f64 / outcome.origins as f64,
        outcome.mean_width(),
        outcome.median_error(),
    );
}

#[test]
fn on_a_real_car_the_band_holds_and_no_simple_method_is_nearer() {
    let Some(track) = sienna() else { return };
    for (miles, widest_days) in [(5_000, 300.0), (10_000, 600.0), (2_500, 180.0)] {
        let outcome = judge(&track, f64::from(miles) * MILE_M, 1);
        print(&format!("sienna +{miles} miles"), &outcome);
        assert!((0.72..=0.88).contains(&outcome.coverage()), "{}", outcome.coverage());
        assert!(outcome.mean_width() <= widest_days, "{}", outcome.mean_width());
        if miles == 5_000 {
            assert!(outcome.median_error() <= outcome.best_peer().1, "{}", outcome.median_error());
        }
    }
}

#[test]
fn on_made_up_cars_of_all_kinds_the_band_holds() {
    for density in [Density::Daily, Density::FillUps, Density::Monthly] {
        let mut all = Outcome::default();
        for kind in KINDS {
            let mut of_kind = Outcome::default();
            for seed in 0..8 {
                let track = track(kind, density, 1_800, seed);
                of_kind.add(&judge(&track, 8_000_000.0, (track.len() / 24).max(1)));
            }
            print(&format!("{kind:?} {density:?} +8,000 km"), &of_kind);
            // Use that changes at a stroke or for good is foretold by nothing; even so the band must not be a simple method's.
            assert!(of_kind.coverage() >= 0.66, "{kind:?} {density:?}: {}", of_kind.coverage());
            all.add(&of_kind);
        }
        print(&format!("all {density:?} +8,000 km"), &all);
        assert!((0.75..=0.90).contains(&all.coverage()), "{density:?}: {}", all.coverage());
        assert!(all.median_error() <= all.best_peer().1, "{density:?}: {}", all.median_error());
    }
}
