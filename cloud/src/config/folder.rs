//! Folders of TOML files that a configuration names: every file with its name, in the order of the names.
//!
//! Invariant: a file that does not read is an error that names it; what does not end in `.toml` is none of them.

use std::io;
use std::path::{Path, PathBuf};

use milepost_engine::located::Located;

/// Why the files of a folder are not taken; `W` is what can be wrong in one of them.
#[derive(Debug, thiserror::Error)]
pub enum FolderError<W> {
    /// The folder or a file in it does not read.
    #[error("reading {path} failed", path = path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A file does not hold.
    #[error("a file does not hold")]
    Wrong(#[from] Located<W>),
}

/// The name and the text of every TOML file in a folder; none where there is no folder.
pub(super) fn read<W>(folder: Option<&Path>) -> Result<Vec<(String, String)>, FolderError<W>> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let text = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok((name, text))
    };
    files.into_iter().map(text).collect()
}

fn failed<W>(path: &Path) -> impl FnOnce(io::Error) -> FolderError<W> {
    let path = path.to_owned();
    move |source| FolderError::Read { path, source }
}
