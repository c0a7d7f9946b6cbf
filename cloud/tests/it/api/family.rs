use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use milepost::domain::{Actor, FamilyChange, FamilyRole, Grant, Intent, Right};
use milepost::family::INVITATION_MS;

use crate::app::{Answer, Client, NOW_MS, PASSWORD, TestApp, brake_reminder, frame, tyre_offer};

/// What of an owner's vehicle a driver and a viewer reach through the API: method, path, body, and the status for each.
///
/// The driver sees the trips, the viewer does not.
const ROUTES: [(&str, &str, &str, u16, u16); 50] = [
    ("get", "", "", 200, 200),
    ("get", "/trips", "", 200, 404),
    ("get", "/series", "", 404, 404),
    ("get", "/notices", "", 200, 200),
    ("post", "/notices/{notice}/answer", r#"{"answer":"book"}"#, 200, 404),
    ("post", "/notices/{notice}/snooze", r#"{"days":1,"reason":"cost"}"#, 200, 404),
    ("post", "/notices/{notice}/fewer", "", 404, 404),
    ("get", "/decisions", "", 404, 404),
    ("get", "/items", "", 200, 200),
    ("post", "/items/{item}/complete", "{}", 200, 404),
    ("post", "/items/{item}/undo", "", 200, 404),
    ("put", "/items/{item}/applies", r#"{"applies":true}"#, 404, 404),
    ("put", "/profile", r#"{"model":"VW Golf"}"#, 404, 404),
    ("get", "/services", "", 404, 404),
    ("post", "/services", r#"{"item":0,"title":"Wipers"}"#, 404, 404),
    ("put", "/services/{service}", r#"{"title":"Blades"}"#, 404, 404),
    ("delete", "/services/{service}", "", 404, 404),
    ("post", "/services/{service}/restore", "", 404, 404),
    ("get", "/services/{service}/receipts", "", 404, 404),
    ("post", "/services/{service}/receipts", "", 404, 404),
    ("get", "/services/{service}/receipts/{receipt}", "", 404, 404),
    ("delete", "/services/{service}/receipts/{receipt}", "", 404, 404),
    ("post", "/services/import", r#"{"csv":"date,item\n2025-01-02,tyres"}"#, 404, 404),
    ("get", "/services/export", "", 404, 404),
    ("get", "/consent", "", 404, 404),
    ("put", "/consent", r#"{"purposes":["workshop"]}"#, 404, 404),
    ("get", "/export", "", 404, 404),
    ("get", "/deliveries", "", 404, 404),
    // There is no workshop, which only those who may book get to hear; it is "not found" too.
    ("get", "/slots", "", 422, 404),
    ("get", "/bookings", "", 200, 200),
    ("post", "/bookings", r#"{"workshop":"?","items":[2],"start_at":"2026-11-16T08:00:00Z"}"#, 422, 404),
    ("post", "/bookings/{booking}/reschedule", r#"{"start_at":"2026-11-16T08:00:00Z"}"#, 404, 404),
    ("post", "/bookings/{booking}/cancel", "", 404, 404),
    ("get", "/bookings/{booking}/invitation", "", 404, 404),
    ("get", "/family", "", 404, 404),
    ("post", "/family/invitations", r#"{"email":"x@example.org","role":"viewer"}"#, 404, 404),
    ("delete", "/family/invitations/{invitation}", "", 404, 404),
    ("put", "/family/members/{member}", r#"{"role":"driver","trips":true}"#, 404, 404),
    ("delete", "/family/members/{member}", "", 404, 404),
    ("get", "/certificate", "", 404, 404),
    ("post", "/certificate/link", "", 404, 404),
    ("delete", "/certificate/link", "", 404, 404),
    ("get", "/programmes", "", 404, 404),
    ("put", "/programmes/{programme}", r#"{"takes_part":false}"#, 404, 404),
    ("get", "/question", "", 404, 404),
    ("put", "/questions/{question}", r#"{"answer":"1980-05-03"}"#, 404, 404),
    ("get", "/reads", "", 404, 404),
    ("get", "/traces", "", 404, 404),
    ("post", "/transfer", r#"{"account":"dora"}"#, 404, 404),
    ("post", "/sell", "", 404, 404),
];

/// The same of the pages below `/vehicles/{vehicle}`.
const PAGES: [(&str, &str, &str, u16, u16); 45] = [
    ("get", "", "", 200, 200),
    ("get", "/live", "", 200, 200),
    ("post", "/notices/{notice}/answer", "answer=book", 303, 404),
    ("post", "/items/{item}/complete", "date=2026-11-12", 303, 404),
    ("post", "/items/{item}/undo", "", 303, 404),
    ("get", "/items/{item}", "", 200, 200),
    ("post", "/items/{item}/applies", "applies=true", 404, 404),
    ("post", "/notices/{notice}/snooze", "days=1&reason=cost", 303, 404),
    ("get", "/services", "", 404, 404),
    ("post", "/services", "item=0&title=Wipers&date=2026-11-12", 404, 404),
    ("post", "/services/import", "csv=x", 404, 404),
    ("post", "/services/{service}", "date=2026-11-12", 404, 404),
    ("post", "/services/{service}/erase", "", 404, 404),
    ("post", "/services/{service}/restore", "", 404, 404),
    ("post", "/services/{service}/receipts", "", 404, 404),
    ("post", "/services/{service}/receipts/{receipt}/remove", "", 404, 404),
    ("get", "/car", "", 404, 404),
    ("post", "/car", "model=x", 404, 404),
    ("get", "/family", "", 404, 404),
    ("post", "/family", "email=x@example.org&role=viewer", 404, 404),
    ("post", "/family/members/{member}", "role=driver", 404, 404),
    ("post", "/family/members/{member}/remove", "", 404, 404),
    ("post", "/family/invitations/{invitation}/withdraw", "", 404, 404),
    ("get", "/values", "", 404, 404),
    ("post", "/questions/{question}", "do=answer&answer=1980-05-03", 404, 404),
    ("get", "/certificate", "", 404, 404),
    ("get", "/certificate.pdf", "", 404, 404),
    ("post", "/certificate/link", "", 404, 404),
    ("post", "/certificate/end", "", 404, 404),
    ("get", "/programmes", "", 404, 404),
    ("post", "/programmes/{programme}", "do=leave", 404, 404),
    ("post", "/transfer", "account=dora", 404, 404),
    ("post", "/sell", "sure=on", 404, 404),
    ("get", "/booking", "", 200, 404),
    ("get", "/bookings", "", 200, 200),
    ("post", "/bookings", "", 422, 404),
    ("post", "/bookings/{booking}/move", "start=1", 404, 404),
    ("post", "/bookings/{booking}/cancel", "", 404, 404),
    ("post", "/calendar", "", 404, 404),
    ("post", "/calendar/end", "", 404, 404),
    ("get", "/trips", "", 200, 404),
    ("get", "/offers", "", 404, 404),
    ("post", "/notices/{notice}/fewer", "", 404, 404),
    ("get", "/privacy", "", 404, 404),
    ("post", "/privacy", "workshop=on", 404, 404),
];

fn filled(path: &str) -> String {
    path.replace("{notice}", &brake_reminder().to_string())
        .replace("{programme}", "winter")
        .replace("{question}", "birthday")
        .replace("{item}", "2")
        .replace("{service}", "1")
        .replace("{booking}", "0123456789abcdef")
        .replace("{invitation}", "0123456789abcdef")
        .replace("{member}", "anna")
        .replace("{receipt}", "0123456789abcdef")
        .replace("/slots", "/slots?items=none")
}

/// A family around Anna's car: Dora drives it and sees its trips, Vito looks at it.
async fn family() -> (TestApp, Client, Client) {
    let app = TestApp::new().await;
    for (id, role, trips) in [("dora", FamilyRole::Driver, true), ("vito", FamilyRole::Viewer, false)] {
        app.state.accounts.create(id.parse().unwrap(), id, milepost::accounts::Role::Owner, PASSWORD).await.unwrap();
        admit(&app, id, Grant { role, trips }).await;
    }
    let (dora, vito) = (app.client("dora").await, app.client("vito").await);
    (app, dora, vito)
}

async fn admit(app: &TestApp, account: &str, grant: Grant) {
    let change = FamilyChange::Admit {
        account: account.parse().unwrap(),
        grant,
        invited_by: "anna".parse().unwrap(),
        invited_ms: NOW_MS,
    };
    let by = Actor::Family(account.parse().unwrap());
    app.state.service.submit(&"golf-1".parse().unwrap(), Intent::Family { change }, by).await.unwrap();
}

#[test]
fn every_route_of_an_owners_vehicle_has_a_case_for_the_family() {
    let document: serde_json::Value = serde_json::from_str(&milepost::api::document()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(rest) = path.strip_prefix("/api/v1/vehicles/{vehicle}") else { continue };
        for method in ["get", "put", "post", "delete", "patch"].into_iter().filter(|method| item.get(method).is_some())
        {
            operations.insert((method, rest));
        }
    }
    assert_eq!(operations, ROUTES.iter().map(|(method, path, ..)| (*method, *path)).collect());

    let router = include_str!("../../../src/web/router.rs");
    let mut pages = BTreeSet::new();
    for line in router.lines() {
        let Some((path, handlers)) =
            line.trim().strip_prefix(".route(\"/vehicles/{vehicle}").and_then(|l| l.split_once('"'))
        else {
            continue;
        };
        pages.extend(["get", "post"].into_iter().filter(|m| handlers.contains(&format!("{m}("))).map(|m| (m, path)));
    }
    assert_eq!(pages, PAGES.iter().map(|(method, path, ..)| (*method, *path)).collect());
}

#[tokio::test]
async fn a_driver_and_a_viewer_get_what_their_roles_open_and_nothing_else() {
    let (_app, dora, vito) = family().await;
    for (method, path, body, driver, viewer) in ROUTES {
        let method: Method = method.to_uppercase().parse().unwrap();
        let path = format!("/api/v1/vehicles/golf-1{}", filled(path));
        for (caller, status, who) in [(&vito, viewer, "viewer"), (&dora, driver, "driver")] {
            let answer = caller.json(method.clone(), &path, body).await;
            assert_eq!(answer.status.as_u16(), status, "{who}: {method} {path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn pages_and_forms_hold_to_the_same_roles() {
    let (_app, dora, vito) = family().await;
    for (method, path, fields, driver, viewer) in PAGES {
        let path = format!("/vehicles/golf-1{}", filled(path));
        for (caller, status, who) in [(&vito, viewer, "viewer"), (&dora, driver, "driver")] {
            let request = caller
                .request(method.to_uppercase().parse().unwrap(), &path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let (answered, ..) = caller.stream(request.body(Body::from(fields)).unwrap()).await;
            assert_eq!(answered.as_u16(), status, "{who}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn the_pages_offer_nobody_what_they_may_not() {
    let (_app, dora, vito) = family().await;
    let (driver, viewer) = (dora.get("/vehicles/golf-1").await.body, vito.get("/vehicles/golf-1").await.body);
    assert!(driver.contains("/items/2/complete") && driver.contains("/vehicles/golf-1/trips"));
    assert!(!viewer.contains("<form method=\"post\" action=\"/vehicles") && !viewer.contains("/vehicles/golf-1/trips"));
    for page in [driver, viewer] {
        for hidden in ["/privacy", "/offers", "/services\""] {
            assert!(!page.contains(&format!("/vehicles/golf-1{hidden}")), "{hidden}");
        }
    }
}

#[tokio::test]
async fn offers_are_the_owners_alone() {
    let (_app, dora, _) = family().await;
    let told = dora.get("/api/v1/vehicles/golf-1/notices").await.body + &dora.get("/api/v1/vehicles/golf-1").await.body;
    assert!(told.contains(&brake_reminder().to_string()) && !told.contains(&tyre_offer().to_string()));
    let path = format!("/api/v1/vehicles/golf-1/notices/{}/answer", tyre_offer());
    assert_eq!(dora.json(Method::POST, &path, r#"{"answer":"book"}"#).await.status, StatusCode::NOT_FOUND);
}

async fn invite(anna: &Client, email: &str) -> String {
    let body = format!(r#"{{"email":"{email}","role":"driver","trips":false}}"#);
    let made = anna.json(Method::POST, "/api/v1/vehicles/golf-1/family/invitations", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let link = made.json()["family"]["invitations"][0]["link"].as_str().unwrap().to_owned();
    link.strip_prefix("https://cars.example/invite/").unwrap().to_owned()
}

async fn take(client: &Client, token: &str) -> Answer {
    client.json(Method::POST, &format!("/api/v1/invitations/{token}"), "{}").await
}

#[tokio::test]
async fn an_invitation_is_taken_once_and_shows_since_when() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    let token = invite(&anna, "bert@example.org").await;
    let offered = app.anonymous().get(&format!("/api/v1/invitations/{token}")).await.json();
    assert_eq!(offered["invitation"]["invited_by"], "Anna Lindholm");
    assert_eq!(take(&app.anonymous(), &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(take(&anna, &token).await.status, StatusCode::NOT_FOUND, "it is her own car");
    assert_eq!(take(&bert, &token).await.status, StatusCode::NO_CONTENT);
    assert_eq!(take(&bert, &token).await.status, StatusCode::NOT_FOUND);
    let family = anna.get("/api/v1/vehicles/golf-1/family").await.json()["family"].clone();
    assert_eq!(family["invitations"], serde_json::json!([]));
    assert_eq!(family["members"][0]["account"], "bert");
    assert_eq!(family["members"][0]["since_at"], "2026-11-12T09:30:00Z");
    let seen = bert.get("/api/v1/vehicles").await.body;
    assert!(seen.contains("golf-1"), "{seen}");
}

#[tokio::test]
async fn an_invitation_makes_an_account_of_its_own_and_takes_no_name_twice() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let token = invite(&anna, "dora@example.org").await;
    let path = format!("/api/v1/invitations/{token}");
    let new = |account: &str, password: &str| {
        format!(r#"{{"new_account":{{"account":"{account}","display_name":"Dora Weiss","password":"{password}"}}}}"#)
    };
    let nobody = app.anonymous();
    for (account, password, status) in
        [("bert", PASSWORD, 409), ("dora", "short", 422), ("d/o", PASSWORD, 422), ("Dora", PASSWORD, 204)]
    {
        let answer = nobody.json(Method::POST, &path, &new(account, password)).await;
        assert_eq!(answer.status.as_u16(), status, "{account}: {}", answer.body);
    }
    assert_eq!(nobody.json(Method::POST, &path, &new("nora", PASSWORD)).await.status, StatusCode::NOT_FOUND);
    assert!(app.state.accounts.account(&"nora".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(app.client("dora").await.get("/vehicles/golf-1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_invitation_ends_with_its_week_its_withdrawal_and_its_owner() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    let withdrawn = invite(&anna, "one@example.org").await;
    let listed = anna.get("/api/v1/vehicles/golf-1/family").await.json();
    let id = listed["family"]["invitations"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/vehicles/golf-1/family/invitations/{id}");
    assert_eq!(anna.json(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
    let sold = invite(&anna, "two@example.org").await;
    app.state.service.sell(&"golf-1".parse().unwrap(), Actor::Owner("anna".parse().unwrap())).await.unwrap();
    let late = {
        let body = r#"{"email":"three@example.org","role":"viewer"}"#;
        let made = anna.json(Method::POST, "/api/v1/vehicles/volt-2/family/invitations", body).await;
        made.json()["family"]["invitations"][0]["link"].as_str().map(str::to_owned)
    };
    for token in [withdrawn, sold] {
        assert_eq!(take(&bert, &token).await.status, StatusCode::NOT_FOUND);
    }
    if let Some(late) = late {
        app.state.service.clock().advance(std::time::Duration::from_millis(INVITATION_MS));
        let token = late.rsplit('/').next().unwrap();
        assert_eq!(take(&bert, token).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn removing_somebody_ends_their_access_in_every_session_and_stream_at_once() {
    let (app, dora, _) = family().await;
    let anna = app.client("anna").await;
    let stream = |path: &str| dora.request(Method::GET, path).body(Body::empty()).unwrap();
    let (_, _, mut page) = dora.stream(stream("/vehicles/golf-1/live")).await;
    let (_, _, mut program) = dora.stream(stream("/api/v1/events")).await;
    assert!(frame(&mut page).await.contains("#state"));
    assert!(frame(&mut program).await.contains("golf-1"));
    let removed = anna.json(Method::DELETE, "/api/v1/vehicles/golf-1/family/members/dora", "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    for path in ["/vehicles/golf-1", "/api/v1/vehicles/golf-1", "/vehicles/golf-1/live"] {
        assert_eq!(dora.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(http_body_util::BodyExt::frame(&mut page).await.is_none(), "the page's stream goes on");
    // What comes of the car after that is not told; the next thing that the stream says is about a car of her own.
    let own = |state: &milepost::web::AppState| state.service.clone();
    let service = own(&app.state);
    let by = Actor::Owner("anna".parse().unwrap());
    let (golf, purposes) = ("golf-1".parse().unwrap(), milepost_protocol::downlink::Purposes::FUNCTION);
    service.set_consent(&golf, purposes, by.clone()).await.unwrap();
    let profile = milepost::domain::Profile::default();
    service.register(&"doras-1".parse().unwrap(), profile, Some("dora".parse().unwrap()), by).await.unwrap();
    let mut told = String::new();
    while !told.contains("doras-1") {
        told = frame(&mut program).await;
        let is_late = told.contains("golf-1") && told.contains("\"revision\":") && told.contains("event: notice");
        assert!(!is_late || told.contains("doras-1"), "{told}");
    }
}

#[tokio::test]
async fn whoever_was_let_in_is_out_when_the_car_changes_hands() {
    for sale in [false, true] {
        let (app, dora, vito) = family().await;
        let anna = app.client("anna").await;
        let (path, body) = if sale { ("sell", "") } else { ("transfer", r#"{"account":"bert"}"#) };
        let path = format!("/api/v1/vehicles/golf-1/{path}");
        assert_eq!(anna.json(Method::POST, &path, body).await.status, StatusCode::NO_CONTENT);
        for gone in [&anna, &dora, &vito] {
            assert_eq!(gone.get("/api/v1/vehicles/golf-1").await.status, StatusCode::NOT_FOUND);
            assert_eq!(gone.get("/vehicles/golf-1").await.status, StatusCode::NOT_FOUND);
        }
        let vehicle = app.vehicle("golf-1").await;
        assert!(!vehicle.allows(&"dora".parse().unwrap(), Right::See));
        assert!(app.state.service.vehicles_for(&"dora".parse().unwrap()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_member_leaves_and_an_owner_changes_what_is_granted() {
    let (app, dora, vito) = family().await;
    let anna = app.client("anna").await;
    let grant = r#"{"role":"viewer","trips":false}"#;
    let changed = anna.json(Method::PUT, "/api/v1/vehicles/golf-1/family/members/dora", grant).await;
    assert_eq!(changed.json()["family"]["members"][0]["role"], "viewer", "{}", changed.body);
    assert_eq!(dora.get("/api/v1/vehicles/golf-1/trips").await.status, StatusCode::NOT_FOUND);
    let left = vito.json(Method::DELETE, "/api/v1/vehicles/golf-1/family/members/vito", "").await;
    assert_eq!(left.status, StatusCode::NO_CONTENT);
    assert_eq!(vito.get("/api/v1/vehicles/golf-1").await.status, StatusCode::NOT_FOUND);
    let gone = anna.json(Method::PUT, "/api/v1/vehicles/golf-1/family/members/vito", grant).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
