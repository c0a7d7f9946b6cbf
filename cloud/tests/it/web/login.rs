use axum::http::{Method, StatusCode, header};

use crate::app::{HOST, PASSWORD, TestApp};

fn credentials(account: &str, password: &str) -> String {
    format!("account={account}&password={}&next=%2Faccount", password.replace(' ', "+"))
}

#[tokio::test]
async fn a_log_in_leads_on_and_the_cookie_is_for_the_browser_alone() {
    let app = TestApp::new().await;
    let answer = app.anonymous().form("/login", &credentials("Anna", PASSWORD)).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"));
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host_and_the_browser_keeps_to_https() {
    let app = TestApp::with_cookies(true).await;
    let answer = app.anonymous().form("/login", &credentials("anna", PASSWORD)).await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-session=") && cookie.ends_with("Secure"), "{cookie}");
    assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_look_alike() {
    let app = TestApp::new().await;
    let wrong = app.anonymous().form("/login", &credentials("anna", "not the password")).await;
    let unknown = app.anonymous().form("/login", &credentials("nobody", "not the password")).await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.body.replace("anna", "X"), unknown.body.replace("nobody", "X"));
    assert!(wrong.body.contains("value=\"anna\""), "the account is kept in the form");
}

#[tokio::test]
async fn too_many_attempts_on_one_account_must_wait() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    for _ in 0..10 {
        assert_eq!(nobody.form("/login", &credentials("anna", "wrong")).await.status, StatusCode::UNAUTHORIZED);
    }
    let limited = nobody.form("/login", &credentials("anna", PASSWORD)).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.headers.contains_key(header::RETRY_AFTER));
    app.wall.advance(std::time::Duration::from_secs(30));
    assert_eq!(nobody.form("/login", &credentials("anna", PASSWORD)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn logging_in_again_ends_the_session_that_the_browser_had() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    assert_eq!(anna.get("/account").await.status, StatusCode::OK);
    assert_eq!(anna.form("/login", &credentials("anna", PASSWORD)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(anna.get("/account").await.location(), "/login?next=/account");
}

#[tokio::test]
async fn a_session_ends_after_its_rest_and_staff_sooner_than_owners() {
    let app = TestApp::new().await;
    let (anna, vera) = (app.client("anna").await, app.client("vera").await);
    app.wall.advance(std::time::Duration::from_hours(13));
    assert_eq!(anna.get("/account").await.status, StatusCode::OK);
    assert_eq!(vera.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn logging_out_ends_the_session_at_the_service_too() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    assert_eq!(anna.form("/logout", "").await.location(), "/login");
    assert_eq!(anna.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_elsewhere_can_be_ended_and_another_persons_cannot() {
    let app = TestApp::new().await;
    let (here, there, bert) = (app.client("anna").await, app.client("anna").await, app.client("bert").await);
    let page = here.get("/account").await.body;
    let (_, rest) = page.split_once("/account/sessions/").unwrap();
    let path = format!("/account/sessions/{}", rest.split('"').next().unwrap());
    assert_eq!(bert.form(&path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(there.get("/account").await.status, StatusCode::OK);
    assert_eq!(here.form(&path, "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(there.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_from_another_site_is_refused_before_anything_happens() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let request =
            anna.request(Method::POST, "/logout").header(name, value).body(axum::body::Body::empty()).unwrap();
        assert_eq!(anna.send(request).await.status, StatusCode::FORBIDDEN, "{name}");
    }
    let own = anna.request(Method::POST, "/logout").header("origin", format!("http://{HOST}"));
    assert_eq!(anna.get("/account").await.status, StatusCode::OK, "nothing has happened yet");
    assert_eq!(anna.send(own.body(axum::body::Body::empty()).unwrap()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_choice_of_colours_and_unit_is_kept() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let answer = anna.form("/account/preferences", "language=&unit=mi&theme=dark").await;
    assert_eq!(answer.location(), "/account?did=preferences");
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert!(cookies.iter().any(|cookie| cookie.to_str().unwrap().starts_with("theme=dark;")), "{cookies:?}");
    let home = anna.get("/vehicles/golf-1").await.body;
    assert!(home.contains(" mi</strong>"), "the odometer is in miles");
    assert_eq!(
        anna.form("/account/preferences", "language=xx&unit=mi&theme=dark").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
