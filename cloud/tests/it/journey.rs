use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use milepost::channels::Worker;
use milepost::domain::{Actor, Profile, Subject, Vehicle};
use milepost_engine::channels::Channel;
use milepost_engine::journey::{Message, Signal, What};
use milepost_engine::plan::Powertrain;
use milepost_protocol::DeviceId;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::{Answer, NoticeState};
use milepost_protocol::plan::DAY_MS;
use serde_json::Value;

use crate::api::bookings::with_workshop;
use crate::app::{Client, NOW_MS, TestApp};

const MONDAY_9: &str = "2026-11-16T08:00:00Z";

fn device(id: &str) -> DeviceId {
    id.parse().unwrap()
}

/// The notices of a vehicle that tell a message.
fn told(vehicle: &Vehicle, wanted: Message) -> Vec<milepost::domain::NoticeDoc> {
    let is_wanted = |subject| matches!(subject, Subject::Programme { message, .. } if message == wanted);
    vehicle.notices.values().filter(|notice| is_wanted(notice.subject)).cloned().collect()
}

/// Lets time go on day by day, as the service's own ticks do.
async fn live(app: &TestApp, days: u64) {
    for _ in 0..days {
        app.state.service.clock().set(app.state.now_ms() + DAY_MS);
        app.committer().tick().await;
    }
}

/// A car that Anna has just got.
async fn bought(app: &TestApp) -> DeviceId {
    let id = device("new-9");
    let profile = Profile { model_name: "Skoda".to_owned(), ..Profile::default() };
    app.state.service.register(&id, profile, Some("anna".parse().unwrap()), Actor::System).await.unwrap();
    let purposes = Purposes::FUNCTION.and(Purposes::WORKSHOP);
    app.state.service.set_consent(&id, purposes, Actor::System).await.unwrap();
    id
}

/// What a lead sees of Anna's contacts.
async fn contacts(lead: &Client) -> Vec<Value> {
    let answer = lead.get("/api/v1/journeys/anna").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["journey"]["contacts"].as_array().unwrap().clone()
}

fn of<'a>(contacts: &'a [Value], touchpoint: &str, outcome: &str) -> Vec<&'a Value> {
    contacts.iter().filter(|one| one["touchpoint"] == touchpoint && one["outcome"] == outcome).collect()
}

#[tokio::test]
async fn the_welcome_pack_comes_within_a_month_with_what_the_owner_chose() {
    let app = TestApp::new().await;
    let id = bought(&app).await;
    let anna = app.client("anna").await;
    let page = anna.get("/vehicles/new-9/programmes").await.body;
    assert!(page.contains("What your pack shall hold"), "{page}");
    let saved = anna.form("/vehicles/new-9/programmes/welcome", "do=choose&care-guide=on").await;
    assert_eq!(saved.location(), "/vehicles/new-9/programmes?did=programmes", "{}", saved.body);
    live(&app, 9).await;
    assert!(told(&app.vehicle("new-9").await, Message::WelcomePack).is_empty());
    live(&app, 1).await;
    let vehicle = app.vehicle("new-9").await;
    let packs = told(&vehicle, Message::WelcomePack);
    assert_eq!(packs.len(), 1);
    assert_eq!(packs[0].programme.as_ref().unwrap().chosen, ["care-guide"]);
    assert!(packs[0].in_car, "{packs:?}");
    let home = anna.get("/vehicles/new-9").await.body;
    assert!(home.contains("Your welcome pack") && home.contains("Caring for the car"), "{home}");
    assert!(home.contains("a record without gaps is worth something"), "what is in it stands there: {home}");
    assert!(!home.contains("The first drives"), "{home}");
    live(&app, 3).await;
    assert_eq!(told(&app.vehicle("new-9").await, Message::WelcomePack).len(), 1, "it is told once");
    assert_eq!(vehicle.journey.evidence.count(Signal::Bought), 1);
    let _ = id;
}

