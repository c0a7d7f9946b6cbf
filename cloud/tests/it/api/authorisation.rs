use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};

use crate::app::{TestApp, brake_reminder};

/// Who may call: anonymous, owner, other owner, advisor, engineer, experience lead.
type Statuses = [u16; 6];

const OWNER: Statuses = [401, 200, 404, 404, 404, 404];
const ADVISOR: Statuses = [401, 404, 404, 200, 404, 404];
const ENGINEER: Statuses = [401, 404, 404, 404, 200, 404];
const LEAD: Statuses = [401, 404, 404, 404, 404, 200];
const ANYBODY_SIGNED_IN: Statuses = [401, 200, 200, 200, 200, 200];

/// What a bench tells after flashing.
const FLASHING: &str = r#"{"device":"golf-1","board":"mps2-an386","image_sha256":"0000000000000000000000000000000000000000000000000000000000000000","tool":"test 1","result":"flashed"}"#;

/// An experiment that holds.
const BATTERY: &str = r#"
id = "battery"
version = 1
layer = "battery"
[[arm]]
name = "control"
share = 0.5
[[arm]]
name = "made"
share = 0.5
offer = 3
"#;

/// What whoever answers for offers may call, each with what that person gets; everybody else who is signed in finds nothing.
const OF_LEAD: [(&str, &str, &str, u16); 15] = [
    ("get", "/api/v1/offers", "", 200),
    ("put", "/api/v1/offers", "no offer", 422),
    ("put", "/api/v1/offers/{offer}/state", r#"{"state":"paused"}"#, 200),
    ("get", "/api/v1/offers/{offer}/preview", "", 200),
    ("post", "/api/v1/offers/{offer}/stop", "", 200),
    ("post", "/api/v1/offers/{offer}/resume", "", 200),
    ("get", "/api/v1/segments", "", 200),
    ("get", "/api/v1/offer-results", "", 200),
    ("get", "/api/v1/offer-policy", "", 200),
    ("put", "/api/v1/offer-policy", r#"{"policy":"fixed"}"#, 409),
    ("put", "/api/v1/offer-policy/segments", "{}", 200),
    ("get", "/api/v1/experiments", "", 200),
    ("put", "/api/v1/experiments", BATTERY, 200),
    ("get", "/api/v1/experiments/{experiment}", "", 200),
    ("put", "/api/v1/experiments/{experiment}/state", r#"{"state":"stopped"}"#, 200),
];

/// A browser that takes notifications.
const SUBSCRIPTION: &str = r#"{"endpoint":"https://push.example/1","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#;

/// A token for a program that reads.
const TOKEN: &str = r#"{"name":"Home","scopes":["vehicles:read"],"days":90}"#;

/// Something to do about a car.
const FOLLOW_UP: &str = r#"{"what":"Call about the brakes","next_on":"2026-11-20"}"#;

/// Somebody else shall do it.
const GIVEN: &str = r#"{"assignee":"vera","next_on":"2026-11-20"}"#;

/// Every operation with what each kind of caller gets.
const CASES: [(&str, &str, &str, Statuses); 124] = [
    ("get", "/api/v1/session", "", ANYBODY_SIGNED_IN),
    ("post", "/api/v1/session", r#"{"account":"nobody","password":"wrong"}"#, [401; 6]),
    ("get", "/api/v1/sessions", "", ANYBODY_SIGNED_IN),
    ("delete", "/api/v1/sessions/{session}", "", [401, 404, 404, 404, 404, 404]),
    ("put", "/api/v1/preferences", r#"{"unit":"km"}"#, ANYBODY_SIGNED_IN),
    ("get", "/api/v1/vehicles", "", [401, 200, 200, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}", "", OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/trips", "", OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/notices", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/notices/{notice}/answer", r#"{"answer":"book"}"#, OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/notices/{notice}/snooze", r#"{"days":1,"reason":"cost"}"#, OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/decisions", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/notices/{notice}/fewer", "", [401, 422, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/items", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/items/{item}/complete", "{}", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/items/{item}/undo", "", OWNER),
    ("put", "/api/v1/vehicles/{vehicle}/items/{item}/applies", r#"{"applies":true}"#, OWNER),
    ("put", "/api/v1/vehicles/{vehicle}/profile", r#"{"model":"VW Golf"}"#, OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/services", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/services", r#"{"item":0,"title":"Wipers"}"#, OWNER),
    ("put", "/api/v1/vehicles/{vehicle}/services/{service}", r#"{"title":"Blades"}"#, OWNER),
    ("delete", "/api/v1/vehicles/{vehicle}/services/{service}", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/services/{service}/restore", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/services/import", r#"{"csv":"date,item\n2025-01-02,tyres"}"#, OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/services/export", "", OWNER),
    ("get", "/api/v1/queue/{vehicle}/services", "", ADVISOR),
    ("post", "/api/v1/queue/{vehicle}/services", r#"{"item":0,"title":"Wash"}"#, ADVISOR),
    ("get", "/api/v1/vehicles/{vehicle}/consent", "", OWNER),
    ("put", "/api/v1/vehicles/{vehicle}/consent", r#"{"purposes":["workshop","offers"]}"#, OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/export", "", OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/series", "", OWNER),
    ("get", "/api/v1/channels", "", [401, 200, 200, 404, 404, 404]),
    ("put", "/api/v1/channels", r#"{"email":"somebody@example.org"}"#, [401, 200, 200, 404, 404, 404]),
    ("delete", "/api/v1/channels", "", [401, 204, 204, 404, 404, 404]),
    ("post", "/api/v1/push-subscriptions", SUBSCRIPTION, [401, 201, 201, 404, 404, 404]),
    ("delete", "/api/v1/push-subscriptions/{subscription}", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/deliveries", "", OWNER),
    ("post", "/api/v1/notice-links/{token}", r#"{"answer":"book"}"#, [404; 6]),
    ("post", "/api/v1/email-confirmations/{token}", "", [404; 6]),
    ("get", "/api/v1/tokens", "", [401, 200, 200, 404, 404, 404]),
    ("post", "/api/v1/tokens", TOKEN, [401, 201, 201, 404, 404, 404]),
    ("delete", "/api/v1/tokens/{token}", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/tasks", "", ADVISOR),
    ("post", "/api/v1/tasks/{vehicle}/{notice}/{kind}/done", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/tasks/{vehicle}/{notice}/letter", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/reads", "", OWNER),
    ("get", "/api/v1/vehicles/{vehicle}/traces", "", OWNER),
    ("get", "/api/v1/queue/{vehicle}/traces", "", ADVISOR),
    ("get", "/api/v1/home-assistant", "", [401, 200, 200, 404, 404, 404]),
    ("put", "/api/v1/home-assistant", r#"{"host":"broker.example"}"#, [401, 200, 200, 404, 404, 404]),
    ("delete", "/api/v1/home-assistant", "", [401, 200, 200, 404, 404, 404]),
    ("get", "/api/v1/advisors", "", ADVISOR),
    ("get", "/api/v1/follow-ups", "", ADVISOR),
    ("get", "/api/v1/queue/{vehicle}/follow-ups", "", ADVISOR),
    ("post", "/api/v1/queue/{vehicle}/follow-ups", FOLLOW_UP, [401, 404, 404, 201, 404, 404]),
    ("put", "/api/v1/queue/{vehicle}/follow-ups/{follow_up}", GIVEN, [401, 404, 404, 404, 404, 404]),
    (
        "post",
        "/api/v1/queue/{vehicle}/follow-ups/{follow_up}/done",
        r#"{"outcome":"reached"}"#,
        [401, 404, 404, 404, 404, 404],
    ),
    ("get", "/api/v1/queue/{vehicle}/contacts", "", ADVISOR),
    (
        "post",
        "/api/v1/queue/{vehicle}/contacts",
        r#"{"way":"call","outcome":"reached"}"#,
        [401, 404, 404, 201, 404, 404],
    ),
    ("post", "/api/v1/queue-deeds", r#"{"vehicles":["golf-1"],"deed":"called"}"#, ADVISOR),
    ("get", "/api/v1/undelivered", "", ENGINEER),
    ("post", "/api/v1/undelivered/retry", r#"{"id":"nothing"}"#, [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/workshops", "", ANYBODY_SIGNED_IN),
    ("get", "/api/v1/vehicles/{vehicle}/slots?items=2", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/bookings", "", OWNER),
    (
        "post",
        "/api/v1/vehicles/{vehicle}/bookings",
        r#"{"workshop":"none","items":[2],"start_at":"2026-11-16T08:00:00Z"}"#,
        [401, 404, 404, 404, 404, 404],
    ),
    (
        "post",
        "/api/v1/vehicles/{vehicle}/bookings/{booking}/reschedule",
        r#"{"start_at":"2026-11-16T08:00:00Z"}"#,
        [401, 404, 404, 404, 404, 404],
    ),
    ("post", "/api/v1/vehicles/{vehicle}/bookings/{booking}/cancel", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/bookings/{booking}/invitation", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/workshops/{workshop}/bookings?from=2026-11-16", "", [401, 404, 404, 404, 404, 404]),
    ("post", "/api/v1/bookings/{booking}/mark", r#"{"mark":"arrived"}"#, [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/queue", "", ADVISOR),
    ("get", "/api/v1/queue/{vehicle}", "", ADVISOR),
    ("get", "/api/v1/queue/{vehicle}/records", "", ADVISOR),
    ("get", "/api/v1/devices", "", ENGINEER),
    ("get", "/api/v1/devices/{id}", "", ENGINEER),
    (
        "put",
        "/api/v1/devices/{id}/configuration",
        r#"{"log_level":"info","counters_every_s":600,"local_reminders":true}"#,
        ENGINEER,
    ),
    ("get", "/api/v1/devices/{id}/collection", "", ENGINEER),
    ("put", "/api/v1/devices/{id}/collection", r#"{"rows":[]}"#, ENGINEER),
    ("get", "/api/v1/devices/{id}/series", "", ENGINEER),
    ("get", "/api/v1/rejects", "", ENGINEER),
    ("post", "/api/v1/devices/{id}/certificate", "no request", [401, 404, 404, 404, 422, 404]),
    ("get", "/api/v1/flash-receipts", "", ENGINEER),
    ("post", "/api/v1/flash-receipts", FLASHING, [401, 404, 404, 404, 201, 404]),
    ("get", "/api/v1/flash-receipts/{receipt}", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/serials", "", ENGINEER),
    ("get", "/api/v1/firmware", "", ENGINEER),
    ("post", "/api/v1/firmware", "", [401, 404, 404, 404, 422, 404]),
    ("post", "/api/v1/recalls", "not a recall", [401, 404, 404, 404, 422, 404]),
    ("get", "/api/v1/rollouts", "", ENGINEER),
    ("post", "/api/v1/rollouts", r#"{"board":"bench","version":"new"}"#, [401, 404, 404, 404, 422, 404]),
    ("get", "/api/v1/rollouts/{rollout}", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/rollouts/{rollout}/devices", "", [401, 404, 404, 404, 404, 404]),
    ("post", "/api/v1/rollouts/{rollout}/approve", "", [401, 404, 404, 404, 404, 404]),
    ("post", "/api/v1/rollouts/{rollout}/pause", "", [401, 404, 404, 404, 404, 404]),
    ("post", "/api/v1/rollouts/{rollout}/resume", "", [401, 404, 404, 404, 404, 404]),
    ("post", "/api/v1/rollouts/{rollout}/stop", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/certificate", "", OWNER),
    ("post", "/api/v1/vehicles/{vehicle}/certificate/link", "", [401, 201, 404, 404, 404, 404]),
    ("delete", "/api/v1/vehicles/{vehicle}/certificate/link", "", [401, 204, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/question", "", OWNER),
    (
        "put",
        "/api/v1/vehicles/{vehicle}/questions/{question}",
        r#"{"answer":"1980-05-03"}"#,
        [401, 204, 404, 404, 404, 404],
    ),
    ("get", "/api/v1/vehicles/{vehicle}/programmes", "", OWNER),
    (
        "put",
        "/api/v1/vehicles/{vehicle}/programmes/{programme}",
        r#"{"takes_part":false}"#,
        [401, 204, 404, 404, 404, 404],
    ),
    ("get", "/api/v1/journeys", "", LEAD),
    ("get", "/api/v1/touchpoints?days=30", "", LEAD),
    ("get", "/api/v1/journeys/{account}", "", LEAD),
    (
        "post",
        "/api/v1/journeys/{account}",
        r#"{"vehicle":"golf-1","touchpoint":"call","met":"advisor","outcome":"talked"}"#,
        [401, 404, 404, 404, 404, 204],
    ),
    ("get", "/api/v1/vehicles/{vehicle}/services/{service}/receipts", "", OWNER),
    // Without a file in a form.
    ("post", "/api/v1/vehicles/{vehicle}/services/{service}/receipts", "", [401, 422, 404, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/services/{service}/receipts/{receipt}", "", [401, 404, 404, 404, 404, 404]),
    ("delete", "/api/v1/vehicles/{vehicle}/services/{service}/receipts/{receipt}", "", [401, 404, 404, 404, 404, 404]),
    ("post", "/api/v1/account/erase", r#"{"password":"wrong"}"#, [401, 401, 401, 404, 404, 404]),
    ("get", "/api/v1/vehicles/{vehicle}/family", "", OWNER),
    (
        "post",
        "/api/v1/vehicles/{vehicle}/family/invitations",
        r#"{"email":"dora@example.org","role":"driver"}"#,
        [401, 201, 404, 404, 404, 404],
    ),
    ("delete", "/api/v1/vehicles/{vehicle}/family/invitations/{invitation}", "", [401, 404, 404, 404, 404, 404]),
    (
        "put",
        "/api/v1/vehicles/{vehicle}/family/members/{member}",
        r#"{"role":"driver","trips":true}"#,
        [401, 404, 404, 404, 404, 404],
    ),
    ("delete", "/api/v1/vehicles/{vehicle}/family/members/{member}", "", [401, 404, 404, 404, 404, 404]),
    ("get", "/api/v1/invitations/{token}", "", [404; 6]),
    ("post", "/api/v1/invitations/{token}", "{}", [404; 6]),
    ("delete", "/api/v1/contacts", "", [401, 204, 204, 404, 404, 404]),
    ("post", "/api/v1/vehicles/{vehicle}/transfer", r#"{"account":"nobody"}"#, [401, 422, 404, 404, 404, 404]),
    ("post", "/api/v1/vehicles/{vehicle}/sell", "", [401, 204, 404, 404, 404, 404]),
    ("delete", "/api/v1/session", "", [204; 6]),
];

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

#[test]
fn every_operation_of_the_document_has_an_authorisation_case() {
    let document: serde_json::Value = serde_json::from_str(&milepost::api::document()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "patch"] {
            if item.get(method).is_some() {
                operations.insert((method.to_owned(), path.clone()));
            }
        }
    }
    // The stream's cases stand beside it, because it does not end.
    let mut cases: BTreeSet<_> =
        CASES.iter().map(|(method, path, ..)| ((*method).to_owned(), without_query(path).to_owned())).collect();
    cases.insert(("get".to_owned(), "/api/v1/events".to_owned()));
    cases.extend(OF_LEAD.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())));
    assert_eq!(operations, cases);
}

#[tokio::test]
async fn each_kind_of_caller_gets_what_it_may_and_learns_nothing_of_the_rest() {
    let app = TestApp::new().await;
    let callers = [
        app.anonymous(),
        app.client("anna").await,
        app.client("bert").await,
        app.client("vera").await,
        app.client("emil").await,
        app.client("lena").await,
    ];
    let session = "ab".repeat(32);
    for (method, path, body, statuses) in CASES {
        let record = app.vehicle("golf-1").await.book.services();
        let record = record.iter().find(|service| !service.remarks.title.is_empty()).map_or(0, |service| service.id.0);
        let record = record.to_string();
        let path = path
            .replace("{vehicle}", "golf-1")
            .replace("{question}", "birthday")
            .replace("{notice}", &brake_reminder().to_string())
            .replace("{item}", "2")
            .replace("{follow_up}", "0123456789abcdef")
            .replace("{booking}", "0123456789abcdef")
            .replace("{workshop}", "none")
            .replace("{rollout}", "1")
            .replace("{subscription}", "nothing")
            .replace("{token}", "nothing")
            .replace("{kind}", "call")
            .replace("{invitation}", "0123456789abcdef")
            .replace("{member}", "nobody")
            .replace("{service}", &record)
            .replace("{session}", &session)
            .replace("{id}", "golf-1")
            .replace("{receipt}", "nothing")
            .replace("{programme}", "winter")
            .replace("{account}", "anna");
        let method: Method = method.to_uppercase().parse().unwrap();
        for (caller, status) in callers.iter().zip(statuses) {
            let answer = caller.json(method.clone(), &path, body).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
            if answer.status.is_client_error() {
                assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
                assert_eq!(answer.json()["status"], answer.status.as_u16());
            }
        }
    }
}

#[tokio::test]
async fn offers_are_the_leads_alone_who_sees_nothing_else() {
    let app = TestApp::new().await;
    let lena = app.client("lena").await;
    let others = [app.client("anna").await, app.client("vera").await, app.client("emil").await];
    for (method, path, body, status) in OF_LEAD {
        let (method, path): (Method, _) = (method.to_uppercase().parse().unwrap(), path.replace("{offer}", "1"));
        let path = path.replace("{experiment}", "battery");
        let anonymous = app.anonymous().json(method.clone(), &path, body).await;
        assert_eq!(anonymous.status.as_u16(), 401, "{method} {path}");
        for other in &others {
            let answer = other.json(method.clone(), &path, body).await;
            assert_eq!(answer.status.as_u16(), 404, "{method} {path}: {}", answer.body);
        }
        let answer = lena.json(method.clone(), &path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
    }
    for path in ["/api/v1/vehicles", "/api/v1/queue", "/api/v1/devices", "/api/v1/tasks"] {
        assert_eq!(lena.get(path).await.status.as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_and_a_broken_body_are_problems_too() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let unknown = anna.get("/api/v1/nothing").await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not-found")));
    for body in ["", "{", "[]", r#"{"answer":"maybe"}"#, r#"{"answer":"snooze"}"#, r#"{"answer":"snooze","days":91}"#] {
        let path = format!("/api/v1/vehicles/golf-1/notices/{}/answer", brake_reminder());
        let answer = anna.json(Method::POST, &path, body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("invalid")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn whoever_lacks_the_right_learns_nothing_from_a_body_that_does_not_read() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    let answered = format!("/api/v1/vehicles/golf-1/notices/{}/answer", brake_reminder());
    for (method, path) in [
        (Method::POST, answered.as_str()),
        (Method::POST, "/api/v1/vehicles/golf-1/services"),
        (Method::PUT, "/api/v1/vehicles/golf-1/consent"),
        (Method::PUT, "/api/v1/vehicles/golf-1/profile"),
    ] {
        let statuses = [&anna, &bert].map(|caller| caller.json(method.clone(), path, "{"));
        let [own, others] = statuses;
        assert_eq!(
            (own.await.status, others.await.status),
            (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::NOT_FOUND),
            "{path}"
        );
    }
}
