//! Whether the core counts what the fleet's cars really did, at every speed of time: energy, fuel, hours, standing, distance.

use milepost_firmware::{Device, Now, Settings};
use milepost_gateway::flash_file::{Layout, in_memory};
use milepost_gateway::fleet::generator::{Generator, Moment};
use milepost_gateway::fleet::matrix::Matrix;
use milepost_gateway::fleet::vehicle::Driven;
use milepost_gateway::loopback::drain;
use milepost_protocol::Record;
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::{Counters, TripEnded};

const EPOCH_MS: u64 = 20_454 * DAY_MS;
const DAYS: u64 = 14;
const SPEEDS: [f64; 4] = [1.0, 100.0, 10_000.0, 525_600.0];

const SMALL: &str = "car-0003";
const LARGE: &str = "car-0002";
const ELECTRIC: &str = "car-0004";

/// What a car lived, drive by drive, and what its core made of it.
struct Life {
    lived: Vec<Driven>,
    /// When each drive's coolant passed 70 °C after a colder start, in seconds after its engine started.
    warmups_s: Vec<Option<f64>>,
    trips: Vec<TripEnded>,
    counters: Counters,
}

impl Life {
    fn lived(&self, of: impl Fn(&Driven) -> f64) -> f64 {
        self.lived.iter().map(of).sum()
    }

    fn told(&self, of: impl Fn(&TripEnded) -> u32) -> f64 {
        self.trips.iter().map(|trip| f64::from(of(trip))).sum()
    }
}

async fn live(device: &str, speed: f64) -> Life {
    live_heard(device, speed, |_| true).await
}

/// A life of which the core hears only what `heard` lets through, by milliseconds since the drive's first moment.
async fn live_heard(device: &str, speed: f64, heard: impl Fn(u64) -> bool) -> Life {
    let mut generator = Generator::new(11, device, None, EPOCH_MS, speed, None);
    let settings = Settings { obd: false, ..Settings::default() };
    let mut now = Now { uptime_ms: 0, unix_ms: Some(EPOCH_MS) };
    let mut core = Box::pin(Device::start(in_memory(Layout::FLEET), settings, now)).await.unwrap();
    let (matrix, mut frames, mut records) = (Matrix::default(), Vec::new(), Vec::new());
    let (mut lived, mut warmups_s) = (Vec::new(), Vec::new());
    let mut started: Option<(u64, bool)> = None;
    let mut woke_ms = None;
    while let Some(moment) = generator.next(EPOCH_MS + DAYS * DAY_MS) {
        if let Moment::Departure { driven, .. } = moment {
            lived.push(driven);
            warmups_s.push(None);
            started = None;
            woke_ms = None;
            drain(&mut core, now, &mut records).await.unwrap();
        }
        let Some(at_ms) = moment.at_ms() else { continue };
        if !heard(at_ms - *woke_ms.get_or_insert(at_ms)) {
            continue;
        }
        now = Now { uptime_ms: at_ms - EPOCH_MS, unix_ms: Some(at_ms) };
        if let Moment::Told { state, detail, .. } = moment {
            if let Some(engine) = state.engine.filter(|engine| engine.rpm > 300.0) {
                let (start_ms, cold) = *started.get_or_insert((at_ms, engine.coolant_c < 70.0));
                if cold && engine.coolant_c >= 70.0 {
                    let warmup = warmups_s.last_mut().unwrap();
                    warmup.get_or_insert((at_ms - start_ms) as f64 / 1_000.0);
                }
            }
            frames.clear();
            matrix.pack(&state, detail, &mut frames);
            for frame in &frames {
                core.frame(now, frame).await.unwrap();
            }
        }
        core.tick(now).await.unwrap();
    }
    drain(&mut core, now, &mut records).await.unwrap();
    let trips = records.into_iter().filter_map(|received| match received.record {
        Record::TripEnded(trip) => Some(trip),
        _ => None,
    });
    Life { lived, warmups_s, trips: trips.collect(), counters: core.status().counters }
}

