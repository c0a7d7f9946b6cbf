//! Signal tables in flash: two halves, of which one is in use while the other may be written.
//!
//! Which half counts is one value in the state region and changes in one write.
//! Memory holds no rows, only where in flash the rows of each identifier stand; the built-in table is read where it lies in the image.
//! Invariant: at every moment, power cut or not, the table in use is wholly the old one or wholly the new one, and its hash was checked.

mod walk;

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Operation};
use crate::signal::builtin;
use crate::signal::table::{MAX_ROWS, MAX_TABLE_LEN, Row};
use crate::store::Measured;
use milepost_protocol::record::CommandOutcome;
use walk::Walk;

/// The widest write of any flash that is supported, in bytes.
const MAX_WRITE_SIZE: usize = 32;

/// Where the table in use lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InUse {
    half: u8,
    len: u32,
    sha256: [u8; 32],
}

/// A table on its way in.
#[derive(Debug, Clone, Copy)]
struct Transfer {
    len: u32,
    sha256: [u8; 32],
    received: u32,
    /// Bytes that do not yet fill a write.
    tail: [u8; MAX_WRITE_SIZE],
}

/// Where a row of the table in use stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// The frame's identifier, in two halves so that a place takes six bytes.
    id: [u16; 2],
    /// From the start of the table.
    offset: u16,
}

impl Place {
    fn id(self) -> u32 {
        u32::from(self.id[0]) << 16 | u32::from(self.id[1])
    }
}

/// Where the next row of a frame stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor(usize);

/// The table region.
pub(crate) struct TableStore<S: NorFlash> {
    flash: S,
    half_len: u32,
    in_use: Option<InUse>,
    /// The rows of the table in use, in the order of identifiers; unused with the built-in table.
    index: Vec<Place, MAX_ROWS>,
    transfer: Option<Transfer>,
}

impl<S: NorFlash> TableStore<S> {
    /// Finds the region large enough.
    pub(crate) fn measure(flash: S) -> Result<Measured<S, u32>, Error<S::Error>> {
        let pages = (flash.capacity() / 2).checked_div(S::ERASE_SIZE).unwrap_or(0);
        let half_len = pages * S::ERASE_SIZE;
        if half_len < MAX_TABLE_LEN || S::WRITE_SIZE > MAX_WRITE_SIZE || !MAX_WRITE_SIZE.is_multiple_of(S::WRITE_SIZE) {
            return Err(Error::Layout(Operation::Table));
        }
        let known = u32::try_from(half_len).map_err(|_| Error::Layout(Operation::Table))?;
        Ok(Measured { flash, known })
    }

    /// The tables of a measured region; the built-in one is in use until [`TableStore::load`].
    pub(crate) fn over(Measured { flash, known: half_len }: Measured<S, u32>) -> Self {
        Self { flash, half_len, in_use: None, index: Vec::new(), transfer: None }
    }

    /// Takes the table into use that the state region remembers, if it proves itself.
    pub(crate) async fn load(&mut self, remembered: Option<InUse>) -> Result<(), Error<S::Error>> {
        let Some(in_use) = remembered else { return Ok(()) };
        if self.scan(in_use, false).await?.is_ok() {
            self.take_into_use(in_use).await?;
        }
        Ok(())
    }

    /// The first four bytes of the SHA-256 of the table in use.
    pub(crate) fn short_hash(&self) -> u32 {
        self.in_use.map_or(builtin::SHORT_HASH, |in_use| short(&in_use.sha256))
    }

    /// Where the rows of a frame begin.
    pub(crate) fn rows_of(&self, id: u32) -> Cursor {
        Cursor(match self.in_use {
            Some(_) => self.index.partition_point(|place| place.id() < id),
            None => builtin::ROWS.partition_point(|row| row.id < id),
        })
    }

    /// The next row of the frame `id` on `bus`, and `cursor` behind it.
    pub(crate) async fn next_row(
        &mut self,
        cursor: &mut Cursor,
        bus: u8,
        id: u32,
    ) -> Result<Option<Row>, Error<S::Error>> {
        loop {
            let row = if let Some(in_use) = self.in_use {
                let Some(place) = self.index.get(cursor.0).filter(|place| place.id() == id) else { return Ok(None) };
                let offset = u32::from(place.offset);
                match self.walk(in_use).row_at(offset).await? {
                    Some(row) => row,
                    None => return Ok(None),
                }
            } else {
                let Some(row) = builtin::ROWS.get(cursor.0).filter(|row| row.id == id) else { return Ok(None) };
                *row
            };
            cursor.0 += 1;
            if row.is_of(bus) {
                return Ok(Some(row));
            }
        }
    }

