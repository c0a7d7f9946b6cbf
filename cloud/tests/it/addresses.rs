//! Addresses belong to whoever answers at them, and answers come by the shortest way.

use axum::http::{Method, StatusCode};
use milepost::channels::Worker;
use milepost_engine::channels::Channel;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::plan::DAY_MS;
use serde_json::{Value, json};

use crate::app::brake_reminder;
use crate::channels::{HOUR_MS, Scene};
use crate::receivers::Mood;

impl Scene {
    /// Anna wants mails at another address than the confirmed one.
    async fn move_to(&self, address: &str) -> Value {
        let mut wish = self.wish();
        wish["email"] = json!(address);
        self.choose(&wish).await
    }
}

#[tokio::test]
async fn an_address_gets_one_question_and_nothing_else_before_its_owner_has_confirmed_it() {
    let scene = Scene::set().await;
    let gone = scene.anna.json(Method::DELETE, "/api/v1/channels", "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let named = scene.move_to("anna@new.example").await;
    assert_eq!((&named["email"], &named["email_unconfirmed"]), (&Value::Null, &json!("anna@new.example")));
    for _ in 0..5 {
        scene.later(DAY_MS).await;
    }
    let mails = scene.mail.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].header("subject"), "Is this your e-mail address?");
    assert!(!mails[0].text().contains("Brake") && mails[0].header("list-unsubscribe").is_empty());

    let path = format!("/confirm/{}", mails[0].token("confirm"));
    let nobody = scene.app.anonymous();
    assert_eq!(nobody.get(&path).await.status, StatusCode::OK);
    scene.settle().await;
    assert_eq!(scene.mail.mails().len(), 1, "mail servers open links too: looking confirms nothing");
    assert_eq!(nobody.form(&path, "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(nobody.form(&path, "").await.status, StatusCode::SEE_OTHER, "again does no harm");
    scene.later(HOUR_MS).await;
    assert_eq!(scene.mail.mails().len(), 2);
    assert_eq!(scene.mail.mails()[1].to, ["anna@new.example"]);
}

#[tokio::test]
async fn the_address_in_use_goes_on_until_another_is_confirmed_and_a_link_of_a_dropped_one_does_nothing() {
    let scene = Scene::set().await;
    scene.move_to("wrong@example.org").await;
    scene.settle().await;
    let to: Vec<_> = scene.mail.mails().iter().map(|mail| mail.to[0].clone()).collect();
    assert!(to.contains(&"anna@example.org".to_owned()) && to.contains(&"wrong@example.org".to_owned()), "{to:?}");
    let asked = scene.mail.mails().into_iter().find(|mail| mail.to == ["wrong@example.org"]).unwrap();
    scene.move_to("anna@example.org").await;
    let late = scene.app.anonymous().form(&format!("/confirm/{}", asked.token("confirm")), "").await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    let channels = scene.anna.get("/api/v1/channels").await.json()["channels"].clone();
    assert_eq!((&channels["email"], &channels["email_unconfirmed"]), (&json!("anna@example.org"), &Value::Null));
}

#[tokio::test]
async fn the_question_survives_a_mail_server_that_is_down_and_a_restart_and_comes_once() {
    let scene = Scene::set().await;
    scene.mail.turn(Mood::Refuses);
    scene.move_to("anna@new.example").await;
    for _ in 0..5 {
        scene.later(HOUR_MS).await;
    }
    scene.mail.turn(Mood::Takes);
    let settings = scene.settings();
    let restarted = Worker::new(scene.app.state.service.clone(), settings, &crate::app::workshop());
    scene.app.state.service.clock().set(scene.app.state.now_ms() + DAY_MS);
    while restarted.send(Channel::Email).await.unwrap() > 0 {}
    scene.later(DAY_MS).await;
    let asked = scene.mail.mails().into_iter().filter(|mail| mail.to == ["anna@new.example"]).count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn nobody_can_flood_a_stranger_with_questions() {
    let scene = Scene::set().await;
    scene.move_to("stranger@example.net").await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(scene.anna.form("/account/email/ask", "").await.status);
        scene.settle().await;
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    let asked = scene.mail.mails().into_iter().filter(|mail| mail.to == ["stranger@example.net"]).count();
    assert!(asked < 5, "{asked} questions within a day");
}

#[tokio::test]
async fn a_notification_can_be_answered_by_its_buttons() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.subscribe("/browser").await;
    scene.settle().await;
    let shown = scene.push.taken()[0].decrypted();
    let words: Vec<_> = shown["answers"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
    assert_eq!(words, ["done", "snooze"]);
    let path = |key: &str| shown[key].as_str().unwrap().trim_start_matches("https://cars.example").to_owned();
    let nobody = scene.app.anonymous();
    let snooze = json!({ "answer": "snooze", "days": shown["days"] }).to_string();
    let snoozed = nobody.json(Method::POST, &path("once"), &snooze).await;
    assert_eq!(snoozed.status, StatusCode::NO_CONTENT, "{}", snoozed.body);
    let state = async || scene.app.vehicle("golf-1").await.notices[&brake_reminder()].state();
    assert!(matches!(state().await, NoticeState::Snoozed { .. }));
    let again = nobody.json(Method::POST, &path("once"), r#"{"answer":"done"}"#).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "a button answers once");
    assert!(matches!(state().await, NoticeState::Snoozed { .. }));
    assert_eq!(nobody.form(&path("url"), "answer=done&days=7").await.status, StatusCode::SEE_OTHER);
    assert_eq!(state().await, NoticeState::Done);
}
