//! Requests, as bytes for ISO 15765-2.
//!
//! Invariant: a request is one of those that change nothing in the car.

use heapless::Vec;

/// A request's bytes; the longest asks for eight data identifiers.
pub type RequestBytes = Vec<u8, 17>;

/// A service 19 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtcReport {
    /// 01: how many codes have one of the mask's status bits.
    Count {
        /// The status bits.
        mask: u8,
    },
    /// 02: which codes these are.
    ByMask {
        /// The status bits.
        mask: u8,
    },
    /// 03: for which codes snapshots are stored.
    SnapshotIds,
    /// 04: the snapshot of a code.
    Snapshot {
        /// The three bytes of the code.
        code: [u8; 3],
        /// Which one; 0xFF for all.
        record: u8,
    },
    /// 06: the extended data of a code.
    Extended {
        /// The three bytes of the code.
        code: [u8; 3],
        /// Which one; 0xFF for all.
        record: u8,
    },
    /// 0A: every code that the control unit can report.
    Supported,
}

/// What a tester asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'r> {
    /// 10: change to a session, 1 for the default one, 3 for the extended one.
    Session(u8),
    /// 3E: keep the session, without an answer.
    KeepSession,
    /// 3E: keep the session, and answer.
    TesterPresent,
    /// 22: read data identifiers, one to eight of them.
    ReadData(&'r [u16]),
    /// 19: read trouble codes.
    ReadDtc(DtcReport),
}

impl Request<'_> {
    /// The status bits of codes that concern an owner: pending, confirmed, or with a warning.
    pub const CONCERNING: u8 = 0x8C;

    /// The request's bytes; `None` if it asks for no or too many identifiers.
    pub fn bytes(&self) -> Option<RequestBytes> {
        let mut bytes = RequestBytes::new();
        match *self {
            Self::Session(session) => bytes.extend_from_slice(&[0x10, session & 0x7F]).ok()?,
            Self::KeepSession => bytes.extend_from_slice(&[0x3E, 0x80]).ok()?,
            Self::TesterPresent => bytes.extend_from_slice(&[0x3E, 0x00]).ok()?,
            Self::ReadData([]) => return None,
            Self::ReadData(identifiers) => {
                bytes.push(0x22).ok()?;
                for identifier in identifiers {
                    bytes.extend_from_slice(&identifier.to_be_bytes()).ok()?;
                }
            }
            Self::ReadDtc(report) => {
                let (kind, [a, b, c], last) = match report {
                    DtcReport::Count { mask } => {
                        return bytes.extend_from_slice(&[0x19, 0x01, mask]).ok().map(|()| bytes);
                    }
                    DtcReport::ByMask { mask } => {
                        return bytes.extend_from_slice(&[0x19, 0x02, mask]).ok().map(|()| bytes);
                    }
                    DtcReport::SnapshotIds => return bytes.extend_from_slice(&[0x19, 0x03]).ok().map(|()| bytes),
                    DtcReport::Supported => return bytes.extend_from_slice(&[0x19, 0x0A]).ok().map(|()| bytes),
                    DtcReport::Snapshot { code, record } => (0x04, code, record),
                    DtcReport::Extended { code, record } => (0x06, code, record),
                };
                bytes.extend_from_slice(&[0x19, kind, a, b, c, last]).ok()?;
            }
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_the_bytes_of_the_standard() {
        let code = [0x58, 0x12, 0x87];
        let vectors: &[(Request<'_>, &[u8])] = &[
            (Request::Session(3), &[0x10, 0x03]),
            (Request::KeepSession, &[0x3E, 0x80]),
            (Request::TesterPresent, &[0x3E, 0x00]),
            (Request::ReadData(&[0xF190]), &[0x22, 0xF1, 0x90]),
            (Request::ReadData(&[0xF187, 0xF189]), &[0x22, 0xF1, 0x87, 0xF1, 0x89]),
            (Request::ReadDtc(DtcReport::Count { mask: Request::CONCERNING }), &[0x19, 0x01, 0x8C]),
            (Request::ReadDtc(DtcReport::ByMask { mask: 0xFF }), &[0x19, 0x02, 0xFF]),
            (Request::ReadDtc(DtcReport::SnapshotIds), &[0x19, 0x03]),
            (Request::ReadDtc(DtcReport::Snapshot { code, record: 0xFF }), &[0x19, 0x04, 0x58, 0x12, 0x87, 0xFF]),
            (Request::ReadDtc(DtcReport::Extended { code, record: 1 }), &[0x19, 0x06, 0x58, 0x12, 0x87, 0x01]),
            (Request::ReadDtc(DtcReport::Supported), &[0x19, 0x0A]),
        ];
        for (request, bytes) in vectors {
            assert_eq!(request.bytes().as_deref(), Some(*bytes));
        }
        assert_eq!(Request::ReadData(&[]).bytes(), None);
        assert_eq!(Request::ReadData(&[0; 9]).bytes(), None);
    }
}
