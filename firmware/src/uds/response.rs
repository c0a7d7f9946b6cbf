//! Answers, read from the bytes that ISO 15765-2 put together.
//!
//! Invariant: an answer that is shorter than its kind is `Malformed`; bytes behind the last whole record are not read.

use milepost_protocol::trouble::TroubleCode;

/// Why a control unit refuses, as the standard numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegativeCode(pub u8);

impl NegativeCode {
    /// The answer will come, later.
    pub const PENDING: Self = Self(0x78);

    /// Whether the same request may succeed when it is asked again.
    pub const fn is_passing(self) -> bool {
        matches!(self.0, 0x21 | 0x22 | 0x25 | 0x37 | 0x78 | 0x81..=0x93)
    }

    /// What it means, in our own words.
    pub const fn text(self) -> &'static str {
        match self.0 {
            0x10 => "refused without a reason",
            0x11 => "service not supported",
            0x12 => "sub-function not supported",
            0x13 => "wrong length or format",
            0x14 => "answer too long",
            0x21 => "busy, ask again",
            0x22 => "conditions not met",
            0x24 => "asked in the wrong order",
            0x25 => "no answer from a part behind it",
            0x26 => "a failure prevents it",
            0x31 => "request out of range",
            0x33 => "access denied",
            0x34 => "authentication required",
            0x35 => "wrong key",
            0x36 => "too many attempts",
            0x37 => "time delay not expired",
            0x70 => "upload or download not accepted",
            0x71 => "transfer suspended",
            0x72 => "programming failed",
            0x73 => "wrong block counter",
            0x78 => "answer follows later",
            0x7E => "sub-function not supported in this session",
            0x7F => "service not supported in this session",
            0x81 => "engine speed too high",
            0x82 => "engine speed too low",
            0x83 => "engine is running",
            0x84 => "engine is not running",
            0x85 => "engine run time too short",
            0x86 => "temperature too high",
            0x87 => "temperature too low",
            0x88 => "vehicle speed too high",
            0x89 => "vehicle speed too low",
            0x92 => "voltage too high",
            0x93 => "voltage too low",
            _ => "refused for a reason of the manufacturer's",
        }
    }
}

/// A trouble code with its status bits: 01 failed now, 02 failed this cycle, 04 pending, 08 confirmed,
/// 10 not tested since cleared, 20 failed since cleared, 40 not tested this cycle, 80 with a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DtcRecord {
    /// The code with its failure type.
    pub code: TroubleCode,
    /// The status bits.
    pub status: u8,
}

impl DtcRecord {
    fn new([a, b, c, status]: [u8; 4]) -> Self {
        let code = TroubleCode { code: u16::from_be_bytes([a, b]), failure_type: Some(c) };
        Self { code, status }
    }
}

/// The records of a trouble-code list.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = DtcRecord> + use<'_> {
    bytes.as_chunks::<4>().0.iter().map(|record| DtcRecord::new(*record))
}

/// What a control unit answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response<'r> {
    /// It refuses, or asks for patience.
    Negative {
        /// The service that was asked for.
        service: u8,
        /// The reason.
        code: NegativeCode,
    },
    /// The session has changed.
    Session {
        /// Which one.
        session: u8,
        /// How long an answer takes at most, in milliseconds (P2).
        answer_ms: u16,
        /// How long after a request for patience, in milliseconds (P2*).
        pending_ms: u32,
    },
    /// The session is kept.
    TesterPresent,
    /// The data of an identifier; where several were asked for, the others follow within `data`.
    Data {
        /// The identifier.
        identifier: u16,
        /// What it holds.
        data: &'r [u8],
    },
    /// 01: how many codes there are.
    DtcCount {
        /// Which status bits the control unit keeps.
        available: u8,
        /// How the codes are coded.
        format: u8,
        /// How many there are.
        count: u16,
    },
    /// 02, 0A and their like: a list; [`records`] reads it.
    DtcList {
        /// Which list.
        report: u8,
        /// Which status bits the control unit keeps.
        available: u8,
        /// The records.
        records: &'r [u8],
    },
    /// 03: codes and the numbers of their snapshots, four bytes each.
    SnapshotIds(&'r [u8]),
    /// 04 or 06: what is stored with a code.
    DtcData {
        /// 04 for snapshots, 06 for extended data.
        report: u8,
        /// The code.
        dtc: DtcRecord,
        /// Record numbers and their data, as the manufacturer lays them out.
        data: &'r [u8],
    },
    /// A positive answer to another service.
    Other {
        /// The service that was asked for.
        service: u8,
    },
    /// No answer at all, or one that is cut short.
    Malformed,
}

