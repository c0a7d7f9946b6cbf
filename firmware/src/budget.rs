//! How much memory the core may take on a board: a build for a 32-bit target fails when a figure is exceeded.
//!
//! Without TLS and display the whole image has 40 KiB of RAM, a quarter of it for the core; a future lies in its task's static memory beside
//! the core, and what a call needs on the stack grows with both.
//! Invariant: the figures are upper bounds for every flash driver that adds nothing of its own.

use core::convert::Infallible;

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::Answer;

use crate::clock::Now;
use crate::device::Device;
use crate::frame::Frame;

/// The core itself, in bytes.
const DEVICE: usize = 10 * 1024;

/// The longest future of its calls, in bytes.
const FUTURE: usize = 3 * 1024;

/// A flash driver without any state.
struct Stateless;

impl ErrorType for Stateless {
    type Error = Infallible;
}

impl ReadNorFlash for Stateless {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn capacity(&self) -> usize {
        0
    }
}

impl NorFlash for Stateless {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, _: u32, _: u32) -> Result<(), Infallible> {
        Ok(())
    }

    async fn write(&mut self, _: u32, _: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }
}

impl MultiwriteNorFlash for Stateless {}

type Core = Device<Stateless>;
type Host = &'static mut Core;

const fn two<A, B, F>(_: &impl Fn(A, B) -> F) -> usize {
    size_of::<F>()
}

const fn three<A, B, C, F>(_: &impl Fn(A, B, C) -> F) -> usize {
    size_of::<F>()
}

const fn four<A, B, C, D, F>(_: &impl Fn(A, B, C, D) -> F) -> usize {
    size_of::<F>()
}

const _: () = {
    assert!(size_of::<Core>() <= DEVICE, "the core outgrew its budget");
    assert!(two::<Host, Now, _>(&Core::begin) <= FUTURE, "`begin` outgrew its budget");
    assert!(two::<Host, Now, _>(&Core::tick) <= FUTURE, "`tick` outgrew its budget");
    assert!(two::<Host, Now, _>(&Core::finish) <= FUTURE, "`finish` outgrew its budget");
    assert!(three::<Host, Now, &'static Frame, _>(&Core::frame) <= FUTURE, "`frame` outgrew its budget");
    assert!(three::<Host, Now, &'static [u8], _>(&Core::downlink) <= FUTURE, "`downlink` outgrew its budget");
    assert!(three::<Host, Now, &'static mut [u8], _>(&Core::envelope) <= FUTURE, "`envelope` outgrew its budget");
    assert!(four::<Host, Now, NoticeId, Answer, _>(&Core::answer) <= FUTURE, "`answer` outgrew its budget");
};
