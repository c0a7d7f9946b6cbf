//! Reading an encoded table piece by piece, so that no more than a row of it is ever in memory.
//!
//! Invariant: nothing behind the table's length is ever taken for a part of it.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use milepost_protocol::codec;
use sha2::{Digest, Sha256};

use super::{MAX_WRITE_SIZE, failed};
use crate::error::Error;
use crate::signal::table::{FORMAT, MAX_ROWS, MAX_TABLE_LEN, Row};

/// How much is read at a time; the longest row takes 56 bytes and begins anywhere within the first aligned piece.
const WINDOW: usize = 3 * MAX_WRITE_SIZE;

/// A walk over one half of the region.
pub(super) struct Walk<'f, S> {
    flash: &'f mut S,
    /// Reads stay within it.
    half: Range<u32>,
    len: u32,
    offset: u32,
    rows: usize,
    window: [u8; WINDOW],
}

impl<'f, S: NorFlash> Walk<'f, S> {
    /// A walk over the first `len` bytes of a half.
    pub(super) fn new(flash: &'f mut S, half: Range<u32>, len: u32) -> Self {
        Self { flash, half, len, offset: 0, rows: 0, window: [0xFF; WINDOW] }
    }

    /// The SHA-256 of the whole; `None` if it claims to be longer than a table can be.
    pub(super) async fn hash(&mut self) -> Result<Option<[u8; 32]>, Error<S::Error>> {
        if self.len as usize > MAX_TABLE_LEN {
            return Ok(None);
        }
        let mut hasher = Sha256::new();
        let mut offset = 0;
        while offset < self.len {
            let piece = self.piece(offset).await?;
            hasher.update(piece);
            offset += piece.len() as u32;
        }
        Ok(Some(hasher.finalize().into()))
    }

    /// Reads the head; answers whether it is one that this build reads.
    pub(super) async fn begin(&mut self) -> Result<bool, Error<S::Error>> {
        let piece = self.piece(0).await?;
        let Some(((format, rows), rest)) = codec::take::<(u16, usize)>(piece) else { return Ok(false) };
        let offset = (piece.len() - rest.len()) as u32;
        (self.offset, self.rows) = (offset, rows);
        Ok(format == FORMAT && rows <= MAX_ROWS)
    }

    /// The next row and where it stands; `None` after the last, or if it does not read.
    pub(super) async fn next(&mut self) -> Result<Option<(u32, Row)>, Error<S::Error>> {
        let Some(rows) = self.rows.checked_sub(1) else { return Ok(None) };
        let offset = self.offset;
        let Some((row, len)) = self.read(offset).await? else { return Ok(None) };
        (self.offset, self.rows) = (offset + len, rows);
        Ok(Some((offset, row)))
    }

    /// The row that stands at `offset`.
    pub(super) async fn row_at(&mut self, offset: u32) -> Result<Option<Row>, Error<S::Error>> {
        Ok(self.read(offset).await?.map(|(row, _)| row))
    }

    /// Whether every row was read and nothing stands behind them.
    pub(super) fn is_at_end(&self) -> bool {
        self.rows == 0 && self.offset == self.len
    }

    async fn read(&mut self, offset: u32) -> Result<Option<(Row, u32)>, Error<S::Error>> {
        let piece = self.piece(offset).await?;
        let Some((row, rest)) = codec::take::<Row>(piece) else { return Ok(None) };
        Ok(Some((row, (piece.len() - rest.len()) as u32)))
    }

    /// The bytes from `offset` on, as many as the window and the table hold.
    async fn piece(&mut self, offset: u32) -> Result<&[u8], Error<S::Error>> {
        let skip = offset % MAX_WRITE_SIZE as u32;
        let from = self.half.start.saturating_add(offset - skip);
        let room = self.half.end.saturating_sub(from).min(WINDOW as u32);
        let buffer = self.window.get_mut(..room as usize).unwrap_or_default();
        self.flash.read(from, buffer).await.map_err(failed)?;
        let left = self.len.saturating_sub(offset);
        let last = skip.saturating_add(left).min(room);
        Ok(self.window.get(skip as usize..last as usize).unwrap_or_default())
    }
}
