//! From a blank chip to a car that reports: a bench enrols the board, its certificate is replaced while it runs, and revoked in the end.
//!
//! Invariant: nothing of the board's identity is written into its chip from outside, and what the receipt says was measured here.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost::clock::Clock;
use milepost::pki::{Issued, Register};
use milepost_firmware::wire::Order;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::board::{Board, DEADLINE, Setting};
use crate::cloud::{Cloud, ENGINEER, HOST, NAME, PASSWORD, Stage};
use crate::drive;
use crate::image;
use crate::log::Strings;

/// The kind of board, as it names itself.
const BOARD: &str = "mps2-an386";

pub(crate) async fn run(image: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
    let cloud = stage.serve().await?;
    let file = folder.path().join("chip.bin");
    image::fresh(&file, image)?;
    let mut setting = Setting {
        image: image.to_owned(),
        chip: file,
        folder: folder.path().to_owned(),
        arguments: vec!["link=brisk".to_owned()],
        loud: true,
    };

    let mut board = Board::start(&setting, &strings)?;
    board.says("waits for the bench").await?;
    let receipt = enrol(&stage, &cloud, &board, image).await?;
    board.says(&format!("enrolment: done, this is {}", stage.device)).await?;
    board.says("link: up").await?;
    let told = &receipt["receipt"];
    ensure!(
        told["result"] == "enrolled" && told["by"] == ENGINEER && told["image_sha256"] == sha256(image)?,
        "{receipt}"
    );
    ensure!(told["configuration_sha256"].is_string(), "{receipt}");
    let kept = cloud.flash_receipts().await?;
    ensure!(kept["flash_receipts"][0] == receipt, "the cloud keeps {kept}, and handed out {receipt}");
    println!("a blank board made its key, was enrolled as {}, and the cloud keeps the receipt", stage.device);

    let before = certificates(&stage)?.len();
    board.order(Order::Renew).await?;
    for said in ["the next one is asked for", "the next one is on trial", "link: up", "the next one is in use"] {
        board.says(said).await?;
    }
    let retires_ms = retirement(&stage).await?;
    let now_ms = Clock::real().now_ms();
    let (issued, valid) = (certificates(&stage)?, |issued: &&Issued| issued.is_valid(now_ms));
    ensure!(issued.len() == before + 1, "{issued:?}");
    ensure!(retires_ms > now_ms && issued.iter().filter(valid).count() == issued.len(), "the old one is gone already");
    println!(
        "its certificate was replaced under a live board; the old one counts for {} s more",
        (retires_ms - now_ms) / 1000
    );

    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await.context("what was replaced does not outlive a power cut")?;
    stage.revoke().await?;
    board.says("the identity is refused").await?;
    board.kill().await?;
    println!("it came back with the new one, and was sent away when that was revoked");

    // The bench again, on a board that has a configuration.
    setting.arguments.push("start=bench".to_owned());
    let mut board = Board::start(&setting, &strings)?;
    board.says("waits for the bench").await?;
    enrol(&stage, &cloud, &board, image).await?;
    board.says("enrolment: done").await?;
    board.kill().await?;
    setting.arguments.pop();
    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await?;
    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    cloud.stop().await?;
    let committed = stage.committed().await?;
    ensure!(committed.len() == 3, "three runs had a link, and records came of {committed:?}");
    println!("enrolled again it reports again; records of {} runs are committed without a hole", committed.len());
    Ok(())
}

/// What `cargo xtask flash --enrol` calls; answers the signed receipt.
async fn enrol(stage: &Stage, cloud: &Cloud, board: &Board, image: &Path) -> Result<Value> {
    let own = std::env::current_exe().context("the bench has no path")?;
    let mut station = Command::new(own.with_file_name("milepost-station"))
        .arg("enrol")
        .args(["--port", &format!("unix:{}", board.bench().display())])
        .args(["--board", BOARD, "--device", stage.device.as_str()])
        .args(["--server", &format!("{HOST}:{}", cloud.front_door.port()), "--server-name", NAME])
        .args(["--cloud", &cloud.url(), "--user", ENGINEER])
        .args(["--image-sha256", &sha256(image)?, "--ask"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the station")?;
    let mut input = station.stdin.take().context("the station has no standard input")?;
    input.write_all(format!("{PASSWORD}\n").as_bytes()).await?;
    drop(input);
    let output =
        tokio::time::timeout(DEADLINE, station.wait_with_output()).await.context("the station does not end")??;
    ensure!(output.status.success(), "the station failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("the station prints no receipt")
}

fn sha256(image: &Path) -> Result<String> {
    use std::fmt::Write as _;
    let bytes = std::fs::read(image)?;
    let mut text = String::new();
    for byte in ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

/// Every certificate that the board has had.
fn certificates(stage: &Stage) -> Result<Vec<Issued>> {
    let register = Register::read(&stage.pki().join("devices.json"))?;
    Ok(register.issued.into_iter().filter(|issued| issued.device == stage.device).collect())
}

/// When what was replaced stops to count; the service notes it within a second of the first use of its successor.
async fn retirement(stage: &Stage) -> Result<u64> {
    let asked = async {
        let mut turns = tokio::time::interval(Duration::from_millis(100));
        loop {
            turns.tick().await;
            if let Some(at_ms) = certificates(stage)?.iter().find_map(|issued| issued.retires_ms) {
                return anyhow::Ok(at_ms);
            }
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.context("nothing retires")?
}
