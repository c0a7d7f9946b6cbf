//! An owner's own Home Assistant, with mosquitto as the owner's broker.

use std::process::Stdio;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use milepost::domain::{Actor, Intent, Recall};
use milepost::homes::{HomeWorker, drive};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use crate::app::{Client, TestApp};

const PATIENCE: Duration = Duration::from_secs(30);

/// A broker that lets one person in.
struct Broker {
    port: u16,
    _process: Child,
    _log: Lines<BufReader<ChildStderr>>,
    _folder: tempfile::TempDir,
}

/// Somebody who hears everything that is published.
struct Listener {
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

fn is_installed() -> bool {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let places = || std::env::split_paths(&search).chain(["/usr/sbin".into()]);
    ["mosquitto", "mosquitto_sub", "mosquitto_passwd"].iter().all(|name| places().any(|at| at.join(name).is_file()))
}

impl Broker {
    async fn start() -> Option<Self> {
        if !is_installed() {
            complain("SKIPPED: mosquitto is not installed; `cargo xtask setup` installs it");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (passwords, config) = (folder.path().join("passwords"), folder.path().join("broker.conf"));
        let mut making = Command::new("mosquitto_passwd");
        making.args(["-b", "-c"]).arg(&passwords).args(["ha", "secret"]).stderr(Stdio::null());
        assert!(making.status().await.unwrap().success());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = format!(
            "user root\nlistener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\n",
            passwords.display()
        );
        std::fs::write(&config, text).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let mut process = Command::new("mosquitto")
            .env("PATH", path)
            .arg("-c")
            .arg(&config)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        while let Some(line) = tokio::time::timeout(PATIENCE, log.next_line()).await.unwrap().unwrap() {
            if line.contains("running") {
                return Some(Self { port, _process: process, _log: log, _folder: folder });
            }
        }
        panic!("the broker did not start");
    }

    /// Listens to everything; comes back when the broker has taken the subscription.
    async fn listen(&self) -> Listener {
        // What it says has to come line by line, though nobody sits before it.
        let mut process = Command::new("stdbuf")
            .args(["-oL", "mosquitto_sub"])
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-u", "ha", "-P", "secret", "-q", "1"])
            .args(["-t", "#", "-F", "%t|%p", "-d"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut listener = Listener { _process: process, lines };
        listener.until(|line| line.contains("SUBACK").then_some(())).await;
        listener
    }
}

#[expect(clippy::print_stderr, reason = "a test that does not test says so")]
fn complain(text: &str) {
    eprintln!("{text}");
}

impl Listener {
    async fn until<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> T {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("nothing of it came");
            let line = line.unwrap().expect("the listener went away");
            if let Some(found) = wanted(&line) {
                return found;
            }
        }
    }

    /// Waits for a message on a topic that `wanted` takes.
    async fn hears(&mut self, topic: &str, wanted: impl Fn(&str) -> bool) -> String {
        let of = |line: &str| Some(line.strip_prefix(topic)?.strip_prefix('|')?.to_owned());
        self.until(|line| of(line).filter(|payload| wanted(payload))).await
    }
}

async fn switch_on(anna: &Client, port: u16, prefix: &str) {
    let wish = json!({
        "host": "127.0.0.1", "port": port, "tls": false, "user": "ha", "password": "secret", "prefix": prefix,
    });
    let answer = anna.json(Method::PUT, "/api/v1/home-assistant", &wish.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(!answer.body.contains("secret"), "a password is never told");
}

fn work(app: &TestApp) -> (CancellationToken, tokio::task::JoinHandle<()>) {
    let settings =
        milepost::config::Channels { reach_private: true, step_ms: 20, ..milepost::config::Channels::default() };
    let stop = CancellationToken::new();
    let worker = HomeWorker::new(app.state.service.clone(), &settings);
    (stop.clone(), tokio::spawn(drive(worker, stop)))
}

const CONFIG: &str = "homeassistant/device/milepost_golf-1/config";
const STATE: &str = "milepost/golf-1/state";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_assistant_sees_the_car_hears_of_a_recall_and_forgets_all_of_it_when_switched_off() {
    let Some(broker) = Broker::start().await else { return };
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let mut listener = broker.listen().await;
    switch_on(&anna, broker.port, "").await;
    let (stop, worker) = work(&app);

    let config: Value = serde_json::from_str(&listener.hears(CONFIG, |_| true).await).unwrap();
    assert!(config["device"]["name"].as_str().unwrap().starts_with("VW Golf"), "{config}");
    assert_eq!(config["state_topic"], STATE);
    assert_eq!(config["components"]["safety_notice"]["platform"], "binary_sensor");
    let availability = config["availability_topic"].as_str().unwrap().to_owned();
    assert!(!availability.contains("anna"), "{availability}");
    let state: Value = serde_json::from_str(&listener.hears(STATE, |_| true).await).unwrap();
    assert!(state["odometer"].as_f64().unwrap() > 1_000.0 && state["safety_notice"].is_null(), "{state}");
    assert!(state["next_service_date"].as_str().unwrap().starts_with("20"), "{state}");
    assert!(state["trouble_codes"].as_array().unwrap().contains(&json!("P0420")), "{state}");
    listener.hears(&availability, |payload| payload == "online").await;

    let recall = Recall { campaign: "26V100000".to_owned(), ..Recall::default() };
    app.state.service.submit(&"golf-1".parse().unwrap(), Intent::Recall { recall }, Actor::System).await.unwrap();
    listener.hears(STATE, |payload| payload.contains("Safety recall")).await;

    let off = anna.json(Method::DELETE, "/api/v1/home-assistant", "").await;
    assert_eq!((off.status, &off.json()["home_assistant"]["on"]), (StatusCode::OK, &json!(false)));
    for topic in [CONFIG, STATE, &availability] {
        listener.hears(topic, str::is_empty).await;
    }
    stop.cancel();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_car_that_is_given_away_and_a_prefix_that_is_left_are_taken_from_the_broker() {
    let Some(broker) = Broker::start().await else { return };
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    let mut listener = broker.listen().await;
    switch_on(&anna, broker.port, "").await;
    let (stop, worker) = work(&app);
    listener.hears(CONFIG, |payload| payload.contains("components")).await;
    switch_on(&anna, broker.port, "elsewhere").await;
    listener.hears(CONFIG, str::is_empty).await;
    let moved = "elsewhere/device/milepost_golf-1/config";
    listener.hears(moved, |payload| payload.contains("components")).await;
    let given = anna.json(Method::POST, "/api/v1/vehicles/golf-1/transfer", r#"{"account":"bert"}"#).await;
    assert_eq!(given.status, StatusCode::NO_CONTENT, "{}", given.body);
    listener.hears(moved, str::is_empty).await;
    stop.cancel();
    worker.await.unwrap();
}

#[tokio::test]
async fn a_broker_that_cannot_be_meant_is_refused_with_the_field() {
    let app = TestApp::new().await;
    let anna = app.client("anna").await;
    for (body, field) in [
        (r#"{"host":""}"#, "host"),
        (r#"{"host":"a b"}"#, "host"),
        (r#"{"host":"a.example","port":0}"#, "port"),
        (r#"{"host":"a.example","prefix":"a/+"}"#, "prefix"),
    ] {
        let answer = anna.json(Method::PUT, "/api/v1/home-assistant", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.json()["at"].as_str().unwrap().starts_with(field), "{}", answer.body);
    }
    let page = anna.get("/account/home-assistant").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let saved = anna.form("/account/home-assistant", "act=on&host=broker.example&tls=on&user=ha&password=pw").await;
    assert_eq!(saved.location(), "/account/home-assistant?did=home-link", "{}", saved.body);
    let page = anna.get(saved.location()).await.body;
    assert!(page.contains("broker.example") && !page.contains("pw\""), "{page}");
}
