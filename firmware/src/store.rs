//! Values in flash: one a key, each replaced whole.
//!
//! Invariant: a load answers the newest value whose store was finished, never a mixture.

use embedded_storage_async::nor_flash::NorFlash;
use milepost_protocol::codec;
use sequential_storage::cache::Cache;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::map::{MapConfig, MapStorage, SerializationError, Value};
use serde::Serialize;

use crate::error::{Error, Operation};

/// The most erase pages of a region that are used.
const MAX_PAGES: usize = 16;

/// The longest value of the state with its key, in bytes: the trouble codes with what six changes of them owe are the longest.
const WORK_LEN: usize = 1152;

/// The key of a value of the state; numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Key {
    Boot = 1,
    Ledger = 2,
    Memory = 3,
    Plan = 4,
    Consent = 5,
    Table = 6,
    Lost = 7,
    // 8 held the log's level alone.
    Remote = 9,
    Dispute = 10,
    /// The first of the notice slots; they take the numbers behind it.
    Notice = 32,
}

impl Key {
    /// The key of a notice slot.
    pub(crate) fn notice(slot: usize) -> u8 {
        Self::Notice as u8 + slot as u8
    }

    /// The notice slot of a key.
    pub(crate) fn slot(key: u8) -> Option<usize> {
        key.checked_sub(Self::Notice as u8).map(usize::from)
    }
}

/// A value on its way into flash, encoded straight into the buffer that is written.
///
/// Behind a reference to this trait all values share one copy of the code that writes them.
pub(crate) trait Encode: Sync {
    /// Writes the value to the front of `buffer`; answers its length, `None` if it does not fit.
    fn encode(&self, buffer: &mut [u8]) -> Option<usize>;
}

impl<T: Serialize + Sync> Encode for T {
    #[inline(never)]
    fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        codec::write(self, buffer)
    }
}

impl<'a> Value<'a> for &dyn Encode {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        self.encode(buffer).ok_or(SerializationError::BufferTooSmall)
    }

    fn deserialize_from(_: &'a [u8]) -> Result<(Self, usize), SerializationError> {
        // Values are read as bytes; see `Values::bytes`.
        Err(SerializationError::InvalidFormat)
    }
}

type ValuesCache =
    Cache<ArrayPageStates<MAX_PAGES>, ArrayPagePointers<MAX_PAGES>, ArrayKeyPointers<u8, { MAX_KEYS }>, u8>;

/// How many keys the cache remembers: all of them.
const MAX_KEYS: usize = 24;

/// A region of values; callers lend it a buffer for the longest of theirs with its key.
///
/// Whoever keeps values keeps them with this, so that an image holds one copy of the code.
pub(crate) struct Values<S: NorFlash> {
    map: MapStorage<u8, S, ValuesCache>,
}

impl<S: NorFlash> Values<S> {
    /// Opens the region; it may be fresh or hold the values of earlier boots.
    pub(crate) fn open(flash: S, operation: Operation) -> Result<Self, Error<S::Error>> {
        Self::measure(flash, operation).map(Self::over)
    }

    /// Finds the region large enough.
    pub(crate) fn measure(flash: S, operation: Operation) -> Result<Measured<S, MapConfig<S>>, Error<S::Error>> {
        let end = region_len(&flash, MAX_PAGES).ok_or(Error::Layout(operation))?;
        let known = MapConfig::try_new(0..end).map_err(|_| Error::Layout(operation))?;
        Ok(Measured { flash, known })
    }

    /// Values over a measured region.
    pub(crate) fn over(Measured { flash, known }: Measured<S, MapConfig<S>>) -> Self {
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), ArrayKeyPointers::new());
        Self { map: MapStorage::new(flash, known, cache) }
    }

    /// Erases the region, after it proved corrupt beyond repair.
    pub(crate) async fn erase(&mut self, operation: Operation) -> Result<(), Error<S::Error>> {
        self.map.erase_all().await.map_err(|error| Error::from_storage(operation, error))
    }

    /// The newest value of `key` as it was stored.
    pub(crate) async fn bytes<'w>(
        &mut self,
        operation: Operation,
        work: &'w mut [u8],
        key: u8,
    ) -> Result<Option<&'w [u8]>, Error<S::Error>> {
        let bytes = self.map.fetch_item::<&[u8]>(work, &key).await;
        bytes.map_err(|error| Error::from_storage(operation, error))
    }

    /// Replaces the value of `key`; it is durable on return.
    pub(crate) async fn put(
        &mut self,
        operation: Operation,
        work: &mut [u8],
        key: u8,
        value: &dyn Encode,
    ) -> Result<(), Error<S::Error>> {
        let stored = self.map.store_item_generic(work, &key, &value).await;
        stored.map_err(|error| Error::from_storage(operation, error))
    }
}

/// The state region.
pub(crate) struct Store<S: NorFlash> {
    values: Values<S>,
    work: [u8; WORK_LEN],
}

impl<S: NorFlash> Store<S> {
    /// Opens the region; see [`Values::open`].
    pub(crate) fn open(flash: S) -> Result<Self, Error<S::Error>> {
        Self::measure(flash).map(Self::over)
    }

    /// Finds the region large enough.
    pub(crate) fn measure(flash: S) -> Result<Measured<S, MapConfig<S>>, Error<S::Error>> {
        Values::measure(flash, Operation::LoadState)
    }

    /// The values of a measured region, fresh or of earlier boots.
    pub(crate) fn over(measured: Measured<S, MapConfig<S>>) -> Self {
        Self { values: Values::over(measured), work: [0; WORK_LEN] }
    }

    /// Erases the region; see [`Values::erase`].
    pub(crate) async fn erase(&mut self) -> Result<(), Error<S::Error>> {
        self.values.erase(Operation::SaveState).await
    }

    /// The newest value of `key` as it was stored.
    pub(crate) async fn bytes(&mut self, key: u8) -> Result<Option<&[u8]>, Error<S::Error>> {
        self.values.bytes(Operation::LoadState, &mut self.work, key).await
    }

    /// Replaces the value of `key`; it is durable on return.
    pub(crate) async fn put(&mut self, key: u8, value: &dyn Encode) -> Result<(), Error<S::Error>> {
        self.values.put(Operation::SaveState, &mut self.work, key, value).await
    }
}

/// A region that was found large enough: its driver, and what whoever keeps something in it knows of it.
///
/// What can fail comes before it, so that a core is made where it stays, and not as a result on the stack.
pub(crate) struct Measured<S, K> {
    pub(crate) flash: S,
    pub(crate) known: K,
}

/// The length of a region in whole erase pages, at most `max_pages` of them; `None` if there is not even one.
pub(crate) fn region_len<S: NorFlash>(flash: &S, max_pages: usize) -> Option<u32> {
    let pages = flash.capacity().checked_div(S::ERASE_SIZE)?.min(max_pages);
    u32::try_from(pages.checked_mul(S::ERASE_SIZE)?).ok().filter(|&len| len > 0)
}
