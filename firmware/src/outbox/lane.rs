//! One lane: a queue in flash with a cursor behind what was sent.
//!
//! Invariant: of the items in the queue, the first `sent` were handed out since the last rewind; removing keeps that true.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::downlink::Range;
use milepost_protocol::envelope::{EnvelopeWriter, Header};
use milepost_protocol::record::{Gap, GapReason};
use milepost_protocol::{MAX_UNKNOWN_LEN, RecordId, codec};
use sequential_storage::cache::{Cache, Uncached, page_pointers::ArrayPagePointers, page_states::ArrayPageStates};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::lost::{Lost, add};
use crate::error::{Error, Operation};
use crate::stamp::{MAX_STAMP_LEN, Stamp};
use crate::store::{Measured, region_len};

/// The most erase pages that a lane uses; a large chip is used whole by erasing larger blocks.
pub const MAX_LANE_PAGES: usize = 48;

/// The longest item, in bytes, with room for the alignment of any flash; no record that a car makes is longer.
const MAX_ITEM_LEN: usize = MAX_UNKNOWN_LEN + MAX_STAMP_LEN + 32;

/// How many records give way at a time; a page is free once all of its records are gone.
const GIVE_WAY: u32 = 16;

type LaneCache = Cache<ArrayPageStates<MAX_LANE_PAGES>, ArrayPagePointers<MAX_LANE_PAGES>, Uncached>;

/// A region for a lane.
pub(crate) type Ground<S> = Measured<S, QueueConfig<S>>;

/// Why a record did not go into the lane.
pub(super) enum PushError<E> {
    /// There is no room.
    Full,
    /// The flash failed.
    Failed(Error<E>),
}

/// What becomes of a record that a walk has come to.
enum Verdict {
    Next,
    Remove,
    Stop,
}

/// Who is shown the records of a lane.
type Visit<'v> = dyn FnMut(Option<&Stamp>, &[u8]) -> Verdict + Send + 'v;

/// A lane over one region.
pub(super) struct Lane<S: MultiwriteNorFlash> {
    queue: QueueStorage<S, LaneCache>,
    /// The newest record that was found at the start.
    pub(super) newest: Option<RecordId>,
    /// How many records the lane holds.
    pub(super) stored: u32,
    /// How many of the oldest were sent since the last rewind.
    sent: u32,
    /// How many of the oldest may ever have been sent, also in earlier boots.
    maybe_sent: u32,
}

impl<S: MultiwriteNorFlash> Lane<S> {
    /// Finds a region large enough for a lane.
    pub(super) fn measure(flash: S) -> Result<Ground<S>, Error<S::Error>> {
        let end = region_len(&flash, MAX_LANE_PAGES).ok_or(Error::Layout(Operation::ReadOutbox))?;
        let known = QueueConfig::try_new(0..end).map_err(|_| Error::Layout(Operation::ReadOutbox))?;
        Ok(Measured { flash, known })
    }

