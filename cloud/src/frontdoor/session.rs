//! One connected device: a single task that reads, writes, acknowledges and watches the time.
//!
//! Nothing in the loop waits for the peer to read: what goes out is appended to a buffer that drains beside everything else.
//! Invariant: acknowledgements leave in the order of the publishes, each after its commit.

use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use metrics::counter;
use milepost_protocol::{DeviceId, topics};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{broadcast, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::Close;
use super::codec::{Granted, Incoming, Outgoing as Packet, Publish, Wire};
use super::connect::Accepted;
use super::door::Door;
use super::outgoing::Outgoing;
use super::rate::Bucket;
use super::registry::{Attached, Push, Tapped};
use super::tls::Peer;
use crate::clock::timer_now;
use crate::events::{Connected, Disconnected, Unsent};
use crate::ingest::Ack;
use crate::pki::Role;
use crate::store::Store as _;

/// While so much waits to be read by the peer, nothing more is taken from it, in bytes.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// How long the last bytes may take to get out.
const FAREWELL: Duration = Duration::from_secs(1);

/// Far enough away to mean never.
const NEVER: Duration = Duration::from_hours(24);

/// Serves one accepted connection to its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Send>(stream: S, accepted: Accepted, peer: Peer, door: &Door) {
    let attached = match peer.role {
        Role::Device => door.registry.attach(&peer.device, &peer.serial),
        Role::Tap | Role::Claim => door.registry.attach_other(&peer.serial),
    };
    let device = accepted.client;
    Connected { device: &device, version: accepted.version }.emit();
    let now = timer_now();
    let (reader, writer) = tokio::io::split(stream);
    let session = Session {
        door,
        up: topics::up(&device).as_str().to_owned(),
        down: topics::down(&device).as_str().to_owned(),
        device: device.clone(),
        peer,
        version: accepted.version,
        wire: accepted.wire,
        reader,
        writer,
        input: accepted.input,
        output: BytesMut::new(),
        unflushed: false,
        pending: VecDeque::new(),
        outgoing: Outgoing::new(accepted.receive_maximum),
        bucket: Bucket::new(door.settings.publishes_per_s, door.settings.publish_burst, now),
        paused_until: None,
        keep_alive: accepted.keep_alive,
        heard: now,
        stalled: None,
        drained_by: None,
        taps: None,
        claim_listens: false,
    };
    let reason = session.run(attached).await.reason();
    Disconnected { device: &device, reason }.emit();
}

/// A publish whose commit is awaited.
pub(super) struct Pending {
    /// What to acknowledge; a publish with quality of service 0 has none.
    pub(super) packet_id: Option<NonZeroU16>,
    pub(super) bytes: Bytes,
    pub(super) ack: oneshot::Receiver<Ack>,
}

pub(super) struct Session<'d, S> {
    pub(super) door: &'d Door,
    pub(super) peer: Peer,
    /// The client id.
    pub(super) device: DeviceId,
    up: String,
    down: String,
    version: u8,
    wire: Wire,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    input: BytesMut,
    output: BytesMut,
    unflushed: bool,
    pub(super) pending: VecDeque<Pending>,
    outgoing: Outgoing,
    bucket: Bucket,
    paused_until: Option<Instant>,
    keep_alive: Option<Duration>,
    /// When the peer was last heard.
    heard: Instant,
    /// Since when the peer has read nothing of what waits.
    stalled: Option<Instant>,
    /// When a shutdown stops waiting for commits.
    drained_by: Option<Instant>,
    taps: Option<broadcast::Receiver<Tapped>>,
    /// Whether a claim has subscribed to its answer.
    pub(super) claim_listens: bool,
}

/// What woke the loop.
enum Event {
    Kick(Close),
    Drain,
    Ack(Result<Ack, oneshot::error::RecvError>),
    Written(std::io::Result<usize>),
    Flushed(std::io::Result<()>),
    Push(Option<Push>),
    Tap(Result<Tapped, broadcast::error::RecvError>),
    Read(std::io::Result<usize>),
    Time,
}

