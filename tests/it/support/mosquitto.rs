//! Debian's own MQTT clients, as somebody would use them who is not us.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::process::within;

/// Who calls: a certificate, if any, and a client id.
#[derive(Debug, Clone)]
pub(crate) struct Caller<'a> {
    /// The certification authority that the service is believed by.
    pub(crate) ca: PathBuf,
    /// The folder with `cert.pem` and `key.pem`.
    pub(crate) identity: Option<PathBuf>,
    /// The MQTT client id.
    pub(crate) client_id: &'a str,
    /// The front door's port.
    pub(crate) port: u16,
    /// `mqttv311` or `mqttv5`.
    pub(crate) version: &'a str,
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Said {
    /// The exit code.
    pub(crate) code: i32,
    /// Everything it printed.
    pub(crate) text: String,
}

impl Said {
    /// Whether a line contains `text`.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

/// Whether the clients are installed; a machine without them is told of.
pub(crate) fn is_installed() -> bool {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = |name| std::env::split_paths(&search).any(|folder| folder.join(name).is_file());
    let installed = found("mosquitto_pub") && found("mosquitto_sub");
    if !installed {
        complain("SKIPPED: mosquitto_pub and mosquitto_sub are not installed; `cargo xtask setup` installs them");
    }
    installed
}

#[expect(clippy::print_stderr, reason = "a test that does not test says so")]
fn complain(text: &str) {
    eprintln!("{text}");
}

impl Caller<'_> {
    /// Publishes a file at `QoS` 1 and waits for its acknowledgement.
    pub(crate) async fn publish(&self, topic: &str, file: &Path) -> Result<Said> {
        let mut command = self.command("mosquitto_pub", topic);
        command.arg("-f").arg(file);
        run(command).await
    }

    /// Subscribes at `QoS` 1 and listens for as many seconds.
    pub(crate) async fn subscribe(&self, topic: &str, seconds: u32) -> Result<Said> {
        let mut command = self.command("mosquitto_sub", topic);
        command.args(["-F", "%t", "-W", &seconds.to_string()]);
        run(command).await
    }

    fn command(&self, name: &str, topic: &str) -> Command {
        let mut command = Command::new(name);
        command.args(["-h", "localhost", "-p", &self.port.to_string(), "-V", self.version, "-d", "-q", "1"]);
        command.args(["-i", self.client_id, "-t", topic]).arg("--cafile").arg(&self.ca);
        if let Some(identity) = &self.identity {
            command.arg("--cert").arg(identity.join("cert.pem")).arg("--key").arg(identity.join("key.pem"));
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

async fn run(mut command: Command) -> Result<Said> {
    let Output { status, stdout, stderr } = within("the end of the MQTT client", command.output()).await??;
    let Some(code) = status.code() else { bail!("the MQTT client was killed") };
    let mut text = String::from_utf8_lossy(&stdout).into_owned();
    text.push_str(std::str::from_utf8(&stderr).context("the MQTT client says what is no text")?);
    Ok(Said { code, text })
}
