//! Plans that hold, and every way in which one does not.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use milepost_protocol::plan::ItemId;
use milepost_protocol::record::Wheel;

use super::*;
use crate::plan::Powertrain;
use crate::usage::{Tyre, Wheels};

const HEAD: &str = "version = 1\nname = \"x\"\npowertrain = \"combustion\"\n";

fn with(items: &str) -> String {
    format!("{HEAD}{items}")
}

fn refused(text: &str) -> PlanError {
    read("x.toml", text).expect_err(text)
}

#[test]
fn our_own_examples_hold_and_fit_the_cars_that_they_are_for() {
    let plans = EXAMPLES.map(|(file, text)| read(file, text).unwrap_or_else(|error| panic!("{error}")));
    let catalogue = Catalogue::new(plans.to_vec()).expect("no two fit the same cars");
    for (powertrain, file) in [
        (Powertrain::Combustion, "combustion.toml"),
        (Powertrain::Hybrid, "hybrid.toml"),
        (Powertrain::Electric, "electric.toml"),
    ] {
        let car = Car { powertrain, model: "anything", vin: None, year: None };
        assert_eq!(catalogue.plan(&car).map(|plan| plan.file.as_str()), Some(file));
    }
}

#[test]
fn each_error_names_file_line_and_key() {
    let oil = "[[item]]\nitem = \"engine-oil\"\nsafety = \"wear\"\nrepeat = { km = 10000 }\n";
    for (text, told) in [
        (with("colour = \"red\"\n"), "x.toml:4: colour: unknown field `colour`"),
        (with("[[item]]\nitem = \"flux\"\nsafety = \"wear\"\n"), "x.toml:5: item.item: \"flux\" is no service item"),
        (with(&oil.replace("km = 10000", "km = 0")), "x.toml:7: item.engine-oil.repeat: not between 1"),
        (with(&oil.replace("km =", "miles =")), "x.toml:7: repeat: unknown field `miles`"),
        (with(&format!("{oil}{oil}")), "x.toml:9: item.item: \"engine-oil\" stands twice"),
        (with(&format!("{oil}lead = {{ km = 10001 }}\n")), "x.toml:8: item.engine-oil.lead: the lead is longer"),
        (with("[[item]]\nitem = \"tyres\"\nsafety = \"safety\"\n"), "x.toml:5: item.tyres.repeat: neither a bound"),
        (with(&format!("vin = [\"WVWO*\"]\n{oil}")), "x.toml:4: vin: \"WVWO*\" is no VIN pattern"),
        (with(&format!("vin = [\"WVW\"]\n{oil}")), "x.toml:4: vin: \"WVW\" is no VIN pattern"),
        (with(&format!("years = [2020, 2015]\n{oil}")), "x.toml:4: years: the years end"),
        (with(&format!("{oil}after = \"tyres\"\n")), "x.toml:8: item.engine-oil.after: the plan has no item \"tyres\""),
        ("version = 1\nname = \"x\"\npowertrain = \"steam\"\nitem = []\n".into(), "x.toml:3: powertrain: \"steam\""),
        ("version = \n".into(), "x.toml:1: version:"),
    ] {
        let error = refused(&text).to_string();
        assert!(error.starts_with(told), "{error}\n{told}");
    }
}

#[test]
fn a_circle_of_items_that_wait_for_each_other_is_refused() {
    let item = |name: &str, more: &str| {
        format!("[[item]]\nitem = \"{name}\"\nsafety = \"wear\"\nrepeat = {{ months = 12 }}\n{more}\n")
    };
    let three = [
        item("engine-oil", "after = \"tyres\""),
        item("tyres", "done_with = [\"coolant\"]"),
        item("coolant", "after = \"engine-oil\""),
    ];
    let error = refused(&with(&three.concat()));
    assert_eq!(error.wrong, Wrong::Circle("engine-oil -> tyres -> coolant -> engine-oil".into()));
    assert_eq!(refused(&with(&item("tyres", "after = \"tyres\""))).wrong, Wrong::Circle("tyres -> tyres".into()));
    // A circle that the first item only leads into is found, too.
    let led = [
        item("engine-oil", "after = \"tyres\""),
        item("tyres", "after = \"coolant\""),
        item("coolant", "after = \"tyres\""),
    ];
    assert!(matches!(refused(&with(&led.concat())).wrong, Wrong::Circle(_)));
}

