//! Where on the chip the updates of this image take place.
//!
//! Invariant: nothing that the core keeps lies where an image does.

use milepost_board_kit::region::{Chip, Region};
use milepost_board_kit::updates::{Regions, Updates};
use milepost_firmware::Now;
use milepost_firmware::layout::{self, Layout};
use milepost_firmware::update::{Header, Running};
use milepost_protocol::record::ResetReason;

use crate::nor::Nor;
use crate::places::{BOOT_STATE, IMAGE, Place, UPDATE, UPDATE_STATE};

const _: () = assert!(Layout::NOR.len() <= UPDATE.start, "what the board keeps reaches into its updates");

/// Starts the updates; without them if their regions do not work.
pub(crate) async fn start(
    chip: &'static Chip<Nor>,
    header: &'static Header,
    reset: ResetReason,
    now: Now,
) -> Option<Updates<'static, Region<'static, Nor>>> {
    let at = |place: Place| layout::Place { start: place.start, len: place.len };
    let places = Regions { slot: at(UPDATE), state: at(UPDATE_STATE), boot: at(BOOT_STATE) };
    match Updates::on_chip(chip, places, IMAGE.len, header, reset, now).await {
        Ok(updates) => {
            let [major, minor, patch] = header.version().0;
            let running = name(updates.running());
            defmt::info!("image {=u16}.{=u16}.{=u16}: {=str}", major, minor, patch, running);
            Some(updates)
        }
        Err(error) => {
            let [what, doing] = error.words();
            defmt::error!("no updates: {=str}{=str}", what, doing);
            None
        }
    }
}

/// What the boot loader says of the image that runs, as the code calls it.
fn name(running: Running) -> &'static str {
    match running {
        Running::Settled => "Settled",
        Running::Trial => "Trial",
        Running::Reverted => "Reverted",
    }
}
