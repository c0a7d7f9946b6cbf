//! The stream in the clear, for a board whose way to the cloud is protected by something else, such as a modem that speaks TLS for it.
//!
//! Invariant: a read of the socket that is given up has taken nothing from it.

use core::cell::Cell;

use embedded_io_async::{Read, Write};
use milepost_firmware::link::Loss;

use super::{End, Stage, Work, talk};

/// The memory of one connection: the socket's own is enough.
#[derive(Debug)]
pub(crate) struct Buffers;

impl Buffers {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// Runs a connection over a socket's halves until its end.
pub(crate) async fn run<R: Read, W: Write, G>(reader: R, writer: W, work: Work<'_, G>) -> End {
    let Work { configuration, shown, ports, machine, mqtt, mailboxes, random, buffers } = work;
    // TLS alone needs them.
    let _ = (random, buffers);
    let stage = Cell::new(Stage::Opened);
    let us = (configuration, shown);
    let end = talk((reader, writer), us, ports, machine, mqtt, mailboxes, &stage).await;
    end.unwrap_or_else(|| match stage.get() {
        Stage::Leaving => End::Left,
        Stage::Accepted => Loss::Broken.into(),
        Stage::Opened => Loss::ClosedEarly.into(),
    })
}
