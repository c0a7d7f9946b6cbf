//! Who a board is and where its cloud is: one page of flash, in two copies.
//!
//! A page is a header (magic, version, length, sequence number), the body and a CRC-32. The valid copy with the higher sequence number
//! counts; a new one is written over the other. What else a board keeps whole is kept the same way, see [`Page`].
//! Invariant: after a cut at any moment a board has the old page or the new one.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use heapless::{String, Vec};
use milepost_protocol::{DeviceId, codec};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::checksum::crc32;

/// The longest certificate, in bytes of DER.
pub const MAX_CERTIFICATE_LEN: usize = 1024;

/// The longest host or server name.
pub const MAX_NAME_LEN: usize = 64;

/// The most bytes of one copy.
pub const COPY_LEN: usize = 4096;

/// The bytes that the region keeps for each of the two copies: the largest erase page of a chip that it can stand on.
pub const PLACE_LEN: u32 = 16 << 10;

const VERSION: u16 = 1;
const HEADER_LEN: usize = 12;
const CHECKSUM_LEN: usize = 4;

/// What is kept whole on a page in two copies.
pub trait Page: DeserializeOwned {
    /// What its pages begin with.
    const MAGIC: [u8; 4];
}

/// How a board with a CAN controller joins the car's bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bus {
    /// Bits a second.
    pub bit_rate: u32,
    /// Whether to ask for OBD-II values. A board that does not ask only listens: it does not even acknowledge frames.
    pub ask: bool,
}

impl Default for Bus {
    fn default() -> Self {
        Self { bit_rate: 500_000, ask: false }
    }
}

/// A certificate as it is kept, DER.
pub type Certificate = Vec<u8, MAX_CERTIFICATE_LEN>;

/// A certificate that a board without TLS reads past: it is checked for its length, and takes no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed;

impl<'de> Deserialize<'de> for Passed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let len = <&[u8]>::deserialize(deserializer)?.len();
        if len <= MAX_CERTIFICATE_LEN { Ok(Self) } else { Err(D::Error::invalid_length(len, &"a certificate")) }
    }
}

/// Who a board is and where its cloud is; `C` is what becomes of certificates in memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration<C = Certificate> {
    /// The front door: an IPv4 address or a DNS name.
    pub host: String<MAX_NAME_LEN>,
    /// Its port.
    pub port: u16,
    /// The name that the server's certificate has to carry.
    pub server_name: String<MAX_NAME_LEN>,
    /// The device id, which is also the certificate's common name.
    pub device: DeviceId,
    /// When this was written, in milliseconds of Unix time: the device's clock never stands before it.
    pub written_ms: u64,
    /// The device's private key: a scalar of P-256, big-endian.
    pub key: [u8; 32],
    /// The device's certificate, DER.
    pub certificate: C,
    /// The one authority that signs the server's certificate, DER.
    pub server_authority: C,
    /// The car's bus.
    pub bus: Bus,
}

impl<C: DeserializeOwned> Page for Configuration<C> {
    const MAGIC: [u8; 4] = *b"MPCF";
}

impl<C> fmt::Debug for Configuration<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("server_name", &self.server_name)
            .field("device", &self.device)
            .field("written_ms", &self.written_ms)
            .finish_non_exhaustive()
    }
}

/// Why a configuration was not stored or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationError<E> {
    /// The flash driver failed.
    Flash(E),
    /// The region has no room for two copies on erase pages of their own.
    Layout,
    /// The body is longer than a copy.
    TooLong,
}

impl<E> ConfigurationError<E> {
    /// What `Display` writes, for an image without formatting.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Flash(_) => "flash failed under the configuration",
            Self::Layout => "the configuration's region is too small or its erase pages too large",
            Self::TooLong => "the configuration is longer than a copy",
        }
    }
}

impl<E> fmt::Display for ConfigurationError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl<E: core::error::Error + 'static> core::error::Error for ConfigurationError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Flash(source) => Some(source),
            Self::Layout | Self::TooLong => None,
        }
    }
}

/// A buffer for one copy; a board keeps it in static memory.
pub type Copy = [u8; COPY_LEN];

/// Reads the newest whole page into its place, and answers its sequence number; `None` if there is none or only ones that this build cannot read.
///
/// A page is large for a board's stack, so it is never handed over by value.
pub async fn load<S: NorFlash, T: Page>(
    flash: &mut S,
    buffer: &mut Copy,
    page: &mut Option<T>,
) -> Result<Option<u32>, ConfigurationError<S::Error>> {
    let [first, second] = sequences::<S, T>(flash, buffer).await?;
    let mut copies = [(0, first), (PLACE_LEN, second)];
    if second > first {
        copies.reverse();
    }
    for (place, sequence) in copies {
        if sequence.is_some() {
            flash.read(place, buffer).await.map_err(ConfigurationError::Flash)?;
            take(page, buffer);
        }
        if page.is_some() {
            return Ok(sequence);
        }
    }
    Ok(None)
}

