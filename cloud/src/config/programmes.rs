//! Where the programmes of journeys come from.
//!
//! Invariant: a folder whose programmes do not hold is an error with file, line and key; a programme of ours gives way to
//! one of the folder with the same name.

use std::path::{Path, PathBuf};

use milepost_engine::journey::{BUILT_IN, Programme, ProgrammeError, Programmes, read};
use milepost_engine::offers::segments::Segment;
use serde::{Deserialize, Serialize};

use super::folder;

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
#[derive(Debug, thiserror::Error)]
pub enum ProgrammesError {
    /// The folder or a file in it does not read.
    #[error("reading {path} failed", path = path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A programme asks for a segment that the catalogue of offers does not have.
    #[error("{file} asks for the segment {segment:?}, which the catalogue of offers does not have")]
    Segment {
        /// The programme's file.
        file: String,
        /// The segment's name.
        segment: String,
    },
    /// A programme does not hold.
    #[error("a programme does not hold")]
    Programme(#[source] ProgrammeError),
}

impl Journeys {
    /// Checks that the folder's programmes ask for segments that there are.
    ///
    /// Our own wait for a segment of that name, so that a catalogue of one's own is not bound to have ours.
    pub fn check(&self, segments: &[Segment]) -> Result<(), ProgrammesError> {
        let programmes = self.folder.as_deref().map_or_else(|| Ok(Vec::new()), read_folder)?;
        for programme in &programmes {
            let missing = programme.segments().find(|name| segments.iter().all(|segment| segment.name != *name));
            if let Some(segment) = missing {
                return Err(ProgrammesError::Segment { file: programme.file.clone(), segment: segment.to_owned() });
            }
        }
        Ok(())
    }

    /// Reads the folder's programmes and adds our own.
    pub fn programmes(&self) -> Result<Programmes, ProgrammesError> {
        let mut programmes = self.folder.as_deref().map_or_else(|| Ok(Vec::new()), read_folder)?;
        for (file, text) in BUILT_IN.iter().filter(|_| self.built_in) {
            let own = read(file, text).map_err(ProgrammesError::Programme)?;
            if programmes.iter().all(|programme: &Programme| programme.name != own.name) {
                programmes.push(own);
            }
        }
        Programmes::new(programmes).map_err(ProgrammesError::Programme)
    }
}

fn read_folder(path: &Path) -> Result<Vec<Programme>, ProgrammesError> {
    let files = folder::read(path).map_err(|(path, source)| ProgrammesError::Read { path, source })?;
    files.iter().map(|(name, text)| read(name, text).map_err(ProgrammesError::Programme)).collect()
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
        let missing = journeys.check(&[]).unwrap_err().to_string();
        assert_eq!(missing, "mine.toml asks for the segment \"nobody\", which the catalogue of offers does not have");
        std::fs::write(folder.path().join("mine.toml"), text("hello")).unwrap();
        let error = journeys.programmes().unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "mine.toml:9: step.only.tell: \"hello\" is no message");
    }
}
