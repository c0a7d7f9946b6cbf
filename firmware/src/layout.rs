//! How one flash chip is divided among what a board keeps.
//!
//! Invariant: the regions follow each other from the chip's beginning and do not overlap; a chip that is out there keeps its layout.

use crate::configuration::PLACE_LEN;

/// Where a region begins and how long it is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: u32,
    /// How many.
    pub len: u32,
}

/// The regions of a chip; every start and length is a multiple of its erase page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The configuration, twice.
    pub configuration: Place,
    /// The outbox lane of what a person waits for.
    pub alerts: Place,
    /// The outbox lane of everything else.
    pub bulk: Place,
    /// Counters, plan, consent, notices.
    pub state: Place,
    /// The signal tables.
    pub table: Place,
    /// What has become of the identity that the configuration began with, twice.
    pub identity: Place,
}

impl Layout {
    /// A NOR chip with erase pages of up to 16 KiB and at least [`Layout::len`] bytes.
    pub const NOR: Self = Self::of(128 << 10, 768 << 10, 64 << 10, 64 << 10);

    const fn of(alerts: u32, bulk: u32, state: u32, table: u32) -> Self {
        let configuration = Place { start: 0, len: 2 * PLACE_LEN };
        let alerts = Place { start: configuration.len, len: alerts };
        let bulk = Place { start: alerts.start + alerts.len, len: bulk };
        let state = Place { start: bulk.start + bulk.len, len: state };
        let table = Place { start: state.start + state.len, len: table };
        let identity = Place { start: table.start + table.len, len: 2 * PLACE_LEN };
        Self { configuration, alerts, bulk, state, table, identity }
    }

    /// The bytes that all regions take together.
    pub const fn len(&self) -> u32 {
        self.identity.start + self.identity.len
    }

    /// Never: every layout has regions.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_follow_each_other_on_erase_pages() {
        let layout = Layout::NOR;
        let mut end = 0;
        for place in [layout.configuration, layout.alerts, layout.bulk, layout.state, layout.table, layout.identity] {
            assert_eq!(place.start, end);
            assert!(place.len >= 2 * PLACE_LEN && place.len.is_multiple_of(PLACE_LEN));
            end += place.len;
        }
        assert_eq!(end, layout.len());
    }
}