/// Decodes a copy into its place; by itself, so that what decoding takes leaves the stack before anything is waited for.
#[inline(never)]
fn take<T: Page>(page: &mut Option<T>, copy: &Copy) {
    *page = parse(copy, T::MAGIC).and_then(|(_, body)| codec::read(body));
}

/// The sequence numbers of both copies, as far as they are whole.
async fn sequences<S: NorFlash, T: Page>(
    flash: &mut S,
    buffer: &mut Copy,
) -> Result<[Option<u32>; 2], ConfigurationError<S::Error>> {
    check_layout(flash)?;
    let mut sequences = [None; 2];
    for (place, sequence) in [0, PLACE_LEN].into_iter().zip(&mut sequences) {
        flash.read(place, buffer).await.map_err(ConfigurationError::Flash)?;
        *sequence = parse(buffer, T::MAGIC).map(|(sequence, _)| sequence);
    }
    Ok(sequences)
}

/// Stores `page` in the place of the older copy; it counts from the return on.
pub async fn store<S: NorFlash, T: Page + Serialize>(
    flash: &mut S,
    buffer: &mut Copy,
    page: &T,
) -> Result<(), ConfigurationError<S::Error>> {
    let [first, second] = sequences::<S, T>(flash, buffer).await?;
    let place = if first > second { PLACE_LEN } else { 0 };
    let sequence = first.max(second).map_or(1, |newest| newest.saturating_add(1));
    let len = build(buffer, sequence, page).ok_or(ConfigurationError::TooLong)?;
    let padded = len.next_multiple_of(S::WRITE_SIZE.max(1));
    let bytes = buffer.get(..padded).ok_or(ConfigurationError::TooLong)?;
    flash.erase(place, place.saturating_add(PLACE_LEN)).await.map_err(ConfigurationError::Flash)?;
    flash.write(place, bytes).await.map_err(ConfigurationError::Flash)
}

fn check_layout<S: NorFlash>(flash: &S) -> Result<(), ConfigurationError<S::Error>> {
    let place = PLACE_LEN as usize;
    let fits = flash.capacity() >= 2 * place && place.is_multiple_of(S::ERASE_SIZE);
    if fits { Ok(()) } else { Err(ConfigurationError::Layout) }
}

/// Fills the buffer with a page; answers its length.
fn build<T: Page + Serialize>(buffer: &mut Copy, sequence: u32, page: &T) -> Option<usize> {
    buffer.fill(0xFF);
    let room = buffer.get_mut(HEADER_LEN..COPY_LEN - CHECKSUM_LEN)?;
    let body_len = codec::write(page, room)?;
    let fields =
        [(0, T::MAGIC), (4, (u32::from(VERSION) << 16 | body_len as u32).to_be_bytes()), (8, sequence.to_be_bytes())];
    for (at, bytes) in fields {
        buffer.get_mut(at..at + 4)?.copy_from_slice(&bytes);
    }
    let end = HEADER_LEN + body_len;
    let checksum = crc32(buffer.get(..end)?).to_be_bytes();
    buffer.get_mut(end..end + CHECKSUM_LEN)?.copy_from_slice(&checksum);
    Some(end + CHECKSUM_LEN)
}

