//! What must hold of any bytes at all; the fuzz targets and the property tests call the same functions.

use milepost_protocol::series::{Decoder, Encoder, Kind, MAX_SAMPLE_LEN, MIN_BLOCK_LEN, Sample};
use milepost_protocol::{Downlink, Envelope, EnvelopeWriter, MAX_BODY_LEN, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, Record};

/// Reads the bytes both ways. They may be refused; if they are not, every record reads, numbers rise,
/// and what is written again reads the same and is no longer.
pub(crate) fn check(bytes: &[u8]) {
    check_up(bytes);
    check_down(bytes);
    check_series(bytes);
}

/// Reads the bytes as a series block. They may be refused; if they are not, the samples that they hold can be written and read again.
pub(crate) fn check_series(bytes: &[u8]) {
    const COLUMNS: usize = 24;
    fn read(block: &[u8]) -> Option<Vec<Sample>> {
        let mut samples = Vec::new();
        let block = Decoder::<COLUMNS>::new().decode(block, |sample| samples.push(sample)).ok()?;
        assert_eq!(block.kind, Kind::Alone, "there was nothing to continue");
        assert_eq!(usize::from(block.samples), samples.len());
        Some(samples)
    }
    let Some(samples) = read(bytes) else { return };
    let mut buffer = vec![0; MIN_BLOCK_LEN + samples.len() * MAX_SAMPLE_LEN];
    let mut encoder = Encoder::<COLUMNS>::new();
    let mut writer = encoder.alone(&mut buffer, 0);
    for sample in &samples {
        writer.push(sample).expect("there is room for every sample and for as many columns as were read");
    }
    assert_eq!(read(writer.finish()), Some(samples));
}

fn check_up(bytes: &[u8]) {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &envelope.header).expect("it was as long before");
    let mut last = None;
    for entry in envelope.entries() {
        assert!(last < Some(entry.number), "numbers rise");
        last = Some(entry.number);
        let mut body = [0; MAX_BODY_LEN];
        let body = entry.record().encode_body(&mut body).expect("a decoded body is no longer than it came");
        assert!(body.len() <= entry.body.len());
        let mut again = [0; MAX_BODY_LEN];
        let record = Record::decode_body(entry.kind, body).expect("what was written reads");
        // Bytes are compared, as a number that is none is not equal to itself.
        assert_eq!(record.encode_body(&mut again), Some(body));
        writer.push_body(entry.number, entry.at_ms, entry.kind, entry.body).expect("it fitted before");
    }
    let again = writer.finish();
    assert!(again.len() <= bytes.len());
    let again = Envelope::parse(again).expect("what was written reads");
    assert_eq!(again.header, envelope.header);
    assert!(again.entries().eq(envelope.entries()));
}

fn check_down(bytes: &[u8]) {
    let Ok(messages) = Downlink::parse(bytes) else { return };
    let messages: Vec<Downlink> = messages.collect();
    let mut first = [0; MAX_DOWNLINK_LEN];
    let first = Downlink::encode(&messages, &mut first).expect("it was as long before");
    assert!(first.len() <= bytes.len());
    let again: Vec<Downlink> = Downlink::parse(first).expect("what was written reads").collect();
    let mut second = [0; MAX_DOWNLINK_LEN];
    assert_eq!(Downlink::encode(&again, &mut second), Some(first));
}
