//! A driver for SPI NOR flash chips of the 25 series, such as W25Q128: 4 KiB sectors, pages of 256 bytes, 24 address bits.
//!
//! The chip's size and commands come from its own parameter table (JEDEC JESD216), so that another maker's chip serves as well.
//! Invariant: every wait ends in bounded time, and an access that the chip cannot take is refused before the chip hears of it.
#![no_std]
#![forbid(unsafe_code)]

mod chip;
mod error;
mod parameters;
mod storage;

pub use chip::SpiNor;
pub use error::{Error, Wait};
pub use storage::{PAGE_LEN, SECTOR_LEN};
