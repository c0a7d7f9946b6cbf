//! Other segments for the policy: the log is asked first, and how much of it was read is told.

use axum::http::Method;
use milepost::config::Evaluation;
use milepost::offers::{Catalogue, OffersError, regroup};
use milepost_engine::offers::book::Book;
use milepost_engine::offers::eligibility::{Facts, Value};
use milepost_engine::offers::{Arm, EXAMPLE_SEGMENTS, EXAMPLES, read, read_segments};
use milepost_protocol::plan::DAY_MS;

use crate::app::{NOW_MS, TestApp};
use crate::offers::{answer_a_winter, in_the_cold, put_cars, with_offers};

const POLICY: &str = "/api/v1/offer-policy";

/// One more segment beside our own examples, the first of all so that it is among those that count; `electric` gives way to it.
const HILLS: &str = "[[segment]]\nname = \"hills\"\nversion = 1\nmember = { fact = \"fuel_30d_l\", at_least = 90 }\n";

/// The example catalogue with these segments.
fn catalogue(segments: &str) -> Catalogue {
    let entries = EXAMPLES.map(|(file, text)| (file.to_owned(), read(file, text).unwrap()));
    Catalogue::new(entries.to_vec(), read_segments("segments.toml", segments).unwrap()).unwrap()
}

fn with_hills() -> String {
    let (_, text) = EXAMPLE_SEGMENTS;
    format!("{HILLS}\n{text}")
}

/// A winter under the learning policy.
async fn winter(app: &TestApp, accounts: usize) {
    let lead = app.client("lena").await;
    let learning = r#"{"policy":"learning","despite":"to try it"}"#;
    assert_eq!(lead.json(Method::PUT, POLICY, learning).await.status.as_u16(), 200);
    answer_a_winter(app, accounts).await;
}

/// What is expected of every arm for a car in town.
fn beliefs(book: &Book) -> Vec<(f64, f64)> {
    let facts = Facts::from([
        ("short_trip_share".to_owned(), Value::Number(0.9)),
        ("trips_30d".to_owned(), Value::Number(20.0)),
    ]);
    let x = book.learner.features(&facts);
    let arms = std::iter::once(Arm::Nothing).chain(book.arms().map(|(arm, _)| arm));
    arms.map(|arm| book.learner.belief(arm, &x).unwrap()).collect()
}

