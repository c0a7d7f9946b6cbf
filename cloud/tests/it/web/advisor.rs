use axum::http::StatusCode;

use crate::app::TestApp;

#[tokio::test]
async fn the_list_is_by_urgency_with_the_parts_of_the_score() {
    let app = TestApp::new().await;
    let page = app.client("vera").await.get("/advisor").await.body;
    let (volt, golf) = (page.find("Renault 5").unwrap(), page.find("VW Golf").unwrap());
    assert!(volt < golf, "the overdue car comes first");
    assert!(page.contains("C0035, confirmed +40"), "{page}");
    assert!(page.contains("Told: Brake fluid soon, in the car, 4 days ago"), "{page}");
}

#[tokio::test]
async fn a_car_that_is_not_shared_with_the_workshop_does_not_exist_for_it() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    assert!(!vera.get("/advisor").await.body.contains("Panda"));
    assert_eq!(vera.get("/advisor/vehicles/quiet-4").await.status, StatusCode::NOT_FOUND);
    let anna = app.client("anna").await;
    anna.form("/vehicles/golf-1/privacy", "offers=on").await;
    assert_eq!(vera.get("/advisor/vehicles/golf-1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_list_can_be_searched_and_narrowed() {
    let app = TestApp::new().await;
    let vera = app.client("vera").await;
    let found = vera.get("/advisor?q=renault").await.body;
    assert!(found.contains("Renault 5") && !found.contains("VW Golf"));
    let open = vera.get("/advisor?show=open").await.body;
    assert!(open.contains("VW Golf") && !open.contains("Enyaq"), "{open}");
    assert!(vera.get("/advisor?q=%3Cscript%3E").await.body.contains("No car matches"));
}

#[tokio::test]
async fn one_cars_page_holds_codes_history_charts_and_gaps() {
    let app = TestApp::new().await;
    let page = app.client("vera").await.get("/advisor/vehicles/golf-1").await.body;
    for text in [
        "P0420",
        "Brake fluid soon",
        "in the car, 7 Nov 2026",
        "class=\"spark\"",
        "class=\"gap\"",
        "Show as a table",
        "36 records of start 2 are missing: the device&#39;s memory was full",
        "signal ×3",
        "Engine hours",
        "Location is not shared",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
