//! The length of an MQTT PUBLISH packet of quality 0 (MQTT 3.1.1, section 3.3).

/// The bytes of the packet with this topic and so long a payload.
pub(crate) fn publish(topic: &str, payload: usize) -> usize {
    let remaining = 2 + topic.len() + payload;
    // Seven bits of the remaining length a byte.
    let digits = (remaining.max(1).ilog2() / 7 + 1) as usize;
    1 + digits + remaining
}
