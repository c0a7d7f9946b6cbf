//! What a simulated car keeps beside its flash: where its life stands, and how many records each boot has made.
//!
//! Both are observations of the simulation; the core knows nothing of them.
//! Invariant: the position on disk is whole and never behind the core's odometer, because it is kept before each drive;
//! a count on disk is kept before any receipt can remove the records that it counts.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::generator::Position;

/// The files of one car.
#[derive(Debug)]
pub struct Ledger {
    position: PathBuf,
    counts: File,
    written: Option<(u32, u32)>,
}

/// Why a car's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error("cannot keep the car's position, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// The position does not parse.
    #[error("car's position does not parse, {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Ledger {
    /// Opens the files of `device` in `folder`, and answers where its life stood.
    pub fn open(folder: &Path, device: &str) -> Result<(Self, Option<Position>), LedgerError> {
        let position = folder.join(format!("{device}.position.json"));
        let counts = folder.join(format!("{device}.counts"));
        let fail = |path: &Path, source| LedgerError::Io { path: path.to_owned(), source };
        let stood = match std::fs::read(&position) {
            Ok(bytes) => Some(
                serde_json::from_slice(&bytes)
                    .map_err(|source| LedgerError::Parse { path: position.clone(), source })?,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(fail(&position, error)),
        };
        let counts = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&counts)
            .map_err(|source| fail(&counts, source))?;
        Ok((Self { position, counts, written: None }, stood))
    }

    /// Keeps a position: whole or not at all, also under SIGKILL.
    pub fn keep(&self, position: &Position) -> Result<(), LedgerError> {
        let unfinished = self.position.with_extension("json.new");
        let write = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(&serde_json::to_vec(position)?)?;
            std::fs::rename(&unfinished, &self.position)
        };
        write().map_err(|source| LedgerError::Io { path: self.position.clone(), source })
    }

    /// Keeps that `boot` has made `created` records so far.
    pub fn count(&mut self, boot: u32, created: u32) -> Result<(), LedgerError> {
        if boot == 0 || self.written == Some((boot, created)) {
            return Ok(());
        }
        self.counts
            .write_all_at(&created.to_le_bytes(), u64::from(boot - 1) * 4)
            .map_err(|source| LedgerError::Io { path: self.position.with_extension("counts"), source })?;
        self.written = Some((boot, created));
        Ok(())
    }

    /// A boot is known to have made at least `created` records.
    pub fn count_at_least(&mut self, boot: u32, created: u32) -> Result<(), LedgerError> {
        let known = self.counts().iter().find(|&&(known, _)| known == boot).map_or(0, |&(_, count)| count);
        if created > known { self.count(boot, created) } else { Ok(()) }
    }

    /// How many records each boot has made, by boot from 1.
    pub fn counts(&self) -> Vec<(u32, u32)> {
        let mut bytes = Vec::new();
        let mut slot = [0; 4];
        while self.counts.read_exact_at(&mut slot, bytes.len() as u64 * 4).is_ok() {
            bytes.push(u32::from_le_bytes(slot));
        }
        bytes.into_iter().enumerate().map(|(index, count)| (index as u32 + 1, count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::noise::Seed;
    use crate::fleet::vehicle::Vehicle;

    #[test]
    fn a_position_and_the_counts_read_back_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, stood) = Ledger::open(folder.path(), "car-1").unwrap();
        assert_eq!(stood, None);
        let position = Position { at_ms: 5, stopped_ms: 4, vehicle: Vehicle::new(Seed(1), None, 10.0) };
        ledger.keep(&position).unwrap();
        ledger.count(1, 10).unwrap();
        ledger.count(3, 7).unwrap();
        ledger.count_at_least(1, 12).unwrap();
        ledger.count_at_least(3, 2).unwrap();
        let (ledger, stood) = Ledger::open(folder.path(), "car-1").unwrap();
        assert_eq!(stood, Some(position));
        assert_eq!(ledger.counts(), [(1, 12), (2, 0), (3, 7)]);
    }

    #[test]
    fn a_damaged_position_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("car-1.position.json"), "{").unwrap();
        let error = Ledger::open(folder.path(), "car-1").unwrap_err();
        assert!(error.to_string().contains("car-1.position.json"));
    }
}
