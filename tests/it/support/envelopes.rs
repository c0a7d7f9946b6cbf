//! Envelopes made by hand, as a car would make them.

use anyhow::{Context, Result, anyhow};
use milepost_protocol::envelope::{ClockQuality, EnvelopeWriter, Header};
use milepost_protocol::record::{LogChunk, LogLevel};
use milepost_protocol::{MAX_ENVELOPE_LEN, Record};

/// An envelope of `count` records that numbers from 0 in `boot`.
pub(crate) fn envelope(boot: u32, count: u32) -> Result<Vec<u8>> {
    let header =
        Header { boot, first: 0, base_ms: 1_000, quality: ClockQuality::SinceBoot, age_ms: Some(10), consent: 1 };
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).context("the header fits")?;
    for number in 0..count {
        let text = "made by hand".try_into().ok().context("the text is short")?;
        let record = Record::LogChunk(LogChunk { level: LogLevel::Info, text });
        writer.push(number, 1_000, &record).map_err(|error| anyhow!("record {number} is refused: {error:?}"))?;
    }
    Ok(writer.finish().to_vec())
}
