//! Folders of TOML files that a configuration names: every file with its name, in the order of the names.
//!
//! Invariant: a file that does not read is an error that names it; what does not end in `.toml` is none of them.

use std::io;
use std::path::{Path, PathBuf};

/// The name and the text of every TOML file in a folder, or the path that does not read.
pub(super) fn read(folder: &Path) -> Result<Vec<(String, String)>, (PathBuf, io::Error)> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| (path, source)
    };
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
