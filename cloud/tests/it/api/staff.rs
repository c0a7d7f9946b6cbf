use axum::http::StatusCode;

use crate::app::TestApp;

#[tokio::test]
async fn the_queue_is_sorted_and_its_scores_are_the_sums_of_their_parts() {
    let app = TestApp::new().await;
    let queue = app.client("vera").await.get("/api/v1/queue").await.json()["queue"].clone();
    let entries = queue.as_array().unwrap();
    assert_eq!(entries.len(), 3, "the car that is not shared is not there");
    let scores: Vec<u64> = entries.iter().map(|entry| entry["score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    for entry in entries {
        let sum: u64 = entry["parts"].as_array().unwrap().iter().map(|part| part["points"].as_u64().unwrap()).sum();
        assert_eq!(entry["score"], sum);
    }
}

#[tokio::test]
async fn one_vehicle_comes_with_its_records() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let vehicle = vera.get("/api/v1/queue/golf-1").await.json();
    assert!(vehicle["notices"].as_array().unwrap().len() >= 2);
    let records = vera.get("/api/v1/queue/golf-1/records?limit=1").await.json();
    assert_eq!(records["envelopes"][0]["records"].as_array().unwrap().len(), 3);
    assert_eq!(records["next"], "3.0");
    let end = vera.get("/api/v1/queue/golf-1/records?before=3.0").await.json();
    assert_eq!(end["envelopes"], serde_json::json!([]));
    assert_eq!(vera.get("/api/v1/queue/golf-1/records?before=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(vera.get("/api/v1/queue/quiet-4").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn devices_are_listed_without_owners() {
    let app = TestApp::new().await;
    let answer = app.client("emil").await.get("/api/v1/devices").await;
    assert_eq!(answer.json()["devices"].as_array().unwrap().len(), 4);
    assert!(!answer.body.contains("anna") && !answer.body.contains("Golf"), "{}", answer.body);
}
