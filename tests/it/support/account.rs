//! An owner at the account: signed in over HTTP, reading and answering through the public API.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use milepost_protocol::{DeviceId, NoticeId};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::process::within;
use super::stage::{OWNER, PASSWORD};

/// A signed-in owner.
pub(crate) struct Account {
    client: Client,
    base: String,
    pages: String,
}

/// One message of the account's stream.
#[derive(Deserialize)]
struct NoticeEvent {
    vehicle: String,
    notice: String,
    state: String,
}

impl Account {
    /// Signs the owner in.
    pub(crate) async fn sign_in(http: SocketAddr) -> Result<Self> {
        let client = Client::builder().cookie_store(true).build()?;
        let base = format!("http://{http}/api/v1");
        let session = json!({ "account": OWNER, "password": PASSWORD });
        client.post(format!("{base}/session")).json(&session).send().await?.error_for_status()?;
        Ok(Self { client, base, pages: format!("http://{http}") })
    }

    /// Books what a notice asks for.
    pub(crate) async fn book(&self, device: &DeviceId, notice: NoticeId) -> Result<StatusCode> {
        let url = format!("{}/vehicles/{device}/notices/{notice}/answer", self.base);
        Ok(self.client.post(url).json(&json!({ "answer": "book" })).send().await?.status())
    }

    /// The state of a notice, as the account shows it.
    pub(crate) async fn state(&self, device: &DeviceId, notice: NoticeId) -> Result<String> {
        let url = format!("{}/vehicles/{device}/notices", self.base);
        let body: Value = self.client.get(url).send().await?.error_for_status()?.json().await?;
        let notices = body["notices"].as_array().context("the account lists no notices")?;
        let found = notices.iter().find(|known| known["id"] == notice.to_string());
        let state = found.with_context(|| format!("the account does not know {notice}"))?["state"].as_str();
        Ok(state.context("a notice has a state")?.to_owned())
    }

    /// Reads below the API.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(format!("{}/{path}", self.base)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Reads a page, in English.
    pub(crate) async fn page(&self, path: &str) -> Result<String> {
        let answer = self.client.get(format!("{}/{path}", self.pages)).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// Writes below the API.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.client.put(format!("{}/{path}", self.base)).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Adds below the API.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<()> {
        self.client.post(format!("{}/{path}", self.base)).json(body).send().await?.error_for_status()?;
        Ok(())
    }

    /// The titles of the reminders that are open.
    pub(crate) async fn open(&self, device: &DeviceId) -> Result<Vec<String>> {
        let body = self.get(&format!("vehicles/{device}/notices")).await?;
        let notices = body["notices"].as_array().context("the account lists no notices")?;
        let is_open = |notice: &&Value| notice["kind"] == "reminder" && notice["open"] == true;
        let titles = notices.iter().filter(is_open).filter_map(|notice| notice["title"].as_str());
        Ok(titles.map(str::to_owned).collect())
    }

    /// Waits until the account's stream tells that a notice has a state.
    pub(crate) async fn hears(&self, device: &DeviceId, notice: NoticeId, state: &str) -> Result<()> {
        within(&format!("{notice} as {state} in the account"), self.listen(device, notice, state)).await?
    }

    async fn listen(&self, device: &DeviceId, notice: NoticeId, state: &str) -> Result<()> {
        let mut stream = self.client.get(format!("{}/events", self.base)).send().await?;
        ensure!(stream.status().is_success(), "the stream answers {}", stream.status());
        let mut text = String::new();
        loop {
            let chunk = stream.chunk().await?.context("the stream ended")?;
            text.push_str(std::str::from_utf8(&chunk)?);
            while let Some(end) = text.find('\n') {
                let line: String = text.drain(..=end).collect();
                let event = line.trim().strip_prefix("data:").map(str::trim);
                // Messages of other kinds have other fields.
                let event = event.and_then(|data| serde_json::from_str::<NoticeEvent>(data).ok());
                let meant = |event: &NoticeEvent| {
                    event.vehicle == device.as_str() && event.notice == notice.to_string() && event.state == state
                };
                if event.as_ref().is_some_and(meant) {
                    return Ok(());
                }
            }
        }
    }
}
