//! Bytes that are no message, each with the exact error that it gives.

use milepost_protocol::{
    DecodeError, Downlink, Envelope, MAX_BODY_LEN, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, MAX_UNKNOWN_LEN, VERSION,
};

use crate::files;

/// Which decoder reads the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    Up,
    Down,
}

pub(crate) struct Malformed {
    pub(crate) name: &'static str,
    way: Way,
    bytes: Vec<u8>,
    error: DecodeError,
}

/// The version, then a header: boot 1, first number 0, base time 0, quality `Network`, no age, consent 0.
const HEAD: [u8; 7] = [VERSION, 1, 0, 0, 2, 0, 0];

fn up(name: &'static str, behind_head: &[u8], error: DecodeError) -> Malformed {
    Malformed { name, way: Way::Up, bytes: [&HEAD, behind_head].concat(), error }
}

fn raw(name: &'static str, way: Way, bytes: &[u8], error: DecodeError) -> Malformed {
    Malformed { name, way, bytes: bytes.to_vec(), error }
}

pub(crate) fn cases() -> Vec<Malformed> {
    use DecodeError as E;
    let body = |frame, kind| E::Body { frame, kind };
    let long_unknown = [&[0, 0, 0xC0, 0xB8, 2, 0x81, 2][..], &[0; MAX_UNKNOWN_LEN + 1]].concat();
    // The length 641 stands as 0x81 0x05.
    let long_body = vec![0; MAX_BODY_LEN + 1];
    vec![
        up("up-body-longer-than-allowed", &[&[0, 0, 12, 0x81, 5][..], &long_body].concat(), E::Frame(0)),
        raw(
            "down-body-longer-than-allowed",
            Way::Down,
            &[&[VERSION, 5, 0x81, 5][..], &long_body].concat(),
            E::Frame(0),
        ),
        raw("up-empty", Way::Up, &[], E::Empty),
        raw("up-version-0", Way::Up, &[0, 1, 0, 0, 2, 0, 0], E::UnknownVersion(0)),
        raw("up-version-2", Way::Up, &[2], E::UnknownVersion(2)),
        raw("up-text", Way::Up, b"{\"speed\": 12}", E::UnknownVersion(b'{')),
        raw("up-version-only", Way::Up, &[VERSION], E::Header),
        raw("up-header-cut", Way::Up, &HEAD[..6], E::Header),
        raw("up-header-quality", Way::Up, &[VERSION, 1, 0, 0, 3, 0, 0], E::Header),
        raw(
            "up-header-boot-beyond-32-bits",
            Way::Up,
            &[VERSION, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 2, 0, 0],
            E::Header,
        ),
        raw("up-too-long", Way::Up, &[VERSION; MAX_ENVELOPE_LEN + 1], E::TooLong),
        up("up-frame-head-cut", &[0, 0, 12], E::Frame(0)),
        up("up-frame-body-cut", &[0, 0, 12, 8, 1, 2, 3], E::Frame(0)),
        up("up-frame-length-beyond-16-bits", &[0, 0, 12, 0xFF, 0xFF, 0x7F], E::Frame(0)),
        up("up-second-frame-cut", &[0, 0, 0xC0, 0xB8, 2, 0, 0], E::Frame(1)),
        up("up-body-empty", &[0, 0, 1, 0], body(0, 1)),
        up("up-body-reset-reason", &[0, 0, 1, 6, 9, 1, 0, 0, 0, 0], body(0, 1)),
        up("up-body-log-not-utf-8", &[0, 0, 15, 4, 2, 2, 0xFF, 0xFE], body(0, 15)),
        up("up-body-log-longer-than-allowed", &[&[0, 0, 15, 123, 2, 121][..], &[b'x'; 121]].concat(), body(0, 15)),
        up("up-body-of-second-frame", &[0, 0, 0xC0, 0xB8, 2, 0, 0, 0, 12, 0], body(1, 12)),
        up("up-unknown-kind-too-long-to-keep", &long_unknown, body(0, 40_000)),
        up(
            "up-number-beyond-32-bits",
            &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0xC0, 0xB8, 2, 0, 0, 0, 0xC0, 0xB8, 2, 0],
            E::Range(1),
        ),
        up("up-time-before-zero", &[0, 1, 0xC0, 0xB8, 2, 0], E::Range(0)),
        raw("down-empty", Way::Down, &[], E::Empty),
        raw("down-version-9", Way::Down, &[9, 1, 0], E::UnknownVersion(9)),
        raw("down-too-long", Way::Down, &[VERSION; MAX_DOWNLINK_LEN + 1], E::TooLong),
        raw("down-frame-head-cut", Way::Down, &[VERSION, 1], E::Frame(0)),
        raw("down-frame-body-cut", Way::Down, &[VERSION, 5, 2, 1], E::Frame(0)),
        raw("down-body-empty", Way::Down, &[VERSION, 5, 0], body(0, 5)),
        raw(
            "down-body-too-many-ranges",
            Way::Down,
            &[VERSION, 1, 21, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            body(0, 1),
        ),
        raw("down-body-task", Way::Down, &[VERSION, 6, 3, 1, 0, 9], body(0, 6)),
        raw("down-second-frame-cut", Way::Down, &[VERSION, 5, 2, 1, 1, 6], E::Frame(1)),
    ]
}

#[test]
fn every_malformed_message_gives_its_exact_error() {
    for case in cases() {
        let words = format!("{:?}: {}\n\n{:?}\n", case.way, case.error, case.error);
        files::compare("malformed", case.name, &case.bytes, &words);

        let bytes = files::read("malformed", case.name);
        let found = match case.way {
            Way::Up => Envelope::parse(&bytes).map(|_| ()),
            Way::Down => Downlink::parse(&bytes).map(|_| ()),
        };
        assert_eq!(found, Err(case.error), "{}", case.name);
    }
}

#[test]
fn every_reason_for_counters_is_shown_by_a_malformed_message() {
    let mut reasons: Vec<&str> = cases().iter().map(|case| case.error.reason()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons, ["body", "empty", "frame", "header", "range", "too_long", "unknown_version"]);
}
