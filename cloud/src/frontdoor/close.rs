//! Why a session ends, for the peer and for the counters.

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The peer said goodbye.
    Goodbye,
    /// The peer's bytes ended.
    PeerClosed,
    /// The connection broke.
    Broken,
    /// The same device connected anew.
    TakenOver,
    /// The device's certificate was revoked.
    Revoked,
    /// The service is shutting down.
    ShuttingDown,
    /// Nothing came for one and a half keep-alive intervals.
    KeepAlive,
    /// The peer does not read what we send.
    SlowReader,
    /// The bytes are no MQTT.
    Malformed,
    /// The packet is larger than allowed.
    TooLarge,
    /// A packet that has no place here, such as a second CONNECT.
    Protocol,
    /// A publish to a topic that is not the device's own, or from a tap.
    ForeignTopic,
    /// A publish with quality of service 2.
    Qos2,
    /// A publish that asks to be retained.
    Retain,
    /// A publish with a topic alias.
    TopicAlias,
    /// A subscription with an identifier.
    SubscriptionId,
    /// More unacknowledged publishes than granted.
    ReceiveMaximum,
    /// A claim was used for something else than asking for a certificate.
    ClaimMisuse,
    /// The disk has too little room for commits.
    StoreFull,
    /// The store failed.
    StoreFailed,
}

impl Close {
    /// A short name for counters.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::PeerClosed => "peer_closed",
            Self::Broken => "broken",
            Self::TakenOver => "taken_over",
            Self::Revoked => "revoked",
            Self::ShuttingDown => "shutting_down",
            Self::KeepAlive => "keep_alive",
            Self::SlowReader => "slow_reader",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::ForeignTopic => "foreign_topic",
            Self::Qos2 => "qos2",
            Self::Retain => "retain",
            Self::TopicAlias => "topic_alias",
            Self::SubscriptionId => "subscription_id",
            Self::ReceiveMaximum => "receive_maximum",
            Self::ClaimMisuse => "claim_misuse",
            Self::StoreFull => "store_full",
            Self::StoreFailed => "store_failed",
        }
    }

    /// The reason code of MQTT 5, section 3.14.2.1; `None` where the peer is gone or cannot be told.
    pub(super) fn code(self) -> Option<u8> {
        Some(match self {
            Self::Goodbye | Self::PeerClosed | Self::Broken | Self::SlowReader => return None,
            Self::Malformed => 0x81,
            Self::Protocol => 0x82,
            Self::StoreFailed => 0x83,
            Self::ForeignTopic | Self::ClaimMisuse => 0x87,
            Self::ShuttingDown => 0x8B,
            Self::KeepAlive => 0x8D,
            Self::TakenOver => 0x8E,
            Self::ReceiveMaximum => 0x93,
            Self::TopicAlias => 0x94,
            Self::TooLarge => 0x95,
            Self::StoreFull => 0x97,
            Self::Revoked => 0x98,
            Self::Retain => 0x9A,
            Self::Qos2 => 0x9B,
            Self::SubscriptionId => 0xA1,
        })
    }
}
