//! CAN logs: what counts as a frame, what is broken, and how that is told.

use std::io::{Cursor, Write};
use std::path::Path;

use embedded_can::{ExtendedId, Id, StandardId};
use flate2::Compression;
use flate2::write::GzEncoder;
use milepost_gateway::log::{Channels, Entry, LineError, LogError, Payload, Reader, parse_line};
use milepost_gateway::recording::{Input, Recording};
use proptest::prelude::*;

fn standard(raw: u16) -> Id {
    StandardId::new(raw).unwrap().into()
}

fn extended(raw: u32) -> Id {
    ExtendedId::new(raw).unwrap().into()
}

#[test]
fn lines_read_as_can_utils_writes_them() {
    for (line, at_us, channel, id, payload) in [
        (
            "(0.281550) can0 7E8#0441422F6C000000",
            281_550,
            "can0",
            standard(0x7E8),
            Payload::Data(vec![4, 0x41, 0x42, 0x2F, 0x6C, 0, 0, 0]),
        ),
        (
            "(1436509052.249713) vcan0 044#2A366C2BBA",
            1_436_509_052_249_713,
            "vcan0",
            standard(0x44),
            Payload::Data(vec![0x2A, 0x36, 0x6C, 0x2B, 0xBA]),
        ),
        ("(1.5) can1 18DAF110#", 1_500_000, "can1", extended(0x18DA_F110), Payload::Data(vec![])),
        ("(1) can1 18DAF110#AA.BB", 1_000_000, "can1", extended(0x18DA_F110), Payload::Data(vec![0xAA, 0xBB])),
        ("(0.000001)   can0   123##1112233", 1, "can0", standard(0x123), Payload::Data(vec![0x11, 0x22, 0x33])),
        ("(0.0) can0 123#R", 0, "can0", standard(0x123), Payload::Remote),
        ("(0.0) can0 123#R8", 0, "can0", standard(0x123), Payload::Remote),
        ("(0.0) can0 00000123#01 R", 0, "can0", extended(0x123), Payload::Data(vec![1])),
    ] {
        let entry = Entry { at_us, channel: channel.to_owned(), id, payload };
        assert_eq!(parse_line(line), Ok(Some(entry)), "{line}");
    }
    for empty in ["", "   ", "# a comment"] {
        assert_eq!(parse_line(empty), Ok(None));
    }
}

#[test]
fn broken_lines_are_named_by_what_is_wrong() {
    for (line, error) in [
        ("t,chan,id", LineError::Time),
        ("(1.0 can0 123#00", LineError::Time),
        ("(-1.0) can0 123#00", LineError::Time),
        ("(99999999999999999999.0) can0 123#00", LineError::Time),
        ("(1.0)", LineError::Channel),
        ("(1.0) can0", LineError::Channel),
        ("(1.0) can0 123", LineError::Identifier),
        ("(1.0) can0 XYZ#00", LineError::Identifier),
        ("(1.0) can0 #00", LineError::Identifier),
        ("(1.0) can0 800#00", LineError::IdentifierRange),
        ("(1.0) can0 FFFFFFFF#00", LineError::IdentifierRange),
        ("(1.0) can0 123#0", LineError::Data),
        ("(1.0) can0 123#0G", LineError::Data),
        ("(1.0) can0 123##", LineError::Data),
        ("(1.0) can0 123#112233445566778899", LineError::Length),
    ] {
        assert_eq!(parse_line(line), Err(error), "{line}");
    }
}

