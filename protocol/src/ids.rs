//! Identities: of a device, of a record, of a notice.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::plan::{ItemId, Level};

/// The longest device id, in bytes.
pub const MAX_DEVICE_ID_LEN: usize = 40;

/// An opaque device id: 1 to 40 characters of `[A-Za-z0-9_-]`, never the VIN.
///
/// It is the common name of the client certificate, the MQTT client id and a topic level, hence the narrow alphabet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DeviceId(heapless::String<MAX_DEVICE_ID_LEN>);

/// Why a text is no [`DeviceId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceIdError {
    /// The text is empty.
    Empty,
    /// The text is longer than [`MAX_DEVICE_ID_LEN`].
    TooLong,
    /// The character at this byte offset is outside `[A-Za-z0-9_-]`.
    Character(usize),
}

impl fmt::Display for DeviceIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("device id is empty"),
            Self::TooLong => write!(f, "device id is longer than {MAX_DEVICE_ID_LEN} bytes"),
            Self::Character(at) => write!(f, "device id has a character outside [A-Za-z0-9_-] at byte {at}"),
        }
    }
}

impl core::error::Error for DeviceIdError {}

impl DeviceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceId {
    type Err = DeviceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(DeviceIdError::Empty);
        }
        if let Some(at) = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-')) {
            return Err(DeviceIdError::Character(at));
        }
        heapless::String::try_from(text).map(Self).map_err(|_| DeviceIdError::TooLong)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        heapless::String::<MAX_DEVICE_ID_LEN>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({})", self.0)
    }
}

/// A record's identity within its device, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId {
    /// How often the device had started when it made the record; the first start is 1.
    pub boot: u32,
    /// The record's number within that boot, from 0, without holes.
    pub number: u32,
}

/// One notice's identity within its vehicle, the same on every surface.
///
/// A reminder's id follows from (item, cycle, level) alone, so that the car and the cloud name it alike without having met.
/// From the top: 8 bits of kind, 16 bits of item or offer, 32 bits of cycle or serial, 8 bits of level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeId(pub u64);

impl NoticeId {
    const REMINDER: u64 = 1;
    const OFFER: u64 = 2;
    const INFORMATION: u64 = 3;

    /// The notice of a service item that reached `level` in its `cycle`.
    pub fn reminder(item: ItemId, cycle: u32, level: Level) -> Self {
        Self::pack(Self::REMINDER, item.0, cycle, level as u8)
    }

    /// The `serial`-th presentation of an offer to this vehicle.
    pub fn offer(offer: u16, serial: u32) -> Self {
        Self::pack(Self::OFFER, offer, serial, 0)
    }

    /// A piece of information, numbered by the cloud.
    pub fn information(serial: u32) -> Self {
        Self::pack(Self::INFORMATION, 0, serial, 0)
    }

    /// The service item, cycle and level of a reminder; `None` for other kinds.
    pub fn as_reminder(self) -> Option<(ItemId, u32, Level)> {
        if self.0 >> 56 != Self::REMINDER {
            return None;
        }
        let level = Level::from_wire(self.0 as u8)?;
        Some((ItemId((self.0 >> 40) as u16), (self.0 >> 8) as u32, level))
    }

    /// The offer and serial of an offer; `None` for other kinds.
    pub fn as_offer(self) -> Option<(u16, u32)> {
        (self.0 >> 56 == Self::OFFER).then_some(((self.0 >> 40) as u16, (self.0 >> 8) as u32))
    }

    fn pack(kind: u64, item: u16, cycle: u32, level: u8) -> Self {
        Self(kind << 56 | u64::from(item) << 40 | u64::from(cycle) << 8 | u64::from(level))
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoticeId({self})")
    }
}

impl FromStr for NoticeId {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_id_that_could_become_a_topic_wildcard_is_refused() {
        for (text, error) in [
            ("", DeviceIdError::Empty),
            ("a+b", DeviceIdError::Character(1)),
            ("a/b", DeviceIdError::Character(1)),
            ("#", DeviceIdError::Character(0)),
            ("0123456789012345678901234567890123456789x", DeviceIdError::TooLong),
        ] {
            assert_eq!(text.parse::<DeviceId>(), Err(error), "{text}");
        }
        assert_eq!("dev-0001_A".parse::<DeviceId>().map(|id| id.as_str().len()), Ok(10));
    }

    #[test]
    fn a_reminder_id_names_its_item_cycle_and_level() {
        let id = NoticeId::reminder(ItemId(513), 70_000, Level::Overdue);
        assert_eq!(id.as_reminder(), Some((ItemId(513), 70_000, Level::Overdue)));
        assert_eq!(id.as_offer(), None);
        assert_eq!(NoticeId::offer(7, 9).as_offer(), Some((7, 9)));
        assert_eq!(NoticeId::offer(7, 9).as_reminder(), None);
    }
}