/// The sequence number and the body of a whole page of this version.
fn parse(buffer: &Copy, magic: [u8; 4]) -> Option<(u32, &[u8])> {
    let word = |at: usize| buffer.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    let (found, version_and_len, sequence) = (word(0)?, word(4)?, word(8)?);
    let end = HEADER_LEN + (version_and_len & 0xFFFF) as usize;
    let whole = found == u32::from_be_bytes(magic)
        && version_and_len >> 16 == u32::from(VERSION)
        && crc32(buffer.get(..end)?) == word(end)?;
    whole.then_some((sequence, buffer.get(HEADER_LEN..end)?))
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;
    use std::vec;

    use embedded_storage_async::nor_flash::{ErrorType, NorFlashError, NorFlashErrorKind, ReadNorFlash};
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct Cut;

    impl NorFlashError for Cut {
        fn kind(&self) -> NorFlashErrorKind {
            NorFlashErrorKind::Other
        }
    }

    /// Two pages whose power goes after `fuel` words were written or 256 bytes erased.
    struct Flash {
        bytes: Box<[u8]>,
        fuel: usize,
    }

    impl Flash {
        fn burn(&mut self) -> Result<(), Cut> {
            self.fuel = self.fuel.checked_sub(1).ok_or(Cut)?;
            Ok(())
        }
    }

    impl ErrorType for Flash {
        type Error = Cut;
    }

    impl ReadNorFlash for Flash {
        const READ_SIZE: usize = 1;
        async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Cut> {
            bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
            Ok(())
        }
        fn capacity(&self) -> usize {
            self.bytes.len()
        }
    }

    impl NorFlash for Flash {
        const WRITE_SIZE: usize = 4;
        const ERASE_SIZE: usize = 4096;
        async fn erase(&mut self, from: u32, to: u32) -> Result<(), Cut> {
            for at in (from as usize..to as usize).step_by(256) {
                self.burn()?;
                self.bytes[at..at + 256].fill(0xFF);
            }
            Ok(())
        }
        async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Cut> {
            for (index, word) in bytes.chunks(4).enumerate() {
                self.burn()?;
                for (cell, byte) in self.bytes[offset as usize + 4 * index..].iter_mut().zip(word) {
                    *cell &= byte;
                }
            }
            Ok(())
        }
    }

    /// Drives a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        let mut future = core::pin::pin!(future);
        let mut context = core::task::Context::from_waker(core::task::Waker::noop());
        match future.as_mut().poll(&mut context) {
            core::task::Poll::Ready(value) => value,
            core::task::Poll::Pending => panic!("memory never waits"),
        }
    }

    fn configuration(port: u16, certificate: usize) -> Configuration {
        Configuration {
            host: String::try_from("cloud.example").unwrap(),
            port,
            server_name: String::try_from("localhost").unwrap(),
            device: "dev-0001".parse().unwrap(),
            written_ms: 1_700_000_000_000,
            key: [7; 32],
            certificate: Vec::from_slice(&vec![3; certificate]).unwrap(),
            server_authority: Vec::from_slice(&[4; 600]).unwrap(),
            bus: Bus { bit_rate: 250_000, ask: true },
        }
    }

    fn flash() -> Flash {
        Flash { bytes: vec![0xFF; 2 * PLACE_LEN as usize].into_boxed_slice(), fuel: usize::MAX }
    }

    /// The page that a board finds when it starts.
    fn read(flash: &mut Flash, buffer: &mut Copy) -> Option<(u32, Configuration)> {
        let mut page = None;
        let sequence = now(load(flash, buffer, &mut page)).unwrap();
        sequence.zip(page)
    }

    #[test]
    fn fresh_flash_has_no_configuration_and_a_stored_one_reads_back() {
        let (mut flash, mut buffer) = (flash(), [0; COPY_LEN]);
        assert_eq!(read(&mut flash, &mut buffer), None);
        for round in 1..6 {
            now(store(&mut flash, &mut buffer, &configuration(round, 1024))).unwrap();
            let found = read(&mut flash, &mut buffer);
            assert_eq!(found, Some((u32::from(round), configuration(round, 1024))));
        }
    }

    #[test]
    fn a_board_without_tls_reads_the_same_page_and_none_whose_certificate_is_too_long() {
        let (mut flash, mut buffer) = (flash(), [0; COPY_LEN]);
        now(store(&mut flash, &mut buffer, &configuration(7, 1024))).unwrap();
        let mut page = None::<Configuration<Passed>>;
        assert_eq!(now(load(&mut flash, &mut buffer, &mut page)).unwrap(), Some(1));
        let (read, whole) = (page.unwrap(), configuration(7, 1024));
        assert_eq!((&read.host, read.port, &read.device), (&whole.host, whole.port, &whole.device));
        assert_eq!((read.written_ms, read.bus), (whole.written_ms, whole.bus));
        let mut bytes = [0; 1100];
        let mut passed = |len: usize| {
            let len = codec::write(&Vec::<u8, 1025>::from_slice(&[5; 1025][..len]).unwrap(), &mut bytes).unwrap();
            codec::read::<Passed>(&bytes[..len])
        };
        assert_eq!((passed(0), passed(1024), passed(1025)), (Some(Passed), Some(Passed), None));
    }

    proptest! {
        #[test]
        fn a_cut_leaves_the_old_one_or_the_new_one(stored in 1_u16..4, fuel in 0_usize..700, certificate in 0_usize..1024) {
            let (mut flash, mut buffer) = (flash(), [0; COPY_LEN]);
            for port in 1..=stored {
                now(store(&mut flash, &mut buffer, &configuration(port, certificate))).unwrap();
            }
            flash.fuel = fuel;
            let done = now(store(&mut flash, &mut buffer, &configuration(99, certificate))).is_ok();
            flash.fuel = usize::MAX;
            let (_, found) = read(&mut flash, &mut buffer).unwrap();
            let expected = if done { 99 } else { stored };
            prop_assert!(found == configuration(expected, certificate) || found == configuration(99, certificate));
        }

        #[test]
        fn a_page_of_noise_is_no_configuration(bytes in proptest::collection::vec(any::<u8>(), 2 * PLACE_LEN as usize)) {
            let (mut flash, mut buffer) = (flash(), [0; COPY_LEN]);
            flash.bytes.copy_from_slice(&bytes);
            prop_assert_eq!(read(&mut flash, &mut buffer), None);
        }
    }
}
