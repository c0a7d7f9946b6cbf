//! An image by itself, for a person who looks at its log.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use crate::board::{Board, Setting};
use crate::image;
use crate::log::Strings;

pub(crate) async fn run(image: &Path, chip: Option<PathBuf>, arguments: Vec<String>) -> Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let chip = chip.unwrap_or_else(|| folder.path().join("chip.bin"));
    if chip.exists() {
        // As a debugger would: everything else on the chip stays.
        image::flash(&chip, &image::flat(image)?)?;
    } else {
        image::fresh(&chip, image)?;
    }
    let strings = Arc::new(Strings::of(image)?);
    let setting = Setting { image: image.to_owned(), chip, folder: folder.path().to_owned(), arguments, loud: true };
    let mut board = Board::start(&setting, &strings)?;
    println!("CAN wire: {}", board.can().display());
    println!("bench line: unix:{}", board.bench().display());
    // A person ends it with Ctrl-C, so there is no bound.
    while !board.rest().await.is_empty() {}
    let code = board.ended().await?;
    Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
