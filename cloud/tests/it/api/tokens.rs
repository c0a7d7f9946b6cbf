use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use milepost::store::{Collection, Store as _};
use serde_json::{Value, json};

use crate::app::{Answer, Client, PASSWORD, TestApp, brake_reminder};

const DAY_MS: u64 = 86_400_000;

/// Makes a token as its owner does; answers its id and its secret.
async fn make(owner: &Client, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "Home", "scopes": scopes, "days": 90 }).to_string();
    let made = owner.json(Method::POST, "/api/v1/tokens", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let token = made.json()["token"].clone();
    (token["id"].as_str().unwrap().to_owned(), token["secret"].as_str().unwrap().to_owned())
}

/// What a program gets that has nothing but a token.
async fn call(app: &TestApp, secret: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = app
        .anonymous()
        .request(method, path)
        .header(header::AUTHORIZATION, format!("Bearer {secret}"))
        .header(header::CONTENT_TYPE, "application/json");
    app.anonymous().send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_name_and_nothing_else() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let (_, reads) = make(&anna, &["vehicles:read"]).await;
    let (_, answers) = make(&anna, &["notices:write"]).await;
    let answer = format!("/api/v1/vehicles/golf-1/notices/{}/answer", brake_reminder());
    let book = r#"{"answer":"book"}"#;
    for (secret, method, path, body, status) in [
        (&reads, Method::GET, "/api/v1/vehicles", "", 200),
        (&reads, Method::GET, "/api/v1/vehicles/golf-1/items", "", 200),
        (&reads, Method::POST, answer.as_str(), book, 403),
        (&answers, Method::GET, "/api/v1/vehicles", "", 403),
        (&answers, Method::POST, answer.as_str(), book, 200),
        // Another's car does not exist for it, as for its owner.
        (&reads, Method::GET, "/api/v1/vehicles/fresh-3", "", 404),
        // What takes a person takes a session.
        (&reads, Method::GET, "/api/v1/vehicles/golf-1/export", "", 403),
        (&reads, Method::GET, "/api/v1/tokens", "", 403),
        (&reads, Method::POST, "/api/v1/vehicles/golf-1/sell", "", 403),
        (&reads, Method::GET, "/vehicles/golf-1", "", 403),
        (&reads, Method::GET, "/api/v1/queue", "", 403),
    ] {
        let got = call(&app, secret, method.clone(), path, body).await;
        assert_eq!(got.status.as_u16(), status, "{method} {path}: {}", got.body);
    }
    assert_eq!(app.vehicle("golf-1").await.notices[&brake_reminder()].state().name(), "booked");
}

#[tokio::test]
async fn a_token_ends_by_its_time_by_its_owner_and_with_the_password() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let status = async |secret: &str| call(&app, secret, Method::GET, "/api/v1/vehicles", "").await.status;
    let (id, secret) = make(&anna, &["vehicles:read"]).await;
    assert_eq!(status(&secret).await, StatusCode::OK);
    let path = format!("/api/v1/tokens/{id}");
    let bert = app.client("bert").await;
    assert_eq!(bert.json(Method::DELETE, &path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(anna.json(Method::DELETE, &path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(status(&secret).await, StatusCode::UNAUTHORIZED);
    let (_, second) = make(&anna, &["vehicles:read"]).await;
    app.state.accounts.set_password(&"anna".parse().unwrap(), PASSWORD).await.unwrap();
    assert_eq!(status(&second).await, StatusCode::UNAUTHORIZED);
    let anna = app.client("anna").await;
    let (_, third) = make(&anna, &["vehicles:read"]).await;
    app.wall.set(app.wall.now_ms() + 90 * DAY_MS);
    assert_eq!(status(&third).await, StatusCode::UNAUTHORIZED);
    for wrong in ["", "mp_", "mp_00", &"a".repeat(64)] {
        assert_eq!(status(wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
}

#[tokio::test]
async fn whoever_reads_the_store_or_the_list_cannot_use_a_token() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let (id, secret) = make(&anna, &["vehicles:read", "services:write"]).await;
    let docs = app.store.list(Collection("api_token"), "", None, 9).await.unwrap();
    assert_eq!((docs.len(), docs[0].0.as_str()), (1, id.as_str()));
    let digits = secret.trim_start_matches("mp_");
    assert!(!docs[0].0.contains(digits) && !String::from_utf8_lossy(&docs[0].1.value).contains(digits));
    let list = anna.get("/api/v1/tokens").await;
    assert!(!list.body.contains(digits));
    assert_eq!(list.json()["tokens"][0]["scopes"], json!(["vehicles:read", "services:write"]));
    assert_eq!(list.json()["tokens"][0]["used_at"], Value::Null);
}

#[tokio::test]
async fn an_owner_makes_and_takes_back_tokens_with_forms() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let made = anna.form("/account/tokens", "name=Home&vehicles%3Aread=yes&days=30").await;
    let start = made.body.find("mp_").unwrap_or_else(|| panic!("{}", made.body));
    let secret = made.body[start..start + 67].to_owned();
    assert_eq!(call(&app, &secret, Method::GET, "/api/v1/vehicles", "").await.status, StatusCode::OK);
    let page = anna.get("/account/tokens").await.body;
    assert!(page.contains("Home") && page.contains("See your vehicles") && !page.contains(&secret), "{page}");
    let action = page.split("action=\"/account/tokens/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let taken = anna.form(&format!("/account/tokens/{action}"), "").await;
    assert_eq!(taken.location(), "/account/tokens?did=token-revoked", "{}", taken.body);
    assert_eq!(call(&app, &secret, Method::GET, "/api/v1/vehicles", "").await.status, StatusCode::UNAUTHORIZED);
    let nothing = anna.form("/account/tokens", "name=Home&days=30").await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "a token without a scope opens nothing");
}
