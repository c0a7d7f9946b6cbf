use axum::http::StatusCode;

use crate::app::{TestApp, brake_reminder};

const BASE: &str = "/vehicles/golf-1";

#[tokio::test]
async fn the_service_book_works_by_plain_forms_alone() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let fields = "item=2&date=2026-11-10&odometer=48000&title=&place=Garage+Vogt&cost=89,50&note=DOT+4";
    let entered = anna.form(&format!("{BASE}/services"), fields).await;
    let page = anna.get(entered.location()).await.body;
    assert!(
        page.contains("Entered into the service book.") && page.contains("Garage Vogt") && page.contains("89.50"),
        "{page}"
    );
    let id = app.vehicle("golf-1").await.book.services()[0].id.0;
    let fields = "date=2026-11-09&odometer=48000&title=Flushed&place=Garage+Vogt&cost=90&note=";
    let edited = anna.form(&format!("{BASE}/services/{id}"), fields).await;
    let page = anna.get(edited.location()).await.body;
    assert!(page.contains("Flushed") && page.contains("Corrected"), "{page}");
    let erased = anna.form(&format!("{BASE}/services/{id}/erase"), "").await;
    assert!(anna.get(erased.location()).await.body.contains(&format!("services/{id}/restore")));
    let restored = anna.form(&format!("{BASE}/services/{id}/restore"), "").await;
    assert!(anna.get(restored.location()).await.body.contains("It stands again."));
    assert_eq!(anna.form(&format!("{BASE}/services/999"), fields).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_items_page_says_why_when_how_far_and_takes_a_snooze_with_its_reason() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let page = anna.get(&format!("{BASE}/items/2")).await.body;
    assert!(page.contains("<h1>Brake fluid</h1>") && page.contains("of the interval used"), "{page}");
    assert!(page.contains("It can rest for 2 weeks in all"), "{page}");
    let path = format!("{BASE}/notices/{}/snooze", brake_reminder());
    let answer = anna.form(&path, "days=7&reason=cost").await;
    assert_eq!(answer.location(), "/vehicles/golf-1/items/2?did=snooze");
    let page = anna.get(answer.location()).await.body;
    assert!(page.contains("It costs too much now") && page.contains("Snoozed until"), "{page}");
    let aside = anna.form(&format!("{BASE}/items/2/applies"), "applies=false").await;
    assert!(anna.get(aside.location()).await.body.contains("Set aside"));
    assert_eq!(anna.get(&format!("{BASE}/items/99")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_that_does_not_read_comes_back_with_row_and_column() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let refused = anna.form(&format!("{BASE}/services/import"), "csv=date,item%0A2025-01-02,flux%0A").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("row 2, column item") && refused.body.contains("2025-01-02,flux"),
        "{}",
        refused.body
    );
    let taken = anna.form(&format!("{BASE}/services/import"), "csv=date,item%0A2025-01-02,engine-oil%0A").await;
    assert_eq!(taken.location(), "/vehicles/golf-1/services?did=imported");
}

#[tokio::test]
async fn what_the_car_is_is_corrected_on_its_page_and_a_wrong_vin_stays_in_the_form() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let wrong = anna.form(&format!("{BASE}/car"), "vin=WVWZZZ1KZAW00000O&model=VW+Golf&year=2021&registered=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.body.contains("character 17") && wrong.body.contains("value=\"WVWZZZ1KZAW00000O\""),
        "{}",
        wrong.body
    );
    let fields = "vin=WVWZZZ1KZAW000001&model=VW+Golf&year=2021&registered=2021-05-04";
    let saved = anna.form(&format!("{BASE}/car"), fields).await;
    let page = anna.get(saved.location()).await.body;
    assert!(page.contains("By the plan “Example: combustion”"), "{page}");
    assert_eq!(anna.form(&format!("{BASE}/sell"), "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(anna.form(&format!("{BASE}/sell"), "sure=on").await.location(), "/");
    assert_eq!(anna.get(&format!("{BASE}/car")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_elses_book_is_shown_or_changed() {
    let app = TestApp::new().await;
    for account in ["bert", "vera", "emil"] {
        let client = app.client(account).await;
        for path in ["services", "items/2", "car"] {
            assert_eq!(client.get(&format!("{BASE}/{path}")).await.status, StatusCode::NOT_FOUND, "{account} {path}");
        }
        for (path, fields) in [
            ("services", "item=2&date=2026-11-10"),
            ("services/import", "csv=x"),
            ("services/0/erase", ""),
            ("items/2/applies", "applies=false"),
            ("transfer", "account=bert"),
            ("sell", "sure=on"),
        ] {
            let answer = client.form(&format!("{BASE}/{path}"), fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{account} {path}");
        }
    }
}
