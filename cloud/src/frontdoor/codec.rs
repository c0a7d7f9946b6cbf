//! MQTT on the wire, the two versions behind one view. The only module that knows the codec library.
//!
//! Invariant: whatever bytes come, decoding answers with a packet, a wish for more bytes or an error.

use std::num::NonZeroU16;

use bytes::{Bytes, BytesMut};
use rmqtt_codec::error::DecodeError;
use rmqtt_codec::types::{Publish as RawPublish, QoS};
use rmqtt_codec::version::{ProtocolVersion, VersionCodec};
use rmqtt_codec::{MqttCodec, MqttPacket, v3, v5};
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::Close;

/// CONNECT, as far as it matters here.
#[derive(Debug)]
pub(super) struct Connect {
    pub(super) version: u8,
    pub(super) client_id: String,
    pub(super) keep_alive_s: u16,
    pub(super) has_will: bool,
    pub(super) wants_authentication: bool,
    /// How many unacknowledged publishes the peer takes; MQTT 3.1.1 cannot say.
    pub(super) receive_maximum: u16,
}

/// PUBLISH from a peer.
#[derive(Debug)]
pub(super) struct Publish {
    pub(super) topic: String,
    pub(super) qos: u8,
    pub(super) retain: bool,
    pub(super) has_alias: bool,
    pub(super) packet_id: Option<NonZeroU16>,
    pub(super) payload: Bytes,
}

/// A packet from a peer.
#[derive(Debug)]
pub(super) enum Incoming {
    Connect(Connect),
    Publish(Publish),
    PubAck(NonZeroU16),
    Subscribe {
        packet_id: NonZeroU16,
        filters: Vec<(String, u8)>,
        has_id: bool,
    },
    Unsubscribe {
        packet_id: NonZeroU16,
        filters: Vec<String>,
    },
    Ping,
    Disconnect,
    /// A packet that a client does not send, or that has no place without quality of service 2.
    Misplaced,
}

/// What CONNACK says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Welcome {
    Accepted { receive_maximum: u16, max_packet_bytes: u32, keep_alive_s: Option<u16>, wildcards: bool },
    WrongClientId,
    WillRefused,
    AuthenticationRefused,
    StoreFull,
}

/// What became of one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Granted {
    Qos(u8),
    NotAuthorized,
    NoWildcards,
    NoSharing,
}

/// A packet to a peer.
#[derive(Debug)]
pub(super) enum Outgoing {
    ConnAck(Welcome),
    PubAck(NonZeroU16),
    Publish { topic: String, packet_id: Option<NonZeroU16>, dup: bool, payload: Bytes },
    SubAck { packet_id: NonZeroU16, granted: Vec<Granted> },
    UnsubAck { packet_id: NonZeroU16, existed: Vec<bool> },
    Pong,
    Disconnect(Close),
}

/// The encoder and decoder of one connection; the version follows from its CONNECT.
#[derive(Debug)]
pub(super) struct Wire {
    codec: MqttCodec,
    max_packet_bytes: u32,
}

impl Wire {
    pub(super) fn new(max_packet_bytes: u32) -> Self {
        Self { codec: MqttCodec::Version(VersionCodec), max_packet_bytes }
    }

    /// Takes one packet off the front of `bytes`; `None` if it is not whole yet.
    pub(super) fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Incoming>, Close> {
        loop {
            let Some((packet, _)) = self.codec.decode(bytes).map_err(|error| close(&error))? else { return Ok(None) };
            match packet {
                MqttPacket::Version(ProtocolVersion::MQTT3) => {
                    self.codec = MqttCodec::V3(v3::Codec::new(self.max_packet_bytes));
                }
                MqttPacket::Version(ProtocolVersion::MQTT5) => {
                    self.codec = MqttCodec::V5(v5::Codec::new(self.max_packet_bytes, 0));
                }
                MqttPacket::V3(packet) => return Ok(Some(from_v3(packet))),
                MqttPacket::V5(packet) => {
                    if let (v5::Packet::Connect(connect), MqttCodec::V5(codec)) = (&packet, &mut self.codec) {
                        codec.set_max_outbound_size(connect.max_packet_size.map_or(0, Into::into));
                    }
                    return Ok(Some(from_v5(packet)));
                }
            }
        }
    }

    /// Appends a packet to `bytes`; `false` if the version has no such packet or it is larger than the peer takes.
    pub(super) fn encode(&mut self, packet: Outgoing, bytes: &mut BytesMut) -> bool {
        match &mut self.codec {
            MqttCodec::V3(codec) => to_v3(packet).is_some_and(|packet| codec.encode(packet, bytes).is_ok()),
            MqttCodec::V5(codec) => to_v5(packet).is_some_and(|packet| codec.encode(packet, bytes).is_ok()),
            MqttCodec::Version(_) => false,
        }
    }
}

fn close(error: &DecodeError) -> Close {
    match error {
        DecodeError::MaxSizeExceeded { .. } => Close::TooLarge,
        _ => Close::Malformed,
    }
}

fn qos(qos: QoS) -> u8 {
    qos.value()
}

