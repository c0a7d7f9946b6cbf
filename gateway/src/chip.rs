//! The flash chip of an emulated board as a file: written before its first start, read after its last.
//!
//! Invariant: reading changes nothing but a copy in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use milepost_firmware::checksum::crc32;
use milepost_firmware::configuration::{self, Bus, COPY_LEN, Configuration, ConfigurationError};
use milepost_firmware::layout::{Layout, Place};
use milepost_firmware::outbox::{self, Stamp};
use milepost_firmware::{Device, Flash, Now, Settings, notices};
use milepost_protocol::envelope::Entry;
use milepost_protocol::notice::Notice;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;

use crate::flash_file::{FlashError, Region};
use crate::link::Identity;

/// The bytes that the emulator keeps in a file: the board's whole PSRAM.
pub const CHIP_LEN: u64 = 16 << 20;

/// Why the chip's file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ChipError {
    /// The file system refused.
    #[error("cannot use the chip's file, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("no usable {what}, {}", path.display())]
    Identity {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// The configuration does not fit the chip.
    #[error("configuration does not fit")]
    Configuration(#[source] ConfigurationError<FlashError>),
    /// The core cannot read the chip.
    #[error("the core cannot read the chip")]
    Core(#[source] milepost_firmware::Error<FlashError>),
}

/// Makes an erased chip at `path`.
pub fn create(path: &Path) -> Result<(), ChipError> {
    let fail = |source| ChipError::Io { path: path.to_owned(), source };
    let file = File::create(path).map_err(fail)?;
    let erased = vec![0xFF; 1 << 20];
    for at in (0..CHIP_LEN).step_by(erased.len()) {
        file.write_all_at(&erased, at).map_err(fail)?;
    }
    Ok(())
}

/// Where the cloud is, for a configuration.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name in its certificate.
    pub name: String,
}

/// The configuration of a device from the files that it was issued.
pub fn configuration(
    server: &Server,
    device: &milepost_protocol::DeviceId,
    identities: &Path,
    now_ms: u64,
) -> Result<Configuration, ChipError> {
    let identity = Identity::in_folder(identities, device.as_str());
    let bad = |what, path: &Path| ChipError::Identity { what, path: path.to_owned() };
    let certificate = |what, path: &Path| {
        let der = CertificateDer::from_pem_file(path).map_err(|_| bad(what, path))?;
        heapless::Vec::from_slice(&der).map_err(|_| bad(what, path))
    };
    let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|_| bad("private key", &identity.key))?;
    let key = scalar(key.secret_der()).ok_or_else(|| bad("P-256 key", &identity.key))?;
    let name = |what, text: &str| heapless::String::try_from(text).map_err(|_| bad(what, Path::new(text)));
    Ok(Configuration {
        host: name("host name", &server.host)?,
        port: server.port,
        server_name: name("server name", &server.name)?,
        device: device.clone(),
        written_ms: now_ms,
        key,
        certificate: certificate("certificate", &identity.certificate)?,
        server_authority: certificate("authority", &identity.ca)?,
        bus: Bus::default(),
    })
}

/// The scalar of a P-256 key in PKCS#8 (RFC 5208) around an `ECPrivateKey` (RFC 5915): version 1, then 32 bytes.
fn scalar(pkcs8: &[u8]) -> Option<[u8; 32]> {
    const PRIVATE_KEY: [u8; 5] = [0x02, 0x01, 0x01, 0x04, 0x20];
    let at = pkcs8.windows(PRIVATE_KEY.len()).position(|bytes| bytes == PRIVATE_KEY)?;
    pkcs8.get(at + PRIVATE_KEY.len()..)?.first_chunk().copied()
}

/// Stores a configuration on the chip at `path`, as a device would store a new one.
pub async fn configure(path: &Path, configuration: &Configuration) -> Result<(), ChipError> {
    let fail = |source| ChipError::Io { path: path.to_owned(), source };
    let file = File::options().read(true).write(true).open(path).map_err(fail)?;
    let mut region = Region::of_file(file, Layout::NOR.configuration).map_err(fail)?;
    let mut buffer = [0; COPY_LEN];
    configuration::store(&mut region, &mut buffer, configuration).await.map_err(ChipError::Configuration)
}

