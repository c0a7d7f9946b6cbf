//! Two firmware engineers at their command lines, with a signing key and simulated images.
//!
//! Everything goes through the programs that a person would call.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost::accounts::{Accounts, Role};
use milepost::clock::Clock;
use serde_json::Value;

use super::cloud::Cloud;
use super::process::{output, output_within};
use super::stage::{PASSWORD, Stage};

/// The board of the simulated cars.
pub(crate) const BOARD: &str = "bench-sim";

/// How long a whole rollout may take; only a failing test ever waits that long.
const ROLLOUT: Duration = Duration::from_mins(6);

/// The engineers' desk.
pub(crate) struct Lab {
    folder: PathBuf,
    /// The public key that service and boards trust.
    pub(crate) public: String,
}

impl Lab {
    /// Makes the key, the two accounts, and a service that trusts the key; the service must not run yet.
    pub(crate) async fn open(stage: &Stage) -> Result<Self> {
        let folder = stage.folder().to_owned();
        let server = stage.rehearse().await?;
        let accounts = Accounts::new(server.service.clone(), Clock::real());
        for name in ["eva", "max"] {
            accounts.create(name.parse()?, name, Role::Engineer, PASSWORD).await?;
        }
        server.stop().await.context("closing the store failed")?;
        std::fs::write(folder.join("password"), PASSWORD).context("writing the password failed")?;
        let lab = Self { public: String::new(), folder };
        let key = lab.path("key.pem");
        let public = Self::milepost(&["keygen", "--out", &key]).await?.trim().to_owned();
        stage.configure(|config| config.firmware.keys = vec![public.clone()])?;
        Ok(Self { public, ..lab })
    }

    /// Makes, signs and publishes an image that behaves in a certain way.
    pub(crate) async fn publish(&self, cloud: &Cloud, version: &str, behaves: &str) -> Result<()> {
        let (image, signed) = (self.path(&format!("{version}.image")), self.path(&format!("{version}.signed")));
        let made = output("milepost-gateway", ["sim-image", "--behaves", behaves, "--out", &image]).await?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let key = self.path("key.pem");
        let sign = ["sign", "--key", &key, "--board", BOARD, "--version", version, "--floor", "1.0.0", &image];
        Self::milepost(&[&sign[..], &["--out", &signed]].concat()).await?;
        self.ask(cloud, "eva", &["publish", &signed]).await?;
        Ok(())
    }

    /// Drafts a rollout that both engineers approve; answers its number.
    pub(crate) async fn roll_out(&self, cloud: &Cloud, version: &str) -> Result<String> {
        let settings = ["--canaries", "5", "--soak", "2", "--stuck-after", "300", "--any-time", "--approve"];
        let call = [&["rollout", "--board", BOARD, "--version", version][..], &settings].concat();
        let line = self.ask(cloud, "eva", &call).await?;
        let id = line.split('\t').next().context("a rollout's line begins with its number")?.to_owned();
        self.ask(cloud, "max", &["approve", &id]).await?;
        Ok(id)
    }

    /// Follows a rollout until it has ended or waits for a person; answers how it stands.
    pub(crate) async fn end_of(&self, cloud: &Cloud, id: &str) -> Result<Value> {
        let follow = self.call(cloud, "max", &["status", id, "--follow"]);
        let followed = output_within(ROLLOUT, "milepost", follow).await?;
        let stands = self.ask(cloud, "eva", &["status", id, "--json"]).await?;
        let stands: Value = serde_json::from_str(&stands)?;
        let done = stands["rollout"]["state"] == "done";
        ensure!(followed.status.success() == done, "{}: {stands}", String::from_utf8_lossy(&followed.stderr));
        Ok(stands)
    }

    async fn ask(&self, cloud: &Cloud, account: &str, call: &[&str]) -> Result<String> {
        succeed(self.call(cloud, account, call)).await
    }

    /// A call to the running service as one of the engineers.
    fn call(&self, cloud: &Cloud, account: &str, call: &[&str]) -> Vec<String> {
        let server = format!("http://{}", cloud.at.http);
        let password = self.path("password");
        let who = ["--server", &server, "--account", account, "--password-file", &password];
        [&["firmware"], call, &who].concat().into_iter().map(str::to_owned).collect()
    }

    async fn milepost(call: &[&str]) -> Result<String> {
        succeed([&["firmware"], call].concat().into_iter().map(str::to_owned).collect()).await
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// What a call prints; it must end well.
async fn succeed(call: Vec<String>) -> Result<String> {
    let done = output("milepost", &call).await?;
    ensure!(done.status.success(), "{call:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8(done.stdout)?)
}
