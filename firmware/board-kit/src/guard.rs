//! What stands between the socket and the TLS library: only records that a well-meant server sends get in, and nothing gets out early.
//!
//! The library answers some malformed records with a panic, and speaks on after a server that has proved nothing.
//! Both end here. Invariant: before the server has proved that it holds the key of a certificate of ours, one record leaves the device, the
//! `ClientHello`.

use core::cell::{Cell, RefCell};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_io_async::{Error as _, ErrorKind, ErrorType, Read, Write};

/// Record types of RFC 8446 §5.1.
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// A sealed record holds at least its inner type and the tag of AES-GCM.
const SHORTEST_SEALED: usize = 1 + 16;

/// The longest sealed record of RFC 8446 §5.2.
const LONGEST_SEALED: usize = 16_384 + 256;

const HEADER_LEN: usize = 5;

/// Why the guard closed the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// A record that has no place here, by type or length.
    Record,
    /// Bytes wanted to leave before the server had proved itself.
    Early,
    /// The socket failed.
    Socket(ErrorKind),
}

impl core::fmt::Display for Breach {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Record => "a record that has no place here",
            Self::Early => "bytes that leave before the server is proved",
            Self::Socket(_) => "the socket failed",
        })
    }
}

impl core::error::Error for Breach {}

impl embedded_io_async::Error for Breach {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Record => ErrorKind::InvalidData,
            Self::Early => ErrorKind::PermissionDenied,
            Self::Socket(kind) => *kind,
        }
    }
}

/// Follows the borders of records in a stream of bytes.
#[derive(Debug, Default)]
struct Records {
    header: heapless::Vec<u8, HEADER_LEN>,
    /// Bytes of the current record that are still to come.
    rest: usize,
    /// Records whose header was seen.
    begun: u32,
}

impl Records {
    /// Takes bytes; calls `check` with the number, type and length of each record that begins in them.
    fn pass(&mut self, mut bytes: &[u8], mut check: impl FnMut(u32, u8, usize) -> bool) -> bool {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.rest > 0 {
                let inside = self.rest.min(bytes.len());
                self.rest = self.rest.saturating_sub(inside);
                bytes = bytes.get(inside..).unwrap_or_default();
                continue;
            }
            bytes = rest;
            // There is room: a whole header is taken out below.
            let _ = self.header.push(byte);
            if let [kind, _, _, high, low] = *self.header.as_slice() {
                self.header.clear();
                self.rest = usize::from(u16::from_be_bytes([high, low]));
                let number = self.begun;
                self.begun = self.begun.saturating_add(1);
                if !check(number, kind, self.rest) {
                    return false;
                }
            }
        }
        true
    }
}

/// A socket's two halves with what is known of the connection on them.
#[derive(Debug)]
pub struct Wire<R, W> {
    reader: Mutex<NoopRawMutex, R>,
    writer: Mutex<NoopRawMutex, W>,
    inward: RefCell<Records>,
    outward: RefCell<Records>,
    proved: Cell<bool>,
    open: Cell<bool>,
    breach: Cell<Option<Breach>>,
}

impl<R, W> Wire<R, W> {
    /// A fresh connection.
    pub fn new(reader: R, writer: W) -> Self {
        Self {
            reader: Mutex::new(reader),
            writer: Mutex::new(writer),
            inward: RefCell::default(),
            outward: RefCell::default(),
            proved: Cell::new(false),
            open: Cell::new(false),
            breach: Cell::new(None),
        }
    }

    /// Where the verifier says that the server has proved itself.
    pub fn proved(&self) -> &Cell<bool> {
        &self.proved
    }

    /// The handshake is over.
    pub fn opened(&self) {
        self.open.set(true);
    }

    /// Why the guard closed the connection, if it did.
    pub fn breach(&self) -> Option<Breach> {
        self.breach.get()
    }

    fn refuse(&self, breach: Breach) -> Breach {
        self.breach.set(self.breach.get().or(Some(breach)));
        breach
    }

    fn admits(&self, number: u32, kind: u8, len: usize) -> bool {
        match kind {
            // The answer to the ClientHello, or the alert that refuses it.
            HANDSHAKE | ALERT => number == 0 && len > 0,
            // For middleboxes (RFC 8446 appendix D.4).
            CHANGE_CIPHER_SPEC => number > 0 && !self.open.get() && len == 1,
            APPLICATION_DATA => number > 0 && (SHORTEST_SEALED..=LONGEST_SEALED).contains(&len),
            _ => false,
        }
    }
}

/// One end of a [`Wire`] for the TLS library.
#[derive(Debug)]
pub struct Guard<'w, R, W>(&'w Wire<R, W>);

