//! The people of the demonstration: each signs in as an owner does, keeps the account open, and answers some notices.
//!
//! They use nothing but the public API, so that what is measured is what an owner would see.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::latency::Key;
use crate::clock::Clock;

/// How long a person looks at a notice before answering, in real milliseconds.
const LOOK_MS: std::ops::Range<u64> = 150..1_500;

/// The share of notices that a person answers in the account; the rest is left to the car, or ignored.
const ANSWERED: f64 = 0.6;

/// What a person noticed or did.
#[derive(Debug)]
pub(super) enum Step {
    /// The account is open.
    Entered,
    /// A notice stood in the account.
    Seen { notice: Key, at_us: u64 },
    /// An answer was given in the account and taken.
    Answered { notice: Key, at_us: u64 },
}

/// One owner.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) seed: u64,
}

#[derive(Deserialize)]
struct NoticeEvent {
    vehicle: String,
    notice: String,
    state: String,
}

impl Person {
    /// Lives with the account until the stream or the receiver ends.
    pub(super) async fn live(self, http: SocketAddr, steps: mpsc::Sender<Step>) -> Result<()> {
        let client = Client::new();
        let base = format!("http://{http}/api/v1");
        let cookie = self.sign_in(&client, &base).await?;
        let mut random = SmallRng::seed_from_u64(self.seed);
        let mut stream =
            client.get(format!("{base}/events")).header(COOKIE, &cookie).send().await?.error_for_status()?;
        if steps.send(Step::Entered).await.is_err() {
            return Ok(());
        }
        let mut lines = Lines::default();
        while let Some(chunk) = stream.chunk().await.context("the account's stream broke")? {
            let at_us = Clock::real().now_us();
            for event in lines.take(&chunk) {
                let notice = (event.vehicle, event.notice);
                if steps.send(Step::Seen { notice: notice.clone(), at_us }).await.is_err() {
                    return Ok(());
                }
                if event.state == "raised" && random.random_bool(ANSWERED) {
                    let look = Duration::from_millis(random.random_range(LOOK_MS));
                    let answer = choose(&mut random);
                    let person = (client.clone(), base.clone(), cookie.clone());
                    tokio::spawn(give(person, notice, look, answer, steps.clone()));
                }
            }
        }
        Ok(())
    }

    async fn sign_in(&self, client: &Client, base: &str) -> Result<String> {
        let answer = client
            .post(format!("{base}/session"))
            .json(&json!({ "account": self.name, "password": self.password }))
            .send()
            .await?;
        ensure!(answer.status().is_success(), "{} could not sign in: {}", self.name, answer.status());
        let cookie = answer.headers().get(SET_COOKIE).context("a sign-in sets a cookie")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }
}

fn choose(random: &mut SmallRng) -> Value {
    match random.random_range(0..10_u8) {
        0..4 => json!({ "answer": "done" }),
        4..7 => json!({ "answer": "snooze", "days": random.random_range(1..=14_u16) }),
        7..9 => json!({ "answer": "book" }),
        _ => json!({ "answer": "refuse" }),
    }
}

/// Waits as a person does, then answers; an answer that came too late or is not invited changes nothing.
async fn give(
    (client, base, cookie): (Client, String, String),
    notice: Key,
    look: Duration,
    answer: Value,
    steps: mpsc::Sender<Step>,
) {
    tokio::time::sleep(look).await;
    let at_us = Clock::real().now_us();
    let url = format!("{base}/vehicles/{}/notices/{}/answer", notice.0, notice.1);
    match client.post(url).header(COOKIE, cookie).json(&answer).send().await {
        Ok(response) if response.status().is_success() => {
            // Nobody listens any more when the demonstration ends.
            let _ = steps.send(Step::Answered { notice, at_us }).await;
        }
        Ok(response) if matches!(response.status(), StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) => {}
        Ok(response) => tracing::warn!(status = %response.status(), "an answer was not taken"),
        Err(error) => tracing::debug!(%error, "an answer did not arrive"),
    }
}

/// Cuts a stream of server-sent events into notice events.
#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
    name: String,
}

impl Lines {
    fn take(&mut self, chunk: &[u8]) -> Vec<NoticeEvent> {
        self.rest.extend_from_slice(chunk);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if let Some(name) = line.strip_prefix("event:") {
                name.trim().clone_into(&mut self.name);
            } else if let Some(data) = line.strip_prefix("data:")
                && self.name == "notice"
                && let Ok(event) = serde_json::from_str(data.trim())
            {
                events.push(event);
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_however_the_stream_is_cut() {
        let text = b"event: vehicle\ndata: {\"vehicle\":\"a\",\"revision\":1}\n\nevent: notice\nid: 7\n\
            data: {\"vehicle\":\"a\",\"notice\":\"01\",\"state\":\"raised\",\"at_us\":1}\n\n: beat\n\n";
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut events = lines.take(&text[..cut]);
            events.extend(lines.take(&text[cut..]));
            let found: Vec<_> = events.iter().map(|event| (event.vehicle.as_str(), event.state.as_str())).collect();
            assert_eq!(found, [("a", "raised")], "cut at {cut}");
        }
    }
}
