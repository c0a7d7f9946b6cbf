//! The link as its host sees it: one object that is polled, and never waits for its own poll task.
//!
//! Invariant: [`Link::next`] is safe to cancel, and every other call returns at once.

use std::sync::Arc;
use std::time::Duration;

use milepost_firmware::link::{Machine, Policy, State, Step};
use milepost_protocol::{DeviceId, topics};
use rustls::ClientConfig;

use super::client::{Client, Message, Target, Wire};
use super::loss::Loss;
use crate::clock::Clock;

/// The most publishes without PUBACK at any time.
pub const WINDOW: u16 = 16;

/// Where the cloud is and who this device is.
#[derive(Debug, Clone)]
pub struct Options {
    /// The device id, which is the client id and the topic level.
    pub device: DeviceId,
    /// The front door's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Mutual TLS; plain TCP without it, for brokers inside a test or a vehicle.
    pub tls: Option<Arc<ClientConfig>>,
    /// How often to ping an idle connection.
    pub keep_alive: Duration,
}

/// What the host has to react to.
#[derive(Debug)]
pub enum Event {
    /// The session stands; publishes may leave.
    Up,
    /// There is none any more; what has no receipt has to be sent again.
    Down(Loss),
    /// The publish with this ticket was acknowledged; the window has room.
    Acknowledged(u64),
    /// A message for the device; to be acknowledged when it is durable.
    Message(Message),
}

/// One device's uplink.
#[derive(Debug)]
pub struct Link {
    target: Target,
    up: topics::Topic,
    down: topics::Topic,
    clock: Clock,
    machine: Machine,
    client: Option<Client>,
    next_ticket: u64,
}

impl Link {
    /// A link that connects when it is first polled. `seed` makes its waits.
    pub fn new(options: Options, policy: Policy, clock: Clock, seed: u64) -> Self {
        let machine = Machine::new(policy, seed, clock.elapsed_ms());
        Self {
            up: topics::up(&options.device),
            down: topics::down(&options.device),
            target: Target {
                client_id: options.device.as_str().to_owned(),
                host: options.host,
                port: options.port,
                tls: options.tls,
                keep_alive: options.keep_alive,
                connect_timeout: Duration::from_millis(policy.connect_timeout_ms.into()),
            },
            clock,
            machine,
            client: None,
            next_ticket: 0,
        }
    }

    /// Where the link stands.
    pub fn state(&self) -> State {
        self.machine.state()
    }

    /// Whether a publish may leave now.
    pub fn has_room(&self) -> bool {
        self.machine.is_up() && self.machine.under_way() < WINDOW
    }

    /// Sends an envelope; its ticket comes back with the acknowledgement. `None` if there is no room.
    pub fn publish(&mut self, envelope: &[u8]) -> Option<u64> {
        if !self.has_room() {
            return None;
        }
        let ticket = self.next_ticket;
        self.client.as_mut()?.publish(&self.up, envelope, ticket).then(|| {
            self.next_ticket += 1;
            self.machine.published(self.clock.elapsed_ms());
            ticket
        })
    }

    /// Acknowledges a message that is durable, or that can never be used.
    pub fn acknowledge(&mut self, message: &Message) {
        if let Some(client) = &self.client
            && !client.acknowledge(message)
        {
            // The broker delivers again; the device takes a duplicate as harmless.
            tracing::warn!(topic = message.topic(), "acknowledgement did not leave");
        }
    }

    /// Whether sent records wait for a receipt.
    pub fn awaiting_receipt(&mut self, awaiting: bool) {
        self.machine.awaiting_receipt(self.clock.elapsed_ms(), awaiting);
    }

    /// A receipt arrived.
    pub fn receipt(&mut self) {
        self.machine.receipt(self.clock.elapsed_ms());
    }

    /// The next event, for ever: a lost link is built anew in here.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(step) = self.machine.step(self.clock.elapsed_ms()) {
                match step {
                    Step::Connect => self.client = Some(Client::connect(&self.target)),
                    Step::Abandon(stuck) => return self.lose(Loss::Stuck(stuck)),
                }
            }
            let deadline_ms = self.machine.deadline();
            let wait = deadline_ms.map(|at_ms| Duration::from_millis(at_ms.saturating_sub(self.clock.elapsed_ms())));
            let wire = tokio::select! {
                wire = next_of(self.client.as_mut()) => wire,
                () = sleep(wait) => continue,
            };
            let event = match wire {
                Some(wire) => self.handle(wire),
                None => Some(self.lose(Loss::Broken("the poll task ended".into()))),
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// Uses other credentials from the next connection on.
    pub fn set_tls(&mut self, tls: Arc<ClientConfig>) {
        self.target.tls = Some(tls);
    }

    /// Ends the connection, if there is one, so that the next one follows soon; the event is to be handled like any other.
    pub fn reconnect(&mut self) -> Option<Event> {
        self.client.is_some().then(|| self.lose(Loss::Broken("the credentials are to change".into())))
    }

    /// Drops the connection without a goodbye, as a device does that resets; the next attempt comes `after` it.
    pub fn restart(&mut self, after: Duration) {
        self.client = None;
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.machine.restart(self.clock.elapsed_ms().saturating_add(after_ms));
    }

    /// Says goodbye. What has no receipt stays in the device's flash.
    pub async fn close(mut self) {
        if let Some(client) = self.client.take() {
            client.close().await;
        }
    }

    fn handle(&mut self, wire: Wire) -> Option<Event> {
        let client = self.client.as_mut()?;
        match wire {
            Wire::Opened => {
                if client.subscribe(&self.down) {
                    None
                } else {
                    Some(self.lose(Loss::Broken("the subscription did not leave".into())))
                }
            }
            Wire::Subscribed { granted: true } => {
                self.machine.subscribed(self.clock.elapsed_ms());
                Some(Event::Up)
            }
            Wire::Subscribed { granted: false } => Some(self.lose(Loss::Refused("the subscription".into()))),
            Wire::Sent(packet_id) => {
                client.numbered(packet_id);
                None
            }
            Wire::Acknowledged(packet_id) => {
                let ticket = client.acknowledged(packet_id)?;
                self.machine.acknowledged(self.clock.elapsed_ms());
                Some(Event::Acknowledged(ticket))
            }
            Wire::Message(message) if message.topic() == self.down.as_str() => Some(Event::Message(message)),
            Wire::Message(message) => {
                tracing::warn!(topic = message.topic(), "message on a topic that is not ours");
                client.acknowledge(&message);
                None
            }
            Wire::Lost(loss) => Some(self.lose(loss)),
        }
    }

    fn lose(&mut self, loss: Loss) -> Event {
        self.client = None;
        self.machine.lost(self.clock.elapsed_ms(), loss.kind());
        Event::Down(loss)
    }
}

async fn next_of(client: Option<&mut Client>) -> Option<Wire> {
    match client {
        Some(client) => client.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
