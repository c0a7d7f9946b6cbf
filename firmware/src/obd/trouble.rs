//! Trouble codes: services 03 (stored), 07 (pending) and 0A (permanent), and what changed between two readings.
//!
//! Invariant: a change is told once; a control unit's silence is not a change, only its answer is.

use heapless::Vec;
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use serde::{Deserialize, Serialize};

/// The most trouble codes that are remembered at once.
pub const MAX_CODES: usize = 24;

/// The most changes that one response can lead to at a time; the rest follow with the next response.
pub const MAX_CHANGES: usize = 6;

/// A trouble code that a control unit reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The identifier that the control unit answers on.
    pub ecu: u32,
    /// The code.
    pub code: TroubleCode,
    /// The services that list it, as bits: 1 pending, 2 stored, 4 permanent.
    pub listed: u8,
}

/// One change of a code's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The identifier that the control unit answers on.
    pub ecu: u32,
    /// The code.
    pub code: TroubleCode,
    /// Its new status.
    pub status: TroubleStatus,
}

/// All codes that are known to be reported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Codes {
    known: Vec<Known, MAX_CODES>,
}

/// A response's service and its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing<'r> {
    bit: u8,
    pairs: &'r [u8],
}

impl<'r> Listing<'r> {
    /// Reads a positive response of service 03, 07 or 0A; `None` if it is none or is cut short.
    pub fn parse(response: &'r [u8]) -> Option<Self> {
        let (&service, rest) = response.split_first()?;
        let bit = match service {
            0x47 => 1,
            0x43 => 2,
            0x4A => 4,
            _ => return None,
        };
        let (&count, pairs) = rest.split_first()?;
        Some(Self { bit, pairs: pairs.get(..usize::from(count) * 2)? })
    }

    /// The codes; zeros are padding.
    pub fn codes(&self) -> impl Iterator<Item = TroubleCode> + use<'r> {
        self.pairs
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| TroubleCode { code: u16::from_be_bytes(*pair), failure_type: None })
            .filter(|code| code.code != 0)
    }
}

impl Codes {
    /// The codes now.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Takes a listing of one control unit and answers what changed.
    pub fn apply(&mut self, ecu: u32, listing: Listing<'_>) -> Vec<Change, MAX_CHANGES> {
        let mut changes = Vec::new();
        for code in listing.codes() {
            if changes.is_full() {
                return changes;
            }
            let place = self.known.iter().position(|known| known.ecu == ecu && known.code == code);
            let listed = place.and_then(|place| self.known.get(place)).map_or(0, |known| known.listed);
            self.update(ecu, code, place, listed, listed | listing.bit, &mut changes);
        }
        let mut place = 0;
        while let Some(known) = self.known.get(place).copied() {
            let gone = known.ecu == ecu
                && known.listed & listing.bit != 0
                && !listing.codes().any(|code| code == known.code)
                && !changes.is_full();
            let listed = if gone { known.listed & !listing.bit } else { known.listed };
            if gone {
                self.update(ecu, known.code, Some(place), known.listed, listed, &mut changes);
            }
            if listed != 0 {
                place += 1;
            }
        }
        changes
    }

    fn update(
        &mut self,
        ecu: u32,
        code: TroubleCode,
        place: Option<usize>,
        before: u8,
        after: u8,
        changes: &mut Vec<Change, MAX_CHANGES>,
    ) {
        match place {
            Some(place) if after == 0 => {
                self.known.swap_remove(place);
            }
            Some(place) => {
                if let Some(known) = self.known.get_mut(place) {
                    known.listed = after;
                }
            }
            // A full memory remembers what it has; telling a code that is not remembered would tell it for ever.
            None => {
                if self.known.push(Known { ecu, code, listed: after }).is_err() {
                    return;
                }
            }
        }
        if status(before) != status(after) {
            // There is room: the caller stops at a full list.
            let _ = changes.push(Change { ecu, code, status: status(after) });
        }
    }
}

fn status(listed: u8) -> TroubleStatus {
    match listed {
        0 => TroubleStatus::Cleared,
        1 => TroubleStatus::Pending,
        2 | 3 => TroubleStatus::Confirmed,
        _ => TroubleStatus::Permanent,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(codes: &mut Codes, response: &[u8]) -> std::vec::Vec<(u16, TroubleStatus)> {
        let listing = Listing::parse(response).unwrap();
        codes.apply(0x7E8, listing).iter().map(|change| (change.code.code, change.status)).collect()
    }

    #[test]
    fn a_code_is_told_when_it_comes_rises_and_goes_and_not_in_between() {
        let mut codes = Codes::default();
        assert_eq!(apply(&mut codes, &[0x47, 1, 0x03, 0x01]), [(0x0301, TroubleStatus::Pending)]);
        assert_eq!(apply(&mut codes, &[0x47, 1, 0x03, 0x01]), []);
        assert_eq!(apply(&mut codes, &[0x43, 1, 0x03, 0x01]), [(0x0301, TroubleStatus::Confirmed)]);
        assert_eq!(apply(&mut codes, &[0x47, 0]), []);
        assert_eq!(apply(&mut codes, &[0x43, 0]), [(0x0301, TroubleStatus::Cleared)]);
        assert_eq!(codes.known(), []);
    }

    #[test]
    fn more_changes_than_fit_follow_with_the_next_reading() {
        let mut codes = Codes::default();
        let mut response = std::vec![0x43, 10];
        for code in 1..=10_u8 {
            response.extend([0x01, code]);
        }
        assert_eq!(apply(&mut codes, &response).len(), MAX_CHANGES);
        assert_eq!(apply(&mut codes, &response).len(), 10 - MAX_CHANGES);
        assert_eq!(apply(&mut codes, &response).len(), 0);
    }

    #[test]
    fn a_response_shorter_than_its_count_is_none() {
        assert_eq!(Listing::parse(&[0x43, 2, 0x03, 0x01]), None);
        assert_eq!(Listing::parse(&[0x41, 0]), None);
    }

    proptest! {
        #[test]
        fn arbitrary_listings_end_and_never_panic(
            responses in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20),
        ) {
            let mut codes = Codes::default();
            for mut response in responses {
                if let Some(first) = response.first_mut() {
                    *first = [0x43, 0x47, 0x4A][usize::from(*first) % 3];
                }
                if let Some(listing) = Listing::parse(&response) {
                    codes.apply(0x7E8, listing);
                }
                prop_assert!(codes.known().iter().all(|known| known.listed != 0));
            }
        }
    }
}
