//! Readers and writers of different ages: what a newer writer adds never stops an older reader.

use milepost_protocol::downlink::{Part, Task};
use milepost_protocol::record::Unknown;
use milepost_protocol::{Downlink, Envelope, EnvelopeWriter, MAX_BODY_LEN, MAX_ENVELOPE_LEN, Record, VERSION};

use crate::cases::{self, HEADER, NOW_MS};
use crate::vectors::{encode, encode_down};

/// Bytes that a later version might add at the end of a body.
const ADDED: [u8; 3] = [0xFF, 0x00, 0x7F];

#[test]
fn an_old_reader_passes_over_what_a_new_writer_adds_to_a_record() {
    for (name, _, record) in cases::records() {
        if matches!(record, Record::Unknown(_)) {
            continue;
        }
        let mut body = [0; MAX_BODY_LEN];
        let grown = [record.encode_body(&mut body).unwrap(), &ADDED].concat();
        let mut buffer = [0; MAX_ENVELOPE_LEN];
        let mut writer = EnvelopeWriter::new(&mut buffer, &HEADER).unwrap();
        writer.push_body(1200, NOW_MS, record.kind(), &grown).unwrap();
        writer.push(1201, NOW_MS, &record).unwrap();
        let envelope = Envelope::parse(writer.finish()).unwrap();
        let read: Vec<_> = envelope.entries().map(|entry| entry.record()).collect();
        assert_eq!(read, [record.clone(), record], "{name}");
    }
}

#[test]
fn an_old_reader_passes_over_what_a_new_writer_adds_to_a_downlink() {
    for case in cases::down().into_iter().filter(|case| case.messages.len() == 1 && !case.name.contains("chunk")) {
        let old = encode_down(&case.messages);
        let (kind, len, body) = match old[2] {
            short @ 0..0x80 => (old[1], usize::from(short), &old[3..]),
            low => (old[1], usize::from(low & 0x7F) | usize::from(old[3]) << 7, &old[4..]),
        };
        assert_eq!(body.len(), len);
        let grown = len + ADDED.len();
        let len_bytes = if grown < 0x80 { vec![grown as u8] } else { vec![grown as u8 | 0x80, (grown >> 7) as u8] };
        let new = [&[VERSION, kind], &len_bytes[..], body, &ADDED].concat();
        let read: Vec<_> = Downlink::parse(&new).unwrap().collect();
        assert_eq!(read, case.messages, "{}", case.name);
    }
}

#[test]
fn records_of_kinds_that_do_not_exist_yet_are_kept_byte_for_byte_and_hide_nothing_behind_them() {
    let body: Vec<u8> = (0..=255).collect();
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &HEADER).unwrap();
    writer.push_body(1200, NOW_MS, 999, &body).unwrap();
    let (_, _, known) = cases::records().remove(0);
    writer.push(1201, NOW_MS, &known).unwrap();
    let bytes = writer.finish();
    let read: Vec<_> = Envelope::parse(bytes).unwrap().entries().map(|entry| entry.record()).collect();
    let unknown = Unknown { kind: 999, body: body.as_slice().try_into().unwrap() };
    assert_eq!(read, [Record::Unknown(unknown.clone()), known]);

    let mut again = [0; MAX_BODY_LEN];
    assert_eq!(Record::Unknown(unknown).encode_body(&mut again), Some(body.as_slice()));
}

#[test]
fn downlinks_of_kinds_that_do_not_exist_yet_are_told_and_hide_nothing_behind_them() {
    let report = encode_down(&cases::down().into_iter().find(|case| case.name == "command-report").unwrap().messages);
    let bytes = [&[VERSION, 99, 2, 0xAB, 0xCD], &report[1..]].concat();
    let read: Vec<_> = Downlink::parse(&bytes).unwrap().collect();
    assert!(matches!(read.as_slice(), [Downlink::Unknown(99), Downlink::Command(_)]), "{read:?}");
}

#[test]
fn another_version_is_refused_whatever_follows_it() {
    for case in cases::up() {
        let mut bytes = encode(&case);
        for version in (0..=u8::MAX).filter(|version| *version != VERSION) {
            bytes[0] = version;
            assert_eq!(Envelope::parse(&bytes).unwrap_err().to_string(), format!("version {version} is unknown"));
        }
    }
}

#[test]
fn a_message_that_is_cut_short_is_refused_unless_the_cut_is_between_two_frames() {
    for case in cases::up() {
        let bytes = encode(&case);
        let whole = (0..bytes.len()).filter_map(|len| Envelope::parse(&bytes[..len]).ok());
        let lengths: Vec<usize> = whole.map(|envelope| envelope.entries().count()).collect();
        assert_eq!(lengths, (0..case.records.len()).collect::<Vec<_>>(), "{}", case.name);
    }
    for case in cases::down() {
        let bytes = encode_down(&case.messages);
        let whole = (0..bytes.len()).filter_map(|len| Some(Downlink::parse(&bytes[..len]).ok()?.count()));
        assert_eq!(whole.collect::<Vec<_>>(), (0..case.messages.len()).collect::<Vec<_>>(), "{}", case.name);
    }
}

#[test]
fn a_command_of_a_task_that_does_not_exist_yet_still_tells_its_number() {
    // Kind 6, eight bytes: command 77, its expiry, a task behind the last one known, and a body of its own.
    let message = |task: u32| [1, 6, 8, 77, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, task as u8, 5];
    let bytes = message(Task::KNOWN);
    let parts: Vec<Part<'_>> = Downlink::parts(&bytes).unwrap().collect();
    let [Part::Command(command)] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((command.number(), command.decode()), (Some(77), None));
    assert!(Downlink::parse(&bytes).is_err());
    let last = message(Task::KNOWN - 1);
    assert!(Downlink::parts(&last).is_err(), "a known task with a wrong body is malformed");
}
