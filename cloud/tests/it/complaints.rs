//! What users of other systems complain of when it comes to reminders: which tests hold each row, and those rows that only
//! the whole service can show.
//!
//! The rows are those of the field study: 1 to 17 concern reminders, 25 the end of an ownership.
//! Invariant: the list counts every test whose name begins with `row_`, in all three places.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use milepost::channels::Worker;
use milepost::domain::Actor;
use milepost_engine::channels::Channel;
use milepost_engine::plan::{Powertrain, standard};
use milepost_protocol::plan::{Anchor, DAY_MS, Margin, PlanItem, SafetyClass};
use serde_json::{Value, json};

use crate::app::{NOW_MS, TestApp};
use crate::channels::{HOUR_MS, Scene};

/// Each row, what is complained of, and how many tests it has in the engine, in the rules and here.
const ROWS: [(u8, &str, [usize; 3]); 18] = [
    (1, "reminders driven by mileage that is collected already", [1, 1, 0]),
    (2, "a recurring interval restarts from the actual service", [1, 1, 0]),
    (3, "an item must not advance until its service is confirmed", [1, 1, 0]),
    (4, "thresholds for each item", [1, 1, 0]),
    (5, "push instead of a nightly mail, and chosen urgencies only", [1, 0, 1]),
    (6, "false past-due", [1, 1, 0]),
    (7, "editing or deleting a record must undo what it did", [1, 2, 0]),
    (8, "the maker's schedule by model and VIN", [1, 1, 0]),
    (9, "the odometer from the device", [1, 1, 0]),
    (10, "a projected due date from use", [1, 1, 0]),
    (11, "engine hours", [1, 1, 0]),
    (12, "tyre sets with an odometer of their own", [1, 1, 0]),
    (13, "a log of what was done, soft and hard bounds, rest for today", [1, 1, 0]),
    (14, "roles finer than user and administrator; workshops see their fleet", [1, 0, 1]),
    (15, "duplicate or repeated notifications", [1, 0, 1]),
    (16, "quiet hours and choices of one's own", [1, 0, 1]),
    (17, "repeated until acknowledged, escalated if ignored", [1, 0, 1]),
    (25, "a car that is sold", [1, 2, 0]),
];

#[test]
fn every_complaint_about_reminders_has_its_tests() {
    let sources = [
        include_str!("../../../engine/src/service_book/tests/complaints.rs"),
        include_str!("../../src/rules/tests/complaints.rs"),
        include_str!("complaints.rs"),
    ];
    let rows_of = |source: &'static str| {
        let names = source.lines().filter_map(|line| line.split_once("fn row_").map(|(_, name)| name));
        names.filter_map(|name| name.split('_').next()?.parse::<u8>().ok()).collect::<Vec<_>>()
    };
    let found = sources.map(rows_of);
    for (row, complaint, tests) in ROWS {
        let count = [0, 1, 2].map(|at: usize| found[at].iter().map(|of| usize::from(*of == row)).sum::<usize>());
        assert_eq!(count, tests, "row {row}: {complaint}");
    }
    let listed: BTreeSet<u8> = ROWS.iter().map(|(row, ..)| *row).collect();
    assert_eq!(found.into_iter().flatten().collect::<BTreeSet<_>>(), listed);
}

/// One item of wear, due every 450 days, that was done so many days ago; upcoming 30 days before.
fn item(done_days_ago: u64) -> PlanItem {
    let start =
        Anchor { cycle: 1, at_ms: NOW_MS - done_days_ago * DAY_MS, odometer_m: 40_000_000, ..Anchor::default() };
    let mut item = standard(Powertrain::Electric, start).items[0];
    item.rule.safety = SafetyClass::Wear;
    item.rule.repeat.days = Some(450);
    item.rule.repeat.distance_m = None;
    item.rule.lead = Margin { days: 30, ..Margin::default() };
    item.rule.grace = Margin { days: 60, ..Margin::default() };
    item
}

impl Scene {
    /// Lets one item of Anna's second car come up.
    async fn come_up(&self) {
        let volt = "volt-2".parse().unwrap();
        self.app.state.service.set_plan(&volt, vec![item(425)], Actor::System).await.unwrap();
    }

    /// How often the second car was shown in the browser, and how often in the owner's own system.
    fn told(&self) -> [usize; 2] {
        let is_volt = |text: &Value| text.as_str().is_some_and(|text| text.starts_with("volt-2"));
        let push = self.push.taken().iter().filter(|taken| is_volt(&taken.decrypted()["show"])).count();
        let hook = self.hook.taken();
        let hook = hook.iter().map(super::receivers::Taken::json);
        [push, hook.filter(|body| body["event"] == "notice.raised" && body["vehicle"] == "volt-2").count()]
    }
}

