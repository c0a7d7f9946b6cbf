//! A NOR flash in memory: writes only clear bits, erases set a page, and the power can go after any number of words.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use milepost_firmware::{Device, Flash, Now, Settings};

const WORD: usize = 4;
const PAGE: usize = 4096;

/// The power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PowerCut;

impl core::fmt::Display for PowerCut {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("power cut")
    }
}

impl core::error::Error for PowerCut {}

impl NorFlashError for PowerCut {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// What a chip does wrong, to see that the checks notice it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// A write is acknowledged before it is in flash: it gets there with the next one.
    AcknowledgesFirst,
    /// As above, and an erasure overtakes it.
    ErasesFirst,
}

/// Where a write begins, and its bytes.
type Held = (usize, Vec<u8>);

/// One region; clones share the memory and the fuel.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    bytes: Rc<RefCell<Vec<u8>>>,
    fuel: Rc<Cell<u64>>,
    flaw: Flaw,
    /// The write that a chip with a flaw still holds.
    held: Rc<RefCell<Option<Held>>>,
}

impl Region {
    fn new(pages: usize, flaw: Flaw, fuel: &Rc<Cell<u64>>) -> Self {
        Self { bytes: Rc::new(RefCell::new(vec![0xFF; pages * PAGE])), fuel: fuel.clone(), flaw, held: Rc::default() }
    }

    /// Writes what is held. Whatever it costs was paid when it was acknowledged.
    fn write_held(&self) {
        if let Some((start, bytes)) = self.held.take() {
            for (cell, byte) in self.bytes.borrow_mut()[start..].iter_mut().zip(bytes) {
                *cell &= byte;
            }
        }
    }

    /// The power came back: what was held at a cut is gone.
    fn power_came(&self) {
        if self.fuel.get() == 0 {
            self.held.take();
        } else {
            self.write_held();
        }
    }

    fn burn(&self) -> Result<(), PowerCut> {
        let left = self.fuel.get().checked_sub(1).ok_or(PowerCut)?;
        self.fuel.set(left);
        Ok(())
    }
}

impl ErrorType for Region {
    type Error = PowerCut;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), PowerCut> {
        if self.fuel.get() == 0 {
            return Err(PowerCut);
        }
        assert!(offset as usize + bytes.len() <= self.capacity(), "reads stay within the region");
        let memory = self.bytes.borrow();
        bytes.copy_from_slice(&memory[offset as usize..offset as usize + bytes.len()]);
        if let Some((start, held)) = &*self.held.borrow() {
            for (at, byte) in (*start..).zip(held) {
                if let Some(cell) = at.checked_sub(offset as usize).and_then(|at| bytes.get_mut(at)) {
                    *cell &= byte;
                }
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.borrow().len()
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerCut> {
        assert_eq!((from as usize % PAGE, to as usize % PAGE), (0, 0), "erasures are aligned");
        if self.flaw == Flaw::AcknowledgesFirst {
            self.write_held();
        }
        // An erase that is cut leaves a page partly erased.
        for part in (from as usize..to as usize).step_by(PAGE / 4) {
            self.burn()?;
            self.bytes.borrow_mut()[part..part + PAGE / 4].fill(0xFF);
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerCut> {
        assert_eq!((offset as usize % WORD, bytes.len() % WORD), (0, 0), "writes are aligned");
        if self.flaw != Flaw::None {
            self.write_held();
            for _ in bytes.chunks(WORD) {
                self.burn()?;
            }
            self.held.replace(Some((offset as usize, bytes.to_vec())));
            return Ok(());
        }
        for (index, word) in bytes.chunks(WORD).enumerate() {
            let start = offset as usize + index * WORD;
            // The word that the power goes in is torn: some of its bytes are written and the others are not.
            let torn = self.fuel.get() == 1;
            let written = if torn { (start / WORD) % WORD } else { WORD };
            for (cell, byte) in self.bytes.borrow_mut()[start..start + written].iter_mut().zip(word) {
                *cell &= byte;
            }
            self.burn()?;
            if torn {
                return Err(PowerCut);
            }
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Region {}

/// A whole chip of four regions that outlives its devices.
#[derive(Debug, Clone)]
pub(crate) struct Chip {
    pub(crate) alerts: Region,
    pub(crate) bulk: Region,
    pub(crate) state: Region,
    pub(crate) table: Region,
    fuel: Rc<Cell<u64>>,
}

impl Chip {
    /// A fresh chip with as many pages for the lanes.
    pub(crate) fn new(alert_pages: usize, bulk_pages: usize) -> Self {
        Self::flawed(Flaw::None, alert_pages, bulk_pages)
    }

    /// As [`Chip::new`], but the chip does something wrong.
    pub(crate) fn flawed(flaw: Flaw, alert_pages: usize, bulk_pages: usize) -> Self {
        let fuel = Rc::new(Cell::new(u64::MAX));
        let region = |pages| Region::new(pages, flaw, &fuel);
        Self { alerts: region(alert_pages), bulk: region(bulk_pages), state: region(6), table: region(2), fuel }
    }

    /// Another region of the same chip, in pages: it goes with the same power.
    pub(crate) fn region(&self, pages: usize) -> Region {
        Region::new(pages, Flaw::None, &self.fuel)
    }

    /// The power goes after `words` more words; `u64::MAX` for never.
    pub(crate) fn power(&self, words: u64) {
        for region in [&self.alerts, &self.bulk, &self.state, &self.table] {
            region.power_came();
        }
        self.fuel.set(words);
    }

    /// How many words can still be written.
    pub(crate) fn fuel(&self) -> u64 {
        self.fuel.get()
    }

    /// Handles for a device.
    pub(crate) fn handles(&self) -> Flash<Region> {
        let Self { alerts, bulk, state, table, .. } = self.clone();
        Flash { alerts, bulk, state, table }
    }

    /// Starts a device with full power.
    pub(crate) fn start(&self, now: Now) -> Device<Region> {
        block_on(Device::start(self.handles(), Settings::default(), now)).unwrap()
    }
}

/// Runs a future that never waits.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
