//! Whether this image is on trial, and the word to the boot loader that it stays.
//!
//! Invariant: an image on trial is confirmed only after the cloud has answered it in this run; any reset before that swaps it back.

use embassy_boot::{AlignedBuffer, FirmwareState, FirmwareUpdaterError, State};
use embassy_time::{Duration, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use milepost_board_kit::ports::Ports;
use milepost_board_kit::region::{Chip, Region};
use milepost_firmware::layout::Place;
use milepost_places_nucleo_f767zi::BOOT_STATE;

use crate::nor::Nor;

/// An image that the cloud does not hear of within this long is given back.
const TRIAL: Duration = Duration::from_secs(600);

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There was none.
    Settled,
    /// The image stays.
    Confirmed,
    /// The cloud was not heard of in time; a reset swaps the image back.
    Failed,
}

/// Waits until it is known whether this image stays.
pub(crate) async fn run(chip: &'static Chip<Nor>, ports: &'static Ports) -> Result<Verdict, FirmwareUpdaterError> {
    let place = Place { start: BOOT_STATE.start, len: BOOT_STATE.len };
    let mut word = AlignedBuffer([0; <Nor as NorFlash>::WRITE_SIZE]);
    let mut state = FirmwareState::new(Region::new(chip, place), word.as_mut());
    match state.get_state().await? {
        State::Swap => {}
        State::Revert => {
            defmt::warn!("the image before this one did not prove itself");
            state.mark_booted().await?;
            return Ok(Verdict::Settled);
        }
        State::Boot | State::DfuDetach => return Ok(Verdict::Settled),
    }
    defmt::info!("this image is on trial");
    let mut waited = Duration::from_ticks(0);
    // Only the cloud's own word makes the time exact.
    while !ports.time.known().exact {
        if waited >= TRIAL {
            return Ok(Verdict::Failed);
        }
        Timer::after(LOOK_EVERY).await;
        waited = waited.checked_add(LOOK_EVERY).unwrap_or(TRIAL);
    }
    state.mark_booted().await?;
    Ok(Verdict::Confirmed)
}
