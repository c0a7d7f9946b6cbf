//! An engineer in the lab: signed in over HTTP, at the pages and at the public API.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use milepost_protocol::DeviceId;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::process::within;
use super::stage::{ENGINEER, PASSWORD};

/// A signed-in engineer.
pub(crate) struct Engineer {
    client: Client,
    base: String,
}

/// The live part of a device's page.
pub(crate) struct Tail {
    stream: Response,
    seen: Vec<u8>,
}

impl Engineer {
    /// Signs the engineer in.
    pub(crate) async fn sign_in(http: SocketAddr) -> Result<Self> {
        let client = Client::builder().cookie_store(true).build()?;
        let base = format!("http://{http}");
        let session = json!({ "account": ENGINEER, "password": PASSWORD });
        client.post(format!("{base}/api/v1/session")).json(&session).send().await?.error_for_status()?;
        Ok(Self { client, base })
    }

    /// Sends the form with a device's settings, as the page does.
    pub(crate) async fn submit(&self, device: &DeviceId, fields: &'static str) -> Result<()> {
        let form = self.client.post(format!("{}/lab/devices/{device}/settings", self.base));
        let form = form.header("content-type", "application/x-www-form-urlencoded").body(fields);
        let page = form.send().await?.error_for_status()?;
        ensure!(page.url().path() == format!("/lab/devices/{device}"), "the form leads to {}", page.url());
        Ok(())
    }

    /// A device, as the API shows it, with what stands beside it.
    pub(crate) async fn device(&self, device: &DeviceId) -> Result<Value> {
        self.get(&format!("devices/{device}")).await
    }

    /// What the API has at a path below its version.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}/api/v1/{path}", self.base);
        Ok(self.client.get(url).send().await?.error_for_status()?.json().await?)
    }

    /// Puts a body at a path of the API; answers what comes back, refusals too.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/api/v1/{path}", self.base);
        Ok(self.client.put(url).json(body).send().await?.json().await?)
    }

    /// Opens the live part of a device's page.
    pub(crate) async fn tail(&self, device: &DeviceId) -> Result<Tail> {
        let url = format!("{}/lab/devices/{device}/live", self.base);
        let stream = self.client.get(url).send().await?.error_for_status()?;
        Ok(Tail { stream, seen: Vec::new() })
    }
}

impl Tail {
    /// Waits until the page shows a text.
    pub(crate) async fn shows(&mut self, text: &str) -> Result<()> {
        within(&format!("{text:?} on the page"), self.listen(text)).await?
    }

    async fn listen(&mut self, text: &str) -> Result<()> {
        while !self.seen.windows(text.len()).any(|part| part == text.as_bytes()) {
            let chunk = self.stream.chunk().await?.context("the stream ended")?;
            self.seen.extend_from_slice(&chunk);
        }
        Ok(())
    }
}
