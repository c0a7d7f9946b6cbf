//! One connection from its beginning to its end: MQTT between a stream of bytes and the mailboxes of the core.
//!
//! Invariant: a message is acknowledged only after the core has taken it.

#[cfg(not(feature = "tls"))]
mod plain;
#[cfg(feature = "tls")]
mod tls;

use core::cell::{Cell, RefCell};

use embassy_futures::select::{Either4, select4};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};
use milepost_firmware::link::{Loss, Machine};
use milepost_protocol::downlink::Part;
use milepost_protocol::{Downlink, topics};

use crate::Configuration;
use crate::lead::Shown;
use crate::mqtt::{Client, Heard};
use crate::ports::{Envelope, Incoming, Input, Message, Outgoing, Ports};

#[cfg(not(feature = "tls"))]
pub(crate) use plain::{Buffers, run};
#[cfg(feature = "tls")]
pub(crate) use tls::{Buffers, run};

/// How long the server may take to close after a goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

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

/// The link's clock: how long the board has run, in milliseconds.
pub(crate) fn elapsed_ms() -> u64 {
    Instant::now().as_millis()
}

/// How long it is until a time of [`elapsed_ms`].
fn remaining(until_ms: u64) -> Duration {
    Duration::from_millis(until_ms.saturating_sub(elapsed_ms()))
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

/// Speaks MQTT until the connection ends; `None` if the stream ends first.
///
/// A read may be given up at any moment, so none of `inward` may lose bytes when it is; a write never is.
async fn talk<R: Read, W: Write>(
    (mut inward, mut outward): (R, W),
    (configuration, shown): (&Configuration, &Shown),
    ports: &'static Ports,
    machine: &RefCell<Machine>,
    mqtt: &mut Client,
    mailboxes: &mut Mailboxes,
    stage: &Cell<Stage>,
) -> Option<End> {
    let (up, down) = (topics::up(&configuration.device), topics::down(&configuration.device));
    outward.write_all(&mqtt.connect(configuration.device.as_str(), elapsed_ms())).await.ok()?;
    let mut bytes = [0; 128];
    let mut sent = false;
    loop {
        machine.borrow_mut().awaiting_receipt(elapsed_ms(), sent && ports.waiting() > 0);
        let room = mqtt.has_room();
        let envelope = async { if room { mailboxes.uplink.receive().await } else { core::future::pending().await } };
        let due = Timer::after(remaining(mqtt.deadline()));
        match select4(envelope, inward.read(&mut bytes), due, ports.lead.end(shown)).await {
            Either4::First(envelope) => {
                // The core takes it for sent; what found no room goes again after this connection.
                let Some(packet) = mqtt.publish(&up, envelope, elapsed_ms()) else { return Some(Loss::Broken.into()) };
                outward.write_all(packet).await.ok()?;
                machine.borrow_mut().published(elapsed_ms());
                sent = true;
                mailboxes.uplink.receive_done();
            }
            Either4::Second(read) => {
                // Nothing comes behind the end of a stream.
                let len = read.ok().filter(|len| *len > 0)?;
                let mut rest = bytes.get(..len).unwrap_or_default();
                loop {
                    let acknowledgement = match mqtt.hear(&down, &mut rest) {
                        Err(loss) => return Some(loss.into()),
                        Ok(None) => break,
                        Ok(Some(Heard::Accepted)) => {
                            stage.set(Stage::Accepted);
                            let mut place = 0_usize;
                            while let Some(packet) = mqtt.again(place) {
                                outward.write_all(packet).await.ok()?;
                                place = place.saturating_add(1);
                            }
                            Some(mqtt.subscribe(&down))
                        }
                        Ok(Some(Heard::Subscribed)) => {
                            machine.borrow_mut().subscribed(elapsed_ms());
                            for _ in 0..mqtt.under_way() {
                                machine.borrow_mut().published(elapsed_ms());
                            }
                            ports.inputs.send(Input::LinkUp(shown.which)).await;
                            None
                        }
                        Ok(Some(Heard::Message(payload, acknowledgement))) => {
                            hand_over(payload, &mut mailboxes.downlink, machine).await;
                            acknowledgement
                        }
                        Ok(Some(Heard::Acknowledged)) => {
                            machine.borrow_mut().acknowledged(elapsed_ms());
                            None
                        }
                        Ok(Some(Heard::Nothing)) => None,
                    };
                    outward.write_all(&acknowledgement.unwrap_or_default()).await.ok()?;
                }
            }
            Either4::Third(()) => match mqtt.due(elapsed_ms()) {
                Ok(packet) => outward.write_all(&packet.unwrap_or_default()).await.ok()?,
                Err(loss) => return Some(loss.into()),
            },
            Either4::Fourth(()) => {
                stage.set(Stage::Leaving);
                outward.write_all(&Client::goodbye()).await.ok()?;
                // The server closes on it, which ends all of this sooner.
                Timer::after(FAREWELL).await;
                return Some(End::Left);
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
        machine.borrow_mut().receipt(elapsed_ms());
    }
}

fn has_receipt(payload: &[u8]) -> bool {
    Downlink::parts(payload).is_ok_and(|mut parts| parts.any(|part| matches!(part, Part::Receipt(_))))
}