impl<'w, R, W> Guard<'w, R, W> {
    /// An end of `wire`; all ends are the same connection.
    pub fn new(wire: &'w Wire<R, W>) -> Self {
        Self(wire)
    }
}

impl<R, W> Clone for Guard<'_, R, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, W> Copy for Guard<'_, R, W> {}

impl<R, W> ErrorType for Guard<'_, R, W> {
    type Error = Breach;
}

impl<R: Read, W> Read for Guard<'_, R, W> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Breach> {
        let wire = self.0;
        let read = wire.reader.lock().await.read(buffer).await;
        let len = read.map_err(|error| wire.refuse(Breach::Socket(error.kind())))?;
        let bytes = buffer.get(..len).unwrap_or_default();
        let good = wire.inward.borrow_mut().pass(bytes, |number, kind, len| wire.admits(number, kind, len));
        if good { Ok(len) } else { Err(wire.refuse(Breach::Record)) }
    }
}

impl<R, W: Write> Write for Guard<'_, R, W> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Breach> {
        let wire = self.0;
        // Checked whole before a byte leaves; the library writes whole records.
        let may_leave = |number: u32| wire.proved.get() || number == 0;
        if !wire.outward.borrow_mut().pass(bytes, |number, _, _| may_leave(number)) {
            return Err(wire.refuse(Breach::Early));
        }
        let written = wire.writer.lock().await.write_all(bytes).await;
        written.map(|()| bytes.len()).map_err(|error| wire.refuse(Breach::Socket(error.kind())))
    }

    async fn flush(&mut self) -> Result<(), Breach> {
        let wire = self.0;
        let flushed = wire.writer.lock().await.flush().await;
        flushed.map_err(|error| wire.refuse(Breach::Socket(error.kind())))
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use embassy_futures::block_on;

    use super::*;

    fn record(kind: u8, len: usize) -> Vec<u8> {
        let mut bytes = Vec::from([kind, 3, 3]);
        bytes.extend_from_slice(&(len as u16).to_be_bytes());
        bytes.resize(HEADER_LEN + len, 0);
        bytes
    }

    fn reads(records: &[Vec<u8>], open: bool) -> Result<usize, Breach> {
        let bytes = records.concat();
        let wire = Wire::new(bytes.as_slice(), ());
        if open {
            wire.opened();
        }
        let mut total = 0;
        loop {
            // Pieces of odd sizes, so that headers are cut in two.
            let mut piece = [0; 7];
            match block_on(Guard::new(&wire).read(&mut piece))? {
                0 => return Ok(total),
                len => total += len,
            }
        }
    }

    #[test]
    fn a_handshake_as_it_should_be_gets_in() {
        let good = [record(HANDSHAKE, 90), record(CHANGE_CIPHER_SPEC, 1), record(APPLICATION_DATA, 700)];
        assert_eq!(reads(&good, false), Ok(good.concat().len()));
        assert_eq!(reads(&[record(ALERT, 2)], false), Ok(7));
    }

    #[test]
    fn records_without_a_place_are_refused() {
        let hello = record(HANDSHAKE, 90);
        for bad in [
            record(HANDSHAKE, 40),
            record(ALERT, 2),
            record(APPLICATION_DATA, 16),
            record(APPLICATION_DATA, 16_641),
            record(CHANGE_CIPHER_SPEC, 2),
            record(24, 20),
        ] {
            assert_eq!(reads(&[hello.clone(), bad.clone()], false), Err(Breach::Record), "{:?}", &bad[..5]);
        }
        assert_eq!(reads(&[record(APPLICATION_DATA, 40)], false), Err(Breach::Record), "nothing is sealed yet");
        assert_eq!(reads(&[hello, record(CHANGE_CIPHER_SPEC, 1)], true), Err(Breach::Record), "too late");
    }

    #[test]
    fn only_the_first_record_leaves_before_the_server_is_proved() {
        let mut sent = [0_u8; 200];
        let wire: Wire<&[u8], &mut [u8]> = Wire::new(&[], &mut sent);
        let mut guard = Guard::new(&wire);
        let first = record(HANDSHAKE, 60);
        for half in [&first[..30], &first[30..]] {
            assert_eq!(block_on(guard.write(half)), Ok(half.len()));
        }
        assert_eq!(block_on(guard.write(&record(APPLICATION_DATA, 40))), Err(Breach::Early));
        assert_eq!(wire.breach(), Some(Breach::Early));
        wire.proved().set(true);
        assert_eq!(block_on(guard.write(&record(APPLICATION_DATA, 40))), Ok(45));
    }
}
