//! The two MQTT topics of a device, and the one filter of a read-only tap.

use crate::ids::{DeviceId, MAX_DEVICE_ID_LEN};

/// Room for `v/{id}/up`.
pub const MAX_TOPIC_LEN: usize = MAX_DEVICE_ID_LEN + 5;

/// A topic of one device.
pub type Topic = heapless::String<MAX_TOPIC_LEN>;

/// The filter that an engineer's credential may subscribe to, read-only.
pub const TAP_FILTER: &str = "v/+/up";

/// Where a device publishes: `v/{id}/up`.
pub fn up(device: &DeviceId) -> Topic {
    build(device, "/up")
}

/// Where a device listens: `v/{id}/dn`.
pub fn down(device: &DeviceId) -> Topic {
    build(device, "/dn")
}

fn build(device: &DeviceId, end: &str) -> Topic {
    let mut topic = Topic::new();
    for part in ["v/", device.as_str(), end] {
        topic.push_str(part).expect("MAX_TOPIC_LEN has room for the longest device id");
    }
    topic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_device_id_fits_its_topics() {
        let id: DeviceId = "0123456789012345678901234567890123456789".parse().unwrap();
        assert_eq!(up(&id).as_str(), "v/0123456789012345678901234567890123456789/up");
        assert_eq!(down(&id).as_str(), "v/0123456789012345678901234567890123456789/dn");
    }
}