fn names(segments: &serde_json::Value) -> Vec<&str> {
    segments.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[tokio::test]
async fn other_segments_wait_for_the_log_or_a_word_and_lose_nothing_that_was_learnt_of_the_rest() {
    let app = TestApp::new().await;
    winter(&app, 480).await;
    let (service, lead) = (app.state.service.clone(), app.client("lena").await);
    let before = service.book();
    let own = ["town", "long-distance", "older-car", "several-cars", "books-with-us", "electric"];
    let segments: Vec<String> = before.learner.told_apart().iter().map(|segment| segment.name.clone()).collect();
    assert_eq!(segments, own);

    // Nothing that was drawn is old enough to be known, so the log cannot say.
    service.desk().set(catalogue(&with_hills()));
    app.committer().tick().await;
    let told = lead.get(POLICY).await.json()["policy"]["told_apart"].clone();
    assert_eq!(names(&told["segments"]), own, "{told}");
    let waiting = &told["waiting"];
    assert_eq!(
        (names(&waiting["change"]["begins"]), names(&waiting["change"]["goes"])),
        (vec!["hills"], vec!["electric"])
    );
    assert_eq!(
        (waiting["judged"]["support"].as_str(), names(&waiting["change"]["kept"])),
        (Some("refused"), own[..5].to_vec())
    );
    let path = format!("{POLICY}/segments");
    let refused = lead.json(Method::PUT, &path, "{}").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (409, Some("policy")), "{}", refused.body);
    assert!(matches!(regroup(&service, None, None).await, Err(OffersError::Unsupported(_))));
    let page = lead.get("/experience/policy").await.body;
    for told in ["Other segments wait", "Begins with what is believed of everybody: hills.", "the log holds no events"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert_eq!(service.book().learner, before.learner, "it decides as it did");

    // A month later it can say, and does not speak against it.
    service.clock().set(NOW_MS + 45 * DAY_MS);
    let faded = service.book();
    assert!(regroup(&service, None, None).await.unwrap());
    let after = service.book();
    assert_eq!((after.learner.version, after.learner.learnt), (faded.learner.version + 1, faded.learner.learnt));
    for (one, other) in beliefs(&faded).into_iter().zip(beliefs(&after)) {
        assert!((one.0 - other.0).abs() < 1e-9 && (one.1 - other.1).abs() < 1e-9, "{one:?} and {other:?}");
    }
    let told = lead.get(POLICY).await.json()["policy"]["told_apart"].clone();
    assert_eq!((told["waiting"].is_null(), told["last"]["because"].as_str()), (true, Some("supported")), "{told}");
    assert_eq!(names(&told["segments"])[..2], ["hills", "town"]);
    assert!(told["last"]["words"].as_str().unwrap().contains("does not speak against it"), "{told}");

    // Somebody's word is enough, and is kept with the name.
    let narrower = with_hills().replace("at_least = 0.6", "at_least = 0.8");
    service.desk().set(catalogue(&narrower));
    let word = lead.json(Method::PUT, &path, r#"{"despite":"the town grew"}"#).await;
    let last = word.json()["policy"]["told_apart"]["last"].clone();
    assert_eq!((last["because"].as_str(), names(&last["change"]["begins"])), (Some("despite"), vec!["town"]), "{last}");
    assert!(last["words"].as_str().unwrap().contains("lena said why"), "{last}");
    assert!(lead.get("/experience/policy").await.body.contains("the town grew"));
    let stored = milepost::offers::read_book(&app.store).await.unwrap();
    assert_eq!(stored.learner, service.book().learner, "it is committed");
    assert!(!serde_json::to_string(&stored).unwrap().contains("lena"), "the book names nobody");
}

#[tokio::test]
async fn a_name_or_nothing_learnt_asks_nobody() {
    let app = TestApp::new().await;
    app.state.service.desk().set(catalogue(HILLS));
    put_cars(&app, vec![in_the_cold("cold-1", &"anna".parse().unwrap(), with_offers())]).await;
    app.committer().tick().await;
    let lead = app.client("lena").await;
    let told = lead.get(POLICY).await.json()["policy"]["told_apart"].clone();
    assert_eq!((names(&told["segments"]), told["last"]["because"].as_str()), (vec!["hills"], Some("nothing-learnt")));
    let app = TestApp::new().await;
    winter(&app, 40).await;
    let (_, text) = EXAMPLE_SEGMENTS;
    app.state.service.desk().set(catalogue(&text.replace("\"town\"", "\"city\"")));
    assert!(regroup(&app.state.service, None, None).await.unwrap());
    let told = app.client("lena").await.get(POLICY).await.json()["policy"]["told_apart"].clone();
    assert_eq!(
        (names(&told["segments"])[0], told["last"]["because"].as_str()),
        ("city", Some("same-members")),
        "{told}"
    );
}

#[tokio::test]
async fn how_much_of_the_log_was_read_is_told_with_what_it_says() {
    let app = TestApp::judging_by(Evaluation { cars: 30, ..Evaluation::default() }).await;
    winter(&app, 100).await;
    app.state.service.clock().set(NOW_MS + 45 * DAY_MS);
    let lead = app.client("lena").await;
    let policy = lead.get(POLICY).await.json()["policy"].clone();
    let read = &policy["read"];
    assert_eq!((read["cars"].as_u64(), read["of_cars"].as_u64()), (Some(30), Some(104)), "{read}");
    assert_eq!((read["sampled"].as_str(), read["window_days"].as_u64()), (Some("cars-by-lot"), Some(30)));
    assert_eq!(read["with_choice"], policy["candidates"][0]["decisions"]);
    let again = lead.get(POLICY).await.json()["policy"]["read"].clone();
    assert_eq!(*read, again, "the lot is the same at every look");
    let page = lead.get("/experience/policy").await.body;
    assert!(page.contains("30 of 104 cars, drawn by lot and the same at every look"), "{page}");

    let app = TestApp::judging_by(Evaluation { decisions: 25, ..Evaluation::default() }).await;
    winter(&app, 100).await;
    app.state.service.clock().set(NOW_MS + 45 * DAY_MS);
    let read = app.client("lena").await.get(POLICY).await.json()["policy"]["read"].clone();
    let (cars, decisions) = (read["cars"].as_u64().unwrap(), read["decisions"].as_u64().unwrap());
    assert!(cars < 104 && (25..50).contains(&decisions), "no further car once there are enough: {read}");

    let app = TestApp::judging_by(Evaluation { days: 31, ..Evaluation::default() }).await;
    winter(&app, 20).await;
    let whole = app.client("lena").await.get(POLICY).await.json()["policy"]["read"].clone();
    assert_eq!((whole["cars"].as_u64(), whole["sampled"].as_str()), (Some(24), Some("whole")), "{whole}");
    assert_eq!(whole["decisions"], 0, "what came of them is not known yet");
}
