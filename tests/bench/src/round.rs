//! Once around the whole loop: the image joins the service, a reminder is shown, a drive passes, buttons answer it, the account knows.
//!
//! Invariant: what is told at the end was counted or seen, never assumed: records made on the board, records in the store, states in the
//! account, pixels on the screen.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use milepost_firmware::wire::Order;
use milepost_gateway::chip;
use tokio::process::Command;

use crate::board::{Board, DEADLINE, Setting};
use crate::cloud::{Account, Cloud, Stage};
use crate::log::Strings;
use crate::screen::{self, Screen};
use crate::wire::{Standing, Tap};
use crate::{drive, driver, image};

/// How many times as fast as the world the drive passes, on the wire and on the board's clock.
pub(crate) const PACE: u32 = 20;

pub(crate) async fn run(image: &Path, keep: Option<PathBuf>, png: &Path, stack_bytes: Option<u32>) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = keep.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(&folder, drive::ODOMETER_M).await?;
    let cloud = stage.serve().await?;
    let account = cloud.account().await?;

    let log = folder.join("drive.log");
    let (moments, distance_m) = drive::moments(drive::ODOMETER_M);
    drive::write(&log, &moments)?;
    let file = folder.join("chip.bin");
    image::fresh(&file, image)?;
    let mut configuration = stage.configuration(cloud.front_door.port())?;
    configuration.bus.ask = true;
    chip::configure(&file, &configuration).await?;

    let arguments = vec![format!("pace={PACE}")];
    let setting =
        Setting { image: image.to_owned(), chip: file.clone(), folder: folder.clone(), arguments, loud: true };
    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await?;
    println!("the image joined over mutual TLS");
    let (can, screen) = (board.can(), Screen::of(&file)?);

    let car = Standing::at(can.clone(), f64::from(drive::ODOMETER_M));
    let (notice, card) = driver::reads(&screen, &file).await?;
    card.save(png)?;
    println!("the car stands, and its screen shows the card of notice {}: {}", notice.id, png.display());
    car.leave().await?;

    let line = folder.join("drive.sock");
    let tap = Tap::open(&line, can.clone())?;
    let looks = driver::drives(&screen, &board, &tap, drive::on_the_way(&moments));
    let (sent, dark) = tokio::try_join!(replay(&log, &line), looks)?;
    println!("the drive passed: {}; the screen was dark in all {dark} pictures of the moving car", sent.trim());

    let car = Standing::at(can, f64::from(drive::ODOMETER_M) + distance_m);
    let (notice, _) = driver::reads(&screen, &file).await?;
    let id = notice.id.to_string();
    let state = account.notice(&stage.device, &id).await?;
    ensure!(state.as_deref() != Some("booked"), "a press on a dark screen has booked notice {id}");
    let presses = driver::books(&screen, &board, &notice).await?;
    becomes_booked(&account, &stage, &id).await?;
    println!("notice {id} was booked by {presses} presses below the screen, and is booked in the account");
    let rest = chip::notices(&file).await.context("the chip does not read")?;
    let open: Vec<_> = rest.into_iter().filter(|known| known.id != notice.id).collect();
    let next = screen.shows("the card of another notice", |picture| picture.card_of(&open).is_some()).await?;
    let answered = screen::beside(png, "answered");
    next.save(&answered)?;
    println!("then the screen shows the next card: {}", answered.display());
    car.leave().await?;

    ends(board, &account, cloud, &stage, distance_m, stack_bytes).await
}

/// Ends the board and the service, and holds what one made against what the other has.
pub(crate) async fn ends(
    mut board: Board,
    account: &Account,
    cloud: Cloud,
    stage: &Stage,
    distance_m: f64,
    stack_bytes: Option<u32>,
) -> Result<()> {
    board.order(Order::Finish).await?;
    let counted = board.says(" created ").await?;
    let stack = board.says("stack: ").await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    let (boot, created) = made(&counted).with_context(|| format!("{counted:?} does not count"))?;
    let used = depth(&stack).with_context(|| format!("{stack:?} does not count"))?;
    let allowed = stack_bytes.unwrap_or(u32::MAX);
    ensure!(used <= allowed, "the board used {used} bytes of stack, more than its {allowed}");

    let vehicle = account.vehicle(&stage.device, "").await?;
    let lost = vehicle["vehicle"]["lost_records"].as_u64().context("the account counts no lost records")?;
    let trips = account.vehicle(&stage.device, "/trips").await?;
    let trips = trips["trips"].as_array().context("the account lists no trips")?;
    // Standing with the engine on may be a trip of its own.
    let trip_m: f64 = trips.iter().filter_map(|trip| trip["distance_m"].as_f64()).sum();
    cloud.stop().await?;
    let committed = stage.committed().await?;
    let of_boot = committed.get(&boot).copied().unwrap_or(0);
    println!("records: {created} created, {of_boot} committed, {lost} lost; trip: {trip_m:.0} m of {distance_m:.0} m");
    ensure!(of_boot == created && lost == 0 && committed.len() == 1, "records are missing: {committed:?}");
    ensure!((trip_m - distance_m).abs() < 0.02 * distance_m, "the trip is not the drive");
    Ok(())
}

/// Plays the log onto the CAN wire with the gateway's own tool.
pub(crate) async fn replay(log: &Path, line: &Path) -> Result<String> {
    let own = std::env::current_exe().context("the bench has no path")?;
    let output = Command::new(own.with_file_name("milepost-gateway"))
        .args(["replay", "--speed", &PACE.to_string(), "--to-uart"])
        .args([line, log])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, output).await.context("the drive does not end")??;
    if !output.status.success() {
        bail!("the replay ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits until the account shows the notice as booked.
async fn becomes_booked(account: &Account, stage: &Stage, notice: &str) -> Result<()> {
    let asked = async {
        let mut turns = tokio::time::interval(Duration::from_millis(100));
        loop {
            turns.tick().await;
            if account.notice(&stage.device, notice).await?.as_deref() == Some("booked") {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.with_context(|| format!("{notice} is never booked"))?
}

/// The boot and the number of records from the line "core: boot N created M records".
fn made(line: &str) -> Option<(u32, u32)> {
    let mut words = line.split_once("boot ")?.1.split_whitespace();
    let boot = words.next()?.parse().ok()?;
    let created = words.nth(1)?.parse().ok()?;
    Some((boot, created))
}

/// The number in the line "stack: N bytes at most".
fn depth(line: &str) -> Option<u32> {
    line.split_once("stack: ")?.1.split_whitespace().next()?.parse().ok()
}