#[tokio::test]
async fn row_5_each_channel_tells_the_urgencies_that_were_chosen_for_it_as_soon_as_they_are_reached() {
    let scene = Scene::set().await;
    let mut wish = scene.wish();
    wish["choices"]["push"] = json!({ "when": "at_once", "from": "due" });
    wish["choices"]["email"] = json!({ "when": "never", "from": "due" });
    scene.choose(&wish).await;
    scene.subscribe("/browser").await;
    scene.come_up().await;
    scene.settle().await;
    assert_eq!(scene.told(), [0, 1], "upcoming is for the owner's own system alone");
    // The clock of these tests wakes nobody, so that the same plan again lets the service look at the car.
    scene.later(24 * DAY_MS).await;
    scene.come_up().await;
    scene.settle().await;
    assert_eq!(scene.told(), [0, 1]);
    scene.later(2 * DAY_MS).await;
    scene.come_up().await;
    scene.settle().await;
    assert_eq!(scene.told(), [1, 2], "due is for both, on the day on which it is");
    assert!(scene.mail.mails().is_empty(), "no mail where none is wanted");
}

#[tokio::test]
async fn row_14_owner_workshop_and_engineer_each_see_their_part_and_no_more() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    let (vera, emil) = (app.client("vera").await, app.client("emil").await);
    let status = async |client: &crate::app::Client, path: &str| client.get(path).await.status.as_u16();
    assert_eq!(status(&anna, "/api/v1/vehicles/golf-1").await, 200);
    for other in [&bert, &vera, &emil] {
        assert_eq!(status(other, "/api/v1/vehicles/golf-1").await, 404, "another's car does not exist");
    }
    let queue = vera.get("/api/v1/queue").await.json()["queue"].clone();
    let seen: Vec<_> = queue.as_array().unwrap().iter().map(|entry| entry["vehicle"].clone()).collect();
    assert_eq!(seen.len(), 3, "the workshop sees the fleet that is shared with it: {seen:?}");
    assert_eq!(status(&vera, "/api/v1/queue/quiet-4").await, 404);
    let work = r#"{"item":0,"title":"Wash"}"#;
    assert_eq!(vera.json(Method::POST, "/api/v1/queue/golf-1/services", work).await.status, StatusCode::OK);
    let devices = emil.get("/api/v1/devices").await.body;
    assert!(devices.contains("golf-1") && !devices.contains("anna"), "devices without people: {devices}");
}

#[tokio::test]
async fn row_15_nothing_is_told_twice_however_often_it_is_looked_at_and_restarted() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.subscribe("/browser").await;
    scene.come_up().await;
    scene.settle().await;
    scene.later(HOUR_MS).await;
    let mails = scene.mail.mails().len();
    assert_eq!(scene.told(), [1, 1]);
    for _ in 0..3 {
        // The same plan again is the same facts again.
        scene.come_up().await;
        let restarted = Worker::new(scene.app.state.service.clone(), scene.settings(), &crate::app::workshop());
        while restarted.plan().await.unwrap() > 0 {}
        for channel in Channel::ALL {
            while restarted.send(channel).await.unwrap() > 0 {}
        }
        scene.later(HOUR_MS).await;
    }
    assert_eq!((scene.told(), scene.mail.mails().len()), ([1, 1], mails));
}

#[tokio::test]
async fn row_16_each_owner_has_hours_of_their_own_in_their_own_zone() {
    let scene = Scene::set().await;
    let mut wish = scene.wish();
    // It is 18:30 in Tokyo.
    (wish["quiet_from"], wish["quiet_to"]) = (json!("18:00"), json!("19:15"));
    wish["time_zone"] = json!("Asia/Tokyo");
    scene.choose(&wish).await;
    scene.subscribe("/browser").await;
    scene.come_up().await;
    scene.settle().await;
    assert_eq!(scene.told(), [0, 0]);
    let body = scene.anna.get("/api/v1/vehicles/volt-2/deliveries").await.json();
    let held = body["deliveries"].as_array().unwrap().iter().find(|one| one["channel"] == "push").unwrap();
    assert_eq!((held["held_by"].as_str(), held["at"].as_str()), (Some("quiet_hours"), Some("2026-11-12T10:15:00Z")));
    scene.later(44 * 60_000).await;
    assert_eq!(scene.told(), [0, 0]);
    scene.later(60_000).await;
    assert_eq!(scene.told(), [1, 1]);
}

#[tokio::test]
async fn row_17_what_is_ignored_comes_to_a_person_and_leaves_when_it_is_answered() {
    let scene = Scene::set().await;
    let mut wish = scene.wish();
    for channel in ["push", "email", "text", "webhook", "letter"] {
        wish["choices"][channel] = json!({ "when": "never", "from": "due" });
    }
    wish["choices"]["call"] = json!({ "when": "if_ignored", "days": 14, "from": "upcoming" });
    scene.choose(&wish).await;
    scene.settle().await;
    let vera = scene.app.client("vera").await;
    let calls = async || {
        let tasks = vera.get("/api/v1/tasks").await.json()["tasks"].clone();
        tasks.as_array().unwrap().iter().filter(|task| task["vehicle"] == "golf-1").count()
    };
    // The reminder has been open for six days.
    scene.later(7 * DAY_MS).await;
    assert_eq!(calls().await, 0);
    scene.later(DAY_MS + HOUR_MS).await;
    assert_eq!(calls().await, 1);
    scene.later(5 * DAY_MS).await;
    assert_eq!(calls().await, 1, "one call, not one a day");
    scene.answer_in_car().await;
    scene.settle().await;
    assert_eq!(calls().await, 0);
}