impl<'r> Response<'r> {
    /// Reads an answer.
    pub fn parse(payload: &'r [u8]) -> Self {
        match *payload {
            [0x7F, service, code, ..] => Self::Negative { service, code: NegativeCode(code) },
            // The second time counts in tens of milliseconds.
            [0x50, session, a, b, c, d, ..] => Self::Session {
                session,
                answer_ms: u16::from_be_bytes([a, b]),
                pending_ms: u32::from(u16::from_be_bytes([c, d])) * 10,
            },
            [0x7E, 0, ..] => Self::TesterPresent,
            [0x62, a, b, ref data @ ..] if !data.is_empty() => {
                Self::Data { identifier: u16::from_be_bytes([a, b]), data }
            }
            [0x59, ref report @ ..] => Self::dtc(report),
            [0x50 | 0x62 | 0x7E | 0x7F, ..] => Self::Malformed,
            [service @ (0x41..=0x7E | 0xC0..=0xFE), ..] => Self::Other { service: service - 0x40 },
            _ => Self::Malformed,
        }
    }

    fn dtc(report: &'r [u8]) -> Self {
        match *report {
            [0x01 | 0x07 | 0x11 | 0x12, available, format, a, b, ..] => {
                Self::DtcCount { available, format, count: u16::from_be_bytes([a, b]) }
            }
            [report @ (0x02 | 0x0A..=0x0F | 0x13 | 0x15), available, ref records @ ..] => {
                Self::DtcList { report, available, records }
            }
            [0x03, ref ids @ ..] => Self::SnapshotIds(ids),
            [report @ (0x04 | 0x06), a, b, c, status, ref data @ ..] => {
                Self::DtcData { report, dtc: DtcRecord::new([a, b, c, status]), data }
            }
            [0x01..=0x04 | 0x06 | 0x07 | 0x0A..=0x0F | 0x11..=0x13 | 0x15, ..] | [] => Self::Malformed,
            _ => Self::Other { service: 0x19 },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_list_of_codes_tells_each_with_its_failure_type_and_status() {
        let Response::DtcList { report: 2, available: 0xFF, records: list } =
            Response::parse(&[0x59, 0x02, 0xFF, 0x58, 0x12, 0x87, 0x28, 0x90, 0x01, 0x52, 0x09, 0x11])
        else {
            panic!("no list");
        };
        let told: Vec<_> = records(list).map(|record| (record.code.to_string(), record.status)).collect();
        assert_eq!(told, [("C1812-87".to_string(), 0x28), ("B1001-52".to_string(), 0x09)]);
    }

    #[test]
    fn every_kind_of_answer_is_read() {
        let code = TroubleCode { code: 0x5812, failure_type: Some(0x87) };
        let dtc = DtcRecord { code, status: 0x28 };
        let vectors: &[(&[u8], Response<'_>)] = &[
            (&[0x7F, 0x19, 0x78], Response::Negative { service: 0x19, code: NegativeCode::PENDING }),
            (&[0x50, 3, 0x00, 0x32, 0x01, 0xF4], Response::Session { session: 3, answer_ms: 50, pending_ms: 5000 }),
            (&[0x7E, 0], Response::TesterPresent),
            (&[0x62, 0xF1, 0x90, 0x57], Response::Data { identifier: 0xF190, data: &[0x57] }),
            (&[0x59, 0x01, 0xFF, 0x01, 0x00, 0x02], Response::DtcCount { available: 0xFF, format: 1, count: 2 }),
            (&[0x59, 0x02, 0x09], Response::DtcList { report: 2, available: 9, records: &[] }),
            (&[0x59, 0x0A, 0x09], Response::DtcList { report: 10, available: 9, records: &[] }),
            (&[0x59, 0x03, 0x58, 0x12, 0x87, 1], Response::SnapshotIds(&[0x58, 0x12, 0x87, 1])),
            (&[0x59, 0x04, 0x58, 0x12, 0x87, 0x28, 1, 2], Response::DtcData { report: 4, dtc, data: &[1, 2] }),
            (&[0x59, 0x06, 0x58, 0x12, 0x87, 0x28], Response::DtcData { report: 6, dtc, data: &[] }),
            (&[0x59, 0x06, 0x58], Response::Malformed),
            (&[0x51, 1], Response::Other { service: 0x11 }),
            (&[0x62, 0xF1], Response::Malformed),
            (&[0x12], Response::Malformed),
            (&[], Response::Malformed),
        ];
        for (bytes, response) in vectors {
            assert_eq!(Response::parse(bytes), *response, "{bytes:02X?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(
            answers in proptest::collection::vec((0x50_u8..0x80, proptest::collection::vec(any::<u8>(), 0..40)), 0..40),
        ) {
            for (first, rest) in answers {
                let mut answer = std::vec![first];
                answer.extend(rest);
                if let Response::DtcList { records: list, .. } = Response::parse(&answer) {
                    prop_assert!(records(list).count() <= list.len() / 4);
                }
            }
        }
    }
}
