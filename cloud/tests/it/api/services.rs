use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Client, TestApp, brake_reminder};

const SERVICES: &str = "/api/v1/vehicles/golf-1/services";

async fn item(client: &Client, number: u16) -> Value {
    let items = client.get("/api/v1/vehicles/golf-1/items").await.json();
    items["items"].as_array().unwrap().iter().find(|item| item["item"] == number).unwrap().clone()
}

async fn post(client: &Client, path: &str, body: &Value) -> crate::app::Answer {
    client.json(Method::POST, path, &body.to_string()).await
}

#[tokio::test]
async fn a_vin_is_checked_and_chooses_with_the_model_which_plan_holds() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let path = "/api/v1/vehicles/golf-1/profile";
    for (vin, at) in [
        ("WVWZZZ1KZAW00000O", "character 17 is none that a VIN has"),
        ("1M8GDM9A1KP042788", "the check digit at place 9 would have to be X"),
        ("WVW", "3 characters where a VIN has 17"),
    ] {
        let answer = anna.json(Method::PUT, path, &json!({ "vin": vin, "model": "VW Golf" }).to_string()).await;
        assert_eq!((answer.status, answer.json()["at"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(at)));
    }
    let told = json!({ "vin": "wvwzzz1kz aw000001", "model": "VW Golf", "model_year": 2021, "registered_at": "2021-05-04T10:00:00Z" });
    let profile = anna.json(Method::PUT, path, &told.to_string()).await.json()["profile"].clone();
    assert_eq!(
        (profile["vin"].as_str(), profile["plan"].as_str()),
        (Some("WVWZZZ1KZAW000001"), Some("Example: combustion"))
    );
    let vehicle = anna.get("/api/v1/vehicles/golf-1").await.json()["vehicle"].clone();
    assert!(vehicle["items"].as_array().unwrap().len() > 8, "all items of the plan are there");
    assert_eq!(vehicle["profile"]["model_year"], 2021);
}

#[tokio::test]
async fn work_is_entered_corrected_taken_back_and_restored_and_items_follow() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let before = item(&anna, 2).await;
    let work = json!({ "item": 2, "at": "2026-11-10T10:00:00Z", "place": "Garage Vogt", "cost_cents": 8900 });
    let services = post(&anna, SERVICES, &work).await.json();
    let record = services["services"][0].clone();
    assert_eq!((record["place"].as_str(), record["source"].as_str()), (Some("Garage Vogt"), Some("owner")));
    let done = item(&anna, 2).await;
    assert_ne!(done["cycle"], before["cycle"]);
    let id = record["id"].as_str().unwrap();
    let edited =
        json!({ "at": "2026-11-01T10:00:00Z", "title": "Flushed", "place": "Garage Vogt", "cost_cents": 8900 });
    let answer = anna.json(Method::PUT, &format!("{SERVICES}/{id}"), &edited.to_string()).await;
    assert_eq!(answer.json()["services"][0]["edits"], 1, "{}", answer.body);
    assert_ne!(item(&anna, 2).await["due_at"], done["due_at"]);
    let erased = anna.json(Method::DELETE, &format!("{SERVICES}/{id}"), "").await.json();
    assert_eq!(erased["services"][0]["stands"], false);
    assert_eq!(item(&anna, 2).await["due_at"], before["due_at"]);
    post(&anna, &format!("{SERVICES}/{id}/restore"), &json!({})).await;
    assert_eq!(item(&anna, 2).await["cycle"], done["cycle"]);
    let future = post(&anna, SERVICES, &json!({ "item": 2, "at": "2027-11-10T10:00:00Z" })).await;
    assert_eq!(future.json()["code"], "completion");
    assert_eq!(post(&anna, SERVICES, &json!({ "item": 0 })).await.json()["code"], "invalid", "other work needs words");
}

#[tokio::test]
async fn what_the_workshop_did_stands_in_the_owners_book_and_the_advisor_sees_the_same() {
    let app = TestApp::new().await;
    let (anna, vera) = (app.client("anna").await, app.client("vera").await);
    post(&anna, SERVICES, &json!({ "item": 2, "at": "2026-11-10T10:00:00Z" })).await;
    let work = json!({ "item": 2, "at": "2026-11-09T10:00:00Z", "odometer_m": 48_000_000, "note": "DOT 4" });
    post(&vera, "/api/v1/queue/golf-1/services", &work).await;
    let theirs = vera.get("/api/v1/queue/golf-1/services").await.json();
    assert_eq!(theirs, anna.get(SERVICES).await.json());
    assert_eq!(theirs["services"].as_array().unwrap().len(), 2);
    let anchor = app.vehicle("golf-1").await.item(milepost_protocol::plan::ItemId(2)).unwrap().anchor;
    assert_eq!(anchor.odometer_m, 48_000_000, "of two records of one work the workshop's counts");
}

