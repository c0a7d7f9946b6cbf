use std::time::Duration;

use axum::http::{Method, StatusCode};
use milepost::accounts::Role;
use milepost_engine::channels::Channel;
use serde_json::{Value, json};

use crate::app::{Answer, Client, PASSWORD, TestApp, brake_reminder};

const FOLLOW_UPS: &str = "/api/v1/queue/golf-1/follow-ups";

async fn with_second_advisor() -> TestApp {
    let app = TestApp::new().await;
    app.state.accounts.create("willy".parse().unwrap(), "Willy Brown", Role::Advisor, PASSWORD).await.unwrap();
    app
}

async fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.json(Method::POST, path, &body.to_string()).await
}

async fn made(client: &Client, next_on: &str) -> String {
    let answer = post(client, FOLLOW_UPS, &json!({ "what": "Call about the brakes", "next_on": next_on })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["follow_up"]["id"].as_str().unwrap().to_owned()
}

async fn listed(client: &Client, show: &str) -> Vec<Value> {
    let answer = client.get(&format!("/api/v1/follow-ups?show={show}")).await;
    answer.json()["follow_ups"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_follow_up_is_given_to_somebody_else_and_changes_lists() {
    let app = with_second_advisor().await;
    let (vera, willy) = (app.client("vera").await, app.client("willy").await);
    let id = made(&vera, "2026-11-20").await;
    assert_eq!((listed(&vera, "mine").await.len(), listed(&willy, "mine").await.len()), (1, 0));
    let path = format!("{FOLLOW_UPS}/{id}");
    let body = json!({ "assignee": "willy", "next_on": "2026-11-18" }).to_string();
    let given = vera.json(Method::PUT, &path, &body).await;
    assert_eq!((given.status, &given.json()["follow_up"]["next_on"]), (StatusCode::OK, &json!("2026-11-18")));
    assert_eq!((listed(&vera, "mine").await.len(), listed(&willy, "mine").await.len()), (0, 1));
    assert_eq!(listed(&vera, "all").await.len(), 1);
    let nobody = vera.json(Method::PUT, &path, &body.replace("willy", "anna")).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "an owner takes no work");
}

#[tokio::test]
async fn a_follow_up_is_overdue_when_its_day_has_passed_and_done_once() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let id = made(&vera, "2026-11-12").await;
    assert!(listed(&vera, "overdue").await.is_empty(), "its day is today");
    app.state.service.clock().advance(Duration::from_hours(24));
    assert_eq!(listed(&vera, "overdue").await.len(), 1);
    let done = format!("{FOLLOW_UPS}/{id}/done");
    let outcome = json!({ "outcome": "later", "note": "after the holidays", "again_on": "2026-12-01" });
    let first = post(&vera, &done, &outcome).await;
    assert_eq!(first.json()["follow_up"]["done"]["outcome"], "later", "{}", first.body);
    assert_eq!(post(&vera, &done, &outcome).await.status, StatusCode::CONFLICT);
    let next = listed(&vera, "mine").await;
    assert_eq!(
        (next.len(), &next[0]["next_on"], &next[0]["what"]),
        (1, &json!("2026-12-01"), &json!("Call about the brakes"))
    );
    let all = vera.get(FOLLOW_UPS).await.json()["follow_ups"].as_array().unwrap().len();
    assert_eq!(all, 2, "what was done is kept");
}

#[tokio::test]
async fn the_same_follow_up_is_not_made_twice_and_no_day_is_in_the_past() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    made(&vera, "2026-11-20").await;
    let same = json!({ "what": "Call about the brakes", "next_on": "2026-11-20" });
    assert_eq!(post(&vera, FOLLOW_UPS, &same).await.json()["code"], "follow-up-state");
    let past = json!({ "what": "Call", "next_on": "2026-11-11" });
    assert_eq!(post(&vera, FOLLOW_UPS, &past).await.json()["code"], "follow-up-date");
}

#[tokio::test]
async fn a_car_that_changes_hands_takes_no_follow_up_and_no_note_along() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let id = made(&vera, "2026-11-20").await;
    post(&vera, "/api/v1/queue/golf-1/contacts", &json!({ "way": "call", "outcome": "declined", "note": "sells it" }))
        .await;
    let anna = app.client("anna").await;
    let sold = anna.json(Method::POST, "/api/v1/vehicles/golf-1/transfer", r#"{"account":"bert"}"#).await;
    assert_eq!(sold.status, StatusCode::NO_CONTENT, "{}", sold.body);
    let bert = app.client("bert").await;
    bert.json(Method::PUT, "/api/v1/vehicles/golf-1/consent", r#"{"purposes":["workshop"]}"#).await;
    assert!(listed(&vera, "all").await.is_empty());
    let done = post(&vera, &format!("{FOLLOW_UPS}/{id}/done"), &json!({ "outcome": "reached" })).await;
    assert_eq!(done.status, StatusCode::NOT_FOUND);
    let told = vera.get("/api/v1/queue/golf-1/contacts").await;
    assert!(!told.body.contains("sells it"), "{}", told.body);
}

#[tokio::test]
async fn the_timeline_holds_what_was_seen_and_what_people_noted_the_newest_first() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let notice = brake_reminder().to_string();
    let call = json!({ "way": "call", "outcome": "reached", "notice": notice, "note": "comes in spring" });
    let noted = post(&vera, "/api/v1/queue/golf-1/contacts", &call).await;
    assert_eq!(noted.status, StatusCode::CREATED, "{}", noted.body);
    let contacts = vera.get("/api/v1/queue/golf-1/contacts").await.json()["contacts"].as_array().unwrap().clone();
    let newest = &contacts[0];
    assert_eq!((&newest["way"], &newest["result"], &newest["by"]), (&json!("call"), &json!("reached"), &json!("vera")));
    assert!(
        contacts.iter().any(|one| one["way"] == "car" && one["result"] == "seen" && one["by"].is_null()),
        "{contacts:?}"
    );
    let page = vera.get("/advisor").await.body;
    assert!(page.contains("Call, Vera Maier: Reached, knows"), "nobody has to call again: {page}");
}

