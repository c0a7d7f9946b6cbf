//! A file as NOR flash: the outbox of a device that runs on Linux.
//!
//! The file opens with one page that names the layout; behind it stand the four regions, each a flash of its own.
//! All of it is written once when the file is made, so that a full disk shows at the start and never in the middle of a drive.
//! A write goes to the page cache with `pwrite` before it returns, so that killing the process loses nothing;
//! [`Sync::EachWrite`] adds `fdatasync` for boards that lose power.
//! Invariant: bits only fall between two erasures, as on silicon, and one process at a time holds the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use milepost_firmware::Flash;
use milepost_firmware::layout::Place;

/// The bytes that one erasure clears.
pub const PAGE: usize = 16 << 10;

/// The bytes that one write unit holds; writes are aligned to it.
pub const WORD: usize = 4;

const MAGIC: &[u8; 8] = b"MPFLASH1";
const ERASED: u8 = 0xFF;

/// How large each region is, in bytes; every size is a multiple of [`PAGE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The lane of what a person waits for.
    pub alerts: u32,
    /// The lane of everything else.
    pub bulk: u32,
    /// Counters, plan, consent, notices.
    pub state: u32,
    /// The signal table.
    pub table: u32,
}

impl Layout {
    /// What a gateway board gets: weeks of driving without a network.
    pub const GATEWAY: Self = Self { alerts: 128 << 10, bulk: 768 << 10, state: 64 << 10, table: 64 << 10 };

    /// What one car of a simulated fleet gets.
    pub const FLEET: Self = Self { alerts: 64 << 10, bulk: 512 << 10, state: 64 << 10, table: 32 << 10 };

    fn sizes(self) -> Sizes {
        Sizes([self.alerts, self.bulk, self.state, self.table])
    }
}

/// The regions of a file in their order, in bytes.
#[derive(Debug, Clone, Copy)]
struct Sizes([u32; 4]);

impl Sizes {
    fn header(self) -> [u8; PAGE] {
        let mut page = [ERASED; PAGE];
        page[..8].copy_from_slice(MAGIC);
        for (slot, size) in page[8..24].chunks_exact_mut(4).zip(self.0) {
            slot.copy_from_slice(&size.to_le_bytes());
        }
        page
    }

    fn file_len(self) -> u64 {
        PAGE as u64 + self.0.iter().map(|&size| u64::from(size)).sum::<u64>()
    }
}

/// When written bytes have to be on stable storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// Whenever the kernel likes: safe against a killed process, not against a power cut.
    #[default]
    Never,
    /// Before each write or erasure returns.
    EachWrite,
}

/// Why a flash file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk has no room for it.
    #[error("no room for the flash file ({len} bytes), {}", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// The bytes it needs.
        len: u64,
    },
    /// Another process holds it.
    #[error("flash file is in use by another process, {}", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Its first page is not that of a flash file with this layout.
    #[error("not a flash file of this layout, {}", path.display())]
    WrongHeader {
        /// The file.
        path: PathBuf,
    },
    /// It is cut short or grown.
    #[error("flash file has {actual} bytes instead of {expected}, {}", path.display())]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// The bytes that the layout asks for.
        expected: u64,
        /// The bytes that are there.
        actual: u64,
    },
    /// The file system refused.
    #[error("cannot open the flash file, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// Why an access failed.
#[derive(Debug, thiserror::Error)]
pub enum FlashError {
    /// The offset or length is no multiple of the unit.
    #[error("flash access is not aligned")]
    NotAligned,
    /// The access leaves the region.
    #[error("flash access is out of bounds")]
    OutOfBounds,
    /// The file system refused.
    #[error("flash file does not take the write")]
    Io(#[source] io::Error),
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Io(_) => NorFlashErrorKind::Other,
        }
    }
}

/// One region: a copy in memory for reads and, for a file, the place where writes go.
#[derive(Debug)]
pub struct Region {
    image: Box<[u8]>,
    backing: Option<Backing>,
}

#[derive(Debug)]
struct Backing {
    file: Arc<File>,
    offset: u64,
    sync: Sync,
}

/// Opens the flash file at `path`, or makes it, and locks it until the last region is dropped.
///
/// A file that was being made when the process was killed is made anew; it never had its final name.
pub fn open(path: &Path, layout: Layout, sync: Sync) -> Result<Flash<Region>, OpenError> {
    let [alerts, bulk, state, table] = open_sizes(path, layout.sizes(), sync)?;
    Ok(Flash { alerts, bulk, state, table })
}

/// Opens a file with the two regions of an updater, the slot and its state, in the same way.
pub fn open_update(path: &Path, slot: u32, state: u32, sync: Sync) -> Result<(Region, Region), OpenError> {
    let [slot, state, ..] = open_sizes(path, Sizes([slot, state, 0, 0]), sync)?;
    Ok((slot, state))
}

