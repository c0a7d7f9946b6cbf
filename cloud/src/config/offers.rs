//! How offers are decided, and where their catalogue comes from.
//!
//! Invariant: a folder whose entries do not hold is an error with file, line and key; with a folder our own examples are not
//! made to anybody.

use std::path::PathBuf;

use milepost_engine::offers::{EntryError, Wrong, read, read_segments, read_trial};
use serde::{Deserialize, Serialize};

use super::Secret;
use super::folder::{self, FolderError};
use crate::offers::{Catalogue, TrialState};

/// The file of segments within the folder.
const SEGMENTS: &str = "segments.toml";

/// What the names of files of experiments begin with.
const EXPERIMENT: &str = "experiment-";

/// By what arms are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// By what was learnt so far.
    #[default]
    Learning,
    /// By a fixed share for nothing, and evenly over the rest.
    Fixed,
}

/// How much of what was decided another policy is judged by, before it may take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluation {
    /// How many cars are read at most, drawn by lot. Default 2000.
    pub cars: usize,
    /// How many decisions are read at most: once there are so many, no further car is. Default 120000.
    pub decisions: usize,
    /// How far back decisions are read, in days. Default 365.
    pub days: u32,
    /// After how many days it is known what came of a decision; newer ones are not read. Default 30.
    pub window_days: u32,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self { cars: 2_000, decisions: 120_000, days: 365, window_days: 30 }
    }
}

/// How offers are decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Offers {
    /// A folder of entries that end in `.toml`, one each, `segments.toml`, and experiments in `experiment-*.toml`. Default: none, so that our own examples count.
    pub folder: Option<PathBuf>,
    /// The dealer that this installation belongs to; entries that name dealers are made if they name this one. Default: none.
    pub dealer: Option<String>,
    /// The share of accounts that never get an offer, so that the effect of offers can be measured. Default 0.05.
    pub holdout_share: f64,
    /// The share of accounts whose arms are drawn evenly, so that any policy can be judged. Default 0.1.
    pub uniform_share: f64,
    /// By what arms are drawn until somebody chooses otherwise: `learning` or `fixed`. Default `learning`.
    pub policy: PolicyKind,
    /// How many offers an owner gets in a year at most. Default 12.
    pub contacts_per_year: u32,
    /// How many offers all owners together get in 30 days at most, spread over them. Default: any number.
    pub contacts_per_month: Option<u64>,
    /// The key of the assignment, 32 hexadecimal digits. Default: one is made at the first start and kept in the data folder.
    pub key: Option<Secret>,
    /// How much of what was decided another policy is judged by.
    pub evaluation: Evaluation,
}

impl Default for Offers {
    fn default() -> Self {
        Self {
            folder: None,
            dealer: None,
            holdout_share: 0.05,
            uniform_share: 0.1,
            policy: PolicyKind::default(),
            contacts_per_year: 12,
            contacts_per_month: None,
            key: None,
            evaluation: Evaluation::default(),
        }
    }
}

/// Why a catalogue is not taken.
pub type OffersConfigError = FolderError<Wrong>;

impl Offers {
    /// Reads the catalogue, and checks that each entry holds.
    pub fn catalogue(&self) -> Result<Catalogue, OffersConfigError> {
        if self.folder.is_none() {
            return Ok(Catalogue::examples()?);
        }
        let (mut entries, mut segments, mut trials) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in folder::read(self.folder.as_deref())? {
            if name == SEGMENTS {
                segments = read_segments(&name, &text)?;
            } else if name.starts_with(EXPERIMENT) {
                let trial = read_trial(&name, &text)?;
                trials.push((name, trial));
            } else {
                let entry = read(&name, &text)?;
                entries.push((name, entry));
            }
        }
        let mut catalogue = Catalogue::new(entries, segments)?;
        for (name, trial) in trials {
            if let Some(known) = catalogue.trial(&trial.id) {
                let wrong = Wrong::Twice(known.trial.id.clone());
                return Err(EntryError::whole(name, "id", wrong).into());
            }
            catalogue.put_trial(&name, trial, TrialState::Running)?;
        }
        Ok(catalogue)
    }
}

#[cfg(test)]
mod tests {
    use milepost_engine::offers::EXAMPLES;
    use milepost_engine::offers::catalogue::Kind;

    use super::*;

    #[test]
    fn our_own_catalogue_is_there_without_a_folder_and_gives_way_to_one() {
        let own = Offers::default().catalogue().unwrap();
        assert_eq!(own.live(Kind::Offer).count(), 6);
        let folder = tempfile::tempdir().unwrap();
        let offers = Offers { folder: Some(folder.path().to_owned()), ..Offers::default() };
        assert_eq!(offers.catalogue().unwrap().entries().count(), 0);
        let (file, text) = EXAMPLES[2];
        std::fs::write(folder.path().join(file), text).unwrap();
        assert_eq!(offers.catalogue().unwrap().entries().count(), 1);
    }

    #[test]
    fn an_experiment_runs_from_its_file_and_is_refused_when_it_does_not_hold() {
        let folder = tempfile::tempdir().unwrap();
        let offers = Offers { folder: Some(folder.path().to_owned()), ..Offers::default() };
        let (file, text) = EXAMPLES[2];
        std::fs::write(folder.path().join(file), text).unwrap();
        let trial = "id = \"battery\"\nversion = 1\nlayer = \"battery\"\n[[arm]]\nname = \"control\"\nshare = 0.5\n\
                     [[arm]]\nname = \"made\"\nshare = 0.5\noffer = 3\n";
        std::fs::write(folder.path().join("experiment-battery.toml"), trial).unwrap();
        assert_eq!(offers.catalogue().unwrap().running().count(), 1);
        for (from, to, expected) in [
            ("offer = 3", "offer = 9", "experiment-battery.toml:1: arm: the catalogue has no offer 9/account/now"),
            ("share = 0.5\n[", "share = 0.4\n[", "experiment-battery.toml:4: arm: the weights of the arms add to 0.9"),
        ] {
            std::fs::write(folder.path().join("experiment-battery.toml"), trial.replace(from, to)).unwrap();
            let Err(OffersConfigError::Wrong(error)) = offers.catalogue() else { panic!("{from}") };
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn an_entry_that_does_not_hold_is_named_with_file_line_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let offers = Offers { folder: Some(folder.path().to_owned()), ..Offers::default() };
        let (_, text) = EXAMPLES[2];
        for (from, to, expected) in [
            ("margin = 900\n", "", "wrong.toml:2: margin: is missing"),
            ("margin = 900", "margin = 0", "wrong.toml:6: margin: is not above zero"),
            ("at_least = 8 }", "at_least = true }", "wrong.toml:34: { fact"),
            ("\"short_trips_30d\", at_least", "\"short_trip\", at_least", "wrong.toml:34: eligible: there is no fact"),
            (
                "at_least = 8 }",
                "is = true }",
                "wrong.toml:34: eligible: the fact \"short_trips_30d\" is of another kind",
            ),
            ("colour", "colour", ""),
        ] {
            std::fs::write(folder.path().join("wrong.toml"), text.replace(from, to)).unwrap();
            match offers.catalogue() {
                Err(OffersConfigError::Wrong(error)) => {
                    assert!(error.to_string().starts_with(expected), "{error}");
                }
                other => assert!(expected.is_empty() && other.is_ok(), "{from}"),
            }
        }
    }
}
