//! A model of the chip that holds it to its data sheet: bits only fall, writes wrap within a page, a busy chip hears nothing but a look at
//! its status, and with fuel the power goes in the middle of a page or an erasure.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

pub(crate) const LEN: usize = 1 << 18;

/// The power is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PowerCut;

impl embedded_hal_async::spi::Error for PowerCut {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

#[derive(Debug)]
pub(crate) struct Chip {
    pub(crate) memory: Vec<u8>,
    /// What the data line shows when nothing answers.
    pub(crate) absent: Option<u8>,
    pub(crate) protection: u8,
    pub(crate) takes_write_enable: bool,
    pub(crate) table: Vec<u8>,
    /// Microseconds until what is under way is done.
    pub(crate) busy_us: u64,
    /// How long a change takes, in microseconds.
    pub(crate) change_us: u64,
    /// Bytes that may still be programmed or 256 bytes erased before the power goes.
    pub(crate) fuel: Option<usize>,
    pub(crate) elapsed_us: u64,
    /// Each command that changed something, with its address.
    pub(crate) heard: Vec<(u8, u32)>,
    pub(crate) asleep: bool,
    write_enabled: bool,
}

impl Default for Chip {
    fn default() -> Self {
        let mut table = vec![0xFF; 0x80];
        table[..16].copy_from_slice(b"SFDP\x06\x01\x00\xFF\x00\x06\x01\x10\x80\x00\x00\xFF");
        let mut words = [0xFFFF_FFFF_u32; 16];
        words[1] = LEN as u32 * 8 - 1;
        words[7] = u32::from_le_bytes([12, 0x20, 15, 0x52]);
        words[8] = u32::from_le_bytes([16, 0xD8, 0, 0]);
        words[10] = 8 << 4;
        table.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        Self {
            memory: vec![0xFF; LEN],
            absent: None,
            protection: 0,
            takes_write_enable: true,
            table,
            busy_us: 0,
            change_us: 700,
            fuel: None,
            elapsed_us: 0,
            heard: Vec::new(),
            asleep: true,
            write_enabled: false,
        }
    }
}

impl Chip {
    fn burn(&mut self) -> Result<(), PowerCut> {
        if let Some(fuel) = &mut self.fuel {
            *fuel = fuel.checked_sub(1).ok_or(PowerCut)?;
        }
        Ok(())
    }

    fn program(&mut self, at: usize, bytes: &[u8]) -> Result<(), PowerCut> {
        for (offset, byte) in bytes.iter().enumerate() {
            self.burn()?;
            let place = at / 256 * 256 + (at + offset) % 256;
            self.memory[place] &= byte;
        }
        Ok(())
    }

    fn erase(&mut self, at: usize, len: usize) -> Result<(), PowerCut> {
        for start in (at / len * len..at / len * len + len).step_by(256) {
            self.burn()?;
            self.memory[start..start + 256].fill(0xFF);
        }
        Ok(())
    }

    /// What the chip shows behind a command.
    fn answer(&self, command: &[u8]) -> Vec<u8> {
        let at = |bytes: &[u8]| bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        match command {
            [0x05] => vec![u8::from(self.busy_us > 0) | u8::from(self.write_enabled) << 1 | self.protection; 1],
            _ if self.busy_us > 0 || self.asleep => vec![0xFF],
            [0x9F] => vec![0xEF, 0x40, 0x18],
            [0x5A, address @ .., _] => self.table.iter().copied().skip(at(address)).collect(),
            [0x0B, address @ .., _] => self.memory.iter().copied().skip(at(address)).collect(),
            other => panic!("no answer to {other:02x?}"),
        }
    }

    fn obey(&mut self, command: &[u8]) -> Result<(), PowerCut> {
        if command == [0xAB] {
            self.asleep = false;
            return Ok(());
        }
        if self.busy_us > 0 || self.asleep {
            return Ok(());
        }
        if command == [0x06] {
            self.write_enabled = self.takes_write_enable;
            return Ok(());
        }
        let [code @ (0x02 | 0x20 | 0xD8), a, b, c, data @ ..] = command else { panic!("command {command:02x?}") };
        assert!(self.write_enabled, "a change without a write enable");
        let at = u32::from_be_bytes([0, *a, *b, *c]);
        self.heard.push((*code, at));
        self.write_enabled = false;
        self.busy_us = self.change_us;
        match code {
            0x02 => self.program(at as usize, data),
            0x20 => self.erase(at as usize, 4096),
            _ => self.erase(at as usize, 1 << 16),
        }
    }
}

/// The chip on its bus, with the test as second owner.
#[derive(Debug, Clone)]
pub(crate) struct Wire(pub(crate) Rc<RefCell<Chip>>);

impl ErrorType for Wire {
    type Error = PowerCut;
}

impl SpiDevice for Wire {
    async fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), PowerCut> {
        let mut chip = self.0.borrow_mut();
        if chip.fuel == Some(0) {
            return Err(PowerCut);
        }
        let mut command = Vec::new();
        let mut asked = false;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => command.extend_from_slice(bytes),
                Operation::Read(bytes) => {
                    asked = true;
                    let answer = chip.absent.map_or_else(|| chip.answer(&command), |line| vec![line]);
                    let last = *answer.last().expect("every answer has a byte");
                    for (cell, byte) in bytes.iter_mut().zip(answer.into_iter().chain(std::iter::repeat(last))) {
                        *cell = byte;
                    }
                }
                other => panic!("the driver does not use {other:?}"),
            }
        }
        if asked || chip.absent.is_some() { Ok(()) } else { chip.obey(&command) }
    }
}

/// Lets the chip's time pass; can give the waiting task's turn away once.
#[derive(Debug, Clone)]
pub(crate) struct Delay(pub(crate) Rc<RefCell<Chip>>);

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        let mut yielded = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut yielded, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        let mut chip = self.0.borrow_mut();
        let us = u64::from(ns) / 1000;
        chip.elapsed_us += us;
        chip.busy_us = chip.busy_us.saturating_sub(us);
    }
}
