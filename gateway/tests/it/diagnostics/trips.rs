//! `usage` on tables of telematics services, against the car's own list of trips.

use serde_json::Value;

use super::{data, lines, rows};

/// Minutes since the month began, of `2023-01-02T16:10:09+01:00` or `20230102` and `160624`; all in one zone.
fn minutes(day: &str, hour: &str, minute: &str) -> f64 {
    let number = |text: &str| text.parse::<f64>().unwrap();
    number(day) * 1_440.0 + number(hour) * 60.0 + number(minute)
}

#[test]
fn the_cars_own_trips_are_found_none_is_invented_and_stale_rows_are_not_believed() {
    let Some(folder) = data("trips") else { return };
    let told = &lines(["usage", folder.join("ev_monitor.csv").to_str().unwrap(), "--json"])[0];
    let moment = |value: &Value| {
        let text = value.as_str().unwrap();
        minutes(&text[8..10], &text[11..13], &text[14..16])
    };
    let trips: Vec<_> = told["trips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trip| (moment(&trip["start"]), moment(&trip["end"]) + 1.0))
        .collect();
    let own: Vec<_> = rows(&folder.join("ev_tripinfo_truth.csv"))
        .iter()
        .map(|row| {
            let start = minutes(&row[0][6..8], &row[1][0..2], &row[1][2..4]);
            (start, start + row[2].parse::<f64>().unwrap() + row[3].parse::<f64>().unwrap())
        })
        .collect();
    let meet = |a: &(f64, f64), b: &(f64, f64)| a.0 <= b.1 && b.0 <= a.1;
    let found = own.iter().filter(|own| trips.iter().any(|trip| meet(trip, own))).count();
    let invented: Vec<_> = trips.iter().filter(|trip| !own.iter().any(|own| meet(trip, own))).collect();
    eprintln!("{found} of {} trips in {}", own.len(), trips.len());
    assert!(found * 100 >= own.len() * 95, "{found} of {}", own.len());
    assert!(invented.is_empty(), "{invented:?}");
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("ev_truth.json")).unwrap()).unwrap();
    let distance_m = truth["odometer_distance_km"].as_f64().unwrap() * 1_000.0;
    assert!((told["distance_m"].as_f64().unwrap() - distance_m).abs() <= 0.015 * distance_m, "{told}");
    let parts: f64 = told["trips"].as_array().unwrap().iter().map(|trip| trip["distance_m"].as_f64().unwrap()).sum();
    assert!((parts - distance_m).abs() <= 0.015 * distance_m, "{parts}");
    assert_eq!(told["rejected"]["stale"], truth["stale_rows_20795_4"]);
    assert_eq!(told["rejected"]["duplicate"], 2);
}