#[test]
fn a_gap_or_an_overlap_between_stages_is_refused() {
    let staged = |stages: &[&str]| {
        let stages: Vec<_> = stages
            .iter()
            .map(|stage| format!("[[item.stage]]\n{stage}\nevery = {{ km = 9000, months = 9 }}\n"))
            .collect();
        with(&format!("[[item]]\nitem = \"timing-belt\"\nsafety = \"wear\"\n{}", stages.concat()))
    };
    assert!(read("x.toml", &staged(&["until_km = 50000", "from_km = 50000"])).is_ok());
    for (stages, wrong) in [
        (&["until_km = 50000", "from_km = 60000"][..], Wrong::Gap),
        (&["from_km = 10", "from_km = 60000"], Wrong::Gap),
        (&["until_km = 50000"], Wrong::Gap),
        (&["until_km = 50000", "from_km = 40000"], Wrong::Overlap),
        (&["until_months = 60", "from_months = 72"], Wrong::Gap),
        (&["until_months = 60", "from_months = 48"], Wrong::Overlap),
        (&["", ""], Wrong::Overlap),
        (&["until_km = 50000", "from_km = 50000\nuntil_km = 50000"], Wrong::OutOfRange),
    ] {
        assert_eq!(refused(&staged(stages)).wrong, wrong, "{stages:?}");
    }
}

#[test]
fn two_plans_that_fit_the_same_car_equally_well_are_refused_and_the_nearer_one_wins() {
    let plan = |file: &str, head: &str| {
        read(file, &with(&format!("{head}[[item]]\nitem = \"tyres\"\nsafety = \"safety\"\nrepeat = {{ km = 9000 }}\n")))
            .expect(head)
    };
    let any = plan("any.toml", "");
    let golf = plan("golf.toml", "models = [\"VW Golf*\"]\n");
    let vin = plan("vin.toml", "vin = [\"WVWZZZ1K?*\"]\n");
    let years = plan("years.toml", "models = [\"VW Golf*\"]\nyears = [2015, 2020]\n");
    let error = Catalogue::new([any.clone(), plan("again.toml", "")].to_vec()).expect_err("both fit all");
    assert_eq!((error.file.as_str(), error.wrong), ("again.toml", Wrong::Ambiguous("any.toml".into())));
    let catalogue = Catalogue::new([any, golf, vin, years].to_vec()).expect("each fits its own");
    let best = |model, vin, year| {
        let car = Car { powertrain: Powertrain::Combustion, model, vin, year };
        catalogue.plan(&car).map(|plan| plan.file.clone()).expect("one fits all")
    };
    assert_eq!(best("Opel Corsa", None, Some(2016)), "any.toml");
    assert_eq!(best("vw golf VII", None, None), "golf.toml");
    assert_eq!(best("VW Golf VII", None, Some(2016)), "years.toml");
    assert_eq!(best("VW Golf VII", Some("WVWZZZ1KZAW000001"), Some(2016)), "vin.toml");
}

#[test]
fn severe_use_is_chosen_from_what_was_measured_and_says_why() {
    let all = [Hardship::ShortTrips, Hardship::Idle, Hardship::Cold];
    let measured =
        MeasuredUse { trips: 100, short_trips: 60, engine_s: 90_000, idle_s: 9_000, ..MeasuredUse::default() };
    let choice = schedule(&all, &measured, false);
    assert!(choice.severe);
    let counts: Vec<_> =
        choice.findings.iter().map(|finding| (finding.hardship, finding.share, finding.counts)).collect();
    assert_eq!(
        counts,
        [(Hardship::ShortTrips, Some(0.6), true), (Hardship::Idle, Some(0.1), false), (Hardship::Cold, None, false),]
    );
    assert!(!schedule(&all, &MeasuredUse { trips: 5, short_trips: 5, ..MeasuredUse::default() }, false).severe);
    // It does not flutter around the limit.
    let less = MeasuredUse { short_trips: 45, ..measured };
    assert!(!schedule(&all, &less, false).severe && schedule(&all, &less, true).severe);
}

