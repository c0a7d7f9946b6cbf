use axum::http::StatusCode;

use crate::app::TestApp;

#[tokio::test]
async fn an_owner_reads_in_one_sentence_how_the_car_is() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    assert_eq!(anna.get("/").await.location(), "/vehicles/golf-1");
    let page = anna.get("/vehicles/golf-1").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<h1 id=\"health\">"), "{}", page.body);
    assert!(page.body.contains("Brake fluid"), "the next item is named");
    assert!(page.body.contains("12 min ago"), "values carry their age");
    assert!(page.body.contains("2.4 bar"), "tyres by position");
}

#[tokio::test]
async fn a_car_that_was_never_heard_of_says_so() {
    let app = TestApp::new().await;
    let page = app.client("bert").await.get("/vehicles/fresh-3").await.body;
    assert!(page.contains("Waiting for the first data"), "{page}");
    assert!(page.contains("No reading yet") && page.contains("No trips yet"));
}

#[tokio::test]
async fn what_the_car_suspects_is_told_in_plain_words() {
    let app = TestApp::new().await;
    let page = app.client("anna").await.get("/vehicles/golf-1").await.body;
    assert!(page.contains("P0420") && page.contains("Suspected"), "{page}");
    assert!(page.contains("You can go on carefully"));
}

#[tokio::test]
async fn offers_stand_apart_are_called_advertising_and_say_why() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let home = anna.get("/vehicles/golf-1").await.body;
    assert!(!home.contains("Winter tyres"), "the home page names no offer");
    let offers = anna.get("/vehicles/golf-1/offers").await.body;
    for text in
        ["Advertising", "Winter tyres", "Why am I seeing this?", "averages 3 °C", "You allowed personalised offers"]
    {
        assert!(offers.contains(text), "{text}");
    }
}

#[tokio::test]
async fn without_consent_the_offers_page_says_that_it_is_the_owners_choice() {
    let app = TestApp::new().await;
    let page = app.client("bert").await.get("/vehicles/quiet-4/offers").await.body;
    assert!(page.contains("You get no personalised offers"), "{page}");
}

#[tokio::test]
async fn trips_are_listed_by_day() {
    let app = TestApp::new().await;
    let page = app.client("anna").await.get("/vehicles/golf-1/trips").await.body;
    assert!(page.contains("12 Nov 2026") && page.contains("1 trip, "), "{page}");
}

#[tokio::test]
async fn another_owners_car_is_not_found_on_every_page() {
    let app = TestApp::new().await;
    let bert = app.client("bert").await;
    for path in ["", "/trips", "/offers", "/privacy", "/live"] {
        let answer = bert.get(&format!("/vehicles/golf-1{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(bert.get("/go?vehicle=golf-1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn staff_cannot_open_an_owners_pages_nor_an_owner_theirs() {
    let app = TestApp::new().await;
    for (account, paths) in [
        ("vera", ["/vehicles/golf-1", "/lab"]),
        ("emil", ["/vehicles/golf-1", "/advisor"]),
        ("anna", ["/advisor/vehicles/golf-1", "/lab"]),
    ] {
        let client = app.client(account).await;
        for path in paths {
            assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "{account} {path}");
        }
    }
}

#[tokio::test]
async fn showing_a_reminder_on_the_account_page_is_noted() {
    let app = TestApp::new().await;
    app.client("anna").await.get("/vehicles/golf-1").await;
    let vehicle = app.vehicle("golf-1").await;
    let seen = vehicle.notices[&crate::app::brake_reminder()].seen();
    assert!(seen.iter().any(|seen| seen.on == milepost_protocol::notice::Surface::Account), "{seen:?}");
}
