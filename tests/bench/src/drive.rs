//! A drive of the demonstration car as a CAN log.
//!
//! Invariant: the same drive every time; what a run finds must not depend on the road.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use milepost_firmware::Frame;
use milepost_gateway::fleet::matrix::{Detail, Engine, Matrix, State};
use milepost_gateway::fleet::tyres::Tyre;

/// How often the car tells its state, in milliseconds.
const STEP_MS: u64 = 200;

/// Seconds of standing, of speeding up, of cruising, of slowing down, and of standing with the ignition on.
const STAND_S: f64 = 5.0;
const SPEED_UP_S: f64 = 20.0;
const CRUISE_S: f64 = 120.0;
const REST_S: f64 = 75.0;
const CRUISE_MPS: f64 = 20.0;

/// The odometer at the beginning, in metres.
pub(crate) const ODOMETER_M: u32 = 48_000_000;

/// One moment of the drive: when, and what the bus carries.
pub(crate) struct Moment {
    /// Milliseconds since its beginning.
    pub(crate) at_ms: u64,
    /// The frames.
    pub(crate) frames: Vec<Frame>,
}

/// The whole drive of a car that stands at `odometer_m`, with how far it comes, in metres.
pub(crate) fn moments(odometer_m: u32) -> (Vec<Moment>, f64) {
    let matrix = Matrix::default();
    let moving_s = 2.0 * SPEED_UP_S + CRUISE_S;
    let end_s = STAND_S + moving_s + REST_S;
    let mut distance_m = 0.0;
    let mut moments = Vec::new();
    for step in 0..(end_s * 1000.0) as u64 / STEP_MS {
        let at_ms = step * STEP_MS;
        let since_s = at_ms as f64 / 1000.0 - STAND_S;
        let left_s = moving_s - since_s;
        let speed_mps = (since_s.min(left_s) / SPEED_UP_S).clamp(0.0, 1.0) * CRUISE_MPS;
        distance_m += speed_mps * STEP_MS as f64 / 1000.0;
        let detail = match step {
            _ if step.is_multiple_of(50) => Detail::Whole,
            _ if step.is_multiple_of(5) => Detail::Usual,
            _ => Detail::Motion,
        };
        let mut frames = Vec::new();
        matrix.pack(&state(speed_mps, f64::from(odometer_m) + distance_m, at_ms), detail, &mut frames);
        moments.push(Moment { at_ms, frames });
    }
    (moments, distance_m)
}

/// What the bus carries while the car stands with its engine on.
pub(crate) fn standing(odometer_m: f64) -> Vec<Frame> {
    let mut frames = Vec::new();
    Matrix::default().pack(&state(0.0, odometer_m, 0), Detail::Whole, &mut frames);
    frames
}

/// How many frames have passed when the car begins to move, and how many when it is about to stand again.
pub(crate) fn on_the_way(moments: &[Moment]) -> Range<usize> {
    let before = |end_s: f64| {
        let earlier = moments.iter().take_while(|moment| (moment.at_ms as f64) < end_s * 1000.0);
        earlier.map(|moment| moment.frames.len()).sum()
    };
    before(STAND_S + SPEED_UP_S)..before(STAND_S + SPEED_UP_S + CRUISE_S)
}

fn state(speed_mps: f64, odometer_m: f64, at_ms: u64) -> State {
    let warm = (at_ms as f64 / 120_000.0).min(1.0);
    let tyre = Tyre { sensor: 4711, pressure_pa: 240_000.0, air_c: 20.0 };
    State {
        ignition: 2,
        speed_mps,
        odometer_m,
        battery_v: 14.1,
        outside_c: 12.0,
        parked: false,
        charging: false,
        engine: Some(Engine {
            rpm: 800.0 + speed_mps * 60.0,
            coolant_c: 20.0 + 65.0 * warm,
            fuel: 0.5,
            fuel_mlps: 0.3 + speed_mps * 0.05,
        }),
        traction: None,
        tyres: [tyre; 4],
    }
}

/// Writes a drive as `candump -l` does.
pub(crate) fn write(path: &Path, moments: &[Moment]) -> Result<()> {
    let mut text = String::new();
    for Moment { at_ms, frames } in moments {
        for frame in frames {
            write!(text, "({}.{:03}000) can0 {:03X}#", at_ms / 1000, at_ms % 1000, frame.raw_id())?;
            for byte in frame.data() {
                write!(text, "{byte:02X}")?;
            }
            text.push('\n');
        }
    }
    std::fs::write(path, text).with_context(|| format!("cannot write the drive, {}", path.display()))
}
