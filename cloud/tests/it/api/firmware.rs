use axum::http::{Method, StatusCode};
use milepost::accounts::Role;
use milepost::firmware::Bundle;
use milepost_protocol::update::{Manifest, SignedManifest};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::app::{Answer, Client, PASSWORD, SIGNING_SEED, TestApp};

fn bundle(version: &str, image: &[u8], seed: &[u8; 32]) -> Vec<u8> {
    let manifest = Manifest {
        board: "bench".try_into().unwrap(),
        version: version.parse().unwrap(),
        floor: "1.0.0".parse().unwrap(),
        build: [1; 8],
        len: image.len() as u32,
        sha256: Sha256::digest(image).into(),
    };
    let mut signed = SignedManifest { manifest: manifest.encode(), signature: [[0; 32]; 2] };
    signed.signature = SignedManifest::split(salty::Keypair::from(seed).sign(&signed.message()).to_bytes());
    Bundle::new(signed, image.to_vec()).unwrap().encode()
}

async fn engineers(app: &TestApp) -> (Client, Client) {
    let accounts = &app.state.accounts;
    accounts.create("ella".parse().unwrap(), "Ella Roth", Role::Engineer, PASSWORD).await.unwrap();
    (app.client("emil").await, app.client("ella").await)
}

async fn publish(client: &Client, bytes: Vec<u8>) -> Answer {
    client.bytes(Method::POST, "/api/v1/firmware", bytes).await
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_signed_image_is_published_once_and_listed() {
    let app = TestApp::new().await;
    let (emil, ella) = engineers(&app).await;
    // Longer than any other body may be.
    let image: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    let bytes = bundle("1.5.0", &image, &SIGNING_SEED);
    let answer = publish(&emil, bytes.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let again = publish(&ella, bytes).await;
    assert_eq!(again.json()["image"]["published_by"], "emil", "the same image again changes nothing");
    let other = publish(&ella, bundle("1.5.0", b"other", &SIGNING_SEED)).await;
    assert_eq!(code(&other), (409, "version-taken".to_owned()));
    publish(&ella, bundle("1.10.0", b"newer", &SIGNING_SEED)).await;
    let listed = emil.get("/api/v1/firmware").await.json();
    let versions: Vec<_> = listed["images"].as_array().unwrap().iter().map(|image| &image["version"]).collect();
    assert_eq!(versions, ["1.5.0", "1.10.0"]);
    assert_eq!((&listed["images"][0]["len"], &listed["images"][0]["board"]), (&json!(200_000), &json!("bench")));
}

#[tokio::test]
async fn what_is_no_image_of_a_trusted_key_is_not_taken() {
    let app = TestApp::new().await;
    let (emil, _) = engineers(&app).await;
    let good = bundle("1.5.0", b"image", &SIGNING_SEED);
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    let stranger = bundle("1.5.0", b"image", &[8; 32]);
    for bytes in [Vec::new(), b"MPIMAGE1".to_vec(), good[..40].to_vec(), altered, stranger] {
        let answer = publish(&emil, bytes).await;
        assert_eq!(code(&answer), (422, "image".to_owned()), "{}", answer.body);
    }
    assert_eq!(emil.get("/api/v1/firmware").await.json()["images"], json!([]));
}

#[tokio::test]
async fn a_rollout_takes_two_people_and_every_step_names_who_made_it() {
    let app = TestApp::new().await;
    let (emil, ella) = engineers(&app).await;
    publish(&emil, bundle("1.5.0", b"image", &SIGNING_SEED)).await;
    let ask =
        async |client: &Client, path: &str| client.json(Method::POST, &format!("/api/v1/rollouts{path}"), "").await;
    let draft = emil.json(Method::POST, "/api/v1/rollouts", r#"{"board":"bench","version":"1.5.0"}"#).await;
    assert_eq!(draft.json()["rollout"]["state"], "draft", "{}", draft.body);
    assert_eq!(ask(&emil, "/1/approve").await.json()["rollout"]["state"], "draft");
    assert_eq!(code(&ask(&emil, "/1/approve").await), (409, "second-person".to_owned()));
    assert_eq!(code(&ask(&emil, "/1/pause").await), (409, "rollout-state".to_owned()));
    let started = ask(&ella, "/1/approve").await.json();
    assert_eq!((&started["rollout"]["state"], &started["rollout"]["wave"]), (&json!("running"), &json!("canary")));
    assert_eq!(ask(&ella, "/1/pause").await.json()["rollout"]["reason"], "asked");
    assert_eq!(ask(&emil, "/1/resume").await.json()["rollout"]["state"], "running");
    let stopped = ask(&ella, "/1/stop").await.json();
    assert_eq!(stopped["rollout"]["state"], "stopped");
    assert_eq!(code(&ask(&ella, "/1/resume").await), (409, "rollout-state".to_owned()));
    let history: Vec<String> = stopped["rollout"]["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry["by"].as_str().unwrap(), entry["what"].as_str().unwrap()))
        .collect();
    assert_eq!(
        history,
        ["emil created", "emil approved", "ella approved", "ella paused", "emil resumed", "ella stopped"]
    );
    assert_eq!(emil.get("/api/v1/rollouts/1/devices").await.json()["devices"], json!([]));
    assert_eq!(emil.get("/api/v1/rollouts").await.json()["rollouts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn settings_out_of_range_and_unknown_images_make_no_rollout() {
    let app = TestApp::new().await;
    let (emil, _) = engineers(&app).await;
    publish(&emil, bundle("1.5.0", b"image", &SIGNING_SEED)).await;
    let image = r#""board":"bench","version":"1.5.0""#;
    for (body, status) in [
        (r#"{"board":"bench","version":"1.6.0"}"#.to_owned(), 404),
        (r#"{"board":"bench","version":"new"}"#.to_owned(), 422),
        (format!(r#"{{{image},"canaries":0}}"#), 422),
        (format!(r#"{{{image},"window":{{"from_minute":1440,"minutes":60}}}}"#), 422),
        (format!(r#"{{{image},"gates":{{"max_failed_share":1.5}}}}"#), 422),
        (format!(r#"{{{image},"gates":{{"reconnect_factor":0.5}}}}"#), 422),
        (format!(r#"{{{image},"misspelt":1}}"#), 422),
    ] {
        let answer = emil.json(Method::POST, "/api/v1/rollouts", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
    }
}
