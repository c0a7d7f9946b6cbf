//! What several tests here need: flash in memory, and a certificate as the cloud signs it.

use std::vec;
use std::vec::Vec;

use core::convert::Infallible;

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use milepost_identity::Key;

/// Flash whose bits only fall between two erasures.
pub(crate) struct Memory(Vec<u8>);

impl Memory {
    /// Erased flash.
    pub(crate) fn new(len: usize) -> Self {
        Self(vec![0xFF; len])
    }
}

impl ErrorType for Memory {
    type Error = Infallible;
}

impl ReadNorFlash for Memory {
    const READ_SIZE: usize = 1;
    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0[offset as usize..][..bytes.len()]);
        Ok(())
    }
    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Memory {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;
    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.0[from as usize..to as usize].fill(0xFF);
        Ok(())
    }
    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        for (cell, byte) in self.0[offset as usize..].iter_mut().zip(bytes) {
            *cell &= byte;
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Memory {}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = (content.len() as u16).to_be_bytes();
    let len = match (high, low) {
        (0, 0..0x80) => Vec::from([low]),
        (0, _) => Vec::from([0x81, low]),
        _ => Vec::from([0x82, high, low]),
    };
    [&[tag], len.as_slice(), content].concat()
}

/// A certificate of `key` for `name`, valid in the years 2020 to 2029; nobody has signed it, since a device does not ask by whom.
pub(crate) fn certificate(key: &Key, name: &str) -> Vec<u8> {
    const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
    const P256: &[u8] = &[
        0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D,
        0x03, 0x01, 0x07,
    ];
    let time = |text: &[u8]| [&[0x17, text.len() as u8], text].concat();
    let validity = der(0x30, &[time(b"200101000000Z"), time(b"290101000000Z")].concat());
    let attribute = der(0x30, &[COMMON_NAME, &der(0x0C, name.as_bytes())].concat());
    let subject = der(0x30, &der(0x31, &attribute));
    let info = der(0x30, &[P256, &der(0x03, &[&[0], key.public().as_slice()].concat())].concat());
    let body = [der(0x02, &[1]), der(0x30, &[]), der(0x30, &[]), validity, subject, info];
    der(0x30, &der(0x30, &body.concat()))
}
