use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use crate::api::bookings::with_workshop;
use crate::app::TestApp;

/// Every page that needs nothing but what the tests begin with; `{item}` and the like stand in no path here.
const PAGES: [(&str, &str); 46] = [
    ("", "/login"),
    ("anna", "/vehicles/golf-1"),
    ("anna", "/vehicles/golf-1/items/2"),
    ("anna", "/vehicles/golf-1/services"),
    ("anna", "/vehicles/golf-1/car"),
    ("anna", "/vehicles/golf-1/family"),
    ("anna", "/vehicles/golf-1/trips"),
    ("anna", "/vehicles/golf-1/bookings"),
    ("anna", "/vehicles/golf-1/booking?item-2=on"),
    ("anna", "/vehicles/golf-1/values"),
    ("anna", "/vehicles/golf-1/offers"),
    ("anna", "/vehicles/golf-1/privacy"),
    ("anna", "/vehicles/golf-1/programmes"),
    ("anna", "/vehicles/golf-1/certificate"),
    ("bert", "/vehicles/fresh-3"),
    ("anna", "/account"),
    ("anna", "/account/channels"),
    ("anna", "/account/tokens"),
    ("anna", "/account/home-assistant"),
    ("vera", "/account"),
    ("vera", "/advisor"),
    ("vera", "/advisor?q=golf&show=open"),
    ("vera", "/advisor/tasks"),
    ("vera", "/advisor/follow-ups"),
    ("vera", "/advisor/appointments"),
    ("vera", "/advisor/vehicles/golf-1"),
    ("vera", "/advisor/vehicles/volt-2"),
    ("emil", "/account"),
    ("emil", "/lab"),
    ("emil", "/lab/devices/golf-1"),
    ("emil", "/lab/rollouts"),
    ("emil", "/lab/receipts"),
    ("emil", "/lab/serials"),
    ("emil", "/lab/undelivered"),
    ("emil", "/lab/rejects"),
    ("emil", "/lab/devices/fresh-3"),
    ("lena", "/experience"),
    ("lena", "/experience/offers/1"),
    ("lena", "/experience/segments"),
    ("lena", "/experience/results"),
    ("lena", "/experience/policy"),
    ("lena", "/experience/experiments"),
    ("lena", "/experience/journeys"),
    ("lena", "/experience/touchpoints"),
    ("lena", "/experience/programmes"),
    ("lena", "/experience/owners/anna"),
];

#[tokio::test]
async fn every_page_carries_the_headers_and_nothing_inline() {
    let app = with_workshop().await;
    for (account, path) in PAGES {
        let client = if account.is_empty() { app.anonymous() } else { app.client(account).await };
        let page = client.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.headers[name], value, "{path}");
        }
        assert!(page.headers.contains_key("permissions-policy"));
        for inline in [" style=", "<style", " onclick=", " onload=", "javascript:", "hx-on", "hx-vals", "hx-confirm"] {
            assert!(!page.body.contains(inline), "{path} has {inline}");
        }
        let scripts = page.body.matches("<script").count();
        assert_eq!(scripts, page.body.matches("<script src=\"/assets/").count(), "{path} has an inline script");
        assert!(page.body.contains("<html lang=\"en\""));
    }
}

#[tokio::test]
async fn every_linked_asset_is_there_and_may_be_kept_for_ever() {
    let app = TestApp::new().await;
    let page = app.anonymous().get("/login").await.body;
    let mut count = 0;
    for part in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let path = part.split('#').next().unwrap();
        let asset = app.anonymous().get(path).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert_eq!(asset.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        count += 1;
    }
    assert!(count >= 6, "{page}");
}

#[tokio::test]
async fn an_asset_under_a_stale_hash_is_gone_and_one_without_is_asked_for_again() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    assert_eq!(nobody.get("/assets/000000000000/app.css").await.status, StatusCode::NOT_FOUND);
    assert_eq!(nobody.get("/assets/../Cargo.toml").await.status, StatusCode::NOT_FOUND);
    let asset = nobody.get("/assets/app.css").await;
    let tag = asset.headers[header::ETAG].clone();
    let again = nobody.request(Method::GET, "/assets/app.css").header(header::IF_NONE_MATCH, tag);
    assert_eq!(nobody.send(again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_a_car_or_an_owner_is_called_is_text_and_never_markup() {
    let app = TestApp::new().await;
    let mut vehicle = app.vehicle("golf-1").await;
    vehicle.profile.model_name = "<script>alert(1)</script>".to_owned();
    let by = milepost::domain::Actor::System;
    app.state.service.register(&vehicle.device, vehicle.profile, vehicle.owner, by).await.unwrap();
    for (account, path) in [("anna", "/vehicles/golf-1"), ("vera", "/advisor"), ("vera", "/advisor/vehicles/golf-1")] {
        let page = app.client(account).await.get(path).await.body;
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("&#60;script&#62;alert"), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_looks_like_the_rest() {
    let app = TestApp::new().await;
    let page = app.anonymous().get("/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("<h1>Nothing here</h1>"), "{}", page.body);
    assert_eq!(app.anonymous().get("/logout").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.anonymous().get("/healthz").await.body, "ok\n");
}

#[test]
fn every_page_of_the_router_is_in_the_list() {
    let router = include_str!("../../../src/web/router.rs");
    // Streams, files, redirections, and pages behind a link or of things that the tests do not begin with.
    let others = [
        "/live",
        "/sw.js",
        "/go",
        "/healthz",
        "/assets",
        "/openapi.json",
        "/calendar/",
        "/key",
        "/download",
        "/certificate.pdf",
        "{secret}",
        "/experience/owners\"",
        "\"/\"",
        "{token}",
        "\"/devices\"",
        "/{rollout}",
        "/{receipt}",
        "/{serial}",
        "/{experiment}\"",
    ];
    let pages = router.lines().filter(|line| line.contains(".route(") && line.contains("get("));
    for line in pages.filter(|line| !others.iter().any(|other| line.contains(other))) {
        let path = line.split('"').nth(1).unwrap();
        let fits = |page: &str| {
            let page = page.split('?').next().unwrap();
            let (page, path): (Vec<_>, Vec<_>) = (page.split('/').collect(), path.split('/').collect());
            page.len() == path.len() && page.iter().zip(&path).all(|(a, b)| a == b || b.starts_with('{'))
        };
        assert!(PAGES.iter().any(|(_, page)| fits(page)), "{path} is not in the list");
    }
}
