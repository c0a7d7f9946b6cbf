//! The services of SAE J1979: what is asked, and what an answer holds before its values are read.
//!
//! Invariant: nothing clears codes by itself; service 04 takes an order that only a person's decision makes.

use milepost_protocol::trouble::TroubleCode;

use super::trouble::Listing;
use crate::uds::RequestBytes;

/// Somebody decided to clear the codes, and with them what a workshop could have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearOrder(());

impl ClearOrder {
    /// A person asked for it, here and now.
    pub const fn of_a_person() -> Self {
        Self(())
    }
}

/// What vehicle information is asked for (service 09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Information {
    /// Which kinds there are.
    Supported,
    /// The vehicle identification number.
    Vin,
    /// The names of the calibrations, 16 characters each.
    CalibrationIds,
    /// Their verification numbers, 4 bytes each.
    CalibrationNumbers,
    /// How often monitors ran, engines with spark ignition.
    PerformanceSpark,
    /// The control unit's name.
    Name,
    /// How often monitors ran, engines with compression ignition.
    PerformanceCompression,
}

impl Information {
    const fn kind(self) -> u8 {
        match self {
            Self::Supported => 0x00,
            Self::Vin => 0x02,
            Self::CalibrationIds => 0x04,
            Self::CalibrationNumbers => 0x06,
            Self::PerformanceSpark => 0x08,
            Self::Name => 0x0A,
            Self::PerformanceCompression => 0x0B,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'r> {
    /// 01: up to six parameters at once.
    Current(&'r [u8]),
    /// 02: up to three parameters of a frozen frame, each with the frame's number.
    Frozen(&'r [(u8, u8)]),
    /// 03: stored codes.
    Stored,
    /// 04: clear codes.
    Clear(ClearOrder),
    /// 06: results of up to six monitors.
    Monitors(&'r [u8]),
    /// 07: pending codes.
    Pending,
    /// 09: vehicle information.
    Information(Information),
    /// 0A: permanent codes.
    Permanent,
}

impl Request<'_> {
    /// The request's bytes; `None` if it asks for nothing or for too much at once.
    pub fn bytes(&self) -> Option<RequestBytes> {
        let (service, limit) = match self {
            Self::Current(_) => (0x01, 6),
            Self::Frozen(_) => (0x02, 3),
            Self::Stored => (0x03, 0),
            Self::Clear(_) => (0x04, 0),
            Self::Monitors(_) => (0x06, 6),
            Self::Pending => (0x07, 0),
            Self::Information(_) => (0x09, 0),
            Self::Permanent => (0x0A, 0),
        };
        let mut bytes = RequestBytes::from_slice(&[service]).ok()?;
        match self {
            Self::Current(list) | Self::Monitors(list) => {
                (1..=limit).contains(&list.len()).then_some(())?;
                bytes.extend_from_slice(list).ok()?;
            }
            Self::Frozen(list) => {
                (1..=limit).contains(&list.len()).then_some(())?;
                for (pid, frame) in *list {
                    bytes.extend_from_slice(&[*pid, *frame]).ok()?;
                }
            }
            Self::Information(information) => bytes.push(information.kind()).ok()?,
            Self::Stored | Self::Clear(_) | Self::Pending | Self::Permanent => {}
        }
        Some(bytes)
    }
}

/// A list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes<'a> {
    /// 03 stored, 07 pending, 0A permanent.
    pub service: u8,
    /// The codes.
    pub list: Listing<'a>,
}

/// One result of a monitor (service 06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestResult {
    /// Which monitor.
    pub monitor: u8,
    /// Which of its tests.
    pub test: u8,
    /// Unit and scale of the three values, as the standard numbers them.
    pub unit: u8,
    /// The value.
    pub value: u16,
    /// The least that passes.
    pub least: u16,
    /// The most that passes.
    pub most: u16,
}

impl TestResult {
    /// Whether the test passed; units from 0x80 on are signed.
    pub const fn passed(&self) -> bool {
        if self.unit < 0x80 {
            self.least <= self.value && self.value <= self.most
        } else {
            self.least.cast_signed() <= self.value.cast_signed() && self.value.cast_signed() <= self.most.cast_signed()
        }
    }
}

/// What a control unit answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// 01: parameters and their data, one behind the other.
    Current(&'a [u8]),
    /// 02: parameter, frame number and data, one behind the other.
    Frozen(&'a [u8]),
    /// 03, 07 or 0A.
    Codes(Codes<'a>),
    /// 04: the codes are cleared.
    Cleared,
    /// 06: results, or which monitors there are.
    Monitors(&'a [u8]),
    /// 09: the kind, how many items, and the items.
    Information {
        /// As [`Information`] numbers them.
        kind: u8,
        /// The number of items and the items themselves.
        data: &'a [u8],
    },
    /// The request was refused.
    Refused {
        /// Which service.
        service: u8,
        /// Why, as ISO 14229 numbers it.
        code: u8,
    },
}

impl<'a> Answer<'a> {
    /// Reads an answer; `None` if it is none of these or is cut short.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        match *payload {
            [0x41, ref rest @ ..] if rest.len() > 1 => Some(Self::Current(rest)),
            [0x42, ref rest @ ..] if rest.len() > 2 => Some(Self::Frozen(rest)),
            [service @ (0x43 | 0x47 | 0x4A), ..] => {
                Listing::parse(payload).map(|list| Self::Codes(Codes { service: service - 0x40, list }))
            }
            [0x44] => Some(Self::Cleared),
            [0x46, ref rest @ ..] if rest.len() > 1 => Some(Self::Monitors(rest)),
            [0x49, kind, ref data @ ..] if !data.is_empty() => Some(Self::Information { kind, data }),
            [0x7F, service @ 0x01..=0x0A, code] => Some(Self::Refused { service, code }),
            _ => None,
        }
    }
}

/// The results of a monitor answer; masks of supported monitors are left out.
pub fn results(rest: &[u8]) -> impl Iterator<Item = TestResult> + use<'_> {
    let (results, _) = rest.as_chunks::<9>();
    results.iter().filter(|result| !result[0].is_multiple_of(0x20)).map(|&[monitor, test, unit, a, b, c, d, e, f]| {
        TestResult {
            monitor,
            test,
            unit,
            value: u16::from_be_bytes([a, b]),
            least: u16::from_be_bytes([c, d]),
            most: u16::from_be_bytes([e, f]),
        }
    })
}

/// The code that froze a frame (parameter 02 of service 02).
pub fn freezing_code(data: [u8; 2]) -> Option<TroubleCode> {
    let code = u16::from_be_bytes(data);
    (code != 0).then_some(TroubleCode { code, failure_type: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn requests_are_the_bytes_of_the_standard() {
        let vectors: &[(Request<'_>, &[u8])] = &[
            (Request::Current(&[0x0C, 0x0D]), &[1, 0x0C, 0x0D]),
            (Request::Frozen(&[(0x02, 0), (0x0C, 0)]), &[2, 2, 0, 0x0C, 0]),
            (Request::Stored, &[3]),
            (Request::Clear(ClearOrder::of_a_person()), &[4]),
            (Request::Monitors(&[0x01]), &[6, 1]),
            (Request::Pending, &[7]),
            (Request::Information(Information::Vin), &[9, 2]),
            (Request::Permanent, &[0x0A]),
        ];
        for (request, bytes) in vectors {
            assert_eq!(request.bytes().as_deref(), Some(*bytes));
        }
        assert_eq!(Request::Current(&[]).bytes(), None);
        assert_eq!(Request::Current(&[0; 7]).bytes(), None);
        assert_eq!(Request::Frozen(&[(0, 0); 4]).bytes(), None);
    }

    #[test]
    fn answers_are_told_by_their_service() {
        assert_eq!(Answer::parse(&[0x41, 0x0D, 36]), Some(Answer::Current(&[0x0D, 36])));
        assert_eq!(Answer::parse(&[0x44]), Some(Answer::Cleared));
        assert_eq!(Answer::parse(&[0x7F, 1, 0x12]), Some(Answer::Refused { service: 1, code: 0x12 }));
        assert_eq!(Answer::parse(&[0x43, 2, 1, 1]), None, "a code is missing");
        assert_eq!(Answer::parse(&[0x50, 3]), None);
        let Some(Answer::Codes(Codes { service: 3, list })) = Answer::parse(&[0x43, 1, 0x03, 0x01]) else {
            panic!("no list");
        };
        assert_eq!(list.codes().map(|code| code.code).collect::<Vec<_>>(), [0x0301]);
    }

    #[test]
    fn results_are_held_against_their_limits_signed_where_the_unit_is() {
        let bytes = [0x01, 0x80, 0x0A, 0, 5, 0, 1, 0, 9, 0x21, 0x80, 0x96, 0xFF, 0xFF, 0xFF, 0xF0, 0, 2];
        let all: Vec<_> = results(&bytes).collect();
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(TestResult::passed));
        assert!(!TestResult { value: 0x8000, ..all[1] }.passed());
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(Answer::Monitors(rest)) = Answer::parse(&payload) {
                prop_assert!(results(rest).count() <= rest.len() / 9);
            }
        }
    }
}
