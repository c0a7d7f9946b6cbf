//! The only module that knows the MQTT client library.
//!
//! Invariant: the spawned task does nothing but poll and report, and ends with the first error; it never reconnects.

use std::collections::VecDeque;
use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, EventLoop, Incoming, MqttOptions, NetworkOptions, Outgoing, QoS,
    StateError, SubscribeReasonCode, TlsConfiguration, TlsError, Transport,
};
use rustls::{AlertDescription, ClientConfig};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::loss::Loss;
use super::session::WINDOW;

/// Larger than the window, the acknowledgements of a broker's window and the subscription together.
const REQUESTS: usize = 128;
const EVENTS: usize = 64;
const MAX_PACKET: usize = 8 * 1024;

/// Where and as whom to connect.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) keep_alive: Duration,
    pub(super) connect_timeout: Duration,
}

/// What happened on the connection.
#[derive(Debug)]
pub(super) enum Wire {
    Opened,
    Subscribed { granted: bool },
    Sent(u16),
    Acknowledged(u16),
    Message(Message),
    Lost(Loss),
}

/// A message for the device, to be acknowledged once it is durable.
#[derive(Debug)]
pub struct Message {
    publish: rumqttc::Publish,
}

impl Message {
    /// The bytes.
    pub fn payload(&self) -> &[u8] {
        &self.publish.payload
    }

    pub(super) fn topic(&self) -> &str {
        &self.publish.topic
    }
}

/// One connection, from its attempt to its end. Dropping it cuts it.
#[derive(Debug)]
pub(super) struct Client {
    requests: AsyncClient,
    events: mpsc::Receiver<Wire>,
    poll: JoinHandle<()>,
    /// Tickets of publishes that the event loop has not numbered yet, in order.
    queued: VecDeque<u64>,
    /// Tickets by packet id.
    numbered: Vec<(u16, u64)>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.poll.abort();
    }
}

impl Client {
    pub(super) fn connect(target: &Target) -> Self {
        let mut options = MqttOptions::new(target.client_id.clone(), target.host.clone(), target.port);
        options
            .set_keep_alive(target.keep_alive)
            .set_clean_session(false)
            .set_manual_acks(true)
            .set_inflight(WINDOW)
            .set_max_packet_size(MAX_PACKET, MAX_PACKET);
        if let Some(tls) = &target.tls {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())));
        }
        let (requests, mut event_loop) = AsyncClient::new(options, REQUESTS);
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(target.connect_timeout.as_secs().max(1));
        network.set_tcp_nodelay(true);
        event_loop.set_network_options(network);
        let (report, events) = mpsc::channel(EVENTS);
        let poll = tokio::spawn(poll(event_loop, report));
        Self { requests, events, poll, queued: VecDeque::new(), numbered: Vec::new() }
    }

    /// The next thing that happened; `None` after a loss was reported. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Wire> {
        self.events.recv().await
    }

    pub(super) fn subscribe(&self, topic: &str) -> bool {
        self.requests.try_subscribe(topic, QoS::AtLeastOnce).is_ok()
    }

    pub(super) fn publish(&mut self, topic: &str, payload: &[u8], ticket: u64) -> bool {
        let accepted = self.requests.try_publish(topic, QoS::AtLeastOnce, false, payload).is_ok();
        if accepted {
            self.queued.push_back(ticket);
        }
        accepted
    }

    pub(super) fn acknowledge(&self, message: &Message) -> bool {
        message.publish.qos == QoS::AtMostOnce || self.requests.try_ack(&message.publish).is_ok()
    }

    /// The event loop numbered the oldest queued publish.
    pub(super) fn numbered(&mut self, packet_id: u16) {
        if let Some(ticket) = self.queued.pop_front() {
            self.numbered.push((packet_id, ticket));
        }
    }

    /// The ticket of the publish that a PUBACK names.
    pub(super) fn acknowledged(&mut self, packet_id: u16) -> Option<u64> {
        let at = self.numbered.iter().position(|&(id, _)| id == packet_id)?;
        Some(self.numbered.swap_remove(at).1)
    }

    /// Says goodbye and waits until the connection is closed, at most a second.
    pub(super) async fn close(mut self) {
        if self.requests.try_disconnect().is_ok() {
            let drained = async { while self.events.recv().await.is_some() {} };
            // A peer that does not close in time is cut by dropping the connection.
            let _ = tokio::time::timeout(Duration::from_secs(1), drained).await;
        }
    }
}

