//! The outbox: records in flash, in two lanes, until the cloud says that they are committed.
//!
//! Alerts and answers travel ahead of bulk. A record is identified by (boot, number) for ever; numbers of a boot have no holes.
//! Invariant: a record leaves flash only by a receipt that names it, or when a full lane makes the oldest give way, and then a
//! [`Gap`] record names what was lost.

mod lane;
mod lost;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::downlink::Range;
use milepost_protocol::envelope::Entry;
use milepost_protocol::record::{Gap, GapReason};
use milepost_protocol::{Record, RecordId, codec};

use crate::clock::{Clock, Moment};
use crate::debt::{Identities, Owing};
use crate::error::{Error, Operation};
use crate::facts::{Fact, Iter};
pub use crate::stamp::Stamp;
use crate::store::{Key, Store};
pub(crate) use lane::Ground;
pub use lane::MAX_LANE_PAGES;
use lane::{Lane, PushError};
use lost::Lost;

/// How many envelopes may be under way before the first receipt of a session grants more.
pub const INITIAL_CREDIT: u16 = 16;

/// The most runs of lost numbers that wait to be told; beyond that neighbours are told as one run.
const MAX_LOST: usize = 24;

/// The longest body of a gap, in bytes.
const MAX_GAP_LEN: usize = 16;

/// Both lanes and the numbering of this boot.
pub(crate) struct Outbox<S: MultiwriteNorFlash> {
    alerts: Lane<S>,
    bulk: Lane<S>,
    boot: u32,
    next_number: u32,
    lost: Vec<Lost, MAX_LOST>,
    /// How many records gave way or did not read back in this boot.
    pub(crate) dropped: u32,
    corrupt: bool,
    credit: u16,
}

impl<S: MultiwriteNorFlash> Outbox<S> {
    /// Finds a region large enough for one of the two lanes.
    pub(crate) fn measure(lane: S) -> Result<Ground<S>, Error<S::Error>> {
        Lane::measure(lane)
    }

    /// An outbox over two regions, which it does not touch before [`Outbox::count`].
    pub(crate) fn over(alerts: Ground<S>, bulk: Ground<S>) -> Self {
        Self {
            alerts: Lane::over(alerts),
            bulk: Lane::over(bulk),
            boot: 0,
            next_number: 0,
            lost: Vec::new(),
            dropped: 0,
            corrupt: false,
            credit: INITIAL_CREDIT,
        }
    }

    /// Counts what both lanes hold. Numbering begins with [`Outbox::begin`].
    pub(crate) async fn count(&mut self) -> Result<(), Error<S::Error>> {
        for lane in [&mut self.alerts, &mut self.bulk] {
            self.corrupt |= lane.open().await?;
        }
        Ok(())
    }

    /// The newest record that was found in flash.
    pub(crate) fn newest(&self) -> Option<RecordId> {
        self.alerts.newest.max(self.bulk.newest)
    }

    /// Starts the numbering of `boot`.
    pub(crate) fn begin(&mut self, boot: u32) {
        self.boot = boot;
        self.next_number = 0;
    }

    /// Takes over what an earlier boot still had to tell as lost.
    pub(crate) fn restore_lost(&mut self, bytes: &[u8]) {
        self.lost = codec::read(bytes).unwrap_or_default();
    }

    /// The gap of a lane in which nothing read back, once: how many records there were is not known any more,
    /// but the cloud sees the hole in the numbers.
    pub(crate) fn corrupt(&mut self) -> Option<Gap> {
        core::mem::take(&mut self.corrupt).then(|| {
            self.dropped = self.dropped.saturating_add(1);
            Gap { boot: self.boot.saturating_sub(1), first: 0, count: 0, reason: GapReason::Corrupt }
        })
    }

    /// The number of this boot.
    pub(crate) fn boot(&self) -> u32 {
        self.boot
    }

    /// How many records this boot has numbered.
    pub(crate) fn created(&self) -> u32 {
        self.next_number
    }

    /// How many records wait for a receipt.
    pub(crate) fn stored(&self) -> u32 {
        self.alerts.stored.saturating_add(self.bulk.stored)
    }

