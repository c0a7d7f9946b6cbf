use axum::http::{Method, StatusCode};
use milepost::booking::{WorkshopDoc, publish};
use milepost::config::Config;
use milepost::store::Store as _;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::plan::ItemId;
use serde_json::{Value, json};

use crate::app::{Client, TestApp, brake_reminder};

/// 16 November 2026, a Monday, 09:00 in Berlin; the tests' now is the Thursday before.
const MONDAY_9: &str = "2026-11-16T08:00:00Z";

const WORKSHOPS: &str = r#"
[[workshop.places]]
id = "mitte"
name = "Mitte"
address = "Road 2, Town"
time_zone = "Europe/Berlin"
bays = 1
minutes = { 2 = 90 }
[workshop.places.open]
monday = ["08:00-12:00", "13:00-17:00"]
tuesday = ["08:00-12:00", "13:00-17:00"]
wednesday = ["08:00-12:00"]
friday = ["08:00-12:00"]
"#;

fn workshops() -> Vec<WorkshopDoc> {
    Config::parse(WORKSHOPS, "test").unwrap().workshop.build().unwrap()
}

/// A service with one workshop that has one bay.
pub(crate) async fn with_workshop() -> TestApp {
    let app = TestApp::new().await;
    publish(&app.store, &workshops()).await.unwrap();
    app
}

fn wish(start_at: &str) -> String {
    json!({ "workshop": "mitte", "items": [2], "start_at": start_at, "waits": true, "note": "the key is in the box" })
        .to_string()
}

async fn book(client: &Client, vehicle: &str, start_at: &str) -> crate::app::Answer {
    client.json(Method::POST, &format!("/api/v1/vehicles/{vehicle}/bookings"), &wish(start_at)).await
}

async fn booked(app: &TestApp) -> String {
    let answer = book(&app.client("anna").await, "golf-1", MONDAY_9).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["booking"]["id"].as_str().unwrap().to_owned()
}

async fn brake_state(app: &TestApp) -> NoticeState {
    app.vehicle("golf-1").await.notices[&brake_reminder()].state()
}

async fn slots(client: &Client, query: &str) -> Value {
    let answer = client.get(&format!("/api/v1/vehicles/golf-1/slots?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_booked_visit_answers_its_reminder_and_its_time_is_free_no_more() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    let before = slots(&anna, "items=2&day=2026-11-16").await;
    assert_eq!((&before["minutes"], before["of_day"].as_array().unwrap().len()), (&json!(90), 12));
    booked(&app).await;
    assert_eq!(brake_state(&app).await, NoticeState::Booked);
    let after = slots(&anna, "items=2&day=2026-11-16").await;
    let starts: Vec<&str> =
        after["of_day"].as_array().unwrap().iter().map(|s| s["start_at"].as_str().unwrap()).collect();
    assert!(!starts.contains(&MONDAY_9) && starts.contains(&"2026-11-16T09:30:00Z"), "{starts:?}");
    for (vehicle, start_at) in [("volt-2", MONDAY_9), ("volt-2", "2026-11-16T09:00:00Z")] {
        let late = book(&anna, vehicle, start_at).await;
        assert_eq!(
            (late.status, late.json()["code"].as_str()),
            (StatusCode::CONFLICT, Some("time-taken")),
            "{start_at}"
        );
    }
}

#[tokio::test]
async fn of_many_who_want_the_one_bay_at_once_exactly_one_gets_it() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    let all = (0..12).map(|number| {
        let (anna, vehicle) = (anna.clone(), if number % 2 == 0 { "golf-1" } else { "volt-2" });
        tokio::spawn(async move { book(&anna, vehicle, MONDAY_9).await.status })
    });
    let mut created = 0;
    for answer in all.collect::<Vec<_>>() {
        let status = answer.await.unwrap();
        assert!(matches!(status, StatusCode::CREATED | StatusCode::CONFLICT), "{status}");
        created += usize::from(status == StatusCode::CREATED);
    }
    assert_eq!(created, 1);
    let board = app.client("vera").await.get("/api/v1/workshops/mitte/bookings?from=2026-11-16").await.json();
    assert_eq!(board["bookings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_time_that_is_closed_past_or_too_near_is_refused() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    for start_at in [
        "2026-11-15T08:00:00Z", // a Sunday
        "2026-11-16T10:30:00Z", // into the noon break
        "2026-11-12T10:00:00Z", // half an hour from now
        "2026-11-09T08:00:00Z", // last Monday
        "2027-11-15T08:00:00Z", // next year
    ] {
        let answer = book(&anna, "golf-1", start_at).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::CONFLICT, Some("time-taken")));
    }
    let shown = matches!(brake_state(&app).await, NoticeState::Shown { .. });
    assert!(shown, "what was not booked answers nothing");
}