impl<S: AsyncRead + AsyncWrite + Send> Session<'_, S> {
    async fn run(mut self, mut attached: Attached) -> Close {
        // A certificate may have been revoked since the listener looked; whoever revokes it from now on finds this session in the registry.
        let why = if self.door.standing.refuses(&self.peer.serial) {
            Close::Revoked
        } else {
            match self.turns(&mut attached).await {
                Ok(never) => match never {},
                Err(why) => why,
            }
        };
        drop(attached);
        self.part(why).await;
        why
    }

    async fn turns(&mut self, attached: &mut Attached) -> Result<std::convert::Infallible, Close> {
        let timer = sleep_until(timer_now() + NEVER);
        tokio::pin!(timer);
        loop {
            while self.may_take()
                && let Some(packet) = self.wire.decode(&mut self.input)?
            {
                self.take(packet, attached).await?;
            }
            self.fill().await;
            let drained = self.pending.is_empty() && self.output.is_empty() && !self.unflushed;
            if self.drained_by.is_some() && drained {
                return Err(Close::ShuttingDown);
            }
            // Re-armed only when something is due earlier, and after it fired: not with every packet.
            let due = self.next_deadline();
            if due < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(due);
            }
            let may_read = self.may_take();
            let event = tokio::select! {
                biased;
                // First, so that a PUBACK leaves before the receipt of the same commit.
                ack = committed(&mut self.pending) => Event::Ack(ack),
                event = from_outside(attached) => event,
                () = self.door.drain.cancelled(), if self.drained_by.is_none() => Event::Drain,
                event = put_out(&mut self.writer, &mut self.output, self.unflushed) => event,
                tapped = tapped(&mut self.taps), if self.output.len() < OUTPUT_LIMIT => Event::Tap(tapped),
                result = self.reader.read_buf(&mut self.input), if may_read => Event::Read(result),
                () = &mut timer => Event::Time,
            };
            self.react(event)?;
        }
    }

    fn react(&mut self, event: Event) -> Result<(), Close> {
        match event {
            Event::Kick(why) => return Err(why),
            Event::Drain => {
                self.drained_by = Some(timer_now() + Duration::from_millis(self.door.settings.drain_ms));
            }
            Event::Ack(ack) => self.acknowledge(ack)?,
            Event::Written(Ok(1..)) => {
                self.unflushed = true;
                self.stalled = Some(timer_now());
            }
            Event::Flushed(Ok(())) => {
                self.unflushed = false;
                self.stalled = None;
            }
            Event::Written(_) | Event::Flushed(Err(_)) | Event::Read(Err(_)) => return Err(Close::Broken),
            Event::Push(Some(Push::Receipt(bytes))) => self.send_once("receipt", bytes),
            Event::Push(Some(Push::Chunk(bytes))) => self.send_once("chunk", bytes),
            Event::Push(Some(Push::Wake)) => self.outgoing.wake(),
            Event::Push(None) => return Err(Close::TakenOver),
            Event::Tap(Ok(tapped)) => {
                let topic = topics::up(&tapped.device).as_str().to_owned();
                self.send(Packet::Publish { topic, packet_id: None, dup: false, payload: tapped.bytes });
            }
            Event::Tap(Err(broadcast::error::RecvError::Lagged(missed))) => {
                counter!("milepost_tap_missed_total").increment(missed);
            }
            Event::Tap(Err(broadcast::error::RecvError::Closed)) => self.taps = None,
            Event::Read(Ok(0)) => return Err(Close::PeerClosed),
            Event::Read(Ok(_)) => self.heard = timer_now(),
            Event::Time => self.check_time(timer_now())?,
        }
        Ok(())
    }

    /// Whether another packet may be taken now; whatever does not fit waits in the peer's TCP window.
    fn may_take(&self) -> bool {
        // Twice what a device may have under way, so that a ping behind a full window is still heard.
        let limit = 2 * usize::from(self.door.settings.receive_maximum);
        self.drained_by.is_none()
            && self.paused_until.is_none()
            && self.pending.len() < limit
            && self.output.len() < OUTPUT_LIMIT
    }

    fn next_deadline(&self) -> Instant {
        let write = Duration::from_millis(self.door.settings.write_timeout_ms);
        let keep_alive = self.keep_alive.map(|interval| self.heard + interval * 3 / 2);
        let stalled = self.stalled.map(|since| since + write);
        [keep_alive, stalled, self.paused_until, self.drained_by]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or_else(|| timer_now() + NEVER)
    }

    fn check_time(&mut self, now: Instant) -> Result<(), Close> {
        let write = Duration::from_millis(self.door.settings.write_timeout_ms);
        if self.stalled.is_some_and(|since| now >= since + write) {
            return Err(Close::SlowReader);
        }
        if self.drained_by.is_some_and(|by| now >= by) {
            return Err(Close::ShuttingDown);
        }
        if !self.may_take() {
            // We are the ones who do not listen, so silence says nothing about the peer.
            self.heard = now;
        }
        if self.paused_until.is_some_and(|until| now >= until) {
            self.paused_until = None;
            self.heard = now;
        }
        if self.keep_alive.is_some_and(|interval| now >= self.heard + interval * 3 / 2) {
            return Err(Close::KeepAlive);
        }
        Ok(())
    }

    async fn take(&mut self, packet: Incoming, attached: &mut Attached) -> Result<(), Close> {
        match packet {
            Incoming::Publish(publish) => self.publish(publish, attached).await?,
            Incoming::PubAck(packet_id) => {
                if let Some(number) = self.outgoing.done(packet_id) {
                    self.door.committer.delivered(self.peer.device.clone(), number).await;
                } else {
                    counter!("milepost_stray_pubacks_total").increment(1);
                }
            }
            Incoming::Subscribe { has_id: true, .. } => return Err(Close::SubscriptionId),
            Incoming::Subscribe { packet_id, filters, has_id: false } => {
                let granted = filters.iter().map(|(filter, qos)| self.subscribe(filter, *qos)).collect();
                self.send(Packet::SubAck { packet_id, granted });
            }
            Incoming::Unsubscribe { packet_id, filters } => {
                let existed = filters.iter().map(|filter| self.unsubscribe(filter)).collect();
                self.send(Packet::UnsubAck { packet_id, existed });
            }
            Incoming::Ping => {
                self.send(Packet::Pong);
            }
            Incoming::Disconnect => return Err(Close::Goodbye),
            Incoming::Connect(_) | Incoming::Misplaced => return Err(Close::Protocol),
        }
        Ok(())
    }

    async fn publish(&mut self, publish: Publish, attached: &mut Attached) -> Result<(), Close> {
        if publish.has_alias {
            return Err(Close::TopicAlias);
        }
        if publish.qos > 1 {
            return Err(Close::Qos2);
        }
        if publish.retain {
            return Err(Close::Retain);
        }
        if self.peer.role == Role::Tap || publish.topic != self.up {
            return Err(Close::ForeignTopic);
        }
        let unacknowledged = self.pending.iter().filter(|pending| pending.packet_id.is_some()).count();
        if self.version == 5 && publish.qos == 1 && unacknowledged >= usize::from(self.door.settings.receive_maximum) {
            return Err(Close::ReceiveMaximum);
        }
        let qos = if publish.qos == 0 { "0" } else { "1" };
        counter!("milepost_publishes_total", "qos" => qos).increment(1);
        counter!("milepost_publish_bytes_total").increment(publish.payload.len() as u64);
        if let Some(pause) = self.bucket.take(timer_now()) {
            counter!("milepost_publishes_delayed_total").increment(1);
            self.paused_until = Some(timer_now() + pause);
        }
        if self.peer.role == Role::Claim {
            return self.claim(publish, attached);
        }
        let submit = self.door.committer.envelope(self.peer.device.clone(), publish.payload.clone());
        let ack = tokio::select! {
            biased;
            why = kicked(attached) => return Err(why),
            ack = submit => ack.ok_or(Close::ShuttingDown)?,
        };
        self.pending.push_back(Pending { packet_id: publish.packet_id, bytes: publish.payload, ack });
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "the answer is used up here")]
    fn acknowledge(&mut self, ack: Result<Ack, oneshot::error::RecvError>) -> Result<(), Close> {
        let Some(pending) = self.pending.pop_front() else { return Ok(()) };
        match ack {
            Ok(Ack::Committed) => {
                if self.peer.role == Role::Device {
                    self.door.registry.tap(&self.peer.device, &pending.bytes);
                }
                if let Some(packet_id) = pending.packet_id {
                    self.send(Packet::PubAck(packet_id));
                }
                Ok(())
            }
            Ok(Ack::Full) => Err(Close::StoreFull),
            Ok(Ack::Failed) => Err(Close::StoreFailed),
            Err(_) => Err(Close::ShuttingDown),
        }
    }

    fn subscribe(&mut self, filter: &str, qos: u8) -> Granted {
        match self.peer.role {
            Role::Device if filter == self.down => {
                self.outgoing.subscribe();
                return Granted::Qos(qos.min(1));
            }
            Role::Tap if filter == topics::TAP_FILTER => {
                self.taps = Some(self.door.registry.taps());
                return Granted::Qos(0);
            }
            Role::Claim if filter == self.down => {
                self.claim_listens = true;
                return Granted::Qos(0);
            }
            Role::Device | Role::Tap | Role::Claim => {}
        }
        counter!("milepost_subscriptions_refused_total").increment(1);
        if filter.starts_with("$share/") {
            Granted::NoSharing
        } else if filter.contains(['+', '#']) && self.peer.role != Role::Tap {
            Granted::NoWildcards
        } else {
            Granted::NotAuthorized
        }
    }

    fn unsubscribe(&mut self, filter: &str) -> bool {
        match self.peer.role {
            Role::Device if filter == self.down => self.outgoing.unsubscribe(),
            Role::Tap if filter == topics::TAP_FILTER => self.taps.take().is_some(),
            Role::Claim if filter == self.down => std::mem::take(&mut self.claim_listens),
            Role::Device | Role::Tap | Role::Claim => false,
        }
    }

    fn send_once(&mut self, kind: &'static str, payload: Bytes) {
        let device = &self.device;
        if !self.outgoing.is_subscribed() && !self.claim_listens {
            Unsent { device, kind, reason: "not_subscribed" }.emit();
            return;
        }
        let topic = self.down.clone();
        self.send(Packet::Publish { topic, packet_id: None, dup: false, payload });
    }

    /// Moves messages from the outbox into the buffer, as many as the peer takes.
    async fn fill(&mut self) {
        while self.output.len() < OUTPUT_LIMIT
            && let Some((next, room)) = self.outgoing.wanted()
        {
            let device = &self.peer.device;
            let rows = match self.door.store.messages(device, next, room).await {
                Ok(rows) => rows,
                Err(error) => {
                    Unsent { device, kind: "message", reason: error.reason() }.emit();
                    self.outgoing.exhausted();
                    return;
                }
            };
            if rows.len() < room {
                self.outgoing.exhausted();
            }
            for row in rows {
                let packet_id = self.outgoing.send(row.number);
                counter!("milepost_messages_sent_total").increment(1);
                let topic = self.down.clone();
                let packet = Packet::Publish { topic, packet_id: Some(packet_id), dup: false, payload: row.bytes };
                if !self.send(packet) {
                    // It stays in the outbox for a connection that takes larger packets.
                    self.outgoing.done(packet_id);
                }
            }
        }
    }

    fn send(&mut self, packet: Packet) -> bool {
        let sent = self.wire.encode(packet, &mut self.output);
        if sent {
            self.stalled.get_or_insert_with(timer_now);
        } else {
            Unsent { device: &self.peer.device, kind: "packet", reason: "too_large" }.emit();
        }
        sent
    }

    /// Says why, as far as the version knows words for it, and closes.
    async fn part(mut self, why: Close) {
        if matches!(why, Close::PeerClosed | Close::Broken) {
            return;
        }
        self.wire.encode(Packet::Disconnect(why), &mut self.output);
        let farewell = async {
            self.writer.write_all(&self.output).await?;
            self.writer.shutdown().await
        };
        // Whoever does not read now misses only the reason.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

/// Writes what waits, then flushes what was written.
async fn put_out<W: AsyncWrite + Unpin>(writer: &mut W, output: &mut BytesMut, unflushed: bool) -> Event {
    if !output.is_empty() {
        Event::Written(writer.write_buf(output).await)
    } else if unflushed {
        Event::Flushed(writer.flush().await)
    } else {
        std::future::pending().await
    }
}

async fn from_outside(attached: &mut Attached) -> Event {
    tokio::select! {
        biased;
        why = &mut attached.kick => Event::Kick(why.unwrap_or(Close::TakenOver)),
        push = attached.pushes.recv() => Event::Push(push),
    }
}

async fn kicked(attached: &mut Attached) -> Close {
    (&mut attached.kick).await.unwrap_or(Close::TakenOver)
}

async fn committed(pending: &mut VecDeque<Pending>) -> Result<Ack, oneshot::error::RecvError> {
    match pending.front_mut() {
        Some(front) => (&mut front.ack).await,
        None => std::future::pending().await,
    }
}

async fn tapped(taps: &mut Option<broadcast::Receiver<Tapped>>) -> Result<Tapped, broadcast::error::RecvError> {
    match taps {
        Some(taps) => taps.recv().await,
        None => std::future::pending().await,
    }
}
