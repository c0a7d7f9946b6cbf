//! The power goes while the boot loader swaps, and while it swaps back.
//!
//! Each round begins with a copy of a chip on which an install is pending, and runs through a swap, a trial that fails, and the way back.
//! Invariant: whatever was cut, what starts in the end is one of the two images, whole.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use milepost_firmware::wire::Order;
use milepost_protocol::update::UpdateState;
use rand::Rng;
use rand::rngs::SmallRng;

use super::POWER_CUT;
use super::desk::{Desk, ORDINARY, version};
use crate::image;

/// How many copies of the chip go through a swap and back.
const ROUNDS: usize = 8;

/// The most flash steps that a start of the boot loader gets: somewhere in the first pages, or anywhere in a swap.
const FEW: u32 = 6_000;
const MANY: u32 = 250_000;

/// Nobody listens there.
const NOWHERE: u16 = 1;

pub(super) async fn cut(desk: &mut Desk, random: &mut SmallRng) -> Result<()> {
    let id = desk.roll_out("1.7.0", "1.0.0", ORDINARY).await?;
    // The boot loader has no power for a single step, so that the install stays pending.
    let mut board = desk.start(&["boot-fuel=0".to_owned()])?;
    board.says("installing 1.7.0").await?;
    let code = board.ended().await?;
    ensure!(code == Some(POWER_CUT), "with an install pending the board ended with {code:?}");

    let (old, new) = (desk.image(version("1.6.0")?, ORDINARY)?, desk.image(version("1.7.0")?, ORDINARY)?);
    let chip = desk.chip().with_file_name("copy.bin");
    let mut cuts = 0;
    for _ in 0..ROUNDS {
        std::fs::copy(desk.chip(), &chip).context("copying the chip failed")?;
        desk.configure(&chip, NOWHERE).await?;
        // An updater that remembered would install the image again once it was swapped back.
        image::forget(&chip)?;
        cuts += through(desk, random, &chip, "image 1.7.0: Trial", &new).await?;
        cuts += through(desk, random, &chip, "image 1.6.0: Reverted", &old).await?;
    }
    ensure!(cuts > 0, "no swap was cut");
    println!(
        "boot loader: {ROUNDS} swaps and {ROUNDS} ways back with {cuts} power cuts; a whole image started each time"
    );

    let mut board = desk.start(&[])?;
    for line in ["image 1.7.0: Trial", "link: up", "1.7.0 Confirmed"] {
        board.says(line).await?;
    }
    desk.ends(&id, "done", "-", "confirmed").await?;
    desk.expect(version("1.7.0")?, UpdateState::Confirmed);
    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    println!("1.7.0, whose install was pending for so long, is confirmed");
    Ok(())
}

/// Starts the board until it says that an image runs, which must be these bytes; answers how often the power went before.
async fn through(desk: &Desk, random: &mut SmallRng, chip: &Path, says: &str, image: &[u8]) -> Result<u32> {
    let mut cuts = 0;
    loop {
        let most = if random.random_bool(0.5) { FEW } else { MANY };
        let fuel = random.random_range(0..most);
        let mut board = desk.start_with(chip, &[format!("boot-fuel={fuel}")])?;
        if board.says(says).await.is_ok() {
            board.kill().await?;
            ensure!(image::active(chip, image.len())? == image, "{says:?}, but it is not whole");
            return Ok(cuts);
        }
        let code = board.ended().await?;
        ensure!(code == Some(POWER_CUT), "after {cuts} cuts the board ended with {code:?} instead of {says:?}");
        cuts += 1;
    }
}
