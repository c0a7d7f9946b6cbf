//! State in flash: one value a key, each replaced whole.
//!
//! A value is stored together with the records that it gives rise to and that are not yet in the outbox ("owed"), so that a power cut
//! between the two loses neither: the next start pushes what is still owed, under the identity that was chosen then.
//! Invariant: a load answers the newest value whose store was finished, never a mixture.

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use milepost_protocol::codec;
use sequential_storage::cache::Cache;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::map::{MapConfig, MapStorage, SerializationError, Value};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Moment};
use crate::error::{Error, Operation};
use crate::facts;
use crate::outbox::Stamp;

/// The most erase pages of the state region that are used.
pub(crate) const MAX_STATE_PAGES: usize = 16;

/// The longest stored value with its key, in bytes: the trouble codes with what six changes of them owe are the longest.
const WORK_LEN: usize = 1152;

/// The most records that one value can owe.
pub(crate) const MAX_OWED: usize = 8;

/// How many bytes what a value owes may take, so that value and debt fit together.
const MAX_OWING_LEN: usize = 448;

/// The longest body of a record that a value can owe, in bytes.
pub(crate) const MAX_OWED_BODY: usize = 72;

/// The longest stamp in front of a body, in bytes.
pub(crate) const MAX_STAMP_LEN: usize = 48;

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
    // 8 held the log's level alone.
    Remote = 9,
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

/// A record with its identity, as a value owes it to the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Owed {
    pub(crate) stamp: Stamp,
    pub(crate) body: Vec<u8, MAX_OWED_BODY>,
}

impl Owed {
    /// One of the records in a debt, which begins with their count.
    #[inline(never)]
    pub(crate) fn nth(debt: &[u8], index: usize) -> Option<Self> {
        let (count, mut rest) = codec::take::<usize>(debt)?;
        let mut owed = None;
        for _ in 0..=index.min(count) {
            let (next, after) = codec::take::<Self>(rest)?;
            (owed, rest) = (Some(next), after);
        }
        owed.filter(|_| index < count)
    }
}

/// How the facts that a value owes get their identities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identities {
    pub(crate) boot: u32,
    /// The number of the first of them; the others follow without holes.
    pub(crate) first: u32,
    pub(crate) consent: u32,
    pub(crate) clock: Clock,
    /// The moment of all of them, where the clock does not know it.
    pub(crate) moment: Option<Moment>,
}

/// What a value owes: facts and their identities, encoded only where they are written.
#[derive(Debug, Clone)]
pub(crate) struct Owing<'a> {
    facts: facts::Iter<'a>,
    len: usize,
    identities: Identities,
}

impl<'a> Owing<'a> {
    /// The front of `facts`, as many as one value can owe; a body longer than `longest` bytes ends it.
    pub(crate) fn new(facts: facts::Iter<'a>, longest: usize, identities: Identities) -> Self {
        let (mut len, mut room) = (0, MAX_OWING_LEN);
        for fact in facts.clone().take(MAX_OWED) {
            if fact.body.len() > longest {
                break;
            }
            let Some(left) = room.checked_sub(fact.body.len() + MAX_STAMP_LEN) else { break };
            room = left;
            len += 1;
        }
        Self { facts, len, identities }
    }

    /// How many records they are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The records with their identities.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Stamp, &'a [u8])> + use<'a> {
        let Identities { boot, first, consent, clock, moment } = self.identities;
        self.facts.clone().take(self.len).zip(first..).map(move |(fact, number)| {
            let facts::Fact { uptime_ms, kind, body } = fact;
            let Moment { at_ms, quality } = moment.unwrap_or_else(|| clock.moment(uptime_ms));
            (Stamp { boot, number, uptime_ms, at_ms, quality, consent, kind }, body)
        })
    }
}

impl Serialize for Owing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Element<'a> {
            stamp: Stamp,
            body: &'a [u8],
        }
        let mut sequence = serializer.serialize_seq(Some(self.len))?;
        for (stamp, body) in self.iter() {
            sequence.serialize_element(&Element { stamp, body })?;
        }
        sequence.end()
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
        // Values are read as bytes; see `Store::bytes`.
        Err(SerializationError::InvalidFormat)
    }
}

type StateCache =
    Cache<ArrayPageStates<MAX_STATE_PAGES>, ArrayPagePointers<MAX_STATE_PAGES>, ArrayKeyPointers<u8, { MAX_KEYS }>, u8>;

/// How many keys the cache remembers: all of them.
const MAX_KEYS: usize = 24;

/// The state region.
pub(crate) struct Store<S: NorFlash> {
    map: MapStorage<u8, S, StateCache>,
    work: [u8; WORK_LEN],
}

impl<S: NorFlash> Store<S> {
    /// Opens the region; it may be fresh or hold the state of earlier boots.
    pub(crate) fn open(flash: S) -> Result<Self, Error<S::Error>> {
        let end = region_len(&flash, MAX_STATE_PAGES).ok_or(Error::Layout(Operation::LoadState))?;
        let config = MapConfig::try_new(0..end).map_err(|_| Error::Layout(Operation::LoadState))?;
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), ArrayKeyPointers::new());
        Ok(Self { map: MapStorage::new(flash, config, cache), work: [0; WORK_LEN] })
    }

    /// Erases the region, after it proved corrupt beyond repair.
    pub(crate) async fn erase(&mut self) -> Result<(), Error<S::Error>> {
        self.map.erase_all().await.map_err(|error| Error::from_storage(Operation::SaveState, error))
    }

    /// The newest value of `key` as it was stored.
    pub(crate) async fn bytes(&mut self, key: u8) -> Result<Option<&[u8]>, Error<S::Error>> {
        let bytes = self.map.fetch_item::<&[u8]>(&mut self.work, &key).await;
        bytes.map_err(|error| Error::from_storage(Operation::LoadState, error))
    }

    /// Replaces the value of `key`; it is durable on return.
    pub(crate) async fn put(&mut self, key: u8, value: &dyn Encode) -> Result<(), Error<S::Error>> {
        let stored = self.map.store_item_generic(&mut self.work, &key, &value).await;
        stored.map_err(|error| Error::from_storage(Operation::SaveState, error))
    }
}

/// The length of a region in whole erase pages, at most `max_pages` of them; `None` if there is not even one.
pub(crate) fn region_len<S: NorFlash>(flash: &S, max_pages: usize) -> Option<u32> {
    let pages = flash.capacity().checked_div(S::ERASE_SIZE)?.min(max_pages);
    u32::try_from(pages.checked_mul(S::ERASE_SIZE)?).ok().filter(|&len| len > 0)
}
