//! One connection from its handshake to its end: TLS around MQTT around the mailboxes of the core.
//!
//! A cancelled read or write over TLS loses the stream. So TLS is read and written by two loops that run until the connection ends, and MQTT
//! speaks with them through pipes, whose calls may be given up at any moment.
//! Invariant: a message is acknowledged only after the core has taken it, and an unproved server learns nothing but the `ClientHello`.

use core::cell::{Cell, RefCell};

use embassy_futures::select::{Either3, Either4, select3, select4};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::pipe::Pipe;
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{BufRead, Read, Write};
use embedded_tls::{
    Aes128GcmSha256, CryptoRngCore, TlsConfig, TlsConnection, TlsContext, TlsError, TlsReader, TlsWriter,
};
use milepost_firmware::configuration::Configuration;
use milepost_firmware::link::{Loss, Machine};
use milepost_protocol::downlink::Part;
use milepost_protocol::{Downlink, topics};

use crate::guard::{Guard, Wire};
use crate::lead::Shown;
use crate::mqtt::{Client, Heard};
use crate::ports::{Envelope, Incoming, Input, Message, Outgoing, Ports};
use crate::trust::Provider;

/// Room for one record of the server: a whole flight of its handshake, or the longest message with what the record layer adds.
const TLS_READ: usize = 4608;

/// Room for one record of ours: the certificate, or the longest envelope.
const TLS_WRITE: usize = 2048;

/// How long the server may take to close after a goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

const PIPE_IN: usize = 512;
const PIPE_OUT: usize = 2048;

/// The memory of one connection.
#[derive(Debug)]
pub struct Buffers {
    tls_read: [u8; TLS_READ],
    tls_write: [u8; TLS_WRITE],
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

impl Buffers {
    /// Empty; a board keeps it in static memory.
    pub const fn new() -> Self {
        Self { tls_read: [0; TLS_READ], tls_write: [0; TLS_WRITE] }
    }
}

/// The link's ends of the mailboxes.
pub struct Mailboxes {
    /// Envelopes from the core.
    pub uplink: Incoming<Envelope>,
    /// Messages for the core.
    pub downlink: Outgoing<Message>,
}

impl core::fmt::Debug for Mailboxes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mailboxes")
    }
}

/// What a connection works with.
pub(crate) struct Work<'w, G> {
    pub(crate) configuration: &'w Configuration,
    pub(crate) shown: &'w Shown,
    pub(crate) ports: &'static Ports,
    pub(crate) machine: &'w RefCell<Machine>,
    pub(crate) mqtt: &'w mut Client,
    pub(crate) mailboxes: &'w mut Mailboxes,
    pub(crate) random: &'w mut G,
    pub(crate) buffers: &'w mut Buffers,
}

pub(crate) fn elapsed() -> core::time::Duration {
    core::time::Duration::from_millis(Instant::now().as_millis())
}

/// How long it is until a time of [`elapsed`].
fn remaining(until: core::time::Duration) -> Duration {
    Duration::from_millis(until.saturating_sub(elapsed()).as_millis() as u64)
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was lost.
    Lost(Loss),
    /// We said goodbye.
    Left,
}

impl From<Loss> for End {
    fn from(loss: Loss) -> Self {
        Self::Lost(loss)
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
        let us = (configuration, &shown.credentials);
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
    let talk = talk(Pipes { inward: &inward, outward: &outward }, us, ports, machine, mqtt, mailboxes, &stage);
    let pumps = select3(fill(&mut from_server, &inward), drain(&outward, &mut to_server), talk);
    match pumps.await {
        Either3::First(error) | Either3::Second(error) => broken(error, stage.get()),
        Either3::Third(end) => end,
    }
}

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The handshake is over; nothing of MQTT was answered.
    Opened,
    /// CONNACK came.
    Accepted,
    /// We have said goodbye.
    Leaving,
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

/// MQTT's ends of both pipes; every call may be given up.
#[derive(Debug, Clone, Copy)]
struct Pipes<'p> {
    inward: &'p Pipe<NoopRawMutex, PIPE_IN>,
    outward: &'p Pipe<NoopRawMutex, PIPE_OUT>,
}