    /// A new table begins: the half that is not in use is erased.
    pub(crate) async fn begin(&mut self, len: u32, sha256: [u8; 32]) -> Result<CommandOutcome, Error<S::Error>> {
        self.transfer = None;
        if len == 0 || len as usize > MAX_TABLE_LEN {
            return Ok(CommandOutcome::TableInvalid);
        }
        let start = self.start(self.free_half());
        self.flash.erase(start, start + self.half_len).await.map_err(failed)?;
        self.transfer = Some(Transfer { len, sha256, received: 0, tail: [0xFF; MAX_WRITE_SIZE] });
        Ok(CommandOutcome::Done)
    }

    /// More bytes of the new table; they must follow on each other.
    pub(crate) async fn chunk(&mut self, offset: u32, bytes: &[u8]) -> Result<CommandOutcome, Error<S::Error>> {
        let start = self.start(self.free_half());
        let Some(transfer) = &mut self.transfer else { return Ok(CommandOutcome::OutOfOrder) };
        let ends = offset.checked_add(bytes.len() as u32);
        if offset != transfer.received || ends.is_none_or(|end| end > transfer.len) {
            return Ok(CommandOutcome::OutOfOrder);
        }
        for &byte in bytes {
            let place = transfer.received as usize % MAX_WRITE_SIZE;
            if let Some(slot) = transfer.tail.get_mut(place) {
                *slot = byte;
            }
            transfer.received += 1;
            if place + 1 == MAX_WRITE_SIZE {
                let at = start + transfer.received - MAX_WRITE_SIZE as u32;
                self.flash.write(at, &transfer.tail).await.map_err(failed)?;
                transfer.tail = [0xFF; MAX_WRITE_SIZE];
            }
        }
        Ok(CommandOutcome::Done)
    }

    /// The new table is whole: checks it and answers what has to be stored to take it into use.
    pub(crate) async fn commit(&mut self) -> Result<Result<InUse, CommandOutcome>, Error<S::Error>> {
        let half = self.free_half();
        let Some(transfer) = self.transfer.take() else { return Ok(Err(CommandOutcome::OutOfOrder)) };
        if transfer.received != transfer.len {
            return Ok(Err(CommandOutcome::OutOfOrder));
        }
        let rest = transfer.len as usize % MAX_WRITE_SIZE;
        if rest > 0 {
            let at = self.start(half) + transfer.len - rest as u32;
            self.flash.write(at, &transfer.tail).await.map_err(failed)?;
        }
        let in_use = InUse { half, len: transfer.len, sha256: transfer.sha256 };
        Ok(self.scan(in_use, false).await?.map(|()| in_use))
    }

    /// The state region now names this half: its rows are read from now on.
    pub(crate) async fn take_into_use(&mut self, in_use: InUse) -> Result<(), Error<S::Error>> {
        // It was checked, so there is nothing left that it could be refused for.
        self.scan(in_use, true).await.map(|_| ())
    }

    /// Walks over a whole table: takes its rows into use, or checks its hash, its format, every row, and that nothing stands behind them.
    async fn scan(&mut self, in_use: InUse, take: bool) -> Result<Result<(), CommandOutcome>, Error<S::Error>> {
        let half = self.half(in_use);
        let Self { flash, index, in_use: of, .. } = self;
        let mut walk = Walk::new(flash, half, in_use.len);
        if take {
            index.clear();
            *of = Some(in_use);
        } else if walk.hash().await? != Some(in_use.sha256) {
            return Ok(Err(CommandOutcome::HashMismatch));
        }
        let mut valid = walk.begin().await?;
        while let Some((offset, row)) = walk.next().await? {
            if take {
                let place = Place { id: [(row.id >> 16) as u16, row.id as u16], offset: offset as u16 };
                let at = index.partition_point(|other| other.id() <= row.id);
                // The rows were counted when the table was checked.
                let _ = index.insert(at, place);
            }
            valid &= row.is_valid();
        }
        Ok(if valid && walk.is_at_end() { Ok(()) } else { Err(CommandOutcome::TableInvalid) })
    }

    fn walk(&mut self, in_use: InUse) -> Walk<'_, S> {
        let half = self.half(in_use);
        Walk::new(&mut self.flash, half, in_use.len)
    }

    fn half(&self, in_use: InUse) -> Range<u32> {
        let start = self.start(in_use.half.min(1));
        start..start + self.half_len
    }

    fn free_half(&self) -> u8 {
        self.in_use.map_or(0, |in_use| 1 - in_use.half.min(1))
    }

    fn start(&self, half: u8) -> u32 {
        u32::from(half) * self.half_len
    }
}

/// The first four bytes of a SHA-256.
fn short(sha256: &[u8; 32]) -> u32 {
    sha256.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn failed<E>(source: E) -> Error<E> {
    Error::Flash { operation: Operation::Table, source }
}
