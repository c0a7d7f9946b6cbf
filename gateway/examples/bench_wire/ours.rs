//! Our series blocks, each written, read back and compared.

use anyhow::{Context, Result, ensure};
use milepost_protocol::series::{BlockWriter, Decoder, Encoder, Kind, MAX_SAMPLE_LEN, MIN_BLOCK_LEN, Sample};

use crate::mqtt;

/// Blocks that stand alone.
pub(crate) const ALONE: &str = "series_alone";

/// Blocks that continue one another.
pub(crate) const CHAINED: &str = "series_chained";

/// The topic of a device.
const TOPIC: &str = "t/VEH0042/up";

/// More signals than any of the cars has.
const COLUMNS: usize = 1024;

/// The bytes of the batches as blocks that stand alone.
pub(crate) fn alone(batches: &[&[Sample]]) -> Result<usize> {
    let mut encoder = Box::new(Encoder::<COLUMNS>::new());
    let mut decoder = Box::new(Decoder::<COLUMNS>::new());
    let mut bytes = 0;
    for batch in batches {
        let mut buffer = room(batch);
        let block = fill(encoder.alone(&mut buffer, near(batch)), batch)?;
        compare(&mut decoder, block, batch, Kind::Alone)?;
        bytes += mqtt::publish(TOPIC, block.len());
    }
    Ok(bytes)
}

/// The bytes of the batches as one chain.
pub(crate) fn chained(batches: &[&[Sample]]) -> Result<usize> {
    let mut encoder = Box::new(Encoder::<COLUMNS>::new());
    let mut decoder = Box::new(Decoder::<COLUMNS>::new());
    let mut bytes = 0;
    for (at, batch) in batches.iter().enumerate() {
        let mut buffer = room(batch);
        let (writer, kind) = if at == 0 {
            (encoder.alone(&mut buffer, near(batch)), Kind::Alone)
        } else {
            (encoder.continuing(&mut buffer).context("there is a block to continue")?, Kind::Continuing)
        };
        let block = fill(writer, batch)?;
        compare(&mut decoder, block, batch, kind)?;
        bytes += mqtt::publish(TOPIC, block.len());
    }
    Ok(bytes)
}

fn room(batch: &[Sample]) -> Vec<u8> {
    vec![0; MIN_BLOCK_LEN + batch.len() * MAX_SAMPLE_LEN]
}

fn near(batch: &[Sample]) -> u64 {
    batch.first().map_or(0, |sample| sample.at_ms)
}

fn fill<'b>(mut writer: BlockWriter<'_, 'b, COLUMNS>, batch: &[Sample]) -> Result<&'b [u8]> {
    for sample in batch {
        writer.push(sample)?;
    }
    Ok(writer.finish())
}

fn compare(decoder: &mut Decoder<COLUMNS>, block: &[u8], batch: &[Sample], kind: Kind) -> Result<()> {
    let mut found = Vec::with_capacity(batch.len());
    let read = decoder.decode(block, |sample| found.push(sample)).context("our own block does not read")?;
    ensure!(found == batch && read.kind == kind, "our own block does not read as it was written");
    Ok(())
}
