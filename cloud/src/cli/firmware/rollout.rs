//! Rollouts from the command line: drafting, the two approvals, watching, stopping.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use milepost_protocol::update::Version;
use serde_json::{Map, Value, json};

use super::super::output;
use super::api::{Service, Session};

/// How often a rollout that is followed is looked at.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    #[command(flatten)]
    service: Service,
    /// The board.
    #[arg(long)]
    board: String,
    /// The published version.
    #[arg(long)]
    version: Version,
    /// How many devices the first wave has.
    #[arg(long)]
    canaries: Option<usize>,
    /// How long a confirmed device is watched before it counts as well, in seconds.
    #[arg(long, value_name = "SECONDS")]
    soak: Option<u64>,
    /// Without any movement for this long a device is stuck, in seconds.
    #[arg(long, value_name = "SECONDS")]
    stuck_after: Option<u64>,
    /// How many devices may be on their way at once.
    #[arg(long)]
    max_active: Option<usize>,
    /// When devices may restart, in the vehicle's own day, such as `01:00-05:00`.
    #[arg(long, value_parser = window, conflicts_with = "any_time")]
    window: Option<(u16, u16)>,
    /// Devices may restart at any time when parked.
    #[arg(long)]
    any_time: bool,
    /// The share of a wave that may fail before the rollout stops.
    #[arg(long)]
    max_failed_share: Option<f64>,
    /// The share of a wave that may be stuck before the rollout pauses.
    #[arg(long)]
    max_stuck_share: Option<f64>,
    /// Give your own approval as well.
    #[arg(long)]
    approve: bool,
    /// Wait for the end and show each change; exit code 1 if it does not reach everybody.
    #[arg(long)]
    follow: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Status {
    #[command(flatten)]
    service: Service,
    /// The rollout; all of them without it.
    id: Option<u32>,
    /// The service's JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Wait for the end and show each change; exit code 1 if it does not reach everybody.
    #[arg(long, requires = "id")]
    follow: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct One {
    #[command(flatten)]
    service: Service,
    /// The rollout.
    id: u32,
    /// Wait for the end and show each change; exit code 1 if it does not reach everybody.
    #[arg(long)]
    follow: bool,
}

/// `HH:MM-HH:MM` as the minute of its beginning and its length.
fn window(text: &str) -> Result<(u16, u16), String> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let ends = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    let (from, to) = ends.ok_or_else(|| "not HH:MM-HH:MM".to_owned())?;
    // From a minute to itself is the whole day.
    let minutes = (to + 1440 - from) % 1440;
    Ok((from, if minutes == 0 { 1440 } else { minutes }))
}

impl New {
    pub(super) async fn run(self) -> Result<()> {
        let body = self.body();
        let session = self.service.log_in().await?;
        let mut rollout = session.post("/rollouts", Some(&body)).await?["rollout"].take();
        let id = rollout["id"].as_u64().context("the service named no rollout")?;
        if self.approve {
            rollout = session.post(&format!("/rollouts/{id}/approve"), None).await?["rollout"].take();
        }
        output::line(&line(&rollout))?;
        if self.follow { follow(&session, id).await } else { Ok(()) }
    }

    fn body(&self) -> Value {
        let mut body = Map::new();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(key.to_owned(), value);
            }
        };
        set("board", Some(json!(self.board)));
        set("version", Some(json!(self.version.to_string())));
        set("canaries", self.canaries.map(|count| json!(count)));
        set("soak_ms", self.soak.map(|seconds| json!(seconds.saturating_mul(1000))));
        set("stuck_after_ms", self.stuck_after.map(|seconds| json!(seconds.saturating_mul(1000))));
        set("max_active", self.max_active.map(|count| json!(count)));
        set("any_time", Some(json!(self.any_time)));
        set(
            "window",
            self.window.map(|(from_minute, minutes)| json!({ "from_minute": from_minute, "minutes": minutes })),
        );
        if self.max_failed_share.is_some() || self.max_stuck_share.is_some() {
            let gates = json!({ "max_failed_share": self.max_failed_share, "max_stuck_share": self.max_stuck_share });
            set("gates", Some(gates));
        }
        Value::Object(body)
    }
}

impl Status {
    pub(super) async fn run(self) -> Result<()> {
        let session = self.service.log_in().await?;
        let Some(id) = self.id else {
            let answer = session.get("/rollouts").await?;
            if self.json {
                return output::line(&answer.to_string());
            }
            for rollout in answer["rollouts"].as_array().into_iter().flatten() {
                output::line(&line(rollout))?;
            }
            return Ok(());
        };
        if self.follow {
            return follow(&session, id.into()).await;
        }
        let mut answer = session.get(&format!("/rollouts/{id}")).await?;
        let devices = session.get(&format!("/rollouts/{id}/devices")).await?["devices"].take();
        if self.json {
            answer["devices"] = devices;
            return output::line(&answer.to_string());
        }
        output::line(&line(&answer["rollout"]))?;
        for entry in answer["rollout"]["history"].as_array().into_iter().flatten() {
            output::line(&format!("  {} {} {}", text(&entry["at"]), text(&entry["by"]), text(&entry["what"])))?;
        }
        for device in devices.as_array().into_iter().flatten() {
            let [id, version, phase, standing] = ["id", "version", "phase", "standing"].map(|key| text(&device[key]));
            output::line(&format!("  {id}\t{version}\t{phase}\t{standing}"))?;
        }
        Ok(())
    }
}

impl One {
    pub(super) async fn run(self, action: &str) -> Result<()> {
        let session = self.service.log_in().await?;
        let answer = session.post(&format!("/rollouts/{}/{action}", self.id), None).await?;
        output::line(&line(&answer["rollout"]))?;
        if self.follow { follow(&session, self.id.into()).await } else { Ok(()) }
    }
}

/// Shows each change of a rollout until it needs nobody's patience any more.
async fn follow(session: &Session, id: u64) -> Result<()> {
    let mut shown = String::new();
    loop {
        let rollout = session.get(&format!("/rollouts/{id}")).await?["rollout"].take();
        let now = line(&rollout);
        if now != shown {
            output::line(&now)?;
            shown = now;
        }
        let state = text(&rollout["state"]);
        if matches!(state, "done" | "stopped" | "paused") {
            ensure!(state == "done", "rollout {id} is {state}: {}", text(&rollout["reason"]));
            return Ok(());
        }
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

/// A rollout in one line.
fn line(rollout: &Value) -> String {
    let tally = &rollout["tally"];
    let counts: Vec<String> = ["waiting", "under_way", "soaking", "healthy", "stuck", "failed", "withdrawn"]
        .into_iter()
        .filter(|key| tally[*key].as_u64().is_some_and(|count| count > 0))
        .map(|key| format!("{} {key}", tally[key]))
        .collect();
    let [board, version, state, wave, reason] =
        ["board", "version", "state", "wave", "reason"].map(|key| text(&rollout[key]));
    format!(
        "{}\t{board}\t{version}\t{state}\t{wave}\t{reason}\t{} of the wave: {}",
        rollout["id"],
        tally["members"],
        counts.join(", ")
    )
}

/// A text of the service's JSON; a dash where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_run_past_midnight_and_a_whole_day() {
        for (text, expected) in [
            ("01:00-05:00", Ok((60, 240))),
            ("23:30-00:30", Ok((1410, 60))),
            ("06:00-06:00", Ok((360, 1440))),
            ("24:00-01:00", Err(())),
            ("1-2", Err(())),
        ] {
            assert_eq!(window(text).map_err(drop), expected, "{text}");
        }
    }
}
