//! An owner erases the account: whoever has the disk afterwards finds nothing that names the person.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use milepost::channels::{Delivery, DeliveryKey, Purpose, State};
use milepost::domain::{Actor, FamilyChange, FamilyRole, Grant, Intent};
use milepost::offers::read_book;
use milepost::store::{AnyStore, Collection, DEAD_LETTERS, DELIVERIES, DocKey, DocWrite, Expected};
use milepost_protocol::downlink::Purposes;

use crate::app::{Client, NOW_MS, PASSWORD, TestApp};

/// What names Anna, in any place.
const NAMES: [&str; 5] = ["anna", "Lindholm", "+49301234567", "Lindenweg", "hooks.example"];

/// The collections in which she stands before, each by what she did.
const HERS: [&str; 22] = [
    "account",
    "api_token",
    "api_token_of",
    "calendar-feed",
    "calendar-feed-of",
    "contact",
    "dead_letter",
    "delivery",
    "email_asking",
    "follow_up",
    "home_link",
    "idempotency",
    "invitation",
    "offer_unit",
    "owner_key",
    "paper",
    "push_subscription",
    "session",
    "staff_listing",
    "staff_read",
    "touchpoint",
    "workshop_call",
];

fn rows(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let AnyStore::Memory(store) = &app.store else { panic!("the test's store is in memory") };
    store.rows().unwrap()
}

fn naming(app: &TestApp) -> Vec<(String, String)> {
    let texts = rows(app).into_iter().map(|(key, bytes)| (key, String::from_utf8_lossy(&bytes).into_owned()));
    texts.filter(|(key, text)| NAMES.iter().any(|name| key.contains(name) || text.contains(name))).collect()
}

async fn ok(client: &Client, method: Method, path: &str, body: &str) -> serde_json::Value {
    let answer = client.json(method, path, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.body);
    if answer.body.is_empty() { serde_json::Value::Null } else { answer.json() }
}

/// What offers have led to; how many are in a segment is no sum, and falls with whoever leaves.
async fn sums(app: &TestApp) -> serde_json::Value {
    let mut book = serde_json::to_value(read_book(&app.store).await.unwrap()).unwrap();
    book.as_object_mut().unwrap().remove("segments").unwrap();
    book
}