fn read(bytes: Vec<u8>) -> (Vec<Entry>, Result<(), LogError>, Reader) {
    let mut reader = Reader::new(Path::new("drive.log"), Cursor::new(bytes)).unwrap();
    let mut entries = Vec::new();
    loop {
        match reader.next_entry() {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => return (entries, Ok(()), reader),
            Err(error) => return (entries, Err(error), reader),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const LOG: &[u8] = b"(0.0) can0 123#00\nnonsense\n(0.1) can0 123#01\n\xFF\xFE\n(0.2) can0 12Z#01\n(0.3) can0 123#02";

#[test]
fn broken_lines_are_counted_with_their_numbers_and_the_rest_is_read() {
    for bytes in [LOG.to_vec(), gzip(LOG)] {
        let (entries, end, reader) = read(bytes);
        assert!(end.is_ok());
        assert_eq!(entries.len(), 3);
        assert_eq!(reader.broken().total(), 3);
        assert_eq!(reader.broken().examples, [(2, LineError::Time), (4, LineError::Text), (5, LineError::Identifier)]);
    }
}

#[test]
fn a_file_that_is_no_log_is_an_error_that_names_file_and_line() {
    let (_, end, _) = read(b"\n\ntime;speed\n1;2\n".to_vec());
    let error = end.unwrap_err().to_string();
    assert!(error.contains("drive.log:3"), "{error}");
    assert!(matches!(read(Vec::new()).1, Err(LogError::Empty { .. })));
}

#[test]
fn a_measurement_file_is_known_for_what_it_is() {
    let mut bytes = b"MDF     4.10    ".to_vec();
    bytes.resize(20_000, 0);
    assert!(matches!(read(bytes).1, Err(LogError::Mdf { .. })));
}

#[test]
fn frames_that_are_kept_with_a_doubt_are_told_with_their_lines() {
    let (entries, end, reader) = read(b"(2.0) can0 123#00\n(1.0) can0 123#01\n(3.0) can0 123#02".to_vec());
    assert!(end.is_ok());
    assert_eq!(entries.iter().map(|entry| entry.at_us).collect::<Vec<_>>(), [2_000_000, 1_000_000, 3_000_000]);
    assert_eq!(reader.doubts().examples, [(2, LineError::ClockBack), (3, LineError::Unended)]);
    assert_eq!(reader.broken().total(), 0);
}

#[test]
fn a_compressed_log_that_is_cut_gives_what_it_held_and_an_error() {
    let long = LOG.repeat(2_000);
    let mut bytes = gzip(&long);
    bytes.truncate(bytes.len() / 2);
    let (entries, end, _) = read(bytes);
    assert!(!entries.is_empty());
    assert!(matches!(end, Err(LogError::Gzip { line, .. }) if line > 0));
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let mut bytes = vec![b'x'; 3 << 20];
    bytes.extend(b"\n(0.0) can0 123#00\n");
    let (entries, end, reader) = read(bytes);
    assert!(end.is_ok());
    assert_eq!((entries.len(), reader.broken().total()), (1, 1));
}

#[test]
fn channels_become_buses_in_the_order_named_and_then_of_appearance() {
    let mut channels = Channels::fixed(["can1".to_owned()]);
    assert_eq!(["can0", "can1", "can7", "can0"].map(|name| channels.bus(name)), [1, 0, 2, 1]);
}

#[test]
fn silence_is_told_in_ticks_and_time_never_falls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drive.log");
    std::fs::write(
        &path,
        "(10.0) can0 123#00\n(13.5) can0 123#R\n(13.5) can0 123#01\n(12.0) can0 123#02\n(10000.0) can0 123#03\n",
    )
    .unwrap();
    let mut recording = Recording::open(&path, []).unwrap();
    let mut times = Vec::new();
    let mut ticks = 0;
    while let Some(input) = recording.next_input().unwrap() {
        match input {
            Input::Tick { .. } => ticks += 1,
            Input::Frame { at_us, .. } => times.push((at_us / 100_000, ticks)),
        }
    }
    assert_eq!(times, [(100, 0), (135, 3), (135, 3), (100_000, 303)]);
    assert_eq!((recording.skipped().stale, recording.skipped().remote), (1, 1));
}

#[test]
fn a_wild_stamp_costs_its_line_and_a_clock_set_back_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drive.log");
    let seconds = |lines: &str| {
        std::fs::write(&path, lines.replace('(', "\n(").replace(')', ") can0 123#00") + "\n").unwrap();
        let mut recording = Recording::open(&path, []).unwrap();
        let mut times = Vec::new();
        while let Some(input) = recording.next_input().unwrap() {
            if let Input::Frame { at_us, .. } = input {
                times.push(at_us / 1_000_000);
            }
        }
        (times, recording.skipped().stale)
    };
    assert_eq!(seconds("(10)(11)(100000)(12)(13)"), (vec![10, 11, 11, 12, 13], 1));
    assert_eq!(seconds("(10)(11)(500)(501)"), (vec![10, 11, 500, 501], 0));
    assert_eq!(seconds("(1010)(1011)(12)(13)(15)"), (vec![1_010, 1_011, 1_011, 1_012, 1_014], 1));
    assert_eq!(seconds("(90000)(11)(12)"), (vec![90_000, 90_000, 90_001], 1));
    assert_eq!(seconds("(10)(15)(11)(14)(16)"), (vec![10, 15, 15, 15, 16], 2), "two buses, a block of each");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(bytes);
    }

    #[test]
    fn what_candump_writes_reads_back(at_us in 0_u64..4_000_000_000_000_000, raw in 0_u32..0x2000_0000, data in proptest::collection::vec(any::<u8>(), 0..=8)) {
        use std::fmt::Write;
        let mut line = format!("({}.{:06}) can0 {raw:08X}#", at_us / 1_000_000, at_us % 1_000_000);
        for byte in &data {
            write!(line, "{byte:02X}").unwrap();
        }
        let entry = parse_line(&line).unwrap().unwrap();
        prop_assert_eq!(entry, Entry { at_us, channel: "can0".into(), id: extended(raw), payload: Payload::Data(data) });
    }
}