#[tokio::test]
async fn a_file_is_taken_whole_or_not_at_all_and_what_is_exported_reads_back() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let path = format!("{SERVICES}/import");
    let good = "date,odometer_km,item,title\n2025-01-02,41000,engine-oil,\n2025-03-04,,other,Wiper blades\n";
    let bad = format!("{good}2025-02-30,1,tyres,\n");
    let refused = post(&anna, &path, &json!({ "csv": bad })).await;
    assert_eq!(refused.json()["at"], "row 4, column date: \"2025-02-30\" is no date");
    assert_eq!(anna.get(SERVICES).await.json()["services"].as_array().unwrap().len(), 0);
    let taken = post(&anna, &path, &json!({ "csv": good })).await.json();
    assert_eq!(taken["imported"], json!({ "rows": 2, "changed": true }));
    let again = post(&anna, &path, &json!({ "csv": good })).await.json();
    assert_eq!(again["imported"]["changed"], false);
    let export = anna.get(&format!("{SERVICES}/export")).await;
    assert!(export.body.contains("2025-01-02,41000,engine-oil,"), "{}", export.body);
    assert!(export.body.contains("2025-03-04,") && export.body.contains(",other,Wiper blades"), "{}", export.body);
    let lubelogger = anna.get(&format!("{SERVICES}/export?layout=lubelogger")).await;
    assert!(lubelogger.body.starts_with("Date,Odometer,Description,Notes,Cost,Tags\n"), "{}", lubelogger.body);
    assert_eq!(anna.get(&format!("{SERVICES}/export?layout=xml")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_reminder_rests_for_a_reason_and_no_longer_than_its_safety_allows() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let path = format!("/api/v1/vehicles/golf-1/notices/{}/snooze", brake_reminder());
    let answer = post(&anna, &path, &json!({ "days": 90, "reason": "awaiting_part" })).await;
    assert_eq!((answer.status, answer.json()["notice"]["state"].as_str()), (StatusCode::OK, Some("snoozed")));
    // Upcoming and a matter of safety: a fortnight from now.
    assert_eq!(answer.json()["notice"]["snoozed_until"], "2026-11-26T09:30:00Z");
    for body in [json!({ "days": 0, "reason": "cost" }), json!({ "days": 5, "reason": "whim" })] {
        assert_eq!(post(&anna, &path, &body).await.json()["code"], "invalid");
    }
}

#[tokio::test]
async fn an_item_that_does_not_apply_is_never_due() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let path = "/api/v1/vehicles/golf-1/items/2/applies";
    let answer = anna.json(Method::PUT, path, r#"{"applies":false}"#).await.json();
    assert_eq!(
        (answer["item"]["applies"].as_bool(), answer["item"]["level"].as_str()),
        (Some(false), Some("scheduled"))
    );
    let notices = anna.get("/api/v1/vehicles/golf-1").await.json()["vehicle"]["notices"].clone();
    assert!(!notices.as_array().unwrap().iter().any(|notice| notice["item"] == 2), "{notices}");
    let answer = anna.json(Method::PUT, path, r#"{"applies":true}"#).await.json();
    assert_eq!(answer["item"]["applies"], true);
}

#[tokio::test]
async fn an_items_date_comes_with_its_band_and_what_it_rests_on() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let oil = item(&anna, 1).await;
    let forecast = &oil["forecast"];
    for key in ["due", "p10", "p90"] {
        assert!(forecast[key].is_string(), "{oil}");
    }
    assert!(
        forecast["p10"].as_str() <= forecast["due"].as_str() && forecast["due"].as_str() <= forecast["p90"].as_str()
    );
    assert!(oil["wear"]["inputs"].as_array().is_some_and(|inputs| !inputs.is_empty()), "{oil}");
}

#[tokio::test]
async fn a_car_goes_to_another_owner_with_its_book_and_without_the_trips() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    post(&anna, SERVICES, &json!({ "item": 2, "at": "2026-11-10T10:00:00Z" })).await;
    let path = "/api/v1/vehicles/golf-1/transfer";
    for account in ["nobody", "vera", "no account"] {
        assert_eq!(post(&anna, path, &json!({ "account": account })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(post(&anna, path, &json!({ "account": "bert" })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get(SERVICES).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bert.get(SERVICES).await.json()["services"].as_array().unwrap().len(), 1);
    let trips = bert.get("/api/v1/vehicles/golf-1/trips").await.json();
    assert!(trips["trips"].as_array().unwrap().is_empty());
    let export = bert.get("/api/v1/vehicles/golf-1/export").await.json()["export"].clone();
    assert!(export["envelopes"].as_array().unwrap().is_empty(), "what the car sent for the former owner is not theirs");
    assert_eq!(post(&bert, "/api/v1/vehicles/golf-1/sell", &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bert.get(SERVICES).await.status, StatusCode::NOT_FOUND);
}