    /// Gives the front of `facts` identities, as many as one value can owe.
    /// The caller pushes them, or gives the numbers back with [`Outbox::forget`].
    pub(crate) fn owe<'f>(
        &mut self,
        facts: Iter<'f>,
        longest: usize,
        clock: Clock,
        moment: Option<Moment>,
        consent: u32,
    ) -> Owing<'f> {
        let identities = Identities { boot: self.boot, first: self.next_number, consent, clock, moment };
        let owing = Owing::new(facts, longest, identities);
        self.next_number = self.next_number.saturating_add(owing.len() as u32);
        owing
    }

    /// Takes the newest numbers back: their records were not made durable.
    pub(crate) fn forget(&mut self, count: usize) {
        self.next_number = self.next_number.saturating_sub(count as u32);
    }

    /// Appends a record that needs no other state; durable on return.
    pub(crate) async fn record(
        &mut self,
        store: &mut Store<S>,
        moment: Moment,
        consent: u32,
        fact: Fact<'_>,
    ) -> Result<(), Error<S::Error>> {
        let stamp = self.next_stamp(fact.uptime_ms, moment, consent, fact.kind);
        self.push(store, &stamp, fact.body).await
    }

    /// Whether a record that an earlier boot owed has not reached the lanes, as far as they still tell.
    ///
    /// Records are pushed in the order of their numbers, so a newer one of the same boot proves that this one was pushed.
    pub(crate) fn lacks(&self, stamp: &Stamp) -> bool {
        self.newest().is_none_or(|newest| newest < stamp.id())
    }

    /// Writes the next envelope that was not sent yet to `buffer`, alerts first; answers its length.
    pub(crate) async fn envelope(
        &mut self,
        uptime_ms: u64,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, Error<S::Error>> {
        if self.credit == 0 {
            return Ok(None);
        }
        for lane in [&mut self.alerts, &mut self.bulk] {
            if let Some(len) = lane.envelope(self.boot, uptime_ms, buffer).await? {
                self.credit -= 1;
                return Ok(Some(len));
            }
        }
        Ok(None)
    }

    /// Removes what a receipt names and takes its credit.
    pub(crate) async fn acknowledge(
        &mut self,
        boot: u32,
        ranges: &[Range],
        credit: u16,
    ) -> Result<(), Error<S::Error>> {
        for lane in [&mut self.alerts, &mut self.bulk] {
            lane.acknowledge(boot, ranges).await?;
        }
        self.credit = credit;
        Ok(())
    }

    /// Everything without a receipt will be sent again.
    pub(crate) fn rewind(&mut self) {
        self.alerts.rewind();
        self.bulk.rewind();
        self.credit = INITIAL_CREDIT;
    }

    fn next_stamp(&mut self, uptime_ms: u64, moment: Moment, consent: u32, kind: u16) -> Stamp {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        let Moment { at_ms, quality } = moment;
        Stamp { boot: self.boot, number, uptime_ms, at_ms, quality, consent, kind }
    }

    /// Appends a record that has its identity; durable on return.
    pub(crate) async fn push(
        &mut self,
        store: &mut Store<S>,
        stamp: &Stamp,
        body: &[u8],
    ) -> Result<(), Error<S::Error>> {
        self.make_room_and_push(store, stamp, body).await?;
        if self.lost.is_empty() {
            return Ok(());
        }
        // Telling can itself make room at the cost of older records; each round tells one run and the bound ends it.
        for _ in 0..MAX_LOST * 2 {
            let Some(gap) = self.lost.first().map(Lost::gap) else { break };
            let mut body = [0; MAX_GAP_LEN];
            let body = codec::write(&gap, &mut body).and_then(|len| body.get(..len)).unwrap_or_default();
            let moment = Moment { at_ms: stamp.at_ms, quality: stamp.quality };
            let stamp = self.next_stamp(stamp.uptime_ms, moment, stamp.consent, Gap::KIND);
            self.make_room_and_push(store, &stamp, body).await?;
            self.lost.remove(0);
        }
        store.put(Key::Lost as u8, &self.lost).await
    }

    async fn make_room_and_push(
        &mut self,
        store: &mut Store<S>,
        stamp: &Stamp,
        body: &[u8],
    ) -> Result<(), Error<S::Error>> {
        let lane = if Record::is_urgent_kind(stamp.kind) { &mut self.alerts } else { &mut self.bulk };
        loop {
            match lane.push(stamp, body).await {
                Ok(()) => return Ok(()),
                Err(PushError::Full) => {}
                Err(PushError::Failed(error)) => return Err(error),
            }
            let oldest = lane.oldest(&mut self.lost).await?;
            if oldest == 0 {
                // The lane is empty and still full: a region of a single page that is too small for the record.
                return Err(Error::Layout(Operation::Push));
            }
            self.dropped = self.dropped.saturating_add(oldest);
            // First what is about to be lost, then the loss: a cut in between tells of a loss that did not happen,
            // and the records still arrive; the other order could lose silently.
            store.put(Key::Lost as u8, &self.lost).await?;
            lane.give_way(oldest).await?;
        }
    }
}

/// Every record that a region still holds, oldest first, for hosts that inspect a flash image.
///
/// It reads only: the region may belong to a device that is not running.
pub async fn read_all<S: MultiwriteNorFlash>(
    region: S,
    mut take: impl FnMut(Stamp, &[u8]),
) -> Result<(), Error<S::Error>> {
    let mut lane = Lane::over(Lane::measure(region)?);
    lane.open().await?;
    lane.for_each(|stamp, body| take(*stamp, body)).await
}

/// A stored record as an envelope's entry would show it.
pub fn entry<'a>(stamp: &Stamp, body: &'a [u8]) -> Entry<'a> {
    Entry { number: stamp.number, at_ms: stamp.at_ms, kind: stamp.kind, body }
}
