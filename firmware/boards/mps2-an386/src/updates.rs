//! What this image says of itself, and where on the chip its updates take place.
//!
//! Invariant: the header is read as it stands in flash, where a bench may have rewritten it after the build.

use milepost_board_kit::region::{Chip, Region};
use milepost_board_kit::updates::{Regions, Updates};
use milepost_firmware::Now;
use milepost_firmware::layout::{self, Layout};
use milepost_firmware::update::Header;
use milepost_protocol::record::ResetReason;

use crate::nor::Nor;
use crate::places::{BOOT_STATE, IMAGE, Place, UPDATE, UPDATE_STATE};
use crate::words;

/// The version; the crate's own if the build is not told another.
const VERSION: &str = match option_env!("MILEPOST_FIRMWARE_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// The keys that are trusted; none if the build is not told any.
const KEYS: &str = match option_env!("MILEPOST_FIRMWARE_KEYS") {
    Some(keys) => keys,
    None => "",
};

const _: () = assert!(Layout::NOR.len() <= UPDATE.start, "what the board keeps reaches into its updates");

#[used]
static HEADER: Header = Header::new(crate::BOARD, VERSION, KEYS);

/// This image's header.
pub(crate) fn header() -> &'static Header {
    static PLACE: &Header = &HEADER;
    #[expect(unsafe_code, reason = "what the compiler knows of the header may have been rewritten since")]
    // SAFETY: the place is a static variable that nobody writes; read like this, it may be any header's as far as the compiler knows.
    unsafe {
        (&raw const PLACE).read_volatile()
    }
}

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
            let running = words::running(updates.running());
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
