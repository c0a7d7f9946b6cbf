use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use milepost::accounts::Role;
use milepost::config::{Receipts, Secret};
use milepost::store::{AnyStore, MemoryStore};
use milepost::vault::{Vault, VaultError};

use crate::app::{Answer, Client, PASSWORD, TestApp};

/// A PDF document as small as they come, with something to look for.
const RECEIPT: &[u8] = b"%PDF-1.4\n% two litres of brake fluid for Anna\n%%EOF\n";

async fn entry(anna: &Client) -> String {
    let body = r#"{"item":0,"title":"Wipers"}"#;
    let made = anna.json(Method::POST, "/api/v1/vehicles/golf-1/services", body).await;
    made.json()["services"][0]["id"].as_str().unwrap().to_owned()
}

async fn attach(client: &Client, path: &str, name: &str, bytes: &[u8]) -> Answer {
    let head = format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
    let request = client.request(Method::POST, path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    client.send(request.body(Body::from(body)).unwrap()).await
}

fn lies_open(app: &TestApp, text: &[u8]) -> bool {
    let AnyStore::Memory(store) = &app.store else { panic!("the test's store is in memory") };
    store.rows().unwrap().iter().any(|(_, bytes)| bytes.windows(text.len()).any(|part| part == text))
}

#[tokio::test]
async fn a_receipt_is_attached_shown_and_taken_away() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let entry = entry(&anna).await;
    let path = format!("/api/v1/vehicles/golf-1/services/{entry}/receipts");
    let made = attach(&anna, &path, "C:\\oil change.pdf", RECEIPT).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let receipt = made.json()["receipts"][0].clone();
    assert_eq!((receipt["name"].as_str(), receipt["kind"].as_str()), (Some("oil change.pdf"), Some("pdf")));
    let one = format!("{path}/{}", receipt["id"].as_str().unwrap());
    let shown = anna.get(&one).await;
    assert_eq!((shown.status, shown.body.as_bytes()), (StatusCode::OK, RECEIPT));
    assert_eq!(shown.headers["content-type"], "application/pdf");
    assert_eq!(shown.headers["cache-control"], "no-store");
    assert_eq!(shown.headers["x-content-type-options"], "nosniff");
    let page = anna.get("/vehicles/golf-1/services").await.body;
    assert!(page.contains("oil change.pdf") && page.contains(&one), "the page leads to it");
    let export = anna.get("/api/v1/vehicles/golf-1/export").await.json();
    assert_eq!(export["export"]["receipts"][0]["receipt"]["name"], "oil change.pdf");
    assert!(export["export"]["receipts"][0]["content"].is_string());
    assert!(!lies_open(&app, b"brake fluid for Anna") && !lies_open(&app, b"oil change"), "the store has it sealed");
    assert_eq!(anna.json(Method::DELETE, &one, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get(&one).await.status, StatusCode::NOT_FOUND);
    assert!(!rows(&app).iter().any(|key| key.starts_with("paper")), "{:?}", rows(&app));
}

fn rows(app: &TestApp) -> Vec<String> {
    let AnyStore::Memory(store) = &app.store else { panic!("the test's store is in memory") };
    store.rows().unwrap().into_iter().map(|(key, _)| key).collect()
}

#[tokio::test]
async fn what_is_no_receipt_or_too_large_is_refused_with_a_reason() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let entry = entry(&anna).await;
    let path = format!("/api/v1/vehicles/golf-1/services/{entry}/receipts");
    let large = [b"%PDF-1.4\n", &vec![b' '; 5 << 20][..], b"%%EOF"].concat();
    let larger = vec![b' '; 6 << 20];
    for (bytes, status, code) in [
        (&b"<script>alert(1)</script>"[..], 422, "receipt-kind"),
        (b"", 422, "receipt-kind"),
        (&large, 413, "receipt-size"),
        (&larger, 413, "receipt-size"),
    ] {
        let answer = attach(&anna, &path, "receipt.pdf", bytes).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{}", bytes.len());
    }
    let page = attach(&anna, &path.replace("/api/v1", ""), "receipt.pdf", b"nothing").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("A receipt is a PDF document or a JPEG or PNG picture."), "{}", page.body);
}