    /// A lane over a region, which it does not touch before [`Lane::open`].
    pub(super) fn over(Measured { flash, known }: Ground<S>) -> Self {
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), Uncached);
        Self { queue: QueueStorage::new(flash, known, cache), newest: None, stored: 0, sent: 0, maybe_sent: 0 }
    }

    /// Counts what the region holds; answers whether it had to be erased because nothing in it read back.
    pub(super) async fn open(&mut self) -> Result<bool, Error<S::Error>> {
        let (mut newest, mut stored) = (None, 0_u32);
        let counted = self
            .walk(Operation::ReadOutbox, &mut |stamp, _| {
                stored = stored.saturating_add(1);
                newest = newest.max(stamp.map(Stamp::id));
                Verdict::Next
            })
            .await;
        let corrupt = matches!(counted, Err(Error::Corrupt(_)));
        if corrupt {
            self.queue.erase_all().await.map_err(|error| Error::from_storage(Operation::ReadOutbox, error))?;
            (newest, stored) = (None, 0);
        } else {
            counted?;
        }
        (self.newest, self.stored, self.maybe_sent) = (newest, stored, stored);
        Ok(corrupt)
    }

    /// Appends a record; durable on return.
    pub(super) async fn push(&mut self, stamp: &Stamp, body: &[u8]) -> Result<(), PushError<S::Error>> {
        let mut item = [0; MAX_ITEM_LEN];
        let layout = || PushError::Failed(Error::Layout(Operation::Push));
        let head = codec::write(stamp, &mut item).ok_or_else(layout)?;
        let end = head + body.len();
        item.get_mut(head..end).ok_or_else(layout)?.copy_from_slice(body);
        match self.queue.push(item.get(..end).unwrap_or_default(), false).await {
            Ok(()) => {
                self.stored = self.stored.saturating_add(1);
                Ok(())
            }
            Err(sequential_storage::Error::FullStorage) => Err(PushError::Full),
            Err(error) => Err(PushError::Failed(Error::from_storage(Operation::Push, error))),
        }
    }

    /// Writes an envelope of records that were not sent yet; answers its length.
    pub(super) async fn envelope(
        &mut self,
        boot: u32,
        uptime_ms: u64,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, Error<S::Error>> {
        if self.sent >= self.stored {
            return Ok(None);
        }
        let (mut index, mut sent) = (0, self.sent);
        let mut room = Some(buffer);
        let mut envelope: Option<(Header, EnvelopeWriter<'_>)> = None;
        self.walk(Operation::ReadOutbox, &mut |stamp, body| {
            index += 1;
            if index <= sent {
                return Verdict::Next;
            }
            let Some(stamp) = stamp else {
                // An item that another build wrote: it cannot be sent, and is counted as sent so that it blocks nothing.
                if envelope.is_some() {
                    return Verdict::Stop;
                }
                sent = index;
                return Verdict::Next;
            };
            if envelope.is_none() {
                let age_ms = (stamp.boot == boot).then(|| uptime_ms.saturating_sub(stamp.uptime_ms));
                let Stamp { boot, number: first, at_ms: base_ms, quality, consent, .. } = *stamp;
                let header = Header { boot, first, base_ms, quality, age_ms, consent };
                let writer = room.take().and_then(|room| EnvelopeWriter::new(room, &header));
                envelope = writer.map(|writer| (header, writer));
            }
            let Some((header, writer)) = envelope.as_mut() else { return Verdict::Stop };
            let alike = (header.boot, header.quality, header.consent) == (stamp.boot, stamp.quality, stamp.consent);
            if !alike || writer.push_body(stamp.number, stamp.at_ms, stamp.kind, body).is_err() {
                return Verdict::Stop;
            }
            sent = index;
            Verdict::Next
        })
        .await?;
        self.sent = sent;
        self.maybe_sent = self.maybe_sent.max(sent);
        Ok(envelope.filter(|(_, writer)| writer.count() > 0).map(|(_, writer)| writer.finish().len()))
    }

    /// Removes the records of `boot` that lie in `ranges`.
    pub(super) async fn acknowledge(&mut self, boot: u32, ranges: &[Range]) -> Result<(), Error<S::Error>> {
        let Some(last) = ranges.iter().map(|range| range.last).max() else { return Ok(()) };
        let (mut index, mut removed, mut unsent) = (0, 0, 0);
        let (sent, maybe_sent) = (self.sent, self.maybe_sent);
        self.walk(Operation::Acknowledge, &mut |stamp, _| {
            if index >= maybe_sent {
                return Verdict::Stop;
            }
            index += 1;
            let Some(stamp) = stamp else { return Verdict::Next };
            if stamp.boot > boot || (stamp.boot == boot && stamp.number > last) {
                // Records stand in the order of boot and number, but for those that an earlier boot owed;
                // one of these that is passed over here is sent again and acknowledged then.
                return Verdict::Stop;
            }
            if stamp.boot != boot || !ranges.iter().any(|range| (range.first..=range.last).contains(&stamp.number)) {
                return Verdict::Next;
            }
            removed += 1;
            unsent += u32::from(index <= sent);
            Verdict::Remove
        })
        .await?;
        self.sent = sent.saturating_sub(unsent);
        self.removed(removed);
        Ok(())
    }

    /// Everything that is stored will be sent again.
    pub(super) fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Names the oldest few records in `lost`; answers how many they are.
    pub(super) async fn oldest<const N: usize>(&mut self, lost: &mut Vec<Lost, N>) -> Result<u32, Error<S::Error>> {
        let mut count = 0;
        self.walk(Operation::ReadOutbox, &mut |stamp, body| {
            if count == GIVE_WAY {
                return Verdict::Stop;
            }
            count += 1;
            let Some(&Stamp { boot, number, kind, .. }) = stamp else { return Verdict::Next };
            add(lost, Lost { boot, first: number, last: number });
            // A gap that gives way itself must not take with it what it tells.
            if kind == Gap::KIND
                && let Some(gap) = codec::read::<Gap>(body)
                && let Some(more) = gap.count.checked_sub(1)
                && gap.reason == GapReason::FlashFull
            {
                add(lost, Lost { boot: gap.boot, first: gap.first, last: gap.first.saturating_add(more) });
            }
            Verdict::Next
        })
        .await?;
        Ok(count)
    }

    /// Removes the oldest `count` records.
    pub(super) async fn give_way(&mut self, count: u32) -> Result<(), Error<S::Error>> {
        let mut removed = 0;
        self.walk(Operation::Push, &mut |_, _| {
            if removed == count {
                return Verdict::Stop;
            }
            removed += 1;
            Verdict::Remove
        })
        .await?;
        self.sent = self.sent.saturating_sub(removed);
        self.removed(removed);
        Ok(())
    }

    /// Hands on every record, oldest first.
    pub(super) async fn for_each(&mut self, mut take: impl FnMut(&Stamp, &[u8])) -> Result<(), Error<S::Error>> {
        self.walk_with(Operation::ReadOutbox, |stamp, body| {
            if let Some(stamp) = stamp {
                take(stamp, body);
            }
            Verdict::Next
        })
        .await
    }

    fn removed(&mut self, count: u32) {
        self.stored = self.stored.saturating_sub(count);
        self.maybe_sent = self.maybe_sent.saturating_sub(count);
    }

    /// Shows `visit` the records in their order until it has seen enough; one that does not read has no stamp.
    ///
    /// Behind a reference all walks share one copy of the code that reads the lane.
    async fn walk(&mut self, operation: Operation, visit: &mut Visit<'_>) -> Result<(), Error<S::Error>> {
        self.walk_with(operation, visit).await
    }

    async fn walk_with(
        &mut self,
        operation: Operation,
        mut visit: impl FnMut(Option<&Stamp>, &[u8]) -> Verdict,
    ) -> Result<(), Error<S::Error>> {
        let failed = |error| Error::from_storage(operation, error);
        let mut data = [0; MAX_ITEM_LEN];
        let mut items = self.queue.iter().await.map_err(failed)?;
        while let Some(item) = items.next(&mut data).await.map_err(failed)? {
            let verdict = match codec::take::<Stamp>(&item) {
                Some((stamp, body)) => visit(Some(&stamp), body),
                None => visit(None, &[]),
            };
            match verdict {
                Verdict::Next => {}
                Verdict::Remove => {
                    item.pop().await.map_err(failed)?;
                }
                Verdict::Stop => break,
            }
        }
        Ok(())
    }
}
