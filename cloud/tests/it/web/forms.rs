use axum::http::StatusCode;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::plan::{DAY_MS, ItemId};

use crate::app::{NOW_MS, TestApp, brake_reminder, tyre_offer};

const BRAKE: &str = "/vehicles/golf-1/items/2";

fn answer_path() -> String {
    format!("/vehicles/golf-1/notices/{}/answer", brake_reminder())
}

#[tokio::test]
async fn a_snooze_works_without_a_script_by_post_redirect_get() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let answer = anna.form(&answer_path(), "answer=snooze&days=7").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/vehicles/golf-1?did=snooze"));
    let page = anna.get(answer.location()).await.body;
    assert!(page.contains("We will remind you later."), "{page}");
    assert!(page.contains("Snoozed until 19 Nov 2026"), "{page}");
    let state = app.vehicle("golf-1").await.notices[&brake_reminder()].state();
    assert_eq!(state, NoticeState::Snoozed { until_ms: NOW_MS + 7 * DAY_MS });
}

#[tokio::test]
async fn with_htmx_the_same_form_answers_with_the_part_that_changed() {
    let app = TestApp::new().await;
    let answer = app.client("anna").await.htmx(&answer_path(), "answer=book").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.starts_with("<div id=\"live\""), "{}", answer.body);
    assert!(answer.body.contains("Appointment wanted") && !answer.body.contains("<html"));
}

#[tokio::test]
async fn work_done_starts_a_new_cycle_and_can_be_taken_back() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let before = app.vehicle("golf-1").await.item(ItemId::BRAKE_FLUID).unwrap().anchor;
    let done = anna.form(&format!("{BRAKE}/complete"), "date=2026-11-10&odometer=47700").await;
    assert_eq!(done.location(), "/vehicles/golf-1?did=complete&item=2");
    let page = anna.get(done.location()).await.body;
    assert!(page.contains("Brake fluid noted as done.") && page.contains("/items/2/undo"), "{page}");
    let anchor = app.vehicle("golf-1").await.item(ItemId::BRAKE_FLUID).unwrap().anchor;
    assert_eq!(anchor.cycle, before.cycle + 1);
    assert_eq!(anna.form(&format!("{BRAKE}/undo"), "").await.location(), "/vehicles/golf-1?did=undone");
    assert_eq!(app.vehicle("golf-1").await.item(ItemId::BRAKE_FLUID).unwrap().anchor, before);
}

#[tokio::test]
async fn a_completion_that_cannot_be_is_refused_as_a_page() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    for fields in ["date=2027-01-01&odometer=", "date=tomorrow&odometer=", "odometer=5"] {
        let answer = anna.form(&format!("{BRAKE}/complete"), fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert!(answer.body.contains("<h1>Please check"), "{}", answer.body);
    }
    assert_eq!(anna.form("/vehicles/golf-1/items/99/complete", "date=2026-11-10").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_answers_for_another_owner() {
    let app = TestApp::new().await;
    for account in ["bert", "vera", "emil"] {
        let client = app.client(account).await;
        assert_eq!(client.form(&answer_path(), "answer=refuse").await.status, StatusCode::NOT_FOUND, "{account}");
        assert_eq!(client.form(&format!("{BRAKE}/complete"), "date=2026-11-10").await.status, StatusCode::NOT_FOUND);
        assert_eq!(client.form("/vehicles/golf-1/privacy", "offers=on").await.status, StatusCode::NOT_FOUND);
    }
    let state = app.vehicle("golf-1").await.notices[&brake_reminder()].state();
    assert!(matches!(state, NoticeState::Shown { .. }), "{state:?}");
}

#[tokio::test]
async fn an_answer_in_an_expired_session_leads_to_the_log_in_and_changes_nothing() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    assert_eq!(nobody.form(&answer_path(), "answer=book").await.location(), "/login");
    let answer = nobody.htmx(&answer_path(), "answer=book").await;
    assert_eq!(answer.headers["hx-redirect"], "/login");
}

#[tokio::test]
async fn a_refused_offer_is_gone_and_says_so() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let path = format!("/vehicles/golf-1/notices/{}/answer?from=offers", tyre_offer());
    let answer = anna.form(&path, "answer=refuse").await;
    assert_eq!(answer.location(), "/vehicles/golf-1/offers?did=offer-refuse");
    let page = anna.get(answer.location()).await.body;
    assert!(page.contains("Not relevant") && !page.contains("No, thank you"), "{page}");
}

#[tokio::test]
async fn consent_is_set_by_purpose_and_its_history_kept() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    assert_eq!(
        anna.form("/vehicles/golf-1/privacy", "workshop=on").await.location(),
        "/vehicles/golf-1/privacy?did=consent"
    );
    let consent = app.vehicle("golf-1").await.consent;
    assert_eq!(consent.purposes, Purposes::FUNCTION.and(Purposes::WORKSHOP));
    let page = anna.get("/vehicles/golf-1/privacy").await.body;
    assert!(page.contains("Withdrawn: Personalised offers"), "{page}");
    assert_eq!(anna.form("/vehicles/golf-1/privacy", "everything=on").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
