//! Recorded drives against what a GPS odometer saw.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use milepost_firmware::{Event, Frame, Now};
use milepost_protocol::record::{DistanceSource, TripEnd, TripEnded};

use crate::flash::{Chip, block_on};

/// The folder of recordings, or `None` with a word about what is skipped.
pub(crate) fn data(path: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("MILEPOST_DATA") else {
        eprintln!("skipped without MILEPOST_DATA: {path}");
        return None;
    };
    Some(PathBuf::from(root).join(path))
}

/// The frames of a candump log with their times in milliseconds.
pub(crate) fn candump(path: &PathBuf) -> impl Iterator<Item = (u64, Frame)> {
    let file = std::fs::File::open(path).unwrap();
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn BufRead> =
        if zipped { Box::new(BufReader::new(GzDecoder::new(file))) } else { Box::new(BufReader::new(file)) };
    reader.lines().filter_map(|line| {
        let line = line.unwrap();
        let mut words = line.split_whitespace();
        let seconds: f64 = words.next()?.trim_matches(['(', ')']).parse().ok()?;
        let (id, data) = words.nth(1)?.split_once('#')?;
        let extended = if id.len() > 3 { milepost_firmware::frame::EXTENDED } else { 0 };
        let id = milepost_firmware::frame::unraw(u32::from_str_radix(id, 16).ok()? | extended);
        let bytes: Vec<u8> =
            (0..data.len() / 2).map(|i| u8::from_str_radix(&data[i * 2..i * 2 + 2], 16).unwrap()).collect();
        Some(((seconds * 1000.0) as u64, Frame::new(0, id, &bytes)?))
    })
}

#[test]
fn the_distance_of_a_drive_is_within_two_percent_of_gps() {
    let Some(folder) = data("vehicle/obd_drive/vw_drive_a") else { return };
    let truth: serde_json::Value =
        serde_json::from_reader(std::fs::File::open(folder.join("truth.json")).unwrap()).unwrap();
    let chip = Chip::new(4, 16);
    let mut device = chip.start(Now { uptime_ms: 0, unix_ms: None });
    let mut last = 0;
    for (uptime_ms, frame) in candump(&folder.join("vw_drive_a.log.gz")) {
        block_on(device.frame(Now { uptime_ms, unix_ms: None }, &frame)).unwrap();
        last = uptime_ms;
    }
    block_on(device.finish(Now { uptime_ms: last, unix_ms: None })).unwrap();
    let trips: Vec<TripEnded> = std::iter::from_fn(|| device.events())
        .filter_map(|event| if let Event::TripEnded(trip) = event { Some(trip) } else { None })
        .collect();
    let [trip] = &trips[..] else { panic!("{trips:?}") };
    let gps_m = truth["gps_distance_m"].as_f64().unwrap();
    let status = device.status();
    let error = f64::from(status.counters.distance_m) / gps_m - 1.0;
    assert!(error.abs() < 0.02, "{} m against {gps_m} m", status.counters.distance_m);
    // What double precision makes of it: single precision and the integers behind it lose nothing.
    assert!(status.counters.distance_m.abs_diff(41_232) <= 1, "{} m", status.counters.distance_m);
    assert_eq!(trip.distance_m, status.counters.distance_m);
    assert_eq!((trip.source, trip.end), (DistanceSource::SpeedIntegral, TripEnd::InputEnded));
    assert_eq!(trip.coolant_start_c, Some(24));
    assert_eq!(status.counters.cold_starts, 1);
    assert!(trip.warmup_s.is_some());
    assert_eq!(status.battery.lowest_mv, Some(11_860));
    assert_eq!(status.battery.rest_mv, Some(12_140));
    assert_eq!(trip.max_speed_cmps, 2444);
    assert_eq!(status.drops.obd + status.drops.isotp, 0);
}

#[test]
fn where_gps_had_locked_every_segment_is_within_one_percent() {
    let Some(folder) = data("vehicle/obd_drive/vw_drive_a") else { return };
    let truth: serde_json::Value =
        serde_json::from_reader(std::fs::File::open(folder.join("truth.json")).unwrap()).unwrap();
    // The first segment holds the time in which the receiver looked for its satellites while the car already drove.
    let segments = truth["segments"].as_array().unwrap();
    for segment in segments.iter().skip(1) {
        let chip = Chip::new(4, 16);
        let mut device = chip.start(Now { uptime_ms: 0, unix_ms: None });
        let bounds = ["start_s", "end_s"].map(|key| (segment[key].as_f64().unwrap() * 1000.0) as u64);
        let mut last = 0;
        for (uptime_ms, frame) in candump(&folder.join("vw_drive_a.log.gz")) {
            if (bounds[0]..=bounds[1]).contains(&uptime_ms) {
                block_on(device.frame(Now { uptime_ms, unix_ms: None }, &frame)).unwrap();
                last = uptime_ms;
            }
        }
        block_on(device.finish(Now { uptime_ms: last, unix_ms: None })).unwrap();
        let gps_m = segment["gps_distance_m"].as_f64().unwrap();
        let error = f64::from(device.status().counters.distance_m) / gps_m - 1.0;
        assert!(error.abs() < 0.01, "{}: {error}", segment["file"]);
    }
}
