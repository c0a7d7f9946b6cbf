//! One owner, many ways to reach them: what one contact means for all others, and what the owner learns of it.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use milepost::domain::{Actor, NoticeDoc, Profile, Question, Subject, Vehicle};
use milepost::rules::{Around, contacts, would_do};
use milepost::store::{Commit, Store as _, VehicleWrite};
use milepost_engine::journey::{Event, Message, Trigger};
use milepost_engine::offers::{Outcome, Rejection};
use milepost_engine::usage::Times;
use milepost_protocol::DeviceId;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::{TyreSample, Wheel};

use crate::app::{Client, NOW_MS, TestApp, WINTER_TYRES};

/// The advice that comes before the winter tyres.
const WINTER_DRIVING: u16 = 2;

const HOUR_MS: u64 = 3_600_000;

fn device(id: &str) -> DeviceId {
    id.parse().unwrap()
}

fn told(vehicle: &Vehicle, wanted: Message) -> Vec<NoticeDoc> {
    let is_wanted = |subject| matches!(subject, Subject::Programme { message, .. } if message == wanted);
    vehicle.notices.values().filter(|notice| is_wanted(notice.subject)).cloned().collect()
}

/// A car of Anna's as somebody has left it.
async fn put(app: &TestApp, id: &str, change: impl FnOnce(&mut Vehicle)) -> DeviceId {
    let mut vehicle = Vehicle::new(device(id), NOW_MS - 90 * DAY_MS);
    vehicle.owner = Some("anna".parse().unwrap());
    vehicle.consent.purposes = Purposes::FUNCTION.and(Purposes::OFFERS).and(Purposes::WORKSHOP);
    vehicle.revision = 1;
    change(&mut vehicle);
    app.store
        .commit(Commit { vehicles: vec![VehicleWrite { expected: None, vehicle }], ..Commit::default() })
        .await
        .unwrap();
    device(id)
}

/// A car on summer wheels after a week of cold, whose owner was advised: nothing but contacts speaks against winter tyres.
fn in_the_cold(now_ms: u64) -> Vehicle {
    let mut vehicle = Vehicle::new(device("cold-1"), now_ms - 90 * DAY_MS);
    // Not held out, by the key of the tests.
    vehicle.owner = Some("anna".parse().unwrap());
    vehicle.consent.purposes = Purposes::FUNCTION.and(Purposes::OFFERS);
    for (days_ago, decicelsius) in [(40, 210), (39, 205)].into_iter().chain((0..8).rev().map(|day| (day, 20))) {
        let at_ms = now_ms - days_ago * DAY_MS;
        let (wheel, outside_decicelsius) = (Wheel::FrontLeft, Some(decicelsius));
        let sample =
            TyreSample { wheel, pressure_pa: 235_000, air_decicelsius: None, outside_decicelsius, sensor: Some(7) };
        vehicle.state.apply(1, Times { measured_at_ms: at_ms, received_at_ms: at_ms }, &sample.into());
    }
    vehicle.offers.tip(WINTER_DRIVING, now_ms - 2 * DAY_MS);
    vehicle
}

/// Why winter tyres would not be offered now.
fn winter_tyres(app: &TestApp, vehicle: &Vehicle, around: &Around) -> Option<Rejection> {
    let decision = would_do(vehicle, app.state.service.offers(), around, app.state.now_ms());
    let candidate = decision.candidates.into_iter().find(|candidate| candidate.offer == WINTER_TYRES).unwrap();
    candidate.rejection
}

/// Lets time go on hour by hour, as the service's own ticks do.
async fn live_hours(app: &TestApp, hours: u64) {
    for _ in 0..hours {
        app.state.service.clock().set(app.state.now_ms() + HOUR_MS);
        app.committer().tick().await;
    }
}

async fn live(app: &TestApp, days: u64) {
    for _ in 0..days {
        app.state.service.clock().set(app.state.now_ms() + DAY_MS);
        app.committer().tick().await;
    }
}

