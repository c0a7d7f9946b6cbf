//! Updates over the air of a real image: well, cut everywhere, with bad signatures, downgrades and images that fail.
//!
//! Everything goes the way that it goes out there: `milepost firmware` signs and publishes, the service offers and sends, the board
//! receives, the boot loader swaps. The images are one build whose header is rewritten.
//! Invariant: after each scenario the board runs the version that it has to run, says so, and the service knows.

mod desk;
mod lab;
mod swap;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use milepost_firmware::wire::Order;
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::{MAX_IMAGE_CHUNK_LEN, Refusal, UpdateState, Version};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use self::desk::{Desk, MUTE, ORDINARY, PANICS, version};
use self::lab::Label;
use crate::image;

/// The board, as its manifests name it.
const BOARD: &str = "mps2-an386";

/// The exit code of a program whose power went.
const POWER_CUT: i32 = 42;

/// The power goes whenever so many more chunks have come.
const CUT_EVERY: usize = 10;

/// How many times as fast as the world the board's clock runs while a trial of ten minutes passes.
const TRIAL_PACE: u32 = 40;

/// A number that no rollout of the service has, for offers that it would not make.
const FOREIGN_ROLLOUT: u32 = 1_000_000;

pub(crate) async fn run(image: &Path, seed: Option<u64>, loud: bool) -> Result<()> {
    let seed = seed.unwrap_or_else(|| SmallRng::from_os_rng().random());
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut desk = Desk::open(image, loud).await?;
    let outcome = Box::pin(scenarios(&mut desk, &mut random)).await;
    outcome.with_context(|| format!("seed {seed}"))?;
    desk.close().await
}

async fn scenarios(desk: &mut Desk, random: &mut SmallRng) -> Result<()> {
    plain(desk).await?;
    signatures(desk).await?;
    downgrades(desk).await?;
    panics(desk).await?;
    mute(desk).await?;
    cut_transfer(desk, random).await?;
    Box::pin(swap::cut(desk, random)).await
}

/// From one version to the next, as it should be.
async fn plain(desk: &mut Desk) -> Result<()> {
    let mut board = desk.start(&[])?;
    board.says("image 1.0.0: Settled").await?;
    board.says("link: up").await?;
    // The floor lies above the version: what comes between them is refused later.
    let id = desk.roll_out("1.1.0", "1.2.0", ORDINARY).await?;
    for line in ["Receiving(0)", "Verified", "installing 1.1.0", "image 1.1.0: Trial", "link: up", "1.1.0 Confirmed"] {
        board.says(line).await?;
    }
    desk.ends(&id, "done", "-", "confirmed").await?;
    desk.expect(version("1.1.0")?, UpdateState::Confirmed);
    desk.restart(&mut board, &[], "image 1.1.0: Settled").await?;
    board.kill().await?;
    let chunks = desk.len().div_ceil(MAX_IMAGE_CHUNK_LEN);
    println!("1.0.0 -> 1.1.0: {chunks} chunks received, swapped, tried, confirmed; the service says confirmed");
    Ok(())
}

/// Signatures of keys that the board or the service does not know.
async fn signatures(desk: &mut Desk) -> Result<()> {
    let mut board = desk.start(&[])?;
    board.says("link: up").await?;
    let foreign = desk.sign_by(1, "1.3.0", "1.0.0").await?;
    let id = desk.publish_and_roll_out(&foreign, version("1.3.0")?).await?;
    board.says("Refused(Signature)").await?;
    desk.ends(&id, "stopped", "refused", "refused").await?;
    desk.expect(Version::default(), UpdateState::Refused(Refusal::Signature));
    desk.restart(&mut board, &[], "image 1.1.0: Settled").await?;
    board.kill().await?;
    let unknown = desk.sign_by(2, "1.3.1", "1.0.0").await?;
    ensure!(desk.publish(&unknown).await.is_err(), "the service takes an image of a key that it does not know");
    println!(
        "bad signature: refused by the board and reported, 1.1.0 runs on; of an unknown key: refused by the service"
    );
    Ok(())
}