#[tokio::test]
async fn receipts_go_with_their_entry_and_with_their_owner() {
    let app = TestApp::new().await;
    let (anna, bert) = (app.client("anna").await, app.client("bert").await);
    let entry = entry(&anna).await;
    let path = format!("/vehicles/golf-1/services/{entry}/receipts");
    assert_eq!(attach(&anna, &path, "a.pdf", RECEIPT).await.status, StatusCode::SEE_OTHER);
    assert_eq!(attach(&bert, &path, "a.pdf", RECEIPT).await.status, StatusCode::NOT_FOUND);
    let erase = format!("/api/v1/vehicles/golf-1/services/{entry}");
    assert_eq!(anna.json(Method::DELETE, &erase, "").await.status, StatusCode::OK);
    assert!(!rows(&app).iter().any(|key| key.starts_with("paper")));
    assert_eq!(attach(&anna, &path, "a.pdf", RECEIPT).await.status, StatusCode::NOT_FOUND, "it stands no more");
    anna.json(Method::POST, &format!("{erase}/restore"), "").await;
    assert_eq!(attach(&anna, &path, "a.pdf", RECEIPT).await.status, StatusCode::SEE_OTHER);
    let to = r#"{"account":"bert"}"#;
    assert_eq!(anna.json(Method::POST, "/api/v1/vehicles/golf-1/transfer", to).await.status, StatusCode::NO_CONTENT);
    assert!(!rows(&app).iter().any(|key| key.starts_with("paper")));
}

#[tokio::test]
async fn a_vehicle_has_room_for_so_many_receipts() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let entry = entry(&anna).await;
    let most = Receipts::default().max_per_vehicle;
    let vehicle = app.vehicle("golf-1").await;
    let (owner, service) = ("anna".parse().unwrap(), milepost_engine::service_book::EventId(entry.parse().unwrap()));
    for _ in 0..most {
        app.state.attachments.attach(&vehicle, &owner, service, "a.pdf", RECEIPT).await.unwrap();
    }
    let full = attach(&anna, &format!("/api/v1/vehicles/golf-1/services/{entry}/receipts"), "a.pdf", RECEIPT).await;
    assert_eq!((full.status, full.json()["code"].as_str()), (StatusCode::CONFLICT, Some("receipts-full")));
}

#[tokio::test]
async fn a_new_master_key_takes_the_owners_keys_over_and_a_wrong_one_opens_nothing() {
    let app = TestApp::on(AnyStore::Memory(MemoryStore::new()), false).await;
    app.state.accounts.create("dora".parse().unwrap(), "Dora", Role::Owner, PASSWORD).await.unwrap();
    let (dora, service) = ("dora".parse().unwrap(), app.state.service.clone());
    let secret = |text: &str| Secret::new(text.repeat(32));
    let first = Vault::new(service.clone(), &secret("a"), &[]);
    let sealed = first.key(&dora).await.unwrap().seal("here", b"a receipt").unwrap();
    let second = Vault::new(service.clone(), &secret("b"), &[secret("a")]);
    assert_eq!(second.renew().await.unwrap(), 1);
    assert_eq!(second.renew().await.unwrap(), 0);
    let alone = Vault::new(service.clone(), &secret("b"), &[]);
    assert_eq!(alone.existing(&dora).await.unwrap().unwrap().open("here", &sealed).unwrap(), b"a receipt");
    let wrong = Vault::new(service.clone(), &secret("c"), &[]);
    assert!(matches!(wrong.renew().await, Err(VaultError::Master(_))));
    service.put_docs(vec![Vault::forget(&dora)]).await.unwrap();
    assert!(alone.existing(&dora).await.unwrap().is_none());
    let again = alone.key(&dora).await.unwrap();
    assert!(again.open("here", &sealed).is_err(), "a key that was erased never comes back");
}
