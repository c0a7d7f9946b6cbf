//! What a board says: defmt frames, made text with the strings of its image.
//!
//! Invariant: a frame that does not decode is told as such and never stops those behind it.

use std::path::Path;

use anyhow::{Context, Result};
use defmt_decoder::{DecodeError, Table};

/// The strings of one image.
#[derive(Debug)]
pub(crate) struct Strings(Table);

impl Strings {
    /// Reads them from an image.
    pub(crate) fn of(image: &Path) -> Result<Self> {
        let bytes = std::fs::read(image).with_context(|| format!("cannot read the image, {}", image.display()))?;
        let table = Table::parse(&bytes).with_context(|| format!("no defmt image, {}", image.display()))?;
        Ok(Self(table.with_context(|| format!("the image has no log strings, {}", image.display()))?))
    }

    /// Decodes a stream of bytes as `feed` brings them; answers each line to `take`.
    ///
    /// `feed` answers no bytes at the end.
    pub(crate) async fn decode<F>(&self, mut feed: impl FnMut() -> F, mut take: impl FnMut(String))
    where
        F: Future<Output = Vec<u8>>,
    {
        let mut decoder = self.0.new_stream_decoder();
        loop {
            let bytes = feed().await;
            if bytes.is_empty() {
                return;
            }
            decoder.received(&bytes);
            loop {
                match decoder.decode() {
                    Ok(frame) => {
                        let time = frame.display_timestamp().map(|time| time.to_string()).unwrap_or_default();
                        let level = frame.level().map_or("", |level| level.as_str());
                        take(format!("{time:>8} {level:<5} {}", frame.display_message()));
                    }
                    Err(DecodeError::UnexpectedEof) => break,
                    Err(DecodeError::Malformed) => take("(a log frame does not decode)".to_owned()),
                }
            }
        }
    }
}