/// A record that the chip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stored {
    /// The boot that made it.
    pub boot: u32,
    /// Its number within the boot.
    pub number: u32,
    /// The CRC-32 of its kind, time and body, as they travel.
    pub checksum: u32,
}

impl Stored {
    /// A record as an envelope of `boot` shows it.
    pub fn of(boot: u32, entry: &Entry<'_>) -> Self {
        let mut bytes = entry.kind.to_be_bytes().to_vec();
        bytes.extend_from_slice(&entry.at_ms.to_be_bytes());
        bytes.extend_from_slice(entry.body);
        Self { boot, number: entry.number, checksum: crc32(&bytes) }
    }
}

/// What a chip holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contents {
    /// The number and the CRC-32 of the configuration in force.
    pub configuration: Option<(u32, u32)>,
    /// Every record without a receipt, by boot and number.
    pub records: Vec<Stored>,
    /// How often the device had started.
    pub boots: u32,
    /// The odometer in metres.
    pub odometer_m: u32,
    /// How long the engine ran in all, in seconds.
    pub engine_s: u32,
    /// The whole distance, in metres.
    pub distance_m: u32,
    /// Records that gave way or did not read back.
    pub dropped: u32,
}

/// Reads a chip with the core itself, on a copy.
pub async fn inspect(path: &Path) -> Result<Contents, ChipError> {
    let image = std::fs::read(path).map_err(|source| ChipError::Io { path: path.to_owned(), source })?;
    let region = |place: Place| region(&image, place, path);
    let mut buffer = [0; COPY_LEN];
    let mut found: Option<Configuration> = None;
    let sequence = configuration::load(&mut region(Layout::NOR.configuration)?, &mut buffer, &mut found).await;
    let sequence = sequence.map_err(ChipError::Configuration)?;
    let configuration = sequence.zip(found).map(|(sequence, configuration)| {
        let text = serde_json::to_vec(&configuration).expect("a configuration is plain data");
        (sequence, crc32(&text))
    });
    let mut records = Vec::new();
    for place in [Layout::NOR.alerts, Layout::NOR.bulk] {
        let take = |stamp: Stamp, body: &[u8]| records.push(Stored::of(stamp.boot, &outbox::entry(&stamp, body)));
        outbox::read_all(region(place)?, take).await.map_err(ChipError::Core)?;
    }
    records.sort_unstable();
    let layout = Layout::NOR;
    let flash = Flash {
        alerts: region(layout.alerts)?,
        bulk: region(layout.bulk)?,
        state: region(layout.state)?,
        table: region(layout.table)?,
    };
    let now = Now { uptime_ms: 0, unix_ms: None };
    let device = Box::pin(Device::start(flash, Settings::default(), now)).await.map_err(ChipError::Core)?;
    let status = device.status();
    Ok(Contents {
        configuration,
        records,
        // Looking was a start of its own.
        boots: status.boot - 1,
        odometer_m: status.counters.odometer_m,
        engine_s: status.counters.engine_s,
        distance_m: status.counters.distance_m,
        dropped: status.drops.records,
    })
}

/// Every notice that is open on a chip, with the words that its display has, on a copy.
pub async fn notices(path: &Path) -> Result<Vec<Notice>, ChipError> {
    let fail = |source| ChipError::Io { path: path.to_owned(), source };
    let Place { start, len } = Layout::NOR.state;
    let mut image = vec![0; len as usize];
    File::open(path).and_then(|file| file.read_exact_at(&mut image, start.into())).map_err(fail)?;
    let mut found = Vec::new();
    notices::read_all(region(&image, Place { start: 0, len }, path)?, |slot| found.push(slot.notice))
        .await
        .map_err(ChipError::Core)?;
    Ok(found)
}

fn region(image: &[u8], place: Place, path: &Path) -> Result<Region, ChipError> {
    Region::of_image(image, place).ok_or(ChipError::Identity { what: "chip of this layout", path: path.to_owned() })
}