async fn pdf(client: &Client, path: &str) -> (StatusCode, Vec<u8>) {
    let request = client.request(Method::GET, path).body(Body::empty()).unwrap();
    let (status, headers, body) = client.stream(request).await;
    if status == StatusCode::OK {
        assert_eq!(headers[header::CONTENT_TYPE], "application/pdf");
    }
    (status, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn what_programmes_have_told_fills_the_cap_of_offers_also_about_another_car() {
    let app = TestApp::new().await;
    let visited = |vehicle: &mut Vehicle| {
        vehicle.journey.apply(Event { at_ms: NOW_MS, id: 1, trigger: Trigger::VisitDone });
        vehicle.timer_ms = Some(NOW_MS);
    };
    for car in ["told-1", "told-2"] {
        put(&app, car, visited).await;
    }
    live(&app, 3).await;
    let mut around = Around { book: app.state.service.book(), ..Around::default() };
    let cold = in_the_cold(app.state.now_ms());
    assert_eq!(winter_tyres(&app, &cold, &around), None, "nothing speaks against it yet");
    for car in ["told-1", "told-2"] {
        let vehicle = app.vehicle(car).await;
        assert_eq!(told(&vehicle, Message::VisitFollowUp).len(), 1);
        around.contacts.extend(contacts(&vehicle).filter(|(_, promotes)| !promotes));
    }
    let rejection = winter_tyres(&app, &cold, &around);
    assert!(matches!(rejection, Some(Rejection::Capped { shown: 2, .. })), "{rejection:?}");
}

#[tokio::test]
async fn a_programme_leaves_the_owner_alone_at_night_and_tells_in_the_morning() {
    let app = TestApp::new().await;
    // Ten in the evening by the owner's clock, two days before.
    let midnight_ms = NOW_MS / DAY_MS * DAY_MS;
    app.state.service.clock().set(midnight_ms + DAY_MS);
    let id = device("new-9");
    let profile = Profile { time_zone: "Europe/Berlin".to_owned(), ..Profile::default() };
    app.state.service.register(&id, profile, Some("anna".parse().unwrap()), Actor::System).await.unwrap();
    let late_ms = midnight_ms + 11 * DAY_MS - 3 * HOUR_MS;
    app.state.service.clock().set(late_ms);
    app.committer().tick().await;
    live_hours(&app, 30).await;
    let vehicle = app.vehicle("new-9").await;
    let packs = told(&vehicle, Message::WelcomePack);
    assert_eq!(packs.len(), 1);
    let hour = (packs[0].raised_ms() / HOUR_MS + 1) % 24;
    assert!((8..21).contains(&hour), "told at {hour}");
}

#[tokio::test]
async fn who_waves_programmes_away_gets_no_offer_for_a_while() {
    let app = TestApp::new().await;
    let id = put(&app, "tired-1", |vehicle| {
        vehicle.journey.apply(Event { at_ms: NOW_MS, id: 1, trigger: Trigger::VisitDone });
        vehicle.timer_ms = Some(NOW_MS);
    })
    .await;
    live(&app, 3).await;
    let asked = told(&app.vehicle("tired-1").await, Message::VisitFollowUp);
    app.state.service.answer(&id, asked[0].id(), Answer::Refuse, Actor::Owner("anna".parse().unwrap())).await.unwrap();
    let refused = app.vehicle("tired-1").await.offers.others;
    assert_eq!(refused, [(Outcome::Refused, app.state.now_ms())], "the answer to a programme is known to offers");
    let around = Around { book: app.state.service.book(), ..Around::default() };
    let mut cold = in_the_cold(app.state.now_ms());
    cold.offers.settle_other(Outcome::Refused, app.state.now_ms() - 2 * DAY_MS);
    cold.offers.settle_other(Outcome::Refused, app.state.now_ms() - DAY_MS);
    assert_eq!(winter_tyres(&app, &cold, &around), None, "two are not enough");
    cold.offers.settle_other(refused[0].0, refused[0].1);
    let rejection = winter_tyres(&app, &cold, &around);
    assert!(matches!(rejection, Some(Rejection::Fatigued { .. })), "{rejection:?}");
}

#[tokio::test]
async fn one_question_is_asked_at_a_time_and_a_birthday_becomes_one_letter_with_its_candles() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    let asked = async |client: &Client| client.get("/api/v1/vehicles/golf-1/question").await.json()["question"].clone();
    assert_eq!(asked(&anna).await["name"], "vin");
    let home = anna.get("/vehicles/golf-1").await.body;
    assert!(home.contains("identification number?") && home.contains("What it gives you"), "{home}");
    assert_eq!(bert.get("/api/v1/vehicles/golf-1/question").await.status, StatusCode::NOT_FOUND);
    let wrong = anna.form("/vehicles/golf-1/questions/vin", "do=answer&answer=nonsense").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let never = anna.form("/vehicles/golf-1/questions/vin", "do=never").await;
    assert_eq!(never.location(), "/vehicles/golf-1?did=asked-never", "{}", never.body);
    assert!(asked(&anna).await.is_null(), "nothing is asked right after a reply");
    live(&app, 8).await;
    assert_eq!(asked(&anna).await["name"], "birthday");
    // The day after tomorrow, 46 years ago.
    let day =
        jiff::Timestamp::from_millisecond(app.state.now_ms().cast_signed()).unwrap() + jiff::Span::new().hours(48);
    let born = format!("{:04}-{}", 1980, day.strftime("%m-%d"));
    let body = format!(r#"{{"answer":"{born}"}}"#);
    let saved = anna.json(Method::PUT, "/api/v1/vehicles/golf-1/questions/birthday", &body).await;
    assert_eq!(saved.status, StatusCode::NO_CONTENT, "{}", saved.body);
    assert!(
        app.vehicle("volt-2").await.asked.born == app.vehicle("golf-1").await.asked.born,
        "the owner has one birthday"
    );
    live_hours(&app, 5 * 24).await;
    let letters: Vec<NoticeDoc> = {
        let (golf, volt) = (app.vehicle("golf-1").await, app.vehicle("volt-2").await);
        [golf, volt].iter().flat_map(|car| told(car, Message::OwnerBirthday)).collect()
    };
    let years: Vec<u32> = letters.iter().map(|notice| notice.programme.as_ref().unwrap().figures.years).collect();
    let age = i32::from(day.to_zoned(jiff::tz::TimeZone::UTC).year()) - 1980;
    assert_eq!(years, [age as u32], "one letter, whatever the number of cars");
    let page = anna.get("/vehicles/golf-1/programmes").await.body;
    assert!(page.contains("You told us your birthday"), "{page}");
    anna.form("/vehicles/golf-1/questions/birthday", "do=forget").await;
    for car in ["golf-1", "volt-2"] {
        let vehicle = app.vehicle(car).await;
        assert_eq!(vehicle.asked.born, None);
        assert_ne!(vehicle.question(app.state.now_ms() + 400 * DAY_MS), Some(Question::Birthday));
    }
}

#[tokio::test]
async fn a_buyer_reads_the_certificate_behind_a_link_until_its_owner_ends_it() {
    let app = TestApp::new().await;
    let (anna, buyer) = (app.client("anna").await, app.anonymous());
    let own = pdf(&anna, "/vehicles/golf-1/certificate.pdf").await;
    assert!(own.0 == StatusCode::OK && own.1.starts_with(b"%PDF-"));
    let made = anna.form("/vehicles/golf-1/certificate/link", "").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let at = made.body.find("/certificates/golf-1/").unwrap();
    let path: String = made.body[at..].chars().take_while(|letter| *letter != '"').collect();
    let page = buyer.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body.contains("Vehicle certificate: VW Golf Variant") && page.body.contains("vouched for"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("anna") && !page.body.contains("Anna"), "nobody is named");
    let paper = pdf(&buyer, &format!("{path}/certificate.pdf")).await;
    assert!(paper.0 == StatusCode::OK && paper.1.starts_with(b"%PDF-"));
    let guessed = format!("/certificates/golf-1/{}", "ab".repeat(32));
    assert_eq!(buyer.get(&guessed).await.status, StatusCode::NOT_FOUND);
    assert_eq!(buyer.get(&path.replace("golf-1", "volt-2")).await.status, StatusCode::NOT_FOUND);
    anna.form("/vehicles/golf-1/certificate/end", "").await;
    assert_eq!(buyer.get(&path).await.status, StatusCode::NOT_FOUND);

    let again = anna.json(Method::POST, "/api/v1/vehicles/golf-1/certificate/link", "").await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.body);
    let url = again.json()["link"]["url"].as_str().unwrap().to_owned();
    let path = &url[url.find("/certificates/").unwrap()..];
    assert_eq!(buyer.get(path).await.status, StatusCode::OK);
    let told = anna.get("/api/v1/vehicles/golf-1/certificate").await.json();
    assert!(told["certificate"]["shared_until"].is_string(), "{told}");
    live(&app, 31).await;
    assert_eq!(buyer.get(path).await.status, StatusCode::NOT_FOUND, "a link ends by itself");
    anna.json(Method::POST, "/api/v1/vehicles/golf-1/certificate/link", "").await;
    anna.json(Method::POST, "/api/v1/vehicles/golf-1/sell", "").await;
    assert_eq!(buyer.get(path).await.status, StatusCode::NOT_FOUND, "a link dies with the sale");
}

#[tokio::test]
async fn the_export_has_contacts_runs_and_stage_and_erasing_takes_the_contacts_away() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let id = device("golf-1");
    let notice = crate::app::brake_reminder();
    app.state.service.answer(&id, notice, Answer::Book, Actor::Owner("anna".parse().unwrap())).await.unwrap();
    let export = anna.get("/api/v1/vehicles/golf-1/export").await.json()["export"].clone();
    let contacts = export["contacts"].as_array().unwrap();
    assert!(contacts.iter().any(|row| row["contact"]["outcome"] == "booked"), "{contacts:?}");
    assert!(export["vehicle"]["journey"]["runs"].is_array());
    let shares: f64 = export["stages"].as_array().unwrap().iter().map(|share| share["mean"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{export}");
    anna.json(Method::DELETE, "/api/v1/contacts", "").await;
    let export = anna.get("/api/v1/vehicles/golf-1/export").await.json()["export"].clone();
    assert_eq!(export["contacts"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn an_offer_that_is_seen_and_refused_stands_on_the_timeline_like_any_contact() {
    let app = TestApp::new().await;
    let (anna, lena) = (app.client("anna").await, app.client("lena").await);
    let offer = crate::app::tyre_offer();
    anna.get("/vehicles/golf-1/offers").await;
    let path = format!("/vehicles/golf-1/notices/{offer}/answer?from=offers");
    anna.form(&path, "answer=refuse").await;
    let contacts = lena.get("/api/v1/journeys/anna").await.json()["journey"]["contacts"].as_array().unwrap().clone();
    let of: Vec<_> = contacts.iter().filter(|one| one["cause"] == "offer").map(|one| one["outcome"].clone()).collect();
    assert!(of.iter().any(|outcome| outcome == "refused"), "{contacts:?}");
}

#[tokio::test]
async fn a_call_that_somebody_notes_counts_like_a_contact_of_ours() {
    let app = TestApp::new().await;
    let lena = app.client("lena").await;
    let call = r#"{"vehicle":"golf-1","touchpoint":"call","outbound":true,"met":"advisor","outcome":"talked"}"#;
    let before = contacts(&app.vehicle("golf-1").await).count();
    let noted = lena.json(Method::POST, "/api/v1/journeys/anna", call).await;
    assert_eq!(noted.status, StatusCode::NO_CONTENT, "{}", noted.body);
    let inbound = call.replace("true", "false");
    lena.json(Method::POST, "/api/v1/journeys/anna", &inbound).await;
    let after: Vec<(u64, bool)> = contacts(&app.vehicle("golf-1").await).collect();
    assert_eq!(after.len(), before + 1, "an owner who calls us was not bothered by us: {after:?}");
    assert!(after.contains(&(app.state.now_ms(), false)));
}