#[tokio::test]
async fn one_deed_for_several_cars_says_of_each_what_was_refused_and_why() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let deed =
        json!({ "vehicles": ["golf-1", "quiet-4", "nothing", "volt-2"], "deed": "called", "outcome": "not_reached" });
    let results = post(&vera, "/api/v1/queue-deeds", &deed).await.json()["results"].as_array().unwrap().clone();
    let lines: Vec<_> = results.iter().map(|line| (line["done"].as_bool().unwrap(), line["why"].as_str())).collect();
    let hidden = (false, Some("unknown"));
    assert_eq!(lines, [(true, None), hidden, hidden, (true, None)], "a car that is not shared is not known");
    let again = post(&vera, "/api/v1/queue-deeds", &deed).await.json();
    assert_eq!(again["results"][0]["why"], "just_noted", "a form that is sent twice counts once");
    let empty = post(&vera, "/api/v1/queue-deeds", &json!({ "vehicles": [], "deed": "called" })).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_reminder_is_sent_again_only_by_channels_that_the_owner_allows_and_not_twice() {
    let app = TestApp::new().await;
    let (vera, anna) = (app.client("vera").await, app.client("anna").await);
    assert!(app.state.channels.sends(Channel::Webhook) && !app.state.channels.sends(Channel::Call));
    let send = async |channel: &str| {
        let deed = json!({ "vehicles": ["golf-1"], "deed": "send_again", "channel": channel });
        post(&vera, "/api/v1/queue-deeds", &deed).await.json()["results"][0].clone()
    };
    assert_eq!(send("call").await["why"], "not_offered", "people carry it out");
    assert_eq!(send("text").await["why"], "unwanted");
    assert_eq!(send("webhook").await["why"], "no_address");
    let choice = json!({ "webhook": "https://home.example/hook" });
    let saved = anna.json(Method::PUT, "/api/v1/channels", &choice.to_string()).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    let first = send("webhook").await;
    assert_eq!(first["done"], true, "{first}");
    assert_eq!(send("webhook").await["why"], "on_its_way");
    let told = vera.get("/api/v1/queue/golf-1/contacts").await.json()["contacts"].as_array().unwrap().clone();
    let mine: Vec<_> = told.iter().filter(|one| one["way"] == "webhook").collect();
    assert_eq!((mine.len(), &mine[0]["by"]), (1, &json!("vera")), "{told:?}");
}

#[tokio::test]
async fn an_owner_sees_who_of_the_workshop_looked_and_each_look_once() {
    let app = TestApp::new().await;
    let (vera, anna) = (app.client("vera").await, app.client("anna").await);
    let reads = async || anna.get("/api/v1/vehicles/golf-1/reads").await.json()["reads"].as_array().unwrap().clone();
    assert!(reads().await.is_empty());
    vera.get("/advisor/vehicles/golf-1").await;
    vera.get("/api/v1/queue/golf-1/records").await;
    assert_eq!(reads().await.len(), 1);
    app.state.service.clock().advance(Duration::from_hours(1));
    vera.get("/advisor/vehicles/golf-1").await;
    let all = reads().await;
    assert_eq!((all.len(), &all[0]["by"], &all[0]["look"]), (2, &json!("Vera Maier"), &json!("opened")));
    let page = anna.get("/vehicles/golf-1/privacy").await.body;
    assert!(page.contains("Who looked at this car") && page.matches("<b>Vera Maier</b>").count() == 2, "{page}");
}

#[tokio::test]
async fn an_owner_sees_in_whose_lists_a_car_stood_each_day_once_and_for_a_quarter_of_a_year() {
    let app = TestApp::new().await;
    let (vera, anna, bert) = (app.client("vera").await, app.client("anna").await, app.client("bert").await);
    let reads = async || anna.get("/api/v1/vehicles/golf-1/reads").await.json()["reads"].as_array().unwrap().clone();
    for list in ["/api/v1/queue", "/advisor", "/advisor?show=open", "/api/v1/follow-ups", "/advisor/tasks"] {
        assert_eq!(vera.get(list).await.status, StatusCode::OK, "{list}");
    }
    let first = reads().await;
    assert_eq!((first.len(), &first[0]["look"], &first[0]["by"]), (1, &json!("listed"), &json!("Vera Maier")));
    let page = anna.get("/vehicles/golf-1/privacy").await.body;
    assert!(page.contains("in a list"), "{page}");
    let others = bert.get("/api/v1/vehicles/quiet-4/reads").await.json();
    assert_eq!(others["reads"], json!([]), "what is not shared stands in no list");
    // A list that leaves the car out shows nothing of it.
    app.state.service.clock().advance(Duration::from_hours(24));
    vera.get("/advisor?q=volt").await;
    vera.get("/api/v1/queue?limit=0").await;
    assert_eq!(reads().await.len(), 1);
    for _ in 0..100 {
        vera.get("/api/v1/queue").await;
        app.state.service.clock().advance(Duration::from_hours(24));
    }
    assert_eq!(reads().await.len(), 90);
}