#[tokio::test]
async fn the_fortnights_question_goes_to_the_segment_that_it_is_for_and_comes_in_time() {
    let app = TestApp::new().await;
    let id = bought(&app).await;
    let other = device("new-8");
    app.state.service.register(&other, Profile::default(), Some("anna".parse().unwrap()), Actor::System).await.unwrap();
    let electric = Profile { powertrain: Powertrain::Electric, ..Profile::default() };
    app.state.service.describe(&id, electric, Actor::System).await.unwrap();
    for car in [&id, &other] {
        let purposes = Purposes::FUNCTION.and(Purposes::OFFERS);
        app.state.service.set_consent(car, purposes, Actor::System).await.unwrap();
    }
    live(&app, 14).await;
    let asked = told(&app.vehicle("new-9").await, Message::AdviceWanted);
    assert_eq!(asked.len(), 1);
    assert!(asked[0].raised_ms() <= NOW_MS + 14 * DAY_MS);
    live(&app, 30).await;
    assert_eq!(told(&app.vehicle("new-9").await, Message::AdviceWanted).len(), 1);
    assert!(
        told(&app.vehicle("new-8").await, Message::AdviceWanted).is_empty(),
        "much is new to drivers of electric cars"
    );
}

#[tokio::test]
async fn whoever_looked_for_a_time_and_made_no_appointment_is_helped_two_days_later() {
    let app = with_workshop().await;
    let anna = app.client("anna").await;
    let page = anna.get("/vehicles/golf-1/booking").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    live(&app, 1).await;
    assert!(told(&app.vehicle("golf-1").await, Message::BookingHelp).is_empty());
    live(&app, 2).await;
    let vehicle = app.vehicle("golf-1").await;
    assert_eq!(told(&vehicle, Message::BookingHelp).len(), 1, "{:?}", vehicle.journey.runs());
    anna.get("/vehicles/golf-1/booking").await;
    live(&app, 10).await;
    assert_eq!(told(&app.vehicle("golf-1").await, Message::BookingHelp).len(), 1, "once in two months");
}

