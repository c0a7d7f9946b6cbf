//! Files that must be whole and, where they are secret, private.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::PkiError;

/// Creates a folder for its owner alone.
pub(super) fn create_folder(folder: &Path) -> Result<(), PkiError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io("creating", folder))
}

/// Reads a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, PkiError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("reading", path)(error)),
    }
}

/// Replaces a file whole, for its owner alone; durable on `Ok`.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), PkiError> {
    let draft = path.with_extension("new");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(io("writing", path))
}

/// Removes a file; one that is not there is removed already.
pub(super) fn remove(path: &Path) -> Result<(), PkiError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("removing", path)(error)),
        _ => Ok(()),
    }
}

/// The names of the files in a folder, sorted.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, PkiError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io("listing", folder))? {
        let name = entry.map_err(io("listing", folder))?.file_name();
        names.extend(name.into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Waits until nobody else holds the lock at `path`, and holds it until the file is dropped.
pub(super) fn lock(path: &Path) -> Result<File, PkiError> {
    let lock = || {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
        Ok(file)
    };
    lock().map_err(io("locking", path))
}

/// What tells one version of a file from another.
pub(super) fn stamp(path: &Path) -> Result<Stamp, PkiError> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("looking at", path)(error)),
    }
}

/// Inode, time of the last change and length; nothing where there is no file.
pub(super) type Stamp = Option<(u64, i64, i64, u64)>;

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PkiError {
    let path = path.to_owned();
    move |source| PkiError::Io { action, path, source }
}
