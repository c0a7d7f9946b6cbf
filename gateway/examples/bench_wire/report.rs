//! The figures as a table or as JSON.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::recording::{Kind, Recording};

/// What an encoding took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) bytes: usize,
    /// Bytes of a vehicle's hour; none for logs of seconds, of which an hour says nothing.
    pub(crate) bytes_per_hour: Option<f64>,
    pub(crate) bytes_per_sample: f64,
}

/// One encoding of one recording.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    log: String,
    samples: usize,
    signals: usize,
    batch_s: u64,
    encoding: &'static str,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_per_hour: Option<f64>,
    bytes_per_sample: f64,
    /// Our bytes by those of each other encoding; of our own encodings alone, which were read back as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    vs: Option<BTreeMap<&'static str, f64>>,
}

impl Row {
    pub(crate) fn new(
        recording: &Recording,
        batch_s: u64,
        encoding: &'static str,
        figure: Figure,
        vs: Option<BTreeMap<&'static str, f64>>,
    ) -> Self {
        let Figure { bytes, bytes_per_hour, bytes_per_sample } = figure;
        debug_assert_eq!(bytes_per_hour.is_some(), recording.kind == Kind::Diagnostics);
        let (samples, signals) = (recording.samples.len(), recording.signals().count());
        let log = recording.name.clone();
        Self { log, samples, signals, batch_s, encoding, bytes, bytes_per_hour, bytes_per_sample, vs }
    }
}

/// Prints all rows.
pub(crate) fn show(rows: &[Row], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(rows)?);
        return Ok(());
    }
    for part in rows.chunk_by(|one, other| (&one.log, one.batch_s) == (&other.log, other.batch_s)) {
        let Some(first) = part.first() else { continue };
        let own: Vec<&Row> = part.iter().filter(|row| row.vs.is_some()).collect();
        println!(
            "\n{}: {} samples of {} signals, batches of {} s",
            first.log, first.samples, first.signals, first.batch_s
        );
        print!("{:<20} {:>12} {:>10}", "", "B/h", "B/sample");
        for own in &own {
            print!(" {:>17}", own.encoding);
        }
        println!();
        for row in part {
            let hour = row.bytes_per_hour.map_or("-".to_owned(), |bytes| format!("{bytes:.0}"));
            print!("{:<20} {hour:>12} {:>10.3}", row.encoding, row.bytes_per_sample);
            for own in own.iter().filter(|_| row.vs.is_none()) {
                let ratio = own.vs.as_ref().and_then(|vs| vs.get(row.encoding)).copied().unwrap_or(f64::NAN);
                print!(" {ratio:>17.3}");
            }
            println!();
        }
    }
    Ok(())
}
