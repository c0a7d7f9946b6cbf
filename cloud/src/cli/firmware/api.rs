//! A running service as an engineer's command line sees it: its JSON API.

use std::io::BufRead as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::super::output;

/// Where the service is and who asks.
#[derive(Debug, Args)]
pub(in crate::cli) struct Service {
    /// The service, such as `http://127.0.0.1:8080`.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// The engineer's account; its password is the first line of standard input.
    #[arg(long)]
    account: String,
    /// A file whose first line is the password.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Publish {
    #[command(flatten)]
    service: Service,
    /// The signed image.
    file: PathBuf,
}

/// Somebody who is logged in.
pub(in crate::cli) struct Session {
    client: Client,
    base: String,
    cookie: String,
}

/// Runs a call to its end.
pub(in crate::cli) fn block_on(call: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(call)
}

impl Service {
    /// Logs in.
    pub(in crate::cli) async fn log_in(self) -> Result<Session> {
        let password = self.password()?;
        let base = format!("{}/api/v1", self.server.trim_end_matches('/'));
        let client = Client::new();
        let body = json!({ "account": self.account, "password": password });
        let answer = client.post(format!("{base}/session")).json(&body).send().await;
        let answer = answer.with_context(|| format!("the service does not answer, {}", self.server))?;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        read(answer).await?;
        let cookie = cookie.context("the service set no session")?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Session { client, base, cookie })
    }

    fn password(&self) -> Result<String> {
        if let Some(path) = &self.password_file {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("reading the password failed, {}", path.display()))?;
            return Ok(text.lines().next().unwrap_or_default().to_owned());
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("reading the password from standard input")?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl Session {
    /// Reads something.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks for something, with a body if there is one.
    pub(super) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = self.request(Method::POST, path);
        self.send(if let Some(body) = body { request.json(body) } else { request }).await
    }

    /// Sends a file.
    pub(in crate::cli) async fn upload(&self, path: &str, bytes: Vec<u8>) -> Result<Value> {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/octet-stream");
        self.send(request.body(bytes)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header(COOKIE, &self.cookie)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value> {
        read(request.send().await.context("the service does not answer")?).await
    }
}

/// The body of a good answer; the problem of any other.
async fn read(answer: reqwest::Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await.context("the service's answer broke off")?;
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    match body["detail"].as_str() {
        Some(detail) => bail!("{detail} ({status})"),
        None => bail!("the service answered {status}"),
    }
}

impl Publish {
    pub(super) async fn run(self) -> Result<()> {
        let bytes = std::fs::read(&self.file).with_context(|| format!("reading failed, {}", self.file.display()))?;
        let session = self.service.log_in().await?;
        let image = session.upload("/firmware", bytes).await?["image"].take();
        output::line(&image.to_string())
    }
}
