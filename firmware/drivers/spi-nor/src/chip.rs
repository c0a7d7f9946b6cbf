//! The chip: its commands, and waiting for it.
//!
//! Source: Winbond W25Q128JV, revision L, chapters 8 and 9. Invariant: a command that changes the chip is sent only when it is idle, and an
//! access that was given up half-way is waited for before the next one.

use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::spi::{Operation, SpiDevice};

use crate::error::{Error, Wait};
use crate::parameters::{self, HEADER_LEN, Parameters, TABLE_LEN};

const PAGE_PROGRAM: u8 = 0x02;
const READ_STATUS: u8 = 0x05;
const WRITE_ENABLE: u8 = 0x06;
const FAST_READ: u8 = 0x0B;
const READ_PARAMETERS: u8 = 0x5A;
const IDENTIFY: u8 = 0x9F;
const WAKE: u8 = 0xAB;

const BUSY: u8 = 1 << 0;
const WRITE_ENABLED: u8 = 1 << 1;
/// Block protection, its complement bit aside.
const PROTECTION: u8 = 0b0001_1100;

/// A status that no idle or busy chip shows, but an open data line does.
const NO_STATUS: u8 = 0xFF;

/// How long waking from power-down takes, in microseconds.
const WAKE_US: u32 = 5;

/// How often a wait looks at the chip, and how often at most: twice the longest time of the data sheet.
#[derive(Debug, Clone, Copy)]
struct Patience {
    step_us: u32,
    steps: u32,
}

/// A page takes 3 ms at most.
const PROGRAM: Patience = Patience { step_us: 100, steps: 60 };
/// A sector takes 400 ms at most.
const SECTOR: Patience = Patience { step_us: 1_000, steps: 800 };
/// A block takes 2 s at most.
const BLOCK: Patience = Patience { step_us: 5_000, steps: 800 };

/// A chip behind a SPI bus.
#[derive(Debug)]
pub struct SpiNor<B, D> {
    bus: B,
    delay: D,
    parameters: Parameters,
    /// Whether a command may still be under way that nobody waited for.
    pending: bool,
}

impl<B: SpiDevice, D: DelayNs> SpiNor<B, D> {
    /// Wakes the chip, waits until it is done with what a run before this one began, and reads what it is.
    pub async fn open(bus: B, delay: D) -> Result<Self, Error<B::Error>> {
        let unknown = Parameters { capacity: 0, sector_erase: 0, block_erase: None };
        let mut chip = Self { bus, delay, parameters: unknown, pending: true };
        // A busy chip takes nothing but a look at its status, so that waiting comes first.
        if chip.status().await? != NO_STATUS {
            chip.settle().await?;
        }
        chip.bus.write(&[WAKE]).await.map_err(Error::Bus)?;
        chip.delay.delay_us(WAKE_US).await;
        let mut identity = [0; 3];
        chip.ask(&[IDENTIFY], &mut identity).await?;
        if identity == [0xFF; 3] || identity == [0; 3] {
            return Err(Error::Absent);
        }
        chip.settle().await?;
        chip.parameters = chip.parameters().await?.ok_or(Error::Unsuitable)?;
        if chip.status().await? & PROTECTION != 0 {
            return Err(Error::Protected);
        }
        Ok(chip)
    }

    /// The chip's size in bytes; at most 16 MiB, which is as far as its addresses reach.
    pub fn len(&self) -> u32 {
        self.parameters.capacity
    }

    /// Never: a chip without room is not opened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn block_erase(&self) -> Option<u8> {
        self.parameters.block_erase
    }

    /// Reads from `at` on; the caller has checked the bounds.
    pub(crate) async fn fetch(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), Error<B::Error>> {
        self.settle().await?;
        let [command, a, b, c] = addressed(FAST_READ, at);
        self.ask(&[command, a, b, c, 0], bytes).await
    }

    /// Programs bytes of one page; the caller has checked that they do not leave it.
    pub(crate) async fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), Error<B::Error>> {
        self.enable().await?;
        self.pending = true;
        let command = addressed(PAGE_PROGRAM, at);
        let mut operations = [Operation::Write(&command), Operation::Write(bytes)];
        self.bus.transaction(&mut operations).await.map_err(Error::Bus)?;
        self.idle(PROGRAM, Wait::Program).await
    }

    /// Erases 4 KiB.
    pub(crate) async fn erase_sector(&mut self, at: u32) -> Result<(), Error<B::Error>> {
        self.erase(self.parameters.sector_erase, at, SECTOR).await
    }

    /// Erases 64 KiB with the command of the parameter table.
    pub(crate) async fn erase_block(&mut self, command: u8, at: u32) -> Result<(), Error<B::Error>> {
        self.erase(command, at, BLOCK).await
    }

    async fn erase(&mut self, command: u8, at: u32, patience: Patience) -> Result<(), Error<B::Error>> {
        self.enable().await?;
        self.pending = true;
        self.bus.write(&addressed(command, at)).await.map_err(Error::Bus)?;
        self.idle(patience, Wait::Erase).await
    }

    /// Lets the next command change the chip.
    async fn enable(&mut self) -> Result<(), Error<B::Error>> {
        self.settle().await?;
        self.bus.write(&[WRITE_ENABLE]).await.map_err(Error::Bus)?;
        match self.status().await? {
            NO_STATUS => Err(Error::Absent),
            status if status & WRITE_ENABLED == 0 => Err(Error::Protected),
            _ => Ok(()),
        }
    }

    async fn parameters(&mut self) -> Result<Option<Parameters>, Error<B::Error>> {
        let mut header = [0; HEADER_LEN];
        self.ask(&[READ_PARAMETERS, 0, 0, 0, 0], &mut header).await?;
        let Some((at, len)) = parameters::locate(&header) else { return Ok(None) };
        let mut table = [0; TABLE_LEN];
        let Some(table) = table.get_mut(..len) else { return Ok(None) };
        let [command, a, b, c] = addressed(READ_PARAMETERS, at);
        self.ask(&[command, a, b, c, 0], table).await?;
        Ok(parameters::read(table))
    }

    /// Waits for what was given up half-way.
    async fn settle(&mut self) -> Result<(), Error<B::Error>> {
        if self.pending { self.idle(BLOCK, Wait::Before).await } else { Ok(()) }
    }

    async fn idle(&mut self, patience: Patience, wait: Wait) -> Result<(), Error<B::Error>> {
        for _ in 0..patience.steps {
            if self.status().await? & BUSY == 0 {
                self.pending = false;
                return Ok(());
            }
            self.delay.delay_us(patience.step_us).await;
        }
        Err(Error::Stuck(wait))
    }

    async fn status(&mut self) -> Result<u8, Error<B::Error>> {
        let mut status = [0];
        self.ask(&[READ_STATUS], &mut status).await?;
        let [status] = status;
        Ok(status)
    }

    async fn ask(&mut self, command: &[u8], answer: &mut [u8]) -> Result<(), Error<B::Error>> {
        let mut operations = [Operation::Write(command), Operation::Read(answer)];
        self.bus.transaction(&mut operations).await.map_err(Error::Bus)
    }
}

/// A command with its 24 address bits.
fn addressed(command: u8, at: u32) -> [u8; 4] {
    let [_, a, b, c] = at.to_be_bytes();
    [command, a, b, c]
}
