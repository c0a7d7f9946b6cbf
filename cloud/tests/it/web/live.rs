use axum::body::Body;
use axum::http::{Method, StatusCode};
use milepost::domain::Actor;
use milepost_protocol::notice::Answer;

use crate::app::{Client, TestApp, brake_reminder, frame};

async fn open(client: &Client, path: &str, last: Option<&str>) -> (StatusCode, Body) {
    let mut request = client.request(Method::GET, path).header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let (status, _, body) = client.stream(request.body(Body::empty()).unwrap()).await;
    (status, body)
}

#[tokio::test]
async fn a_page_gets_the_present_state_first_and_then_what_changes() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let (status, mut body) = open(&anna, "/vehicles/golf-1/live", None).await;
    assert_eq!(status, StatusCode::OK);
    let first = frame(&mut body).await;
    assert!(first.contains("hx-target=\"#state\"") && first.contains("id: 1"), "{first}");
    let bert: Actor = Actor::Owner("anna".parse().unwrap());
    app.state.service.answer(&"golf-1".parse().unwrap(), brake_reminder(), Answer::Book, bert).await.unwrap();
    let next = frame(&mut body).await;
    assert!(next.contains("Appointment wanted"), "{next}");
}

#[tokio::test]
async fn a_reader_that_comes_back_with_the_newest_revision_waits_for_the_next() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let (_, mut body) = open(&anna, "/vehicles/golf-1/live", Some("1")).await;
    let owner = Actor::Owner("anna".parse().unwrap());
    app.state.service.answer(&"golf-1".parse().unwrap(), brake_reminder(), Answer::Refuse, owner).await.unwrap();
    assert!(frame(&mut body).await.contains("Marked not relevant"), "the first message is already the change");
}

#[tokio::test]
async fn the_advisors_list_is_live_too() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let (_, mut body) = open(&vera, "/advisor/live?q=golf", None).await;
    let list = frame(&mut body).await;
    assert!(list.contains("hx-target=\"#queue\"") && list.contains("VW Golf") && !list.contains("Renault"), "{list}");
}

#[tokio::test]
async fn a_stream_is_not_for_everybody() {
    let app = TestApp::new().await;
    assert_eq!(open(&app.anonymous(), "/vehicles/golf-1/live", None).await.0, StatusCode::SEE_OTHER);
    assert_eq!(open(&app.client("bert").await, "/vehicles/golf-1/live", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(open(&app.client("anna").await, "/advisor/live", None).await.0, StatusCode::NOT_FOUND);
}
