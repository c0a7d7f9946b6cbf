//! Where the programmes of journeys come from.
//!
//! Invariant: a folder whose programmes do not hold is an error with file, line and key; a programme of ours gives way to
//! one of the folder with the same name.

use std::path::PathBuf;

use milepost_engine::journey::{BUILT_IN, Programme, ProgrammeError, Programmes, Wrong, read};
use milepost_engine::offers::segments::Segment;
use serde::{Deserialize, Serialize};

use super::folder::{self, FolderError};

/// Programmes of journeys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journeys {
    /// A folder of programme files that end in `.toml`. Default: none, so that our own alone run.
    pub folder: Option<PathBuf>,
    /// Whether our own programmes run.
    pub built_in: bool,
    /// What one appointment brings, in hundredths of the installation's currency; for the returns of programmes.
    pub margin_cents: u64,
}

impl Default for Journeys {
    fn default() -> Self {
        Self { folder: None, built_in: true, margin_cents: 9_000 }
    }
}

/// Why programmes are not taken.
pub type ProgrammesError = FolderError<Wrong>;

impl Journeys {
    /// Checks that the folder's programmes ask for segments that there are.
    ///
    /// Our own wait for a segment of that name, so that a catalogue of one's own is not bound to have ours.
    pub fn check(&self, segments: &[Segment]) -> Result<(), ProgrammesError> {
        for programme in self.of_folder()? {
            let missing = programme.segments().find(|name| segments.iter().all(|segment| segment.name != *name));
            if let Some(segment) = missing {
                let wrong = Wrong::NoSegment(segment.to_owned());
                return Err(ProgrammeError::whole(&programme.file, "when", wrong).into());
            }
        }
        Ok(())
    }

    /// Reads the folder's programmes and adds our own.
    pub fn programmes(&self) -> Result<Programmes, ProgrammesError> {
        let mut programmes = self.of_folder()?;
        for (file, text) in BUILT_IN.iter().filter(|_| self.built_in) {
            let own = read(file, text)?;
            if programmes.iter().all(|programme: &Programme| programme.name != own.name) {
                programmes.push(own);
            }
        }
        Ok(Programmes::new(programmes)?)
    }

    fn of_folder(&self) -> Result<Vec<Programme>, ProgrammesError> {
        let files = folder::read(self.folder.as_deref())?;
        files.iter().map(|(name, text)| Ok(read(name, text)?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_programme_replaces_ours_of_the_same_name_and_a_wrong_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let journeys = Journeys { folder: Some(folder.path().to_owned()), ..Journeys::default() };
        let text = |step: &str| {
            format!(
                "name = \"welcome\"\nversion = 7\nresponsible = \"me\"\npurpose = \"function\"\nentry = {{ on = \"purchase\" }}\ncap = {{ contacts = 1, days = 1 }}\n[[step]]\nid = \"only\"\ntell = \"{step}\"\n"
            )
        };
        std::fs::write(folder.path().join("mine.toml"), text("welcome-pack")).unwrap();
        let programmes = journeys.programmes().unwrap();
        assert_eq!(programmes.get("welcome").map(|programme| programme.version), Some(7));
        assert_eq!(programmes.all().len(), BUILT_IN.len());
        let asking = text("welcome-pack").replace("tell =", "when = [{ segment = \"nobody\" }]\ntell =");
        std::fs::write(folder.path().join("mine.toml"), asking).unwrap();
        let error = journeys.check(&[]).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "mine.toml:1: when: the catalogue of offers has no segment \"nobody\"");
        std::fs::write(folder.path().join("mine.toml"), text("hello")).unwrap();
        let error = journeys.programmes().unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "mine.toml:9: step.only.tell: \"hello\" is no message");
    }
}
