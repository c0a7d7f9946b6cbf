use axum::body::Body;
use axum::http::{Method, StatusCode};
use milepost::domain::Actor;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Answer;

use crate::app::{Client, TestApp, brake_reminder, frame};

async fn open(client: &Client) -> (StatusCode, Body) {
    let request = client.request(Method::GET, "/api/v1/events").body(Body::empty()).unwrap();
    let (status, _, body) = client.stream(request).await;
    (status, body)
}

async fn frames(body: &mut Body, count: usize) -> String {
    let mut text = String::new();
    for _ in 0..count {
        text.push_str(&frame(body).await);
    }
    text
}

fn owner(name: &str) -> Actor {
    Actor::Owner(name.parse().unwrap())
}

#[tokio::test]
async fn an_owner_gets_the_present_state_and_then_each_answer_with_its_moment() {
    let app = TestApp::new().await;
    let (status, mut body) = open(&app.client("anna").await).await;
    assert_eq!(status, StatusCode::OK);
    // Two vehicles, a reminder and an offer.
    let snapshot = frames(&mut body, 4).await;
    assert!(snapshot.contains("\"vehicle\":\"golf-1\"") && snapshot.contains("\"vehicle\":\"volt-2\""), "{snapshot}");
    assert!(snapshot.contains("event: notice") && !snapshot.contains("quiet-4"), "{snapshot}");
    app.state.service.answer(&"golf-1".parse().unwrap(), brake_reminder(), Answer::Book, owner("anna")).await.unwrap();
    let mut text = String::new();
    while !text.contains("\"state\":\"booked\"") {
        text = frame(&mut body).await;
    }
    assert!(text.contains(&format!("\"notice\":\"{}\"", brake_reminder())), "{text}");
    assert!(text.contains(&format!("\"at_us\":{}", app.wall.now_us())), "{text}");
}

#[tokio::test]
async fn another_owners_changes_and_unshared_cars_are_not_heard() {
    let app = TestApp::new().await;
    let (_, mut bert) = open(&app.client("bert").await).await;
    let (_, mut vera) = open(&app.client("vera").await).await;
    let service = &app.state.service;
    frames(&mut bert, 2).await;
    frames(&mut vera, 5).await;
    service.answer(&"golf-1".parse().unwrap(), brake_reminder(), Answer::Book, owner("anna")).await.unwrap();
    service
        .set_consent(&"quiet-4".parse().unwrap(), Purposes::FUNCTION.and(Purposes::RESEARCH), owner("bert"))
        .await
        .unwrap();
    assert!(frame(&mut bert).await.contains("quiet-4"), "his own car is the first that he hears of");
    let heard = frame(&mut vera).await;
    assert!(heard.contains("golf-1") && !heard.contains("quiet-4"), "{heard}");
}

#[tokio::test]
async fn an_engineer_hears_of_devices_and_never_of_notices() {
    let app = TestApp::new().await;
    let (_, mut body) = open(&app.client("emil").await).await;
    let snapshot = frames(&mut body, 4).await;
    assert!(!snapshot.contains("event: notice"), "{snapshot}");
    app.state.service.answer(&"golf-1".parse().unwrap(), brake_reminder(), Answer::Book, owner("anna")).await.unwrap();
    assert!(frame(&mut body).await.contains("event: vehicle"));
}

#[tokio::test]
async fn nobody_listens_without_a_session() {
    let app = TestApp::new().await;
    assert_eq!(open(&app.anonymous()).await.0, StatusCode::UNAUTHORIZED);
}
