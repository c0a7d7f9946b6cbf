use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use crate::app::{Answer, Client, PASSWORD, TestApp, brake_reminder};

#[tokio::test]
async fn a_program_logs_in_and_out() {
    let app = TestApp::new().await;
    let body = format!(r#"{{"account":"anna","password":"{PASSWORD}"}}"#);
    let answer = app.anonymous().json(Method::POST, "/api/v1/session", &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["session"]["role"], "owner");
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let mut anna = app.anonymous();
    anna.cookie = Some(cookie);
    assert_eq!(anna.get("/api/v1/session").await.json()["session"]["account"], "anna");
    assert_eq!(anna.json(Method::DELETE, "/api/v1/session", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_vehicle_comes_with_values_ages_items_and_open_notices() {
    let app = TestApp::new().await;
    let vehicle = app.client("anna").await.get("/api/v1/vehicles/golf-1").await.json()["vehicle"].clone();
    assert_eq!(vehicle["summary"]["id"], "golf-1");
    let outside = &vehicle["signals"]["Vehicle.Exterior.AirTemperature"];
    assert_eq!(outside["age_s"], 720);
    assert_eq!(vehicle["items"].as_array().unwrap().len(), 5);
    let ids: Vec<_> = vehicle["notices"].as_array().unwrap().iter().map(|notice| notice["id"].clone()).collect();
    assert!(ids.contains(&brake_reminder().to_string().into()), "{ids:?}");
}

#[tokio::test]
async fn the_same_answer_twice_is_harmless_and_another_after_it_is_refused() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let path = format!("/api/v1/vehicles/golf-1/notices/{}/answer", brake_reminder());
    for _ in 0..2 {
        let answer = anna.json(Method::POST, &path, r#"{"answer":"refuse"}"#).await;
        assert_eq!((answer.status, answer.json()["notice"]["state"].as_str()), (StatusCode::OK, Some("refused")));
    }
    let late = anna.json(Method::POST, &path, r#"{"answer":"book"}"#).await;
    assert_eq!((late.status, late.json()["code"].as_str()), (StatusCode::CONFLICT, Some("closed")));
}

async fn complete(client: &Client, key: &str, body: &str) -> Answer {
    let request = client
        .request(Method::POST, "/api/v1/vehicles/golf-1/items/2/complete")
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key);
    client.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_completion_under_one_key_takes_effect_once() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let body = r#"{"at":"2026-11-10T10:00:00Z","odometer_m":47700000}"#;
    let (first, again) = (complete(&anna, "k-1", body).await, complete(&anna, "k-1", body).await);
    assert_eq!((first.status, again.status), (StatusCode::OK, StatusCode::OK), "{}", again.body);
    assert_eq!(first.json()["item"]["cycle"], again.json()["item"]["cycle"]);
    let other = complete(&anna, "k-1", "{}").await;
    assert_eq!((other.status, other.json()["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("key-reused")));
}

#[tokio::test]
async fn a_refused_completion_leaves_its_key_free() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let future = complete(&anna, "k-2", r#"{"at":"2027-11-10T10:00:00Z"}"#).await;
    assert_eq!((future.status, future.json()["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("completion")));
    assert_eq!(complete(&anna, "k-2", r#"{"at":"2026-11-10T10:00:00Z"}"#).await.status, StatusCode::OK);
}

#[tokio::test]
async fn consent_is_read_and_set_by_purpose() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let put = anna.json(Method::PUT, "/api/v1/vehicles/golf-1/consent", r#"{"purposes":["research"]}"#).await;
    assert_eq!(put.json()["consent"]["purposes"], serde_json::json!(["function", "research"]));
    let got = anna.get("/api/v1/vehicles/golf-1/consent").await.json();
    assert_eq!(got["consent"]["history"].as_array().unwrap().len(), 2);
    let unknown = anna.json(Method::PUT, "/api/v1/vehicles/golf-1/consent", r#"{"purposes":["all"]}"#).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_offers_decision_is_told_with_its_reasons() {
    let app = TestApp::new().await;
    let decisions = app.client("anna").await.get("/api/v1/vehicles/golf-1/decisions").await.json();
    let decision = &decisions["decisions"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(decision["number"], 0);
    assert_eq!(decision["candidates"][0]["offer"], 1);
    assert!(decision["propensity"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn an_export_holds_the_document_and_every_envelope() {
    let app = TestApp::new().await;
    let answer = app.client("anna").await.get("/api/v1/vehicles/golf-1/export").await;
    assert_eq!(answer.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"milepost-golf-1.json\"");
    let export = answer.json()["export"].clone();
    assert_eq!(export["complete"], true);
    assert_eq!(export["envelopes"].as_array().unwrap().len(), 1);
    assert_eq!(export["vehicle"]["profile"]["model_name"], "VW Golf Variant");
    assert!(export["vehicle"]["notices"].as_object().unwrap().len() >= 2);
}

#[tokio::test]
async fn an_export_holds_what_the_workshop_noted_who_looked_who_was_told_and_who_else_has_access() {
    let app = TestApp::new().await;
    let (vera, anna) = (app.client("vera").await, app.client("anna").await);
    let post = async |client: &Client, path: &str, body: &str| {
        let answer = client.json(Method::POST, path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.body);
    };
    let follow_up = r#"{"what":"Call about the brakes","next_on":"2026-11-20","note":"after work"}"#;
    post(&vera, "/api/v1/queue/golf-1/follow-ups", follow_up).await;
    let call = r#"{"way":"call","outcome":"later","note":"in spring"}"#;
    post(&vera, "/api/v1/queue/golf-1/contacts", call).await;
    let invitation = r#"{"email":"ben@example.org","role":"driver"}"#;
    post(&anna, "/api/v1/vehicles/golf-1/family/invitations", invitation).await;
    let export = anna.get("/api/v1/vehicles/golf-1/export").await.json()["export"].clone();
    for (part, expected) in [
        ("/account/account", "anna"),
        ("/follow_ups/0/what", "Call about the brakes"),
        ("/follow_ups/0/note", "after work"),
        ("/follow_ups/0/steps/0/assignee", "vera"),
        ("/calls/0/outcome", "later"),
        ("/calls/0/note", "in spring"),
        ("/told/0/way", "call"),
        ("/told/0/by", "vera"),
        ("/reads/0/by", "Vera Maier"),
        ("/reads/0/look", "opened"),
        ("/people/vera", "Vera Maier"),
        ("/family/invitations/0/to", "ben@example.org"),
    ] {
        assert_eq!(export.pointer(part), Some(&serde_json::json!(expected)), "{part}");
    }
    for part in ["decisions", "deliveries", "visits", "contacts", "stages", "receipts", "envelopes"] {
        assert!(export[part].is_array(), "{part}");
    }
    let decision = &export["decisions"][0]["decision"];
    assert!(decision.is_object(), "decisions on offers: {}", export["decisions"]);
    // What concerned a former owner is not the next one's to take along.
    let sold_ms = app.state.now_ms() + 3_600_000;
    app.state.service.clock().set(sold_ms);
    let sold = anna.json(Method::POST, "/api/v1/vehicles/golf-1/transfer", r#"{"account":"bert"}"#).await;
    assert_eq!(sold.status, StatusCode::NO_CONTENT, "{}", sold.body);
    let export = app.client("bert").await.get("/api/v1/vehicles/golf-1/export").await.json()["export"].clone();
    for part in ["follow_ups", "calls", "reads"] {
        assert_eq!(export[part], serde_json::json!([]), "{part}");
    }
    let decisions = export["decisions"].as_array().unwrap();
    assert!(decisions.iter().all(|row| row["at_ms"].as_u64().unwrap() >= sold_ms), "{decisions:?}");
}