#[test]
fn severe_bounds_first_bounds_and_stages_reach_the_rules() {
    let plan = read(EXAMPLES[0].0, EXAMPLES[0].1).expect("our own");
    let severe = |severe: bool| move |_: &Item| Choice { severe, findings: Vec::new() };
    let rule = |id: ItemId, km: u32, hard: bool| {
        rules(&plan, km * 1_000, 0, severe(hard)).into_iter().find(|rule| rule.item == id).expect("in the plan")
    };
    let oil = ItemId::ENGINE_OIL;
    assert_eq!(rule(oil, 0, false).repeat.distance_m, Some(15_000_000));
    assert_eq!((rule(oil, 0, true).repeat.distance_m, rule(oil, 0, true).repeat.days), (Some(8_000_000), Some(182)));
    let coolant = rule(item_id("coolant").expect("known"), 0, false);
    assert_eq!((coolant.first.distance_m, coolant.repeat.distance_m), (Some(200_000_000), Some(100_000_000)));
    let belt = item_id("timing-belt").expect("known");
    assert_eq!(rule(belt, 179_999, false).repeat.distance_m, Some(90_000_000));
    assert_eq!(rule(belt, 180_000, false).repeat.distance_m, Some(30_000_000));
}

#[test]
fn items_that_are_done_with_others_are_done_with_them() {
    let plan = read(EXAMPLES[1].0, EXAMPLES[1].1).expect("our own");
    assert_eq!(done_together(&plan, "inspection"), ["inspection", "traction-battery"]);
    assert_eq!(done_together(&plan, "tyres"), ["tyres"]);
    let electric = read(EXAMPLES[2].0, EXAMPLES[2].1).expect("our own");
    assert_eq!(waits_for(&electric, "air-conditioning"), Some("cabin-filter"));
}

#[test]
fn a_part_with_its_own_odometer_counts_only_while_it_is_mounted() {
    let wheels = |first: u32| {
        let mut wheels = Wheels::default();
        for (place, wheel) in
            [Wheel::FrontLeft, Wheel::FrontRight, Wheel::RearLeft, Wheel::RearRight].into_iter().enumerate()
        {
            wheels.mounted.insert(wheel, Tyre { sensor: Some(first + place as u32), ..Tyre::default() });
        }
        wheels
    };
    let (summer, winter) = (wheels(10), wheels(20));
    let mut odometers = PartOdometer::default();
    for (set, km) in [
        (&summer, 10_000),
        (&summer, 18_000),
        (&winter, 18_050),
        (&winter, 24_050),
        (&summer, 24_050),
        (&summer, 24_100),
        (&summer, 30_100),
    ] {
        odometers.observe(set, km * 1_000);
    }
    // 8,000 km of the first season and 6,050 of the second, and not the 20,100 since the first mounting.
    // On which set the 50 km of the first change were driven, nobody saw.
    assert_eq!(odometers.mounted_m(), Some(14_050_000));
    assert_eq!(odometers.uncredited_m, 50_000);
    odometers.observe(&summer, 12_000_000);
    assert_eq!(odometers.mounted_m(), Some(14_050_000), "a late or falling odometer credits nothing");
    odometers.observe(&winter, 30_200_000);
    assert_eq!(odometers.mounted_m(), Some(6_000_000));
}

#[test]
fn a_set_that_is_looked_at_wheel_by_wheel_is_credited_from_the_first_metre() {
    let mut wheels = Wheels::default();
    let mut odometers = PartOdometer::default();
    for (sensor, wheel) in [(1, Wheel::FrontLeft), (2, Wheel::FrontRight), (3, Wheel::RearLeft), (4, Wheel::RearRight)]
    {
        wheels.mounted.insert(wheel, Tyre { sensor: Some(sensor), ..Tyre::default() });
        odometers.observe(&wheels, 10_000_000);
    }
    odometers.observe(&wheels, 10_050_000);
    assert_eq!((odometers.mounted_m(), odometers.uncredited_m), (Some(50_000), 0));
}
