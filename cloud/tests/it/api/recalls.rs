use axum::http::{Method, StatusCode};
use milepost_protocol::notice::NoticeState;

use crate::app::{Answer, Client, NOW_MS, TestApp};
use milepost_protocol::plan::DAY_MS;

/// A row of the agency's file with 29 fields.
fn row(campaign: &str, make: &str, model: &str, year: &str, component: &str) -> String {
    let mut fields = [""; 29];
    for (column, text) in [
        (1, "1"),
        (2, campaign),
        (3, make),
        (4, model),
        (5, year),
        (7, component),
        (11, "V"),
        (16, "20261001"),
        (20, "A seam may open."),
        (21, "Fuel may leak."),
        (22, "The seam is welded."),
        (29, "Yes"),
    ] {
        fields[column - 1] = text;
    }
    fields.join("\t")
}

fn file() -> String {
    [
        row("26V100000", "VOLKSWAGEN", "GOLF", "2021", "FUEL SYSTEM, GASOLINE:STORAGE"),
        row("26V100000", "VOLKSWAGEN", "GOLF", "2021", "FUEL SYSTEM, GASOLINE:DELIVERY"),
        row("26V100000", "VOLKSWAGEN", "GOLF", "2020", "FUEL SYSTEM, GASOLINE:STORAGE"),
        row("26V200000", "RENAULT", "CLIO", "2025", "AIR BAGS"),
    ]
    .join("\r\n")
}

async fn import(client: &Client, text: &str) -> Answer {
    client.bytes(Method::POST, "/api/v1/recalls", text.as_bytes().to_vec()).await
}

#[tokio::test]
async fn a_file_tells_the_cars_that_it_concerns_and_taking_it_again_changes_nothing() {
    let app = TestApp::new().await;
    let emil = app.client("emil").await;
    let first = import(&emil, &file()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let count = |answer: &Answer, name: &str| answer.json()["recalls"][name].as_u64().unwrap();
    assert_eq!((count(&first, "new"), count(&first, "raised")), (3, 1));
    let again = import(&emil, &file()).await;
    assert_eq!((count(&again, "new"), count(&again, "same"), count(&again, "raised")), (0, 3, 0));
    let golf = app.vehicle("golf-1").await;
    let told: Vec<_> = golf.notices.values().filter_map(|notice| notice.recall.as_ref()).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].component, "FUEL SYSTEM, GASOLINE:STORAGE; FUEL SYSTEM, GASOLINE:DELIVERY");
    assert!(app.vehicle("volt-2").await.notices.values().all(|notice| notice.recall.is_none()));
}

#[tokio::test]
async fn the_owner_reads_a_recall_puts_it_off_for_a_week_at_most_and_settles_it() {
    let app = TestApp::new().await;
    import(&app.client("emil").await, &file()).await;
    let anna = app.client("anna").await;
    let page = anna.get("/vehicles/golf-1").await.body;
    for text in ["Safety recall", "26V100000", "park it outside", "The seam is welded."] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let golf = app.vehicle("golf-1").await;
    let id = golf.notices.values().find(|notice| notice.recall.is_some()).unwrap().id();
    let path = format!("/vehicles/golf-1/notices/{id}/answer");
    anna.form(&path, "answer=snooze&days=90").await;
    let until_ms = NOW_MS + 7 * DAY_MS;
    assert_eq!(app.vehicle("golf-1").await.notices[&id].state(), NoticeState::Snoozed { until_ms });
    assert_eq!(anna.form(&path, "answer=refuse").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    anna.form(&path, "answer=done").await;
    assert!(!anna.get("/vehicles/golf-1").await.body.contains("26V100000"));
    import(&app.client("emil").await, &file()).await;
    assert_eq!(app.vehicle("golf-1").await.notices[&id].state(), NoticeState::Done, "told once");
}

#[tokio::test]
async fn a_row_that_does_not_read_is_named_and_nothing_is_taken() {
    let app = TestApp::new().await;
    let emil = app.client("emil").await;
    let text = format!("{}\n{}", file(), row("26V3", "VOLKSWAGEN", "GOLF", "soon", "AIR BAGS"));
    let refused = import(&emil, &text).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with("(row 5, column 5 (YEARTXT): \"soon\" is no model year)"), "{detail}");
    assert!(app.vehicle("golf-1").await.notices.values().all(|notice| notice.recall.is_none()));
}