/// Images that are older than what runs, lie below the floor, or are for another board.
async fn downgrades(desk: &mut Desk) -> Result<()> {
    let mut board = desk.start(&[])?;
    board.says("link: up").await?;
    let id = desk.roll_out("1.1.5", "1.1.5", ORDINARY).await?;
    board.says("1.1.5 Refused(BelowFloor)").await?;
    desk.ends(&id, "stopped", "refused", "refused").await?;
    desk.expect(version("1.1.5")?, UpdateState::Refused(Refusal::BelowFloor));
    println!("rollback floor: 1.1.5 lies below 1.2.0, refused and reported");
    board.kill().await?;
    // The service itself offers neither; the board has to refuse them nevertheless.
    for (index, (name, number, refusal)) in
        [(BOARD, "1.0.0", Refusal::NotNewer), ("nucleo-f767zi", "1.9.0", Refusal::Board)].into_iter().enumerate()
    {
        let label = Label { board: name, version: version(number)?, floor: version("1.0.0")? };
        let signed = desk.sign(&label, ORDINARY).await?;
        desk.offer(FOREIGN_ROLLOUT + index as u32, &signed).await?;
        let mut board = desk.start(&[])?;
        board.says("link: up").await?;
        board.says(&format!("{number} Refused({refusal:?})")).await?;
        desk.expect(version(number)?, UpdateState::Refused(refusal));
        desk.restart(&mut board, &[], "image 1.1.0: Settled").await?;
        board.says("link: up").await?;
        board.kill().await?;
        println!("{number} for {name}: refused as {refusal:?}, 1.1.0 runs on");
    }
    Ok(())
}

/// An image that panics as soon as it starts.
async fn panics(desk: &mut Desk) -> Result<()> {
    let mut board = desk.start(&[])?;
    board.says("link: up").await?;
    let id = desk.roll_out("1.4.0", "1.0.0", PANICS).await?;
    board.says("installing 1.4.0").await?;
    board.says("the last run ended: panic").await?;
    for line in ["image 1.1.0: Reverted", "link: up"] {
        board.says(line).await?;
    }
    desk.ends(&id, "stopped", "reverted", "reverted").await?;
    desk.expect(version("1.4.0")?, UpdateState::Reverted(ResetReason::Fault));
    desk.restart(&mut board, &[], "image 1.1.0: Settled").await?;
    board.kill().await?;
    println!("boot loop: 1.4.0 panicked, 1.1.0 is back and reports it as reverted");
    Ok(())
}

/// An image that never reaches the cloud.
async fn mute(desk: &mut Desk) -> Result<()> {
    let mut board = desk.start(&[format!("pace={TRIAL_PACE}")])?;
    board.says("link: up").await?;
    let id = desk.roll_out("1.5.0", "1.0.0", MUTE).await?;
    for line in ["this image is mute", "image 1.5.0: Trial", "the cloud was not heard of", "image 1.1.0: Reverted"] {
        board.says(line).await?;
    }
    board.says("link: up").await?;
    desk.ends(&id, "stopped", "reverted", "reverted").await?;
    desk.expect(version("1.5.0")?, UpdateState::Reverted(ResetReason::Software));
    board.kill().await?;
    println!("never on line: the trial of 1.5.0 ended after its ten minutes, 1.1.0 is back and reports it as reverted");
    Ok(())
}

/// The power goes at every tenth chunk.
async fn cut_transfer(desk: &mut Desk, random: &mut SmallRng) -> Result<()> {
    let mut board = desk.start(&[])?;
    board.says("link: up").await?;
    board.kill().await?;
    let id = desk.roll_out("1.6.0", "1.0.0", ORDINARY).await?;
    let chunks = desk.len().div_ceil(MAX_IMAGE_CHUNK_LEN);
    let (mut cuts, mut again) = (0, 0);
    for chunk in (CUT_EVERY..chunks).step_by(CUT_EVERY) {
        // Somewhere within the chunk that comes next; the last one may be short.
        let word = random.random_range(0..MAX_IMAGE_CHUNK_LEN / 4) * 4;
        let offset = (chunk * MAX_IMAGE_CHUNK_LEN + word).min((desk.len() - 1) / 4 * 4);
        let mut board = desk.start(&[image::cut(offset)])?;
        let code = board.ended().await?;
        let said = board.rest().await;
        ensure!(code == Some(POWER_CUT), "before chunk {chunk} the board ended with {code:?}: {said:#?}");
        let resumed = said.iter().find_map(|line| receiving(line)).with_context(|| format!("no start: {said:#?}"))?;
        let before = (chunk - CUT_EVERY) * MAX_IMAGE_CHUNK_LEN;
        let kept = before - before % image::PAGE;
        ensure!(resumed >= kept && resumed <= before, "cut at {before}, the transfer goes on at {resumed}, not {kept}");
        cuts += 1;
        again += (before - resumed) / MAX_IMAGE_CHUNK_LEN;
    }
    let mut board = desk.start(&[])?;
    for line in ["installing 1.6.0", "image 1.6.0: Trial", "link: up", "1.6.0 Confirmed"] {
        board.says(line).await?;
    }
    desk.ends(&id, "done", "-", "confirmed").await?;
    desk.expect(version("1.6.0")?, UpdateState::Confirmed);
    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    println!("power cuts: {cuts} at every tenth of {chunks} chunks, {again} chunks came twice; 1.6.0 is confirmed");
    Ok(())
}

/// The offset in a line such as "update 7: 1.6.0 Receiving(16384)".
fn receiving(line: &str) -> Option<usize> {
    line.split_once("Receiving(")?.1.split(')').next()?.parse().ok()
}
