//! The cloud as the bench sees it: an engineer's session over the API.

use anyhow::{Context as _, Result, bail};
use milepost_protocol::DeviceId;
use reqwest::{Client, Response};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// A session of an engineer.
#[derive(Debug)]
pub struct Cloud {
    client: Client,
    base: String,
}

/// What the cloud signed, and whom to trust.
#[derive(Debug)]
pub struct Issued {
    /// The device's certificate, DER.
    pub certificate: Vec<u8>,
    /// The authority of the server's certificate, DER.
    pub authority: Vec<u8>,
}

/// What is told about a flashing; hashes in hexadecimal.
#[derive(Debug, Clone)]
pub struct Flashing<'a> {
    /// The device.
    pub device: &'a DeviceId,
    /// The kind of board.
    pub board: &'a str,
    /// Of the image.
    pub image_sha256: &'a str,
    /// Of the configuration, as the board computed it.
    pub configuration_sha256: Option<String>,
    /// The tool and its version.
    pub tool: &'a str,
    /// `enrolled`, `flashed` or `failed`.
    pub result: &'static str,
}

impl Cloud {
    /// Logs in at `url`, such as `https://cloud.example`.
    pub async fn log_in(url: &str, account: &str, password: &str) -> Result<Self> {
        let client = Client::builder().cookie_store(true).build().context("failed to set up HTTP")?;
        let base = format!("{}/api/v1", url.trim_end_matches('/'));
        let cloud = Self { client, base };
        let credentials = json!({ "account": account, "password": password });
        let request = cloud.client.post(format!("{}/session", cloud.base)).json(&credentials);
        let body = answer(request.send().await, "logging in").await?;
        if body["session"]["role"] != "engineer" {
            bail!("{account} is no engineer's account");
        }
        Ok(cloud)
    }

    /// Has a certificate request signed.
    pub async fn certify(&self, device: &DeviceId, request: &[u8]) -> Result<Issued> {
        let request = self
            .client
            .post(format!("{}/devices/{device}/certificate", self.base))
            .header("content-type", "application/pkcs10")
            .body(request.to_vec());
        let body = answer(request.send().await, "signing the certificate").await?;
        let der = |name: &str| -> Result<Vec<u8>> {
            let pem = body["certificate"][name].as_str().with_context(|| format!("the cloud sent no {name}"))?;
            let der = CertificateDer::from_pem_slice(pem.as_bytes());
            Ok(der.with_context(|| format!("the cloud's {name} is no certificate"))?.to_vec())
        };
        Ok(Issued { certificate: der("certificate_pem")?, authority: der("server_ca_pem")? })
    }

    /// Hands in what was flashed; answers the signed receipt.
    pub async fn hand_in(&self, flashing: &Flashing<'_>) -> Result<Value> {
        let told = json!({
            "device": flashing.device.as_str(),
            "board": flashing.board,
            "image_sha256": flashing.image_sha256,
            "configuration_sha256": flashing.configuration_sha256,
            "tool": flashing.tool,
            "result": flashing.result,
        });
        let request = self.client.post(format!("{}/flash-receipts", self.base)).json(&told);
        let mut body = answer(request.send().await, "handing in the receipt").await?;
        Ok(body["flash_receipt"].take())
    }
}

async fn answer(sent: reqwest::Result<Response>, what: &str) -> Result<Value> {
    let response = sent.with_context(|| format!("{what} failed"))?;
    let status = response.status();
    let body: Value = response.json().await.with_context(|| format!("{what} failed: no JSON, {status}"))?;
    if !status.is_success() {
        let why = body["detail"].as_str().unwrap_or_default();
        bail!("{what} was refused, {status}: {why}");
    }
    Ok(body)
}
