//! What becomes of a board that panics, faults or hangs: it starts anew, tells the cloud why, and gives up only when that never ends.
//!
//! Invariant: each crash reaches the store as a record, once.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use milepost_firmware::wire::Order;

use crate::board::{Board, Setting};
use crate::cloud::Stage;
use crate::drive;
use crate::image;
use crate::log::Strings;

/// The exit code of an emulation that gave up.
const GAVE_UP: i32 = 101;

/// What is ordered, and a word of what the board says about it after its restart.
const CRASHES: [(Order, &str); 2] =
    [(Order::Panic, "panic, called from 0x"), (Order::Hang, "the watchdog was not fed")];

pub(crate) async fn run(image: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
    let cloud = stage.serve().await?;
    let file = folder.path().join("chip.bin");
    image::fresh(&file, image)?;
    stage.configure(&file, cloud.front_door.port()).await?;
    let setting = Setting {
        image: image.to_owned(),
        chip: file,
        folder: folder.path().to_owned(),
        arguments: Vec::new(),
        loud: true,
    };

    let mut board = Board::start(&setting, &strings)?;
    for (order, said) in CRASHES {
        board.says("link: up").await?;
        board.order(order).await?;
        let line = board.says("the last run ended: ").await?;
        ensure!(line.contains(said), "after {order:?} the board says {line:?}");
    }
    board.says("link: up").await?;
    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");

    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await?;
    for _ in 0..2 {
        board.order(Order::Fault).await?;
        let line = board.says("the last run ended: ").await?;
        ensure!(line.contains("fault at 0x"), "after a fault the board says {line:?}");
        board.says("link: up").await?;
    }
    board.order(Order::Fault).await?;
    let code = board.ended().await?;
    ensure!(code == Some(GAVE_UP), "after three faults in a row the emulation ended with {code:?}");

    // What the last runs had no time to send is still on the chip.
    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await?;
    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");

    cloud.stop().await?;
    let told = stage.logs().await?;
    let count = |word: &str| told.iter().filter(|line| line.contains(word)).count();
    for (_, said) in CRASHES {
        ensure!(count(said) == 1, "{said:?} is kept {} times", count(said));
    }
    ensure!(count("fault at") == 2, "{} of 2 faults are kept", count("fault at"));
    let first = told.first().context("no crash is kept")?;
    println!(
        "a panic, a hang and two faults were survived and told once each, such as {first:?}; a third fault ended it"
    );
    Ok(())
}