/// Speaks MQTT until the connection ends.
async fn talk(
    Pipes { inward, outward }: Pipes<'_>,
    (configuration, shown): (&Configuration, &Shown),
    ports: &'static Ports,
    machine: &RefCell<Machine>,
    mqtt: &mut Client,
    mailboxes: &mut Mailboxes,
    stage: &Cell<Stage>,
) -> End {
    let (up, down) = (topics::up(&configuration.device), topics::down(&configuration.device));
    outward.write_all(&mqtt.connect(configuration.device.as_str(), elapsed())).await;
    let mut bytes = [0; 128];
    let mut sent = false;
    loop {
        machine.borrow_mut().awaiting_receipt(elapsed(), sent && ports.waiting() > 0);
        let room = mqtt.has_room();
        let envelope = async { if room { mailboxes.uplink.receive().await } else { core::future::pending().await } };
        let due = Timer::after(remaining(mqtt.deadline()));
        match select4(envelope, inward.read(&mut bytes), due, ports.lead.end(shown)).await {
            Either4::First(envelope) => {
                // The core takes it for sent; what found no room goes again after this connection.
                let Some(packet) = mqtt.publish(&up, envelope, elapsed()) else { return Loss::Broken.into() };
                outward.write_all(packet).await;
                machine.borrow_mut().published(elapsed());
                sent = true;
                mailboxes.uplink.receive_done();
            }
            Either4::Second(len) => {
                let mut rest = bytes.get(..len).unwrap_or_default();
                loop {
                    let acknowledgement = match mqtt.hear(&down, &mut rest) {
                        Err(loss) => return loss.into(),
                        Ok(None) => break,
                        Ok(Some(Heard::Accepted)) => {
                            stage.set(Stage::Accepted);
                            let mut place = 0_usize;
                            while let Some(packet) = mqtt.again(place) {
                                outward.write_all(packet).await;
                                place = place.saturating_add(1);
                            }
                            Some(mqtt.subscribe(&down))
                        }
                        Ok(Some(Heard::Subscribed)) => {
                            machine.borrow_mut().subscribed(elapsed());
                            for _ in 0..mqtt.under_way() {
                                machine.borrow_mut().published(elapsed());
                            }
                            ports.inputs.send(Input::LinkUp(shown.which)).await;
                            None
                        }
                        Ok(Some(Heard::Message(payload, acknowledgement))) => {
                            hand_over(payload, &mut mailboxes.downlink, machine).await;
                            acknowledgement
                        }
                        Ok(Some(Heard::Acknowledged)) => {
                            machine.borrow_mut().acknowledged(elapsed());
                            None
                        }
                        Ok(Some(Heard::Nothing)) => None,
                    };
                    outward.write_all(&acknowledgement.unwrap_or_default()).await;
                }
            }
            Either4::Third(()) => match mqtt.due(elapsed()) {
                Ok(packet) => outward.write_all(&packet.unwrap_or_default()).await,
                Err(loss) => return loss.into(),
            },
            Either4::Fourth(()) => {
                stage.set(Stage::Leaving);
                outward.write_all(&Client::goodbye()).await;
                // The server closes on it, which ends all of this sooner.
                Timer::after(FAREWELL).await;
                return End::Left;
            }
        }
    }
}

/// Hands a message to the core and waits until it was taken; only then it is acknowledged.
async fn hand_over(payload: &[u8], downlink: &mut Outgoing<Message>, machine: &RefCell<Machine>) {
    let place = downlink.send().await;
    place.clear();
    if place.extend_from_slice(payload).is_err() {
        // Longer than any message: it decodes to nothing, and the core counts that.
        place.clear();
    }
    downlink.send_done();
    // The only place is free again when the core is done with it.
    downlink.send().await;
    if has_receipt(payload) {
        machine.borrow_mut().receipt(elapsed());
    }
}

fn has_receipt(payload: &[u8]) -> bool {
    Downlink::parts(payload).is_ok_and(|mut parts| parts.any(|part| matches!(part, Part::Receipt(_))))
}