fn publish(publish: RawPublish) -> Incoming {
    Incoming::Publish(Publish {
        topic: publish.topic.to_string(),
        qos: qos(publish.qos),
        retain: publish.retain,
        has_alias: publish.properties.as_ref().is_some_and(|properties| properties.topic_alias.is_some()),
        packet_id: publish.packet_id,
        payload: publish.payload,
    })
}

fn from_v3(packet: v3::Packet) -> Incoming {
    match packet {
        v3::Packet::Connect(connect) => Incoming::Connect(Connect {
            version: 3,
            client_id: connect.client_id.to_string(),
            keep_alive_s: connect.keep_alive,
            has_will: connect.last_will.is_some(),
            wants_authentication: false,
            receive_maximum: u16::MAX,
        }),
        v3::Packet::Publish(packet) => publish(*packet),
        v3::Packet::PublishAck { packet_id } => Incoming::PubAck(packet_id),
        v3::Packet::Subscribe { packet_id, topic_filters } => Incoming::Subscribe {
            packet_id,
            filters: topic_filters.into_iter().map(|(filter, level)| (filter.to_string(), qos(level))).collect(),
            has_id: false,
        },
        v3::Packet::Unsubscribe { packet_id, topic_filters } => {
            Incoming::Unsubscribe { packet_id, filters: topic_filters.iter().map(ToString::to_string).collect() }
        }
        v3::Packet::PingRequest => Incoming::Ping,
        v3::Packet::Disconnect => Incoming::Disconnect,
        _ => Incoming::Misplaced,
    }
}

fn from_v5(packet: v5::Packet) -> Incoming {
    match packet {
        v5::Packet::Connect(connect) => Incoming::Connect(Connect {
            version: 5,
            client_id: connect.client_id.to_string(),
            keep_alive_s: connect.keep_alive,
            has_will: connect.last_will.is_some(),
            wants_authentication: connect.auth_method.is_some(),
            receive_maximum: connect.receive_max.map_or(u16::MAX, Into::into),
        }),
        v5::Packet::Publish(packet) => publish(*packet),
        v5::Packet::PublishAck(ack) => Incoming::PubAck(ack.packet_id),
        v5::Packet::Subscribe(subscribe) => Incoming::Subscribe {
            packet_id: subscribe.packet_id,
            filters: subscribe
                .topic_filters
                .into_iter()
                .map(|(filter, options)| (filter.to_string(), qos(options.qos)))
                .collect(),
            has_id: subscribe.id.is_some(),
        },
        v5::Packet::Unsubscribe(unsubscribe) => Incoming::Unsubscribe {
            packet_id: unsubscribe.packet_id,
            filters: unsubscribe.topic_filters.iter().map(ToString::to_string).collect(),
        },
        v5::Packet::PingRequest => Incoming::Ping,
        v5::Packet::Disconnect(_) => Incoming::Disconnect,
        _ => Incoming::Misplaced,
    }
}

fn raw_publish(topic: String, packet_id: Option<NonZeroU16>, dup: bool, payload: Bytes) -> Box<RawPublish> {
    let qos = if packet_id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    Box::new(RawPublish { dup, retain: false, qos, topic: topic.into(), packet_id, payload, properties: None })
}

fn to_v3(packet: Outgoing) -> Option<v3::Packet> {
    Some(match packet {
        Outgoing::ConnAck(welcome) => v3::Packet::ConnectAck(v3::ConnectAck {
            session_present: false,
            return_code: match welcome {
                Welcome::Accepted { .. } => v3::ConnectAckReason::ConnectionAccepted,
                Welcome::WrongClientId => v3::ConnectAckReason::IdentifierRejected,
                Welcome::WillRefused | Welcome::AuthenticationRefused => v3::ConnectAckReason::NotAuthorized,
                Welcome::StoreFull => v3::ConnectAckReason::ServiceUnavailable,
            },
        }),
        Outgoing::PubAck(packet_id) => v3::Packet::PublishAck { packet_id },
        Outgoing::Publish { topic, packet_id, dup, payload } => {
            v3::Packet::Publish(raw_publish(topic, packet_id, dup, payload))
        }
        Outgoing::SubAck { packet_id, granted } => v3::Packet::SubscribeAck {
            packet_id,
            status: granted
                .into_iter()
                .map(|granted| match granted {
                    Granted::Qos(0) => v3::SubscribeReturnCode::Success(QoS::AtMostOnce),
                    Granted::Qos(_) => v3::SubscribeReturnCode::Success(QoS::AtLeastOnce),
                    _ => v3::SubscribeReturnCode::Failure,
                })
                .collect(),
        },
        Outgoing::UnsubAck { packet_id, .. } => v3::Packet::UnsubscribeAck { packet_id },
        Outgoing::Pong => v3::Packet::PingResponse,
        // MQTT 3.1.1 has no DISCONNECT from the server: the connection just closes.
        Outgoing::Disconnect(_) => return None,
    })
}

