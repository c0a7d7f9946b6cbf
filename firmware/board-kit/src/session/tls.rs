//! The stream over TLS.
//!
//! A cancelled read or write over TLS loses the stream. So TLS is read and written by two loops that run until the connection ends, and MQTT
//! speaks with them through pipes, whose calls may be given up at any moment.
//! Invariant: an unproved server learns nothing but the `ClientHello`.

use core::cell::Cell;

use embassy_futures::select::{Either3, select3};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::pipe::Pipe;
use embedded_io_async::{BufRead, Read, Write};
use embedded_tls::{Aes128GcmSha256, TlsConfig, TlsConnection, TlsContext, TlsError, TlsReader, TlsWriter};
use milepost_firmware::link::Loss;
use rand_core::CryptoRngCore;

use super::{End, Stage, Work, talk};
use crate::guard::{Guard, Wire};
use crate::trust::Provider;

/// Room for one record of the server: a whole flight of its handshake, or the longest message with what the record layer adds.
const TLS_READ: usize = 4608;

/// Room for one record of ours: the certificate, or the longest envelope.
const TLS_WRITE: usize = 2048;

const PIPE_IN: usize = 512;
const PIPE_OUT: usize = 2048;

/// The memory of one connection.
#[derive(Debug)]
pub(crate) struct Buffers {
    tls_read: [u8; TLS_READ],
    tls_write: [u8; TLS_WRITE],
}

impl Buffers {
    pub(crate) const fn new() -> Self {
        Self { tls_read: [0; TLS_READ], tls_write: [0; TLS_WRITE] }
    }
}

/// Runs a connection over a socket's halves until its end.
pub(crate) async fn run<R: Read, W: Write, G: CryptoRngCore>(reader: R, writer: W, work: Work<'_, G>) -> End {
    let wire = Wire::new(reader, writer);
    let Work { configuration, shown, ports, machine, mqtt, mailboxes, random, buffers } = work;
    let settings = TlsConfig::new().with_server_name(&configuration.server_name);
    let mut tls: TlsConnection<'_, Guard<'_, R, W>, Aes128GcmSha256> =
        TlsConnection::new(Guard::new(&wire), &mut buffers.tls_read, &mut buffers.tls_write);
    {
        let us = (configuration, &shown.papers);
        let mut provider = Provider::new(us, random, ports.time.known(), wire.proved());
        if let Err(error) = tls.open(TlsContext::new(&settings, &mut provider)).await {
            return unopened(error).into();
        }
    }
    if !wire.proved().get() {
        return Loss::Untrusted.into();
    }
    wire.opened();
    let (mut from_server, mut to_server) = tls.split();
    let inward: Pipe<NoopRawMutex, PIPE_IN> = Pipe::new();
    let outward: Pipe<NoopRawMutex, PIPE_OUT> = Pipe::new();
    let stage = Cell::new(Stage::Opened);
    let us = (configuration, shown);
    let talk = talk((&inward, &outward), us, ports, machine, mqtt, mailboxes, &stage);
    let pumps = select3(fill(&mut from_server, &inward), drain(&outward, &mut to_server), talk);
    match pumps.await {
        Either3::First(error) | Either3::Second(error) => broken(error, stage.get()),
        // A pipe has no end, so it is always the conversation's.
        Either3::Third(end) => end.unwrap_or(Loss::Broken.into()),
    }
}

/// What a failed handshake means.
fn unopened(error: TlsError) -> Loss {
    match error {
        TlsError::Io(embedded_io_async::ErrorKind::InvalidData | embedded_io_async::ErrorKind::PermissionDenied) => {
            Loss::Untrusted
        }
        TlsError::Io(_) | TlsError::IoError | TlsError::ConnectionClosed | TlsError::HandshakeAborted(..) => {
            Loss::Unreachable
        }
        // A server that fails to prove itself, by whatever means, is not ours.
        _ => Loss::Untrusted,
    }
}

/// What the end of an open connection means. TLS 1.3 tells a client that it is refused only after its handshake is over.
fn broken(error: TlsError, stage: Stage) -> End {
    match (stage, error) {
        (Stage::Leaving, _) => End::Left,
        (Stage::Accepted, _) => Loss::Broken.into(),
        // The library answers every alert but close_notify with this.
        (Stage::Opened, TlsError::InternalError) => Loss::Refused.into(),
        (Stage::Opened, _) => Loss::ClosedEarly.into(),
    }
}

/// Reads from the server into the pipe until the connection ends.
async fn fill<'a, R: Read, W: Write>(
    tls: &mut TlsReader<'a, Guard<'a, R, W>, Aes128GcmSha256>,
    pipe: &Pipe<NoopRawMutex, PIPE_IN>,
) -> TlsError {
    loop {
        let len = match tls.fill_buf().await {
            Ok(bytes) => {
                pipe.write_all(bytes).await;
                bytes.len()
            }
            Err(error) => return error,
        };
        tls.consume(len);
    }
}

/// Writes from the pipe to the server, one record for what waits, until the connection ends.
async fn drain<'a, R: Read, W: Write>(
    pipe: &Pipe<NoopRawMutex, PIPE_OUT>,
    tls: &mut TlsWriter<'a, Guard<'a, R, W>, Aes128GcmSha256>,
) -> TlsError {
    let mut bytes = [0; 512];
    loop {
        let len = pipe.read(&mut bytes).await;
        if let Err(error) = tls.write_all(bytes.get(..len).unwrap_or_default()).await {
            return error;
        }
        if pipe.is_empty()
            && let Err(error) = tls.flush().await
        {
            return error;
        }
    }
}
