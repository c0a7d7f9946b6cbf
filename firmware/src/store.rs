//! State in flash: one value a key, each replaced whole.
//!
//! A value is stored together with the records that it gives rise to and that are not yet in the outbox ("owed"), so that a power cut
//! between the two loses neither: the next start pushes what is still owed, under the identity that was chosen then.
//! Invariant: a load answers the newest value whose store was finished, never a mixture.

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use sequential_storage::cache::Cache;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::map::{MapConfig, MapStorage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Operation};
use crate::outbox::Stamp;

/// The most erase pages of the state region.
pub(crate) const MAX_STATE_PAGES: usize = 64;

/// The longest stored value, in bytes; a plan of twelve items is the longest.
const MAX_VALUE_LEN: usize = 2048;

/// The most records that one value can owe.
pub(crate) const MAX_OWED: usize = 8;

/// A value's key; numbers are never reused.
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
    /// The first of the notice slots; they take the numbers behind it.
    Notice = 32,
}

impl Key {
    /// The key of a notice slot.
    pub(crate) fn notice(slot: usize) -> u8 {
        Self::Notice as u8 + slot as u8
    }
}

/// A record with its identity, as a value owes it to the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owed {
    pub(crate) stamp: Stamp,
    pub(crate) body: Vec<u8, 72>,
}

/// What one value owes.
pub(crate) type Owing = Vec<Owed, MAX_OWED>;

type StateCache =
    Cache<ArrayPageStates<MAX_STATE_PAGES>, ArrayPagePointers<MAX_STATE_PAGES>, ArrayKeyPointers<u8, { MAX_KEYS }>, u8>;

/// How many keys the cache remembers: all of them.
const MAX_KEYS: usize = 24;

/// The state region.
pub(crate) struct Store<S: NorFlash> {
    map: MapStorage<u8, S, StateCache>,
    value: [u8; MAX_VALUE_LEN],
    work: [u8; MAX_VALUE_LEN + 64],
}

impl<S: NorFlash> Store<S> {
    /// Opens the region; it may be fresh or hold the state of earlier boots.
    pub(crate) fn open(flash: S) -> Result<Self, Error<S::Error>> {
        let end = region_len(&flash, MAX_STATE_PAGES).ok_or(Error::Layout(Operation::LoadState))?;
        let config = MapConfig::try_new(0..end).map_err(|_| Error::Layout(Operation::LoadState))?;
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), ArrayKeyPointers::new());
        let map = MapStorage::new(flash, config, cache);
        Ok(Self { map, value: [0; MAX_VALUE_LEN], work: [0; MAX_VALUE_LEN + 64] })
    }

    /// The newest value of `key`; `None` if there is none or this build cannot read it.
    pub(crate) async fn load<T: DeserializeOwned>(&mut self, key: u8) -> Result<Option<T>, Error<S::Error>> {
        let bytes = self.map.fetch_item::<&[u8]>(&mut self.work, &key).await;
        match bytes {
            Ok(bytes) => Ok(bytes.and_then(|bytes| postcard::from_bytes(bytes).ok())),
            Err(error) => Err(Error::from_storage(Operation::LoadState, error)),
        }
    }

    /// The newest value of `key` with what it owes.
    pub(crate) async fn load_owing<T: DeserializeOwned>(
        &mut self,
        key: u8,
    ) -> Result<Option<(T, Owing)>, Error<S::Error>> {
        self.load(key).await
    }

    /// Replaces the value of `key`; it is durable on return.
    pub(crate) async fn save<T: Serialize>(&mut self, key: u8, value: &T) -> Result<(), Error<S::Error>> {
        let len = postcard::to_slice(value, &mut self.value).map_err(|_| Error::Layout(Operation::SaveState))?.len();
        let bytes = self.value.get(..len).unwrap_or_default();
        self.map
            .store_item_generic(&mut self.work, &key, &bytes)
            .await
            .map_err(|error| Error::from_storage(Operation::SaveState, error))
    }

    /// Replaces the value of `key` together with what it owes; durable on return.
    pub(crate) async fn save_owing<T: Serialize>(
        &mut self,
        key: u8,
        value: &T,
        owing: &Owing,
    ) -> Result<(), Error<S::Error>> {
        self.save(key, &(value, owing)).await
    }

    /// Erases the region, after it proved corrupt beyond repair.
    pub(crate) async fn erase(&mut self) -> Result<(), Error<S::Error>> {
        self.map.erase_all().await.map_err(|error| Error::from_storage(Operation::SaveState, error))
    }
}

/// The length of a region in whole erase pages, at most `max_pages` of them; `None` if there is not even one.
pub(crate) fn region_len<S: NorFlash>(flash: &S, max_pages: usize) -> Option<u32> {
    let pages = flash.capacity().checked_div(S::ERASE_SIZE)?.min(max_pages);
    u32::try_from(pages.checked_mul(S::ERASE_SIZE)?).ok().filter(|&len| len > 0)
}