fn to_v5(packet: Outgoing) -> Option<v5::Packet> {
    Some(match packet {
        Outgoing::ConnAck(welcome) => v5::Packet::ConnectAck(Box::new(v5_connack(welcome))),
        Outgoing::PubAck(packet_id) => v5::Packet::PublishAck(v5::PublishAck {
            packet_id,
            reason_code: v5::PublishAckReason::Success,
            properties: Vec::new(),
            reason_string: None,
        }),
        Outgoing::Publish { topic, packet_id, dup, payload } => {
            let mut packet = raw_publish(topic, packet_id, dup, payload);
            packet.properties = Some(v5::PublishProperties::default());
            v5::Packet::Publish(packet)
        }
        Outgoing::SubAck { packet_id, granted } => v5::Packet::SubscribeAck(v5::SubscribeAck {
            packet_id,
            properties: Vec::new(),
            reason_string: None,
            status: granted
                .into_iter()
                .map(|granted| match granted {
                    Granted::Qos(0) => v5::SubscribeAckReason::GrantedQos0,
                    Granted::Qos(_) => v5::SubscribeAckReason::GrantedQos1,
                    Granted::NotAuthorized => v5::SubscribeAckReason::NotAuthorized,
                    Granted::NoWildcards => v5::SubscribeAckReason::WildcardSubscriptionsNotSupported,
                    Granted::NoSharing => v5::SubscribeAckReason::SharedSubscriptionNotSupported,
                })
                .collect(),
        }),
        Outgoing::UnsubAck { packet_id, existed } => v5::Packet::UnsubscribeAck(v5::UnsubscribeAck {
            packet_id,
            properties: Vec::new(),
            reason_string: None,
            status: existed
                .into_iter()
                .map(|existed| {
                    if existed {
                        v5::UnsubscribeAckReason::Success
                    } else {
                        v5::UnsubscribeAckReason::NoSubscriptionExisted
                    }
                })
                .collect(),
        }),
        Outgoing::Pong => v5::Packet::PingResponse,
        Outgoing::Disconnect(why) => {
            let code = v5::DisconnectReasonCode::try_from(why.code()?).ok()?;
            v5::Packet::Disconnect(v5::Disconnect::new(code))
        }
    })
}

fn v5_connack(welcome: Welcome) -> v5::ConnectAck {
    let refused = |reason_code| v5::ConnectAck { reason_code, ..v5::ConnectAck::default() };
    match welcome {
        Welcome::Accepted { receive_maximum, max_packet_bytes, keep_alive_s, wildcards } => v5::ConnectAck {
            session_expiry_interval_secs: Some(0),
            receive_max: NonZeroU16::new(receive_maximum).unwrap_or(NonZeroU16::MIN),
            max_qos: QoS::AtLeastOnce,
            max_packet_size: Some(max_packet_bytes),
            retain_available: false,
            wildcard_subscription_available: wildcards,
            subscription_identifiers_available: false,
            shared_subscription_available: false,
            server_keepalive_sec: keep_alive_s,
            ..v5::ConnectAck::default()
        },
        Welcome::WrongClientId => refused(v5::ConnectAckReason::ClientIdentifierNotValid),
        Welcome::WillRefused => refused(v5::ConnectAckReason::NotAuthorized),
        Welcome::AuthenticationRefused => refused(v5::ConnectAckReason::BadAuthenticationMethod),
        Welcome::StoreFull => refused(v5::ConnectAckReason::QuotaExceeded),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONNECT_V3: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01d";
    const CONNECT_V5: &[u8] = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x01d";

    #[test]
    fn both_versions_are_told_apart_on_one_port() {
        for (bytes, version) in [(CONNECT_V3, 3), (CONNECT_V5, 5)] {
            let mut wire = Wire::new(4_096);
            let packet = wire.decode(&mut BytesMut::from(bytes)).unwrap().unwrap();
            assert!(matches!(packet, Incoming::Connect(connect) if connect.version == version));
        }
    }

    #[test]
    fn a_connect_that_comes_byte_by_byte_is_one_connect() {
        let mut wire = Wire::new(4_096);
        let mut bytes = BytesMut::new();
        for (at, byte) in CONNECT_V5.iter().enumerate() {
            bytes.extend_from_slice(&[*byte]);
            assert_eq!(wire.decode(&mut bytes).unwrap().is_some(), at + 1 == CONNECT_V5.len(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(v5: bool, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut wire = Wire::new(4_096);
            let mut buffer = BytesMut::from(if v5 { CONNECT_V5 } else { CONNECT_V3 });
            buffer.extend_from_slice(&bytes);
            while let Ok(Some(_)) = wire.decode(&mut buffer) {}
        }

        #[test]
        fn a_first_packet_of_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut wire = Wire::new(4_096);
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = wire.decode(&mut buffer) {}
        }

        #[test]
        fn packets_of_every_kind_with_any_body_never_panic(v5: bool, first: u8, body in proptest::collection::vec(any::<u8>(), 0..120)) {
            let mut wire = Wire::new(4_096);
            let mut buffer = BytesMut::from(if v5 { CONNECT_V5 } else { CONNECT_V3 });
            buffer.extend_from_slice(&[first, body.len() as u8]);
            buffer.extend_from_slice(&body);
            while let Ok(Some(_)) = wire.decode(&mut buffer) {}
        }
    }
}