/// Anna does everything that leaves a trace.
async fn live(app: &TestApp, anna: &Client) {
    let contact = r#"{"email":"anna@example.org","phone":"+49 30 1234567","postal":"Anna Lindholm\nLindenweg 1","webhook":"https://hooks.example/anna"}"#;
    ok(anna, Method::PUT, "/api/v1/channels", contact).await;
    let browser = r#"{"endpoint":"https://push.example/anna","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#;
    ok(anna, Method::POST, "/api/v1/push-subscriptions", browser).await;
    ok(anna, Method::POST, "/api/v1/tokens", r#"{"name":"Anna's","scopes":["vehicles:read"],"days":9}"#).await;
    ok(anna, Method::PUT, "/api/v1/home-assistant", r#"{"host":"broker.example","user":"anna"}"#).await;
    let answer = format!("/api/v1/vehicles/golf-1/notices/{}/answer", crate::app::brake_reminder());
    ok(anna, Method::POST, &answer, r#"{"answer":"book"}"#).await;
    let invite = r#"{"email":"joan@example.org","role":"viewer"}"#;
    ok(anna, Method::POST, "/api/v1/vehicles/golf-1/family/invitations", invite).await;
    let work = r#"{"item":0,"title":"Wipers","note":"paid by Lindholm"}"#;
    let made = ok(anna, Method::POST, "/api/v1/vehicles/golf-1/services", work).await;
    let entry = made["services"][0]["id"].as_str().unwrap().to_owned();
    let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"anna.pdf\"\r\n\r\n%PDF-1.4 %%EOF\r\n--x--\r\n";
    let attach = anna
        .request(Method::POST, &format!("/api/v1/vehicles/golf-1/services/{entry}/receipts"))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    assert_eq!(anna.send(attach.body(Body::from(file)).unwrap()).await.status, StatusCode::CREATED);
    let done = anna
        .request(Method::POST, "/api/v1/vehicles/golf-1/items/2/complete")
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "once");
    assert_eq!(anna.send(done.body(Body::from("{}")).unwrap()).await.status, StatusCode::OK);
    assert_eq!(anna.form("/vehicles/golf-1/calendar", "").await.status, StatusCode::OK);

    // A car of Bert's that was hers once, and to which she has access.
    let bert = Actor::Owner("bert".parse().unwrap());
    let device = "berts-1".parse().unwrap();
    let (service, profile) = (&app.state.service, milepost::domain::Profile::default());
    service.register(&device, profile, Some("anna".parse().unwrap()), bert.clone()).await.unwrap();
    let remarks = milepost::domain::Remarks { title: "By Lindholm".to_owned(), ..Default::default() };
    let item = milepost::domain::OTHER_WORK;
    let by = Actor::Owner("anna".parse().unwrap());
    service.complete(&device, item, None, None, remarks, by.clone()).await.unwrap();
    // The workshop's people looked at it, and noted something about her.
    service.set_consent(&device, Purposes::FUNCTION.and(Purposes::WORKSHOP), by.clone()).await.unwrap();
    let vera = app.client("vera").await;
    ok(&vera, Method::GET, "/api/v1/queue", "").await;
    let follow_up = r#"{"what":"Call Anna Lindholm","next_on":"2026-11-20"}"#;
    ok(&vera, Method::POST, "/api/v1/queue/berts-1/follow-ups", follow_up).await;
    let call = r#"{"way":"call","outcome":"later","note":"Lindholm is away"}"#;
    ok(&vera, Method::POST, "/api/v1/queue/berts-1/contacts", call).await;
    service.transfer(&device, "bert".parse().unwrap(), by).await.unwrap();
    let change = FamilyChange::Admit {
        account: "anna".parse().unwrap(),
        grant: Grant { role: FamilyRole::Driver, trips: true },
        invited_by: "bert".parse().unwrap(),
        invited_ms: NOW_MS,
    };
    service.submit(&device, Intent::Family { change }, bert).await.unwrap();
    let unit = DocKey::new(Collection("offer_unit"), "anna");
    let unit = DocWrite { key: unit, expected: Expected::Any, value: Some(b"{}".to_vec()) };
    // What was told of that car while it was hers, and could not be delivered.
    let key = DeliveryKey {
        device,
        notice: milepost_protocol::NoticeId::information(1),
        purpose: Purpose::Show,
        channel: milepost_engine::channels::Channel::Email,
        recipient: "ab".repeat(16),
    };
    let told = Delivery::planned(key.clone(), "anna".parse().unwrap(), State::Dead { at_ms: 1 }, 0);
    let told = serde_json::to_vec(&told).unwrap();
    let write = |collection, value| DocWrite {
        key: DocKey::new(collection, key.to_string()),
        expected: Expected::Any,
        value: Some(value),
    };
    service.put_docs(vec![unit, write(DELIVERIES, told), write(DEAD_LETTERS, Vec::new())]).await.unwrap();
}

#[tokio::test]
async fn nothing_in_any_collection_names_somebody_who_has_erased_the_account() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    live(&app, &anna).await;
    let before = sums(&app).await;
    let found: BTreeSet<String> =
        naming(&app).iter().filter_map(|(key, _)| key.split_once(' ').map(|(of, _)| of.to_owned())).collect();
    for of in HERS.into_iter().chain(["vehicle"]) {
        assert!(found.contains(of) || rows(&app).iter().any(|(key, _)| key.starts_with(&format!("{of} "))), "{of}");
    }

    let wrong = anna.json(Method::POST, "/api/v1/account/erase", r#"{"password":"not hers at all"}"#).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anna.get("/api/v1/vehicles/golf-1").await.status, StatusCode::OK, "nothing was erased");
    let body = format!(r#"{{"password":"{PASSWORD}"}}"#);
    let erased = anna.json(Method::POST, "/api/v1/account/erase", &body).await;
    assert_eq!(erased.status, StatusCode::NO_CONTENT, "{}", erased.body);

    assert_eq!(naming(&app), [], "something names her");
    assert!(!rows(&app).iter().any(|(key, _)| key.starts_with("dead_letter ")));
    for of in ["paper", "paper_part", "delivery", "invitation", "telemetry", "decision", "owner_key"] {
        let left: Vec<String> = rows(&app).into_iter().map(|(key, _)| key).collect();
        // A car of Bert's that was hers once keeps what was decided for it; that names nobody.
        let others = ["quiet-4", "berts-1"];
        let hers = |key: &&String| key.starts_with(&format!("{of} ")) && !others.iter().any(|car| key.contains(car));
        assert_eq!(left.iter().filter(hers).count(), 0, "{of}: {left:?}");
    }
    assert_eq!(sums(&app).await, before, "sums over many people stay");
    assert_eq!(anna.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
    let golf = app.vehicle("golf-1").await;
    assert_eq!((golf.owner, golf.state.trips.ended.len()), (None, 0));
    assert!(!golf.book.entries.is_empty(), "the work on the car stays the car's");
    assert_eq!(app.vehicle("berts-1").await.owner, Some("bert".parse().unwrap()));
}

#[tokio::test]
async fn the_settings_page_asks_for_the_password_and_says_that_it_is_done() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let wrong = anna.form("/account/erase", "password=wrong&sure=on").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("Account or password is wrong.") && wrong.body.contains("/account/erase"));
    let password = PASSWORD.replace(' ', "+");
    let unsure = anna.form("/account/erase", &format!("password={password}")).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = anna.form("/account/erase", &format!("password={password}&sure=on")).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.body.contains("Your account is erased"));
    assert!(app.state.accounts.account(&"anna".parse().unwrap()).await.unwrap().is_none());
    assert!(app.state.accounts.account(&"bert".parse().unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn an_account_that_is_called_like_a_word_of_ours_takes_nobody_elses_data_along() {
    let app = TestApp::new().await;
    for word in ["email", "driver", "show", "golf-1"] {
        app.state
            .accounts
            .create(word.parse().unwrap(), word, milepost::accounts::Role::Owner, PASSWORD)
            .await
            .unwrap();
    }
    let anna = app.client("anna").await;
    live(&app, &anna).await;
    let (before, keys) = (app.vehicle("golf-1").await.owner, |app: &TestApp| -> BTreeSet<String> {
        rows(app).into_iter().map(|(key, _)| key).filter(|key| key.contains("golf-1/")).collect()
    });
    let kept = keys(&app);
    for word in ["email", "driver", "show", "golf-1"] {
        let somebody = app.client(word).await;
        let body = format!(r#"{{"password":"{PASSWORD}"}}"#);
        let erased = somebody.json(Method::POST, "/api/v1/account/erase", &body).await;
        assert_eq!(erased.status, StatusCode::NO_CONTENT, "{}", erased.body);
    }
    assert_eq!((app.vehicle("golf-1").await.owner, keys(&app)), (before, kept));
}
