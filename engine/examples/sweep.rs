//! How many (vehicle, item) pairs one core evaluates in a second: 20,000 vehicles with a whole plan each, over ten years.
//!
//! `cargo run --release -p milepost-engine --example sweep` prints two figures: a sweep over everything, and ten years day
//! by day in which only what is due is looked at, due work is done, and the next look is planned.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures and prints what it measured"
)]

use std::hint::black_box;
use std::time::Instant;

use milepost_engine::maintenance::{Completion, Usage, assess, complete};
use milepost_engine::plans::{Choice, EXAMPLES, Item, read, rules};
use milepost_engine::sweep::Agenda;
use milepost_protocol::plan::{Anchor, DAY_MS, Level, PlanItem};

const VEHICLES: u32 = 20_000;
const DAYS: u64 = 3_650;
const START_MS: u64 = 1_700_000_000_000;

/// A car's plan with its daily distance in metres.
struct Vehicle {
    items: Vec<PlanItem>,
    a_day_m: u32,
    age_days: u64,
}

impl Vehicle {
    fn usage(&self, day: u64) -> Usage {
        let odometer_m = Some(1_000 + (self.age_days + day) as u32 * self.a_day_m);
        let engine_s = (self.age_days + day) as u32 * 3_600;
        Usage { odometer_m, engine_s, fuel_ml: engine_s, ..Usage::default() }
    }
}

fn fleet() -> Vec<Vehicle> {
    let plans = EXAMPLES.map(|(file, text)| read(file, text).expect("our own plans hold"));
    (0..VEHICLES)
        .map(|number| {
            // Mixed without any draw: a step that is prime to the range visits all of it.
            let mixed = number.wrapping_mul(2_654_435_761);
            let (a_day_m, age_days) = (5_000 + mixed % 75_000, u64::from(mixed >> 8) % 1_000);
            let anchor = Anchor { at_ms: START_MS - age_days * DAY_MS, odometer_m: 1_000, ..Anchor::default() };
            let severe = |_: &Item| Choice { severe: mixed % 4 == 0, findings: Vec::new() };
            let rules = rules(&plans[(mixed % 3) as usize], 1_000, 0, severe);
            let items = rules.into_iter().map(|rule| PlanItem { rule, anchor }).collect();
            Vehicle { items, a_day_m, age_days }
        })
        .collect()
}

fn main() {
    let mut fleet = fleet();
    let pairs: usize = fleet.iter().map(|vehicle| vehicle.items.len()).sum();

    let begun = Instant::now();
    let (mut evaluations, mut due) = (0u64, 0u64);
    for day in (0..DAYS).step_by(365) {
        for vehicle in &fleet {
            let usage = vehicle.usage(day);
            for item in &vehicle.items {
                let found = assess(black_box(item), &usage, START_MS + day * DAY_MS);
                due += u64::from(found.level >= Level::Due);
                evaluations += 1;
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "everything: {VEHICLES} vehicles, {pairs} items, {evaluations} evaluations ({due} due) in {seconds:.2} s = {:.0}/s",
        evaluations as f64 / seconds
    );

    let begun = Instant::now();
    let mut agenda = Agenda::default();
    for (number, vehicle) in (0u32..).zip(&fleet) {
        for item in &vehicle.items {
            agenda.plan(number, item, START_MS);
        }
    }
    let (mut looks, mut done) = (0u64, 0u64);
    for day in 0..DAYS {
        let now_ms = START_MS + day * DAY_MS;
        while let Some((number, id)) = agenda.take(now_ms) {
            let vehicle = &mut fleet[number as usize];
            let usage = vehicle.usage(day);
            let Some(item) = vehicle.items.iter_mut().find(|item| item.rule.item == id) else { continue };
            looks += 1;
            if assess(item, &usage, now_ms).level >= Level::Due {
                item.anchor = complete(item, &Completion::at(now_ms, &usage));
                done += 1;
            }
            agenda.plan(number, item, now_ms);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let all = pairs as u64 * DAYS;
    println!(
        "only what is due, day by day over ten years: {looks} looks instead of {all}, {done} services, in {seconds:.2} s = {:.0}/s",
        looks as f64 / seconds
    );
}