#[tokio::test]
async fn a_moved_visit_gives_its_old_time_back() {
    let app = with_workshop().await;
    let (anna, id) = (app.client("anna").await, booked(&app).await);
    let path = format!("/api/v1/vehicles/golf-1/bookings/{id}/reschedule");
    let moved = anna.json(Method::POST, &path, r#"{"start_at":"2026-11-17T08:00:00Z"}"#).await;
    assert_eq!(moved.json()["booking"]["start_at"], "2026-11-17T08:00:00Z", "{}", moved.body);
    assert_eq!(book(&anna, "volt-2", MONDAY_9).await.status, StatusCode::CREATED);
    let back = anna.json(Method::POST, &path, &json!({ "start_at": MONDAY_9 }).to_string()).await;
    assert_eq!(back.status, StatusCode::CONFLICT, "somebody has it now");
    let vera = app.client("vera").await;
    for (day, count) in [("2026-11-16", 1), ("2026-11-17", 1), ("2026-11-18", 0)] {
        let board = vera.get(&format!("/api/v1/workshops/mitte/bookings?from={day}")).await.json();
        assert_eq!(board["bookings"].as_array().unwrap().len(), count, "{day}");
    }
}

#[tokio::test]
async fn a_cancelled_visit_and_one_that_nobody_came_to_let_the_reminder_ask_again() {
    let app = with_workshop().await;
    let (anna, vera) = (app.client("anna").await, app.client("vera").await);
    let cancelled = booked(&app).await;
    let path = format!("/api/v1/vehicles/golf-1/bookings/{cancelled}/cancel");
    for _ in 0..2 {
        assert_eq!(anna.json(Method::POST, &path, "").await.json()["booking"]["standing"], "cancelled");
    }
    assert_eq!(brake_state(&app).await, NoticeState::Raised);

    let missed = booked(&app).await;
    assert_eq!(brake_state(&app).await, NoticeState::Booked);
    let path = format!("/api/v1/bookings/{missed}/mark");
    let early = vera.json(Method::POST, &path, r#"{"mark":"no_show"}"#).await;
    assert_eq!((early.status, early.json()["code"].as_str()), (StatusCode::CONFLICT, Some("visit-state")));
    app.state.service.clock().advance(std::time::Duration::from_hours(5 * 24));
    let late = vera.json(Method::POST, &path, r#"{"mark":"no_show"}"#).await;
    assert_eq!(late.json()["booking"]["standing"], "no_show", "{}", late.body);
    assert_eq!(brake_state(&app).await, NoticeState::Raised);
}

#[tokio::test]
async fn work_that_was_done_begins_a_new_cycle_with_its_odometer() {
    let app = with_workshop().await;
    let (vera, id) = (app.client("vera").await, booked(&app).await);
    app.state.service.clock().advance(std::time::Duration::from_hours(4 * 24));
    let before = app.vehicle("golf-1").await.item(ItemId::BRAKE_FLUID).unwrap().anchor;
    let path = format!("/api/v1/bookings/{id}/mark");
    assert_eq!(vera.json(Method::POST, &path, r#"{"mark":"arrived"}"#).await.status, StatusCode::OK);
    let impossible = vera.json(Method::POST, &path, r#"{"mark":"done","odometer_m":900000000}"#).await;
    assert_eq!(impossible.json()["code"], "completion");
    for _ in 0..2 {
        let done = vera.json(Method::POST, &path, r#"{"mark":"done","odometer_m":48500000}"#).await;
        assert_eq!(done.json()["booking"]["standing"], "done", "{}", done.body);
    }
    let after = app.vehicle("golf-1").await.item(ItemId::BRAKE_FLUID).unwrap().anchor;
    assert_eq!((after.cycle, after.odometer_m), (before.cycle + 1, 48_500_000), "once, however often it is told");
    assert_eq!(brake_state(&app).await, NoticeState::Done);
}

#[tokio::test]
async fn a_workshop_that_left_the_configuration_keeps_its_visits_and_takes_no_new_ones() {
    let app = with_workshop().await;
    booked(&app).await;
    publish(&app.store, &[]).await.unwrap();
    let anna = app.client("anna").await;
    assert_eq!(anna.get("/api/v1/workshops").await.json()["workshops"], json!([]));
    assert_eq!(book(&anna, "volt-2", "2026-11-17T08:00:00Z").await.status, StatusCode::NOT_FOUND);
    let board = app.client("vera").await.get("/api/v1/workshops/mitte/bookings?from=2026-11-16").await.json();
    assert_eq!(board["bookings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_visit_is_a_calendar_file_and_nobody_elses_business() {
    let app = with_workshop().await;
    let id = booked(&app).await;
    let path = format!("/api/v1/vehicles/golf-1/bookings/{id}/invitation");
    let file = app.client("anna").await.get(&path).await;
    assert_eq!(file.headers["content-type"], "text/calendar; charset=utf-8");
    let text = file.body.replace("\r\n ", "");
    for line in ["DTSTART:20261116T080000Z\r\n", "DTEND:20261116T093000Z\r\n", "LOCATION:Mitte\\, Road 2\\, Town\r\n"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(app.client("bert").await.get(&path).await.status, StatusCode::NOT_FOUND);
    let export = app.client("anna").await.get("/api/v1/vehicles/golf-1/export").await.json();
    assert_eq!(export["export"]["visits"][0]["id"], id.as_str());
    let other = format!("/api/v1/vehicles/volt-2/bookings/{id}/cancel");
    assert_eq!(app.client("anna").await.json(Method::POST, &other, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_bay_of_an_erased_vehicle_is_free_again() {
    let app = with_workshop().await;
    booked(&app).await;
    let anna = app.client("anna").await;
    assert_eq!(book(&anna, "volt-2", MONDAY_9).await.status, StatusCode::CONFLICT, "there is one bay");
    app.store.erase(&"golf-1".parse().unwrap()).await.unwrap();
    let offered = anna.get("/api/v1/vehicles/volt-2/slots?items=2&day=2026-11-16").await.json();
    let starts: Vec<&str> =
        offered["of_day"].as_array().unwrap().iter().map(|slot| slot["start_at"].as_str().unwrap()).collect();
    assert!(starts.contains(&MONDAY_9), "{starts:?}");
    let taken = book(&anna, "volt-2", MONDAY_9).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.body);
}
