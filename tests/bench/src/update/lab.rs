//! Firmware engineers at their command lines: keys, signatures, rollouts, all through the program that a person would call.
//!
//! Invariant: nothing here knows more than what `milepost firmware` prints.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use milepost_protocol::update::Version;
use serde_json::Value;
use tokio::process::Command;

use crate::board::DEADLINE;
use crate::cloud::{Cloud, PASSWORD};

/// The two who publish and approve.
pub(super) const ENGINEERS: [&str; 2] = ["eva", "max"];

/// The engineers' desk.
pub(super) struct Lab {
    folder: PathBuf,
}

/// A signing key.
pub(super) struct Key {
    path: String,
    /// Its public half as text.
    pub(super) public: String,
}

/// What an image is signed as.
pub(super) struct Label<'l> {
    pub(super) board: &'l str,
    pub(super) version: Version,
    pub(super) floor: Version,
}

impl Key {
    /// The public half.
    pub(super) fn bytes(&self) -> Result<[u8; 32]> {
        milepost::firmware::parse_key(&self.public).with_context(|| format!("{:?} is no key", self.public))
    }
}

impl Lab {
    /// A desk in `folder`.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let lab = Self { folder: folder.to_owned() };
        std::fs::write(lab.path("password"), PASSWORD).context("writing the password failed")?;
        Ok(lab)
    }

    /// Makes a key.
    pub(super) async fn key(&self, name: &str) -> Result<Key> {
        let path = self.path(&format!("{name}.pem"));
        let public = succeed(&["firmware", "keygen", "--out", &path]).await?.trim().to_owned();
        Ok(Key { path, public })
    }

    /// Signs an image; answers the signed file.
    pub(super) async fn sign(&self, key: &Key, label: &Label<'_>, image: &[u8]) -> Result<PathBuf> {
        let Label { board, version, floor } = label;
        let (version, floor) = (version.to_string(), floor.to_string());
        let (plain, signed) = (self.path(&format!("{version}.bin")), self.path(&format!("{board}-{version}.signed")));
        std::fs::write(&plain, image).context("writing the image failed")?;
        let call = ["firmware", "sign", "--key", &key.path, "--board", board, "--version", &version];
        succeed(&[&call[..], &["--floor", &floor, &plain, "--out", &signed]].concat()).await?;
        Ok(signed.into())
    }

    /// Publishes a signed image.
    pub(super) async fn publish(&self, cloud: &Cloud, signed: &Path) -> Result<()> {
        self.ask(cloud, ENGINEERS[0], &["publish", &signed.display().to_string()]).await.map(drop)
    }

    /// Drafts a rollout that both engineers approve; answers its number.
    pub(super) async fn roll_out(&self, cloud: &Cloud, board: &str, version: Version) -> Result<String> {
        let version = version.to_string();
        let settings = ["--canaries", "1", "--soak", "1", "--stuck-after", "600", "--any-time", "--approve"];
        let call = [&["rollout", "--board", board, "--version", &version][..], &settings].concat();
        let line = self.ask(cloud, ENGINEERS[0], &call).await?;
        let id = line.split('\t').next().context("a rollout's line begins with its number")?.to_owned();
        self.ask(cloud, ENGINEERS[1], &["approve", &id]).await?;
        Ok(id)
    }

    /// Follows a rollout to its end; answers its state, its reason, and the phase of its one device.
    pub(super) async fn end_of(&self, cloud: &Cloud, id: &str) -> Result<(String, String, String)> {
        // It ends badly when the rollout does, and what it says then is asked for below.
        let _ = self.ask(cloud, ENGINEERS[1], &["status", id, "--follow"]).await;
        let stands = self.ask(cloud, ENGINEERS[1], &["status", id, "--json"]).await?;
        let stands: Value = serde_json::from_str(&stands)?;
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let (rollout, device) = (&stands["rollout"], &stands["devices"][0]);
        ensure!(stands["devices"].as_array().map(Vec::len) == Some(1), "rollout {id} has other devices: {stands}");
        Ok((text(&rollout["state"]), text(&rollout["reason"]), text(&device["phase"])))
    }

    async fn ask(&self, cloud: &Cloud, account: &str, call: &[&str]) -> Result<String> {
        let (server, password) = (format!("http://{}", cloud.http), self.path("password"));
        let who = ["--server", &server, "--account", account, "--password-file", &password];
        succeed(&[&["firmware"], call, &who].concat()).await
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// What a call prints; it must end well.
async fn succeed(call: &[&str]) -> Result<String> {
    let own = std::env::current_exe().context("the bench has no path")?;
    let output =
        Command::new(own.with_file_name("milepost")).args(call).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, output).await.with_context(|| format!("{call:?} does not end"))??;
    if !output.status.success() {
        bail!("{call:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).context("the program printed no text")
}
