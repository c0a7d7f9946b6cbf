//! The golden vectors, both ways: the value writes the file's bytes, and the file's bytes read as the value.

use std::fmt::Write as _;

use milepost_protocol::series::{Decoder, Resolution};
use milepost_protocol::{Downlink, Envelope, EnvelopeWriter, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, Record, VERSION};

use crate::cases::{self, Up};
use crate::{files, malformed, series};

/// The bytes of an envelope.
pub(crate) fn encode(case: &Up) -> Vec<u8> {
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &case.header).unwrap();
    for (number, at_ms, record) in &case.records {
        writer.push(*number, *at_ms, record).unwrap();
    }
    writer.finish().to_vec()
}

/// The bytes of a downlink publish.
pub(crate) fn encode_down(messages: &[Downlink]) -> Vec<u8> {
    Downlink::encode(messages, &mut [0; MAX_DOWNLINK_LEN]).unwrap().to_vec()
}

#[test]
fn every_golden_envelope_is_written_and_read_as_it_always_was() {
    for case in cases::up() {
        let words = format!("{}\n\n{:#?}\n{:#?}\n", case.meaning, case.header, case.records);
        files::compare("up", case.name, &encode(&case), &words);

        let bytes = files::read("up", case.name);
        let envelope = Envelope::parse(&bytes).unwrap();
        assert_eq!(envelope.header, case.header, "{}", case.name);
        let records: Vec<_> = envelope.entries().map(|entry| (entry.number, entry.at_ms, entry.record())).collect();
        assert_eq!(records, case.records, "{}", case.name);
    }
}

#[test]
fn every_golden_downlink_is_written_and_read_as_it_always_was() {
    for case in cases::down() {
        let words = format!("{}\n\n{:#?}\n", case.meaning, case.messages);
        files::compare("down", case.name, &encode_down(&case.messages), &words);

        let bytes = files::read("down", case.name);
        let messages: Vec<_> = Downlink::parse(&bytes).unwrap().collect();
        assert_eq!(messages, case.messages, "{}", case.name);
    }
}

#[test]
fn every_golden_series_block_is_written_and_read_as_it_always_was() {
    for chain in series::chains() {
        let mut decoder = Decoder::<8>::new();
        let written = series::write(chain.blocks.iter().map(|(_, _, samples)| &**samples));
        for ((name, meaning, samples), bytes) in chain.blocks.iter().zip(written) {
            let mut words = format!("{meaning}\n\n");
            for sample in samples {
                let Resolution { numerator, denominator } = sample.resolution;
                let (id, at_ms, raw) = (sample.signal.0, sample.at_ms, sample.raw);
                writeln!(words, "signal {id} at {at_ms} ms: {raw} x {numerator}/{denominator}").unwrap();
            }
            files::compare("series", name, &bytes, &words);

            let mut found = Vec::new();
            decoder.decode(&files::read("series", name), |sample| found.push(sample)).unwrap();
            assert_eq!(found, *samples, "{name}");
        }
    }
}

#[test]
fn no_golden_file_stands_without_its_value() {
    let names = |names: Vec<&str>| {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(files::names("up"), names(cases::up().iter().map(|case| case.name).collect()));
    assert_eq!(files::names("down"), names(cases::down().iter().map(|case| case.name).collect()));
    let blocks = series::chains().into_iter().flat_map(|chain| chain.blocks).map(|(name, ..)| name);
    assert_eq!(files::names("series"), names(blocks.collect()));
    assert_eq!(files::names("malformed"), names(malformed::cases().iter().map(|case| case.name).collect()));
}

#[test]
fn every_record_kind_has_a_golden_vector() {
    let shown: Vec<u16> = cases::records().iter().map(|(_, _, record)| record.kind()).collect();
    for kind in 0..=u16::MAX {
        let known = !matches!(Record::decode_body(kind, &[]), Some(Record::Unknown(_)));
        assert!(!known || shown.contains(&kind), "kind {kind}");
    }
}

#[test]
fn every_downlink_kind_has_a_golden_vector() {
    // The first frame of a publish begins behind the version byte with its kind, which below 128 is one byte.
    let shown: Vec<u8> = cases::down().iter().filter_map(|case| encode_down(&case.messages).get(1).copied()).collect();
    for kind in 0..128 {
        let known = Downlink::parse(&[VERSION, kind, 0]).is_err();
        assert!(!known || shown.contains(&kind), "kind {kind}");
    }
}

#[test]
fn the_largest_golden_envelope_has_no_room_for_one_more_of_its_records() {
    let case = cases::up().into_iter().find(|case| case.name == "largest").unwrap();
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &case.header).unwrap();
    for (number, at_ms, record) in &case.records {
        writer.push(*number, *at_ms, record).unwrap();
    }
    let (number, at_ms, record) = case.records.last().unwrap();
    assert!(writer.push(number + 1, *at_ms, record).is_err());
    assert_eq!(usize::from(writer.count()), case.records.len());
}
