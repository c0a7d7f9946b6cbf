//! Signal tables in flash: two halves, of which one is in use while the other may be written.
//!
//! Which half counts is one value in the state region and changes in one write.
//! Invariant: at every moment, power cut or not, the table in use is wholly the old one or wholly the new one, and its hash was checked.

use embedded_storage_async::nor_flash::NorFlash;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Operation};
use crate::signal::table::{MAX_TABLE_LEN, Table, hash};
use milepost_protocol::record::CommandOutcome;

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

/// The table region.
pub(crate) struct TableStore<S: NorFlash> {
    flash: S,
    half_len: u32,
    in_use: Option<InUse>,
    transfer: Option<Transfer>,
}

impl<S: NorFlash> TableStore<S> {
    /// Opens the region; `in_use` is what the state region remembers.
    pub(crate) fn open(flash: S, in_use: Option<InUse>) -> Result<Self, Error<S::Error>> {
        let pages = (flash.capacity() / 2).checked_div(S::ERASE_SIZE).unwrap_or(0);
        let half_len = pages * S::ERASE_SIZE;
        if half_len < MAX_TABLE_LEN || S::WRITE_SIZE > MAX_WRITE_SIZE || !MAX_WRITE_SIZE.is_multiple_of(S::WRITE_SIZE) {
            return Err(Error::Layout(Operation::Table));
        }
        let half_len = u32::try_from(half_len).map_err(|_| Error::Layout(Operation::Table))?;
        Ok(Self { flash, half_len, in_use, transfer: None })
    }

    /// Reads the table in use with its hash; `None` if there is none or it does not prove itself.
    pub(crate) async fn load(&mut self) -> Result<Option<(Table, [u8; 32])>, Error<S::Error>> {
        let Some(in_use) = self.in_use else { return Ok(None) };
        let mut bytes = [0; MAX_TABLE_LEN];
        let Some(bytes) = self.read(in_use, &mut bytes).await? else { return Ok(None) };
        if hash(bytes) != in_use.sha256 {
            return Ok(None);
        }
        Ok(Table::parse(bytes).ok().map(|table| (table, in_use.sha256)))
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

    /// The new table is whole: checks it and answers it with what has to be stored to take it into use.
    pub(crate) async fn commit(&mut self) -> Result<Result<(Table, InUse), CommandOutcome>, Error<S::Error>> {
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
        let mut bytes = [0; MAX_TABLE_LEN];
        let Some(bytes) = self.read(in_use, &mut bytes).await? else { return Ok(Err(CommandOutcome::TableInvalid)) };
        if hash(bytes) != transfer.sha256 {
            return Ok(Err(CommandOutcome::HashMismatch));
        }
        Ok(Table::parse(bytes).map(|table| (table, in_use)).map_err(|_| CommandOutcome::TableInvalid))
    }

    /// The state region now names this half.
    pub(crate) fn committed(&mut self, in_use: InUse) {
        self.in_use = Some(in_use);
    }

    fn free_half(&self) -> u8 {
        self.in_use.map_or(0, |in_use| 1 - in_use.half.min(1))
    }

    fn start(&self, half: u8) -> u32 {
        u32::from(half) * self.half_len
    }

    async fn read<'b>(
        &mut self,
        in_use: InUse,
        bytes: &'b mut [u8; MAX_TABLE_LEN],
    ) -> Result<Option<&'b [u8]>, Error<S::Error>> {
        let len = in_use.len as usize;
        let start = self.start(in_use.half.min(1));
        // Whole reads of the widest alignment; the half is at least as long as the buffer.
        let aligned = len.next_multiple_of(MAX_WRITE_SIZE);
        let Some(buffer) = bytes.get_mut(..aligned) else { return Ok(None) };
        self.flash.read(start, buffer).await.map_err(failed)?;
        Ok(bytes.get(..len))
    }
}

impl InUse {
    /// The first four bytes of the table's SHA-256.
    pub(crate) fn short_hash(&self) -> u32 {
        short(&self.sha256)
    }
}

/// The first four bytes of a SHA-256.
pub(crate) fn short(sha256: &[u8; 32]) -> u32 {
    sha256.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn failed<E>(source: E) -> Error<E> {
    Error::Flash { operation: Operation::Table, source }
}
