use axum::body::Body;
use axum::http::{Method, StatusCode};
use milepost::flash_receipts::SignedReceipt;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::app::{Answer, Client, TestApp};

fn request(name: &str) -> rcgen::CertificateSigningRequest {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // Asked for and not granted: the certificate is a client's and nothing else.
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap()
}

async fn certify(client: &Client, device: &str, request: Vec<u8>) -> Answer {
    let path = format!("/api/v1/devices/{device}/certificate");
    let sent = client.request(Method::POST, &path).header("content-type", "application/pkcs10");
    client.send(sent.body(Body::from(request)).unwrap()).await
}

#[tokio::test]
async fn an_engineer_has_a_boards_request_signed_in_either_form_and_nothing_but_the_key_is_taken_from_it() {
    let app = TestApp::new().await;
    let emil = app.client("emil").await;
    let asked = request("golf-1");
    for bytes in [asked.pem().unwrap().into_bytes(), asked.der().to_vec()] {
        let answer = certify(&emil, "golf-1", bytes).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let body = answer.json();
        let pem = body["certificate"]["certificate_pem"].as_str().unwrap();
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        assert!(!certificate.is_ca());
        assert!(body["certificate"]["server_ca_pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    }
    let issued = app.state.service.pki().register().unwrap().issued;
    assert_eq!(issued.len(), 1, "the same request has the same answer");
    for (device, bytes) in [("golf-2", asked.der().to_vec()), ("golf-1", b"-----BEGIN NOTHING".to_vec())] {
        let answer = certify(&emil, device, bytes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["code"], "certificate-request");
    }
}

#[tokio::test]
async fn receipts_say_who_and_when_and_are_found_again_as_they_were_signed() {
    let app = TestApp::new().await;
    let emil = app.client("emil").await;
    let told = |device: &str| {
        serde_json::json!({
            "device": device, "board": "mps2-an386", "image_sha256": "0".repeat(64),
            "configuration_sha256": "1".repeat(64), "tool": "test 1", "result": "enrolled",
        })
        .to_string()
    };
    let mut ids = Vec::new();
    for device in ["golf-1", "golf-2"] {
        let answer = emil.json(Method::POST, "/api/v1/flash-receipts", &told(device)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let signed: SignedReceipt = serde_json::from_value(answer.json()["flash_receipt"].clone()).unwrap();
        assert_eq!(signed.verify(app.state.service.pki().receipts().public_pem()), Ok(()));
        assert_eq!((signed.receipt.by.as_str(), signed.receipt.at_ms), ("emil", app.wall.now_ms()));
        let found = emil.get(&format!("/api/v1/flash-receipts/{}", signed.receipt.id)).await;
        assert_eq!(found.json(), answer.json());
        ids.push(signed.receipt.id);
    }
    let all = emil.get("/api/v1/flash-receipts?limit=1").await.json();
    let first = all["flash_receipts"][0]["receipt"]["id"].as_str().unwrap().to_owned();
    let rest = emil.get(&format!("/api/v1/flash-receipts?after={first}")).await.json();
    let second = rest["flash_receipts"][0]["receipt"]["id"].as_str().unwrap().to_owned();
    let mut listed = vec![first, second];
    listed.sort();
    ids.sort();
    assert_eq!(listed, ids);
    let forged = told("golf-1").replace("test 1", "test\\nresult=failed");
    let refused = emil.json(Method::POST, "/api/v1/flash-receipts", &forged).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_engineer_sees_which_serial_numbers_came_and_which_nobody_expects() {
    let app = TestApp::new().await;
    let pki = app.state.service.pki();
    let (serial, batch) = ("SN-1".parse().unwrap(), "batch-1".parse().unwrap());
    pki.expect(&serial, &"golf-9".parse().unwrap(), false, 1_000).unwrap();
    pki.enrol(&serial, &batch, request("SN-1").der(), 2_000).unwrap().unwrap();
    pki.enrol(&serial, &batch, request("SN-1").der(), 3_000).unwrap().unwrap_err();
    pki.enrol(&"SN-2".parse().unwrap(), &batch, request("SN-2").der(), 4_000).unwrap().unwrap_err();
    let body = app.client("emil").await.get("/api/v1/serials").await.json();
    let known = &body["serials"][0];
    assert_eq!((known["device"].as_str(), known["repeats"].as_u64()), (Some("golf-9"), Some(1)), "{body}");
    assert_eq!(known["enrolled_at"], "1970-01-01T00:00:02Z");
    let unknown = &body["unknown"][0];
    assert_eq!((unknown["serial"].as_str(), unknown["count"].as_u64()), (Some("SN-2"), Some(1)), "{body}");
}
