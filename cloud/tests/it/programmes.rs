//! The programmes that come with the service, each from its cause to what its owner is told.

use axum::http::{Method, StatusCode};
use milepost::domain::{AccountId, NoticeDoc, Subject, Vehicle};
use milepost::store::{Commit, Store as _, VehicleWrite};
use milepost_engine::experiments::Group;
use milepost_engine::journey::Message;
use milepost_engine::usage::Times;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::{DistanceSource, TripEnd, TripEnded, TripStarted};

use crate::app::{NOW_MS, TestApp};
use crate::offers::{in_the_cold, send, tyre};

/// The advice on driving in the cold.
const WINTER_DRIVING: u16 = 2;

fn told(vehicle: &Vehicle, wanted: Message) -> Vec<NoticeDoc> {
    let is_wanted = |subject| matches!(subject, Subject::Programme { message, .. } if message == wanted);
    vehicle.notices.values().filter(|notice| is_wanted(notice.subject)).cloned().collect()
}

/// An owner whom promotions may reach.
fn owner(app: &TestApp) -> AccountId {
    let rules = app.state.service.offers();
    let falls = |name: &String| rules.holdout.place(&rules.key, name).group(rules.uniform) == Group::Rest;
    (0..1_000).map(|at| format!("owner-{at}")).find(falls).unwrap().parse().unwrap()
}

/// A car that its owner has had for so many days, as somebody has left it; it is due.
async fn put(app: &TestApp, id: &str, owned_days: u64, change: impl FnOnce(&mut Vehicle)) {
    let mut vehicle = Vehicle::new(id.parse().unwrap(), NOW_MS - owned_days * DAY_MS);
    vehicle.owner = Some(owner(app));
    vehicle.consent.purposes = Purposes::FUNCTION.and(Purposes::OFFERS).and(Purposes::WORKSHOP);
    "Europe/Berlin".clone_into(&mut vehicle.profile.time_zone);
    (vehicle.revision, vehicle.timer_ms) = (1, Some(NOW_MS));
    change(&mut vehicle);
    let vehicles = vec![VehicleWrite { expected: None, vehicle }];
    app.store.commit(Commit { vehicles, ..Commit::default() }).await.unwrap();
}

async fn live(app: &TestApp, days: u64) {
    for _ in 0..days {
        app.state.service.clock().set(app.state.now_ms() + DAY_MS);
        app.committer().tick().await;
    }
}

#[tokio::test]
async fn the_month_is_reported_once_with_the_cars_own_figures() {
    let app = TestApp::new().await;
    put(&app, "month-1", 90, |vehicle| {
        for trip in 0..10 {
            let at_ms = NOW_MS - u64::from(trip) * DAY_MS / 2;
            let ended = TripEnded {
                trip,
                duration_ms: 1_200_000,
                distance_m: 20_000,
                source: DistanceSource::Odometer,
                max_speed_cmps: 3_300,
                idle_s: 60,
                engine_s: 1_200,
                fuel_ml: 1_200,
                energy_wh: 0,
                coolant_start_c: None,
                warmup_s: None,
                odometer_m: None,
                end: TripEnd::Off,
            };
            vehicle.state.apply(1, Times { measured_at_ms: at_ms, received_at_ms: at_ms }, &ended.into());
        }
    })
    .await;
    app.committer().tick().await;
    assert!(told(&app.vehicle("month-1").await, Message::MonthlyReport).is_empty());
    live(&app, 25).await;
    let reports = told(&app.vehicle("month-1").await, Message::MonthlyReport);
    let figures = reports[0].programme.as_ref().unwrap().figures;
    assert_eq!((reports.len(), figures.trips, figures.distance_m, figures.fuel_ml), (1, 10, 200_000, 12_000));
    let second_of_december_ms = 1_796_169_600_000;
    assert!((second_of_december_ms..second_of_december_ms + 4 * DAY_MS).contains(&reports[0].raised_ms()));
}

#[tokio::test]
async fn an_owner_of_two_cars_hears_once_that_one_visit_can_do_for_both() {
    let app = TestApp::new().await;
    for car in ["both-1", "both-2"] {
        put(&app, car, 90, |_| ()).await;
    }
    app.committer().tick().await;
    live(&app, 40).await;
    let mut all = Vec::new();
    for car in ["both-1", "both-2"] {
        all.extend(told(&app.vehicle(car).await, Message::MultiCar));
    }
    assert_eq!((all.len(), all[0].programme.as_ref().unwrap().figures.cars), (1, 2));
}