#[tokio::test]
async fn a_visit_is_followed_up_two_days_later_once_and_its_scenes_are_on_the_timeline() {
    let app = with_workshop().await;
    let (anna, vera, lena) = (app.client("anna").await, app.client("vera").await, app.client("lena").await);
    let wish = r#"{"workshop":"mitte","items":[2],"start_at":""#.to_owned() + MONDAY_9 + r#""}"#;
    let answer = anna.json(Method::POST, "/api/v1/vehicles/golf-1/bookings", &wish).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let visit = answer.json()["booking"]["id"].as_str().unwrap().to_owned();
    live(&app, 4).await;
    for mark in ["arrived", "done"] {
        let body = format!(r#"{{"mark":"{mark}"}}"#);
        let path = format!("/api/v1/bookings/{visit}/mark");
        let answer = vera.json(Method::POST, &path, &body).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        vera.json(Method::POST, &path, &body).await;
    }
    live(&app, 1).await;
    assert!(told(&app.vehicle("golf-1").await, Message::VisitFollowUp).is_empty());
    live(&app, 3).await;
    let vehicle = app.vehicle("golf-1").await;
    assert_eq!(told(&vehicle, Message::VisitFollowUp).len(), 1, "{:?}", vehicle.journey);
    let contacts = contacts(&lena).await;
    let mut done = of(&contacts, "workshop", "done");
    done.retain(|one| one["cause"] == "visit");
    assert_eq!(done.len(), 1, "{contacts:?}");
    assert_eq!((done[0]["place"].as_str(), done[0]["met"].as_str()), (Some("mitte"), Some("advisor")));
    assert_eq!(of(&contacts, "workshop", "arrived").len(), 1);
    assert_eq!(of(&contacts, "account", "booked").iter().filter(|one| one["cause"] == "visit").count(), 1);
    let page = lena.get("/experience/owners/anna").await.body;
    for text in ["Journey of anna", "After a visit", "Service advisor · mitte", "Workshop"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn whoever_leaves_a_programme_hears_no_more_of_it_until_they_join_again() {
    let app = TestApp::new().await;
    bought(&app).await;
    let anna = app.client("anna").await;
    live(&app, 10).await;
    let pack = told(&app.vehicle("new-9").await, Message::WelcomePack);
    assert_eq!(pack[0].state(), NoticeState::Raised);
    let path = "/api/v1/vehicles/new-9/programmes/welcome";
    let left = anna.json(Method::PUT, path, r#"{"takes_part":false}"#).await;
    assert_eq!(left.status, StatusCode::NO_CONTENT, "{}", left.body);
    live(&app, 60).await;
    let vehicle = app.vehicle("new-9").await;
    assert!(told(&vehicle, Message::WelcomeYear).is_empty());
    assert!(vehicle.notices[&pack[0].id()].state().is_final(), "what was open goes away");
    anna.json(Method::PUT, path, r#"{"takes_part":true}"#).await;
    live(&app, 30).await;
    assert!(told(&app.vehicle("new-9").await, Message::WelcomeYear).is_empty(), "what was left does not come back");
    let lena = app.client("lena").await;
    assert_eq!(of(&contacts(&lena).await, "account", "left").len(), 1);
}

#[tokio::test]
async fn a_programmes_step_travels_only_by_the_channels_that_it_names_and_is_recorded_when_it_went_out() {
    let app = TestApp::new().await;
    bought(&app).await;
    let anna = app.client("anna").await;
    let hook = r#"{"webhook":"http://127.0.0.1:9/","email":"anna@example.org"}"#;
    let saved = anna.json(Method::PUT, "/api/v1/channels", hook).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    // As if its owner had opened the link in the mail that asks.
    let account = "anna".parse().unwrap();
    let (version, mut contact) = app.state.channels.contact(&account).await.unwrap();
    contact.email = contact.unconfirmed.take().map(|known| known.address);
    app.state.channels.save(&account, version, &contact).await.unwrap();
    live(&app, 10).await;
    let channels = milepost::config::Channels {
        public_url: "https://cars.example".to_owned(),
        email: milepost::config::Email { server: Some("127.0.0.1:9".to_owned()), ..Default::default() },
        ..Default::default()
    };
    let workshop = milepost::config::Workshop {
        calls: true,
        sender: vec!["W".to_owned(), "Road 2".to_owned()],
        ..Default::default()
    };
    let worker = Worker::new(app.state.service.clone(), channels, &workshop);
    while worker.plan().await.unwrap() > 0 {}
    let pack = told(&app.vehicle("new-9").await, Message::WelcomePack);
    let planned = app.state.channels.deliveries(&device("new-9")).await.unwrap();
    let of_pack: Vec<Channel> =
        planned.iter().filter(|one| one.key.notice == pack[0].id()).map(|one| one.key.channel).collect();
    assert!(of_pack.contains(&Channel::Email) && !of_pack.contains(&Channel::Webhook), "{of_pack:?}");
    assert!(!of_pack.contains(&Channel::Call), "{of_pack:?}");
}

#[tokio::test]
async fn every_answer_is_a_contact_once_and_erasing_keeps_only_counts() {
    let app = TestApp::new().await;
    let (anna, lena) = (app.client("anna").await, app.client("lena").await);
    let golf = device("golf-1");
    let notice = crate::app::brake_reminder();
    for _ in 0..3 {
        app.state.service.answer(&golf, notice, Answer::Book, Actor::Car).await.unwrap();
    }
    let before = contacts(&lena).await;
    let booked = of(&before, "car", "booked");
    assert_eq!((booked.len(), booked[0]["cause"].as_str()), (1, Some("reminder")), "{before:?}");
    let audit = lena.get("/api/v1/touchpoints").await.json();
    let lines: BTreeMap<String, u64> = audit["audit"]["touchpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["touchpoint"].as_str().unwrap().to_owned(), line["inbound"].as_u64().unwrap()))
        .collect();
    assert_eq!(lines["car"], 1);
    let page = lena.get("/experience/touchpoints?touchpoint=car&figure=inbound").await.body;
    assert!(page.contains("appointment made") && page.contains("/experience/owners/anna"), "{page}");
    let erased = anna.json(Method::DELETE, "/api/v1/contacts", "").await;
    assert_eq!(erased.status, StatusCode::NO_CONTENT);
    assert!(contacts(&lena).await.is_empty());
    let audit = lena.get("/api/v1/touchpoints").await.json();
    assert_eq!(audit["audit"]["erased_contacts"].as_u64(), Some(before.len() as u64));
    anna.json(Method::DELETE, "/api/v1/contacts", "").await;
    let again = lena.get("/api/v1/touchpoints").await.json();
    assert_eq!(again["audit"]["erased_contacts"], audit["audit"]["erased_contacts"], "nothing is counted twice");
}

#[tokio::test]
async fn the_board_counts_everybody_and_a_told_contact_moves_the_stage() {
    let app = TestApp::new().await;
    let lena = app.client("lena").await;
    bought(&app).await;
    live(&app, 1).await;
    let page = lena.get("/experience/journeys").await.body;
    for text in ["Owners: 2", "Stages", "Welcome", "Drifting away", "Return by dealer"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let fields = "vehicle=new-9&touchpoint=call&met=advisor&place=Mitte&note=The+tyres+are+loud&outcome=complained";
    let saved = lena.form("/experience/owners/anna", fields).await;
    assert_eq!(saved.location(), "/experience/owners/anna", "{}", saved.body);
    let page = lena.get("/experience/owners/anna").await.body;
    assert!(page.contains("The tyres are loud") && page.contains("complained"), "{page}");
    assert_eq!(app.vehicle("new-9").await.journey.evidence.count(Signal::TurnedAway), 1);
    let audit = lena.get("/api/v1/touchpoints").await.json();
    assert_eq!(audit["audit"]["annoyed"], 1);
    let wrong = lena.form("/experience/owners/anna", &fields.replace("complained", "cheered")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_owner_who_shares_nothing_with_the_workshop_is_counted_and_not_named() {
    let app = TestApp::new().await;
    let lena = app.client("lena").await;
    bought(&app).await;
    for car in ["golf-1", "volt-2", "new-9"] {
        app.state.service.set_consent(&device(car), Purposes::FUNCTION, Actor::System).await.unwrap();
    }
    assert_eq!(lena.get("/experience/owners/anna").await.status, StatusCode::NOT_FOUND);
    let page = lena.get("/experience/touchpoints").await.body;
    assert!(!page.contains("/experience/owners/anna"), "{page}");
}

#[tokio::test]
async fn a_step_whose_purpose_was_not_consented_to_is_passed_over_with_its_reason() {
    let app = TestApp::new().await;
    let id = bought(&app).await;
    let profile = Profile {
        registered_ms: NOW_MS - 3 * 365 * DAY_MS + 5 * DAY_MS,
        time_zone: "Europe/Berlin".to_owned(),
        ..Profile::default()
    };
    app.state.service.describe(&id, profile, Actor::System).await.unwrap();
    live(&app, 12).await;
    let vehicle = app.vehicle("new-9").await;
    let birthday = vehicle.journey.runs().iter().find(|run| run.programme == "car-birthday");
    let what: Vec<What> = birthday.unwrap().log.iter().map(|entry| entry.what).collect();
    assert_eq!(what, [What::NoConsent]);
    assert!(told(&vehicle, Message::CarBirthday).is_empty());
}

#[tokio::test]
async fn programmes_that_do_not_read_end_the_start_of_the_pages_too() {
    use milepost::web::{AppState, Settings};
    let app = TestApp::new().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("welcome.toml"), "name = \"welcome\"\n").unwrap();
    let journeys = milepost::config::Journeys { folder: Some(folder.path().to_owned()), ..Default::default() };
    let start = |journeys| {
        let settings = Settings { journeys, ..Settings::default() };
        AppState::new(app.state.service.clone(), app.wall.clone(), settings).map(|_| ())
    };
    let error = start(journeys).unwrap_err();
    assert!(
        matches!(&error, milepost::config::FolderError::Wrong(found) if found.to_string().starts_with("welcome.toml")),
        "{error:?}"
    );
    assert!(start(milepost::config::Journeys::default()).is_ok());
}
