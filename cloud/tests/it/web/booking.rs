use axum::http::StatusCode;
use milepost_protocol::notice::NoticeState;

use crate::api::bookings::with_workshop;
use crate::app::{Client, TestApp, brake_reminder};

/// The values of the buttons that book a time.
fn starts(page: &str) -> Vec<String> {
    let values = page.split("name=\"start\" value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Books the first suggested time for the brake fluid, as an owner without JavaScript does.
async fn book(anna: &Client) -> String {
    let home = anna.get("/vehicles/golf-1").await.body;
    let link = "/vehicles/golf-1/booking?item-2=on";
    assert!(home.contains(link), "{home}");
    let page = anna.get(link).await.body;
    let start = starts(&page).first().cloned().unwrap_or_else(|| panic!("{page}"));
    let fields = format!("workshop=mitte&item-2=on&start={start}");
    anna.form("/vehicles/golf-1/bookings", &fields).await.location().to_owned()
}

#[tokio::test]
async fn from_the_reminder_two_taps_lead_to_an_appointment() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    assert_eq!(book(&anna).await, "/vehicles/golf-1/bookings?did=booked");
    let page = anna.get("/vehicles/golf-1/bookings?did=booked").await.body;
    for text in ["Booked. See you there.", "Brake fluid", "Mitte, Road 2, Town", "Planned", "Calendar file"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(app.vehicle("golf-1").await.notices[&brake_reminder()].state(), NoticeState::Booked);
}

#[tokio::test]
async fn a_visit_is_moved_and_cancelled_with_forms() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    book(&anna).await;
    let page = anna.get("/vehicles/golf-1/bookings").await.body;
    let id = page.split("booking?move=").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let choose = anna.get(&format!("/vehicles/golf-1/booking?move={id}&day=2026-11-17")).await.body;
    assert!(choose.contains("All times on 2026-11-17"), "{choose}");
    let last = starts(&choose).last().cloned().unwrap();
    let moved = anna.form(&format!("/vehicles/golf-1/bookings/{id}/move"), &format!("start={last}")).await;
    assert_eq!(moved.location(), "/vehicles/golf-1/bookings?did=moved", "{}", moved.body);
    let cancelled = anna.form(&format!("/vehicles/golf-1/bookings/{id}/cancel"), "").await;
    assert_eq!(cancelled.location(), "/vehicles/golf-1/bookings?did=cancelled");
    let page = anna.get(cancelled.location()).await.body;
    assert!(page.contains("No visit is planned.") && page.contains("Cancelled"), "{page}");
}

#[tokio::test]
async fn without_a_workshop_the_owner_can_still_say_that_an_appointment_is_wanted() {
    let app = TestApp::new().await;
    let page = app.client("anna").await.get("/vehicles/golf-1/booking?item-2=on").await.body;
    assert!(page.contains("I want an appointment") && page.contains(&brake_reminder().to_string()), "{page}");
}

#[tokio::test]
async fn the_board_shows_the_day_and_marks_what_happened() {
    let app = with_workshop().await;
    let (anna, vera) = (app.client("anna").await, app.client("vera").await);
    book(&anna).await;
    let visits = anna.get("/api/v1/vehicles/golf-1/bookings").await.json();
    let day = visits["bookings"][0]["start_at"].as_str().unwrap()[..10].to_owned();
    let page = vera.get(&format!("/advisor/appointments?view=week&day={day}")).await.body;
    assert!(page.contains("VW Golf Variant") && page.contains("/advisor/vehicles/golf-1"), "{page}");
    let id = page.split("id=\"visit-").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    assert!(!page.contains("mark-arrived") && !page.contains("value=\"arrived\""), "it is too early for that");
    app.state.service.clock().advance(std::time::Duration::from_hours(40 * 24));
    let page = vera.get(&format!("/advisor/appointments?day={day}")).await.body;
    assert!(page.contains("value=\"arrived\"") && page.contains("data-key=\"d\""), "{page}");
    let path = format!("/advisor/appointments/{id}");
    let fields = format!("mark=done&odometer=48500&workshop=mitte&day={day}&view=day");
    let done = vera.form(&path, &fields).await;
    let back = format!("/advisor/appointments?workshop=mitte&day={}&view=day", day.replace('-', "%2D"));
    assert_eq!(done.location(), back, "{}", done.body);
    assert_eq!(app.vehicle("golf-1").await.notices[&brake_reminder()].state(), NoticeState::Done);
    for other in [&anna, &app.client("emil").await] {
        assert_eq!(other.get("/advisor/appointments").await.status, StatusCode::NOT_FOUND);
        assert_eq!(other.form(&path, "mark=arrived").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_private_calendar_is_read_by_its_address_until_it_ends() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    book(&anna).await;
    let path_of = |page: &str| {
        let rest = page.split("/calendar/").skip(1).find(|rest| rest.contains(".ics"));
        format!("/calendar/{}.ics", rest.and_then(|rest| rest.split(".ics").next()).unwrap())
    };
    let first = path_of(&anna.form("/vehicles/golf-1/calendar", "").await.body);
    let second = path_of(&anna.form("/vehicles/golf-1/calendar", "").await.body);
    let nobody = app.anonymous();
    assert_eq!(nobody.get(&first).await.status, StatusCode::NOT_FOUND, "a new address ends the old one");
    let feed = nobody.get(&second).await;
    assert_eq!(feed.headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(feed.body.matches("BEGIN:VEVENT").count(), 1, "{}", feed.body);
    assert!(!anna.get("/vehicles/golf-1/bookings").await.body.contains(&second[10..30]), "it is shown once");
    anna.form("/vehicles/golf-1/calendar/end", "").await;
    assert_eq!(nobody.get(&second).await.status, StatusCode::NOT_FOUND);
    assert_eq!(nobody.get("/calendar/nothing.ics").await.status, StatusCode::NOT_FOUND);
}
