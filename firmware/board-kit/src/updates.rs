//! Updates over the air on a board: the core's updater over its regions, and what the boot loader says and is told.
//!
//! Invariant: an image is handed to the boot loader only while the car is parked, and it stays only once a session with the cloud
//! stands in the same run; any reset before that brings the old one back.

use core::fmt;

use embassy_boot::{FirmwareState, FirmwareUpdaterError, State};
use embassy_time::{Duration, Timer};
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash};
use milepost_firmware::layout::Place;
use milepost_firmware::update::{Header, Running, Settings, Updater};
use milepost_firmware::{Device, DownlinkError, Error, Now, Operation};
use milepost_protocol::record::ResetReason;

use crate::host::News;
use crate::power::Hold;
use crate::region::{Chip, Region};
pub use crate::upkeep::Restart;

/// An image that the cloud does not hear of within this long is given back, in milliseconds.
pub const TRIAL_MS: u64 = 600_000;

/// The widest unit of any flash that is supported, in bytes.
const MAX_UNIT: usize = 64;

/// For a board that waits for its bench, which is no cloud: returns once an image on trial has had its time, and never without a trial.
pub async fn trial_over(running: Option<Running>) {
    match running {
        Some(Running::Trial) => Timer::after(Duration::from_millis(TRIAL_MS)).await,
        Some(Running::Settled | Running::Reverted) | None => core::future::pending().await,
    }
}

/// What an updater works with: flash regions with offsets from 0 to their capacity, or their places on a chip.
#[derive(Debug, Clone, Copy)]
pub struct Regions<S> {
    /// The boot loader's update partition.
    pub slot: S,
    /// What the updater remembers; at least two erase pages.
    pub state: S,
    /// The boot loader's own state.
    pub boot: S,
}

/// A board's updates.
pub struct Updates<'k, S: MultiwriteNorFlash> {
    updater: Updater<'k, S>,
    boot: BootState<S>,
    running: Running,
    /// Whether the updater knows that a session stands.
    told: bool,
}

impl<S: MultiwriteNorFlash> fmt::Debug for Updates<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Updates")
            .field("updater", &self.updater)
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

impl<'k, 'c, F: MultiwriteNorFlash> Updates<'k, Region<'c, F>> {
    /// Starts the updates of a board with one flash chip; see [`Updates::start`].
    ///
    /// `longest` is how many bytes the boot loader has for the image that runs, `reset` why the board started.
    pub async fn on_chip(
        chip: &'c Chip<F>,
        places: Regions<Place>,
        longest: u32,
        header: &'k Header,
        reset: ResetReason,
        now: Now,
    ) -> Result<Self, Error<<Region<'c, F> as ErrorType>::Error>> {
        let Regions { slot, state, boot } = places;
        let region = |place| Region::new(chip, place);
        let regions = Regions { slot: region(slot), state: region(state), boot: region(boot) };
        let (board, version, keys) = (header.board(), header.version(), header.keys());
        let settings = Settings { board, version, keys, reset, longest, trial_ms: TRIAL_MS, ..Settings::default() };
        Self::start(regions, settings, now).await
    }
}

impl<'k, S: MultiwriteNorFlash> Updates<'k, S> {
    /// Asks the boot loader what runs, and starts the updater with it.
    pub async fn start(regions: Regions<S>, settings: Settings<'k>, now: Now) -> Result<Self, Error<S::Error>> {
        let mut boot = BootState(regions.boot);
        let layout = Error::Layout(Operation::Update);
        let running = match boot.get().await.ok_or(layout)? {
            State::Swap => Running::Trial,
            State::Revert => Running::Reverted,
            State::Boot | State::DfuDetach => Running::Settled,
        };
        let updater = Updater::start(regions.slot, regions.state, settings, running, now).await?;
        if running == Running::Reverted {
            // What follows from it is in flash; if this is not, the next start comes to the same conclusions.
            let _ = boot.stays().await;
        }
        Ok(Self { updater, boot, running, told: false })
    }

    /// What the boot loader said of the image at its start.
    pub fn running(&self) -> Running {
        self.running
    }

    /// What keeps the board awake.
    pub(crate) fn hold(&self) -> Hold {
        if self.updater.is_on_trial() {
            Hold::Trial
        } else if self.updater.is_receiving() {
            Hold::Download
        } else {
            Hold::Nothing
        }
    }

    /// Takes a message that [`milepost_firmware::update::concerns`] named; what it leads to is durable on return.
    pub(crate) async fn downlink(&mut self, now: Now, bytes: &[u8]) -> Result<(), DownlinkError<S::Error>> {
        self.updater.downlink(now, bytes).await
    }

    /// Does what is due: reports, health, the end of a trial, an install. `up`: a session with the cloud stands.
    pub(crate) async fn step(
        &mut self,
        device: &mut Device<S>,
        now: Now,
        up: bool,
        tell: &mut impl FnMut(News<'_>),
    ) -> Result<Option<Restart>, Error<S::Error>> {
        let now = Now { unix_ms: device.unix_ms(now).map(|(unix_ms, _)| unix_ms), ..now };
        // Without a session, as in sleep, nobody is there to ask again; with the next one it is asked anyway.
        if up {
            self.updater.tick(now);
        }
        if up && !self.told {
            if self.updater.connected(now) {
                if self.boot.stays().await {
                    self.updater.confirmed().await?;
                    self.told = true;
                } else {
                    tell(News::BootLoader);
                }
            } else {
                self.told = true;
            }
        }
        self.told &= up;
        if self.updater.trial_is_over(now) {
            return Ok(Some(Restart::TrialOver));
        }
        while let Some(report) = self.updater.report() {
            device.report(now, report).await?;
            self.updater.reported(now).await?;
            tell(News::Update(&report));
        }
        // Without a session there is nobody to tell.
        if up && let Some(health) = self.updater.health(now, device.waiting(), None) {
            device.report(now, health).await?;
        }
        let Some(install) = self.updater.install(now, device.is_parked(now)).await? else { return Ok(None) };
        if self.boot.swaps().await {
            return Ok(Some(Restart::Install(install)));
        }
        tell(News::BootLoader);
        self.updater.not_installed().await?;
        Ok(None)
    }
}

/// The boot loader's state, as it shares it with the image.
struct BootState<S>(S);

impl<S: MultiwriteNorFlash> BootState<S> {
    /// Gives the boot loader's own code the flash and a buffer of one unit; `None` if no buffer is so wide or flash fails.
    async fn with<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut FirmwareState<'_, &mut S>) -> Result<T, FirmwareUpdaterError>,
    ) -> Option<T> {
        let mut unit = Unit([0; MAX_UNIT]);
        let unit = unit.0.get_mut(..S::WRITE_SIZE.max(S::READ_SIZE))?;
        work(&mut FirmwareState::new(&mut self.0, unit)).await.ok()
    }

    async fn get(&mut self) -> Option<State> {
        self.with(async |state| state.get_state().await).await
    }

    /// The image that runs stays; answers whether that is in flash.
    async fn stays(&mut self) -> bool {
        self.with(async |state| state.mark_booted().await).await.is_some()
    }

    /// The image in the update partition is to be started; answers whether that is in flash.
    async fn swaps(&mut self) -> bool {
        self.with(async |state| state.mark_updated().await).await.is_some()
    }
}

/// A buffer that every flash controller can read into.
#[repr(align(8))]
struct Unit([u8; MAX_UNIT]);
