//! What a boot loader does with two images before it starts one: swaps, swaps back, or leaves them alone.
//!
//! Invariant: a power cut at any moment of a swap is gone on from at the next start.

use core::cell::RefCell;

use embassy_boot::{AlignedBuffer, BootError, BootLoader, BootLoaderConfig, State};
use embassy_embedded_hal::flash::partition::BlockingPartition;
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_storage::nor_flash::NorFlash;

use crate::places::{BOOT_STATE, Place, UPDATE};

/// What is copied at a time, in bytes.
const BUFFER_LEN: usize = 4096;

/// What did not work.
pub(crate) enum Failed {
    /// Nobody knows whether a swap is due or under way.
    State,
    /// A swap ended half-way.
    Swap,
}

/// Carries out what the state on the NOR chip asks for; `active` is where the image that starts stands on its own chip.
pub(crate) fn prepare<I: NorFlash, N: NorFlash>(
    own: &Mutex<NoopRawMutex, RefCell<I>>,
    active: Place,
    nor: &Mutex<NoopRawMutex, RefCell<N>>,
) -> Result<State, Failed> {
    let on_nor = |place: Place| BlockingPartition::new(nor, place.start, place.len);
    let mut loader = BootLoader::new(BootLoaderConfig {
        active: BlockingPartition::new(own, active.start, active.len),
        dfu: on_nor(UPDATE),
        state: on_nor(BOOT_STATE),
    });
    let mut buffer = AlignedBuffer([0; BUFFER_LEN]);
    let read = loader.read_state(buffer.as_mut());
    let told = |error: BootError, failed| {
        defmt::error!("boot: {}", defmt::Debug2Format(&error));
        failed
    };
    read.map_err(|error| told(error, Failed::State))?;
    loader.prepare_boot(buffer.as_mut()).map_err(|error| told(error, Failed::Swap))
}