#[tokio::test]
async fn what_comes_after_a_financing_is_told_in_time_and_not_to_whom_it_is_too_early() {
    let app = TestApp::new().await;
    put(&app, "early-1", 600, |_| ()).await;
    app.committer().tick().await;
    live(&app, 20).await;
    assert!(told(&app.vehicle("early-1").await, Message::Finance).is_empty());
    let app = TestApp::new().await;
    put(&app, "late-1", 950, |_| ()).await;
    app.committer().tick().await;
    live(&app, 20).await;
    let told = told(&app.vehicle("late-1").await, Message::Finance);
    assert_eq!((told.len(), told[0].programme.as_ref().unwrap().promotes), (1, true));
}

#[tokio::test]
async fn a_car_that_fell_silent_is_asked_after_and_then_somebody_calls() {
    let app = TestApp::new().await;
    put(&app, "silent-1", 400, |vehicle| vehicle.state.last_received_ms = NOW_MS - 91 * DAY_MS).await;
    app.committer().tick().await;
    live(&app, 10).await;
    assert_eq!(told(&app.vehicle("silent-1").await, Message::Reactivation).len(), 1);
    live(&app, 25).await;
    let both = told(&app.vehicle("silent-1").await, Message::Reactivation);
    let steps: Vec<&str> = both.iter().map(|notice| notice.programme.as_ref().unwrap().step.as_str()).collect();
    assert!(steps.len() == 2 && steps.contains(&"ask") && steps.contains(&"call"), "{steps:?}");
}

#[tokio::test]
async fn what_else_is_due_is_told_while_the_car_stands_at_the_dealer() {
    let app = TestApp::new().await;
    let lena = app.client("lena").await;
    let arrived =
        r#"{"vehicle":"golf-1","touchpoint":"workshop","met":"reception","place":"Mitte","outcome":"arrived"}"#;
    let noted = lena.json(Method::POST, "/api/v1/journeys/anna", arrived).await;
    assert_eq!(noted.status, StatusCode::NO_CONTENT, "{}", noted.body);
    app.committer().tick().await;
    live(&app, 1).await;
    let told = told(&app.vehicle("golf-1").await, Message::AtDealer);
    assert_eq!((told.len(), told.first().map(|notice| notice.in_car)), (1, Some(true)));
}

#[tokio::test]
async fn winter_as_the_car_measures_it_brings_advice_once_and_then_the_tyres() {
    let app = TestApp::new().await;
    let VehicleWrite { mut vehicle, .. } = in_the_cold("winter-2", &owner(&app), Purposes::FUNCTION);
    "Europe/Berlin".clone_into(&mut vehicle.profile.time_zone);
    vehicle.offers = milepost_engine::offers::Ledger::default();
    let device = vehicle.device.clone();
    let vehicles = vec![VehicleWrite { expected: None, vehicle }];
    app.store.commit(Commit { vehicles, ..Commit::default() }).await.unwrap();
    app.committer().tick().await;
    // Who says it first, the catalogue or the programme, the other does not say again.
    let advice = async || {
        let vehicle = app.vehicle("winter-2").await;
        let by_catalogue = |notice: &&NoticeDoc| notice.made.as_ref().is_some_and(|made| made.entry == WINTER_DRIVING);
        told(&vehicle, Message::WinterTips).len() + vehicle.notices.values().filter(by_catalogue).count()
    };
    let mut number = 0;
    // It is driven every morning, and stays cold.
    for day in 0..14 {
        app.state.service.clock().set(NOW_MS + day * DAY_MS + 3_600_000);
        let started = TripStarted { trip: day as u32 + 1, odometer_m: None, outside_decicelsius: Some(20) };
        for record in [tyre(20), started.into()] {
            send(&app, &device, &mut number, &record).await;
        }
        app.committer().tick().await;
        if day == 0 {
            assert_eq!(advice().await, 1);
            assert!(told(&app.vehicle("winter-2").await, Message::WinterTyres).is_empty(), "advice comes first");
        }
    }
    assert_eq!(told(&app.vehicle("winter-2").await, Message::WinterTyres).len(), 1);
    assert_eq!(advice().await, 1);
}