async fn poll(mut event_loop: EventLoop, report: mpsc::Sender<Wire>) {
    let mut opened = false;
    loop {
        let event = match event_loop.poll().await {
            Ok(rumqttc::Event::Incoming(Incoming::ConnAck(_))) => {
                opened = true;
                Wire::Opened
            }
            Ok(rumqttc::Event::Incoming(Incoming::SubAck(ack))) => Wire::Subscribed {
                granted: ack.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))),
            },
            Ok(rumqttc::Event::Incoming(Incoming::PubAck(ack))) => Wire::Acknowledged(ack.pkid),
            Ok(rumqttc::Event::Incoming(Incoming::Publish(publish))) => Wire::Message(Message { publish }),
            Ok(rumqttc::Event::Outgoing(Outgoing::Publish(packet_id))) => Wire::Sent(packet_id),
            Ok(rumqttc::Event::Outgoing(Outgoing::Disconnect)) => return,
            Ok(_) => continue,
            Err(error) => {
                // A host that is gone does not need the news.
                let _ = report.send(Wire::Lost(classify(&error, opened))).await;
                return;
            }
        };
        if report.send(event).await.is_err() {
            return;
        }
    }
}

fn classify(error: &ConnectionError, opened: bool) -> Loss {
    if let Some(tls) = find_tls(error) {
        return match tls {
            rustls::Error::InvalidCertificate(_) => Loss::Untrusted(tls.to_string()),
            rustls::Error::AlertReceived(alert) if is_refusal(*alert) => Loss::Refused(tls.to_string()),
            _ if opened => Loss::Broken(tls.to_string()),
            _ => Loss::Unreachable(tls.to_string()),
        };
    }
    match error {
        ConnectionError::ConnectionRefused(
            code @ (ConnectReturnCode::BadClientId
            | ConnectReturnCode::BadUserNamePassword
            | ConnectReturnCode::NotAuthorized),
        ) => Loss::Refused(format!("{code:?}")),
        _ if opened => Loss::Broken(error.to_string()),
        ConnectionError::MqttState(state) if closed(state) => Loss::ClosedEarly,
        _ => Loss::Unreachable(error.to_string()),
    }
}

/// Whether a state error before CONNACK means that the peer closed what had opened.
fn closed(error: &StateError) -> bool {
    matches!(
        error,
        StateError::ConnectionAborted
            | StateError::Io(_)
            | StateError::Deserialization(rumqttc::mqttbytes::Error::Io(_))
    )
}

fn is_refusal(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
    )
}

/// The TLS library's own error, which travels inside I/O errors.
fn find_tls(error: &ConnectionError) -> Option<&rustls::Error> {
    let io_error: &io::Error = match error {
        ConnectionError::Tls(TlsError::TLS(tls)) => return Some(tls),
        ConnectionError::Tls(TlsError::Io(io_error))
        | ConnectionError::Io(io_error)
        | ConnectionError::MqttState(
            StateError::Io(io_error) | StateError::Deserialization(rumqttc::mqttbytes::Error::Io(io_error)),
        ) => io_error,
        other => {
            let mut source = other.source();
            while let Some(inner) = source {
                if let Some(tls) = inner.downcast_ref() {
                    return Some(tls);
                }
                source = inner.source();
            }
            return None;
        }
    };
    io_error.get_ref()?.downcast_ref()
}