/// What does not agree; all of it is told at once.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn agree(&mut self, what: &str, told: f64, lived: f64, share: f64) {
        self.near(what, told, lived, lived.abs() * share);
    }

    fn near(&mut self, what: &str, told: f64, lived: f64, within: f64) {
        let near = (told - lived).abs() <= within;
        if !near {
            self.0.push(format!("{what}: {told:.3} for {lived:.3}, {:+.1} %", (told / lived - 1.0) * 100.0));
        }
    }

    fn assert_none(&self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

#[tokio::test]
async fn the_core_counts_what_every_class_lived_at_every_speed_of_time() {
    let mut found = Findings::default();
    for device in [SMALL, LARGE, ELECTRIC] {
        for speed in SPEEDS {
            let life = live(device, speed).await;
            let what = |of: &str| format!("{of} of {device} at {speed}x");
            assert!(life.lived.len() > 10, "{}", what("drives"));
            assert_eq!(life.trips.len(), life.lived.len(), "{}", what("trips"));
            let counters = life.counters;
            let lived_m = life.lived(|drive| drive.distance_m);
            found.agree(&what("distance"), life.told(|trip| trip.distance_m), lived_m, 0.01);
            found.agree(&what("distance in total"), f64::from(counters.distance_m), lived_m, 0.02);
            let duration_s = life.trips.iter().map(|trip| trip.duration_ms as f64 / 1e3).sum();
            found.agree(&what("duration"), duration_s, life.lived(|drive| drive.seconds), 0.01);
            let standing_s = life.lived(|drive| drive.standing_s);
            found.agree(&what("standing"), life.told(|trip| trip.idle_s), standing_s, 0.05);
            found.agree(&what("standing in total"), f64::from(counters.idle_s), standing_s, 0.05);
            let engine_s = life.lived(|drive| drive.engine_s);
            found.agree(&what("engine time"), f64::from(counters.engine_s), engine_s, 0.01);
            let fuel_ml = life.lived(|drive| drive.fuel_ml);
            found.agree(&what("fuel"), f64::from(counters.fuel_ml), fuel_ml, 0.03);
            let energy_wh = life.lived(|drive| drive.energy_wh);
            found.agree(&what("energy"), f64::from(counters.energy_wh), energy_wh, 0.03);
            for (trip, drive) in life.trips.iter().zip(&life.lived) {
                found.agree(&what("highest speed"), f64::from(trip.max_speed_cmps) / 100.0, drive.highest_mps, 0.01);
                found.agree(&what("fuel of a trip"), f64::from(trip.fuel_ml), drive.fuel_ml, 0.1);
                found.agree(&what("energy of a trip"), f64::from(trip.energy_wh), drive.energy_wh.max(0.0), 0.1);
            }
            for (trip, warmup_s) in life.trips.iter().zip(&life.warmups_s) {
                let known = |warmup: bool| f64::from(u8::from(warmup));
                found.near(&what("warm-ups"), known(trip.warmup_s.is_some()), known(warmup_s.is_some()), 0.0);
                if let Some((told_s, lived_s)) = trip.warmup_s.zip(*warmup_s) {
                    found.near(&what("warm-up"), f64::from(told_s), lived_s, 12.0);
                }
            }

            let (litres, kwh) = (fuel_ml / lived_m * 100.0, energy_wh / lived_m * 100.0);
            if device == ELECTRIC {
                assert!((12.0..30.0).contains(&kwh) && litres == 0.0, "{}: {kwh} kWh/100 km", what("energy"));
                assert_eq!(counters.engine_s, 0);
            } else {
                assert!((4.0..12.0).contains(&litres) && kwh == 0.0, "{}: {litres} l/100 km", what("fuel"));
                found.agree(&what("engine time against drive time"), engine_s, life.lived(|drive| drive.seconds), 0.02);
            }
            let idle = standing_s / life.lived(|drive| drive.seconds);
            assert!((0.005..0.25).contains(&idle), "{}: {idle}", what("share of standing"));
        }
    }
    found.assert_none();
}

#[tokio::test]
async fn a_life_takes_as_much_at_every_speed_of_time() {
    let mut found = Findings::default();
    for device in [SMALL, LARGE, ELECTRIC] {
        let slow = live(device, 100.0).await;
        for speed in [10_000.0, 525_600.0] {
            let fast = live(device, speed).await;
            let what = |of: &str| format!("{of} of {device} at {speed}x against 100x");
            let per_metre = |life: &Life, of: fn(&Driven) -> f64| life.lived(of) / life.lived(|drive| drive.distance_m);
            for (name, of, share) in [
                ("fuel", (|drive| drive.fuel_ml) as fn(&Driven) -> f64, 0.05),
                ("energy", |drive| drive.energy_wh, 0.05),
                ("time", |drive| drive.seconds, 0.05),
                ("standing", |drive| drive.standing_s, 0.15),
            ] {
                found.agree(&what(name), per_metre(&fast, of), per_metre(&slow, of), share);
            }
        }
    }
    found.assert_none();
}

#[tokio::test]
async fn a_silence_of_the_bus_counts_as_nothing_at_every_speed_of_time() {
    let silence_ms = 40_000..80_000;
    let mut found = Findings::default();
    for device in [SMALL, ELECTRIC] {
        for speed in [1.0, 525_600.0] {
            let whole = live(device, speed).await;
            let broken = live_heard(device, speed, |since_ms| !silence_ms.contains(&since_ms)).await;
            let what = |of: &str| format!("{of} of {device} at {speed}x");
            assert!(whole.lived.iter().all(|drive| drive.seconds > 95.0), "{}", what("a short drive"));
            assert_eq!(broken.trips.len(), whole.trips.len());
            // What is lost reaches from the last moment before the silence to the first one after it.
            let drives = whole.lived.len() as f64;
            let lost_s = whole.told(|trip| trip.engine_s) - broken.told(|trip| trip.engine_s);
            if device == SMALL {
                found.near(&what("engine time lost a drive"), lost_s / drives, 47.0, 10.0);
            }
            let used = |life: &Life| life.told(|trip| trip.fuel_ml + trip.energy_wh);
            // About half a kilometre in a town takes some 30 ml or 70 Wh.
            let lost = (used(&whole) - used(&broken)) / drives;
            assert!((10.0..150.0).contains(&lost), "{}: {lost} lost a drive", what("use"));
            let lived_m = whole.lived(|drive| drive.distance_m);
            found.agree(&what("distance"), broken.told(|trip| trip.distance_m), lived_m, 0.01);
        }
    }
    found.assert_none();
}