fn open_sizes(path: &Path, sizes: Sizes, sync: Sync) -> Result<[Region; 4], OpenError> {
    let io_error = |source| OpenError::Io { path: path.to_owned(), source };
    if !path.try_exists().map_err(io_error)? {
        create(path, sizes)?;
    }
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => return Err(io_error(source)),
    }
    let actual = file.metadata().map_err(io_error)?.len();
    let mut header = [0; PAGE];
    if actual >= PAGE as u64 {
        file.read_exact_at(&mut header, 0).map_err(io_error)?;
    }
    if header != sizes.header() {
        return Err(OpenError::WrongHeader { path: path.to_owned() });
    }
    let expected = sizes.file_len();
    if actual != expected {
        return Err(OpenError::WrongSize { path: path.to_owned(), expected, actual });
    }

    let file = Arc::new(file);
    let mut offset = PAGE as u64;
    let mut region = |size: u32| -> Result<Region, OpenError> {
        let mut image = vec![0; size as usize].into_boxed_slice();
        file.read_exact_at(&mut image, offset).map_err(io_error)?;
        let backing = Some(Backing { file: file.clone(), offset, sync });
        offset += u64::from(size);
        Ok(Region { image, backing })
    };
    let [a, b, c, d] = sizes.0;
    Ok([region(a)?, region(b)?, region(c)?, region(d)?])
}

/// A flash that lives in memory and is gone with it.
pub fn in_memory(layout: Layout) -> Flash<Region> {
    let region = |size: u32| Region { image: vec![ERASED; size as usize].into_boxed_slice(), backing: None };
    Flash {
        alerts: region(layout.alerts),
        bulk: region(layout.bulk),
        state: region(layout.state),
        table: region(layout.table),
    }
}

fn create(path: &Path, sizes: Sizes) -> Result<(), OpenError> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            OpenError::DiskFull { path: path.to_owned(), len: sizes.file_len() }
        }
        _ => OpenError::Io { path: path.to_owned(), source },
    };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let write = || -> io::Result<()> {
        let file = File::create(&unfinished)?;
        file.write_all_at(&sizes.header(), 0)?;
        let erased = vec![ERASED; 16 * PAGE];
        let mut at = PAGE as u64;
        let end = sizes.file_len();
        while at < end {
            let len = erased.len().min((end - at) as usize);
            file.write_all_at(&erased[..len], at)?;
            at += len as u64;
        }
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    };
    write().map_err(|source| {
        // The file has no reader yet; if it cannot be removed either, the next start overwrites it.
        let _ = std::fs::remove_file(&unfinished);
        fail(source)
    })
}

impl Region {
    /// The part of `file` at `place`, as a region of its own; writes go to the page cache before they return.
    pub fn of_file(file: File, place: Place) -> io::Result<Self> {
        let mut image = vec![0; place.len as usize].into_boxed_slice();
        file.read_exact_at(&mut image, u64::from(place.start))?;
        let backing = Some(Backing { file: Arc::new(file), offset: u64::from(place.start), sync: Sync::Never });
        Ok(Self { image, backing })
    }

    /// A copy in memory of the part of `image` at `place`; `None` if the image ends before it.
    pub fn of_image(image: &[u8], place: Place) -> Option<Self> {
        let start = place.start as usize;
        let part = image.get(start..start.checked_add(place.len as usize)?)?;
        Some(Self { image: part.into(), backing: None })
    }

    fn check(&self, from: u32, len: usize, unit: usize) -> Result<std::ops::Range<usize>, FlashError> {
        let from = from as usize;
        if !from.is_multiple_of(unit) || !len.is_multiple_of(unit) {
            return Err(FlashError::NotAligned);
        }
        let end = from.checked_add(len).filter(|&end| end <= self.image.len()).ok_or(FlashError::OutOfBounds)?;
        Ok(from..end)
    }

    fn persist(&self, range: std::ops::Range<usize>) -> Result<(), FlashError> {
        let Some(backing) = &self.backing else { return Ok(()) };
        backing
            .file
            .write_all_at(&self.image[range.clone()], backing.offset + range.start as u64)
            .and_then(|()| match backing.sync {
                Sync::Never => Ok(()),
                Sync::EachWrite => backing.file.sync_data(),
            })
            .map_err(FlashError::Io)
    }
}

impl ErrorType for Region {
    type Error = FlashError;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let range = self.check(offset, bytes.len(), Self::READ_SIZE)?;
        bytes.copy_from_slice(&self.image[range]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.image.len()
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let len = to.checked_sub(from).ok_or(FlashError::OutOfBounds)? as usize;
        let range = self.check(from, len, PAGE)?;
        self.image[range.clone()].fill(ERASED);
        self.persist(range)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let range = self.check(offset, bytes.len(), WORD)?;
        for (cell, byte) in self.image[range.clone()].iter_mut().zip(bytes) {
            *cell &= byte;
        }
        self.persist(range)
    }
}

impl MultiwriteNorFlash for Region {}
