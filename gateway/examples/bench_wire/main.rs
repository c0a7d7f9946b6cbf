//! What a recording's samples cost on the air: our series blocks beside the encodings that others use; `cargo xtask bench wire` runs it.
//!
//! Arguments: the folder of recordings (`MILEPOST_DATA`), and `--json` for JSON instead of tables.
//! Bytes are those of MQTT PUBLISH packets of quality 0: fixed header, topic and payload.
//! Invariant: every encoding gets the same samples in the same batches, and what our blocks hold is read back and compared.
#![expect(clippy::print_stdout, reason = "a program that measures says what it found")]

mod mqtt;
mod ours;
mod peers;
mod protobuf;
mod recording;
mod report;
mod resolution;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use recording::{Kind, Recording};
use report::{Figure, Row};

/// How long samples gather before they are sent, in seconds.
const BATCHES_S: [u64; 2] = [10, 60];

/// What logs are called; tables beside them hold what others found in them.
const LOGS: [&str; 4] = ["log", "asc", "trc", "crtd"];

fn main() -> Result<()> {
    let (mut folder, mut json) = (None, false);
    for argument in std::env::args().skip(1) {
        if argument == "--json" {
            json = true;
        } else {
            folder = Some(PathBuf::from(argument));
        }
    }
    let folder = folder.context("which folder of recordings?")?.join("vehicle");
    let mut rows = Vec::new();
    for path in logs(&folder.join("obd_drive"))? {
        measure(&Recording::of_diagnostics(&path)?, &BATCHES_S, &mut rows)?;
    }
    for path in logs(&folder.join("can"))? {
        // These last for seconds, so that a longer batch would be the whole log.
        measure(&Recording::of_bus(&path)?, &BATCHES_S[..1], &mut rows)?;
    }
    ensure!(!rows.is_empty(), "{} holds no log in obd_drive/*/ or can/*/", folder.display());
    report::show(&rows, json)
}

/// The logs in the folders below `folder`, in the order of their names; none if it is not there.
fn logs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let Ok(below) = std::fs::read_dir(folder) else { return Ok(found) };
    for entry in below {
        let entry = entry?.path();
        if !entry.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&entry).with_context(|| format!("cannot list {}", entry.display()))? {
            let file = file?.path();
            let plain =
                if file.extension().is_some_and(|last| last == "gz") { file.with_extension("") } else { file.clone() };
            if plain.extension().is_some_and(|last| LOGS.iter().any(|log| last == *log)) {
                found.push(file);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn measure(recording: &Recording, batches_s: &[u64], rows: &mut Vec<Row>) -> Result<()> {
    let hours = recording.hours();
    let figure = |bytes: usize| Figure {
        bytes,
        bytes_per_hour: (recording.kind == Kind::Diagnostics).then(|| bytes as f64 / hours),
        bytes_per_sample: bytes as f64 / recording.samples.len() as f64,
    };
    let whole = peers::xz(recording).context("cannot compress the columns")?;
    for &batch_s in batches_s {
        let batches = recording.batches(batch_s * 1_000);
        let mut others = peers::all(recording, &batches)?;
        others.push((peers::XZ, whole));
        let ours = [(ours::ALONE, ours::alone(&batches)?), (ours::CHAINED, ours::chained(&batches)?)];
        for (encoding, bytes) in ours {
            let vs = others.iter().map(|&(other, theirs)| (other, bytes as f64 / theirs as f64)).collect();
            rows.push(Row::new(recording, batch_s, encoding, figure(bytes), Some(vs)));
        }
        rows.extend(others.iter().map(|&(other, bytes)| Row::new(recording, batch_s, other, figure(bytes), None)));
    }
    Ok(())
}
