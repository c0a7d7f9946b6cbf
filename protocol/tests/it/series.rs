//! Series blocks: what goes in comes out, alone and in chains, and no bytes at all make a decoder panic or believe them.

use milepost_protocol::SignalId;
use milepost_protocol::series::{
    Block, BlockError, BlockWriter, Decoder, Encoder, Kind, MAX_SAMPLE_LEN, MIN_BLOCK_LEN, PushError, Resolution,
    Sample,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::NOW_MS;
use crate::oracle;

/// As many columns as the tests need.
const COLUMNS: usize = 24;

/// A chain for the golden vectors: the blocks' names, what they show, and their samples.
pub(crate) struct Chain {
    pub(crate) blocks: Vec<(&'static str, &'static str, Vec<Sample>)>,
}

/// A polled engine over `seconds` from `start`, as a diagnostic link hears it.
pub(crate) fn polled(start: u64, seconds: u64) -> Vec<Sample> {
    let quarter = Resolution { numerator: 1, denominator: 4 };
    let kilometres_per_hour = Resolution { numerator: 5, denominator: 18 };
    let mut samples = Vec::new();
    for tick in start * 2..(start + seconds) * 2 {
        let (swing, at_ms) = (tick.cast_signed() % 17 - 8, NOW_MS + tick * 500 + tick / 7 % 2);
        let mut push = |signal, resolution, after_ms, raw| {
            samples.push(Sample { signal, resolution, at_ms: at_ms + after_ms, raw });
        };
        push(SignalId::ENGINE_SPEED, quarter, 0, 6_000 + swing * swing * 14);
        push(SignalId::SPEED, kilometres_per_hour, 20, 50 + swing / 3);
        if tick % 2 == 0 {
            push(SignalId::COOLANT_TEMPERATURE, Resolution::ONE, 41, 60 + tick.cast_signed() / 40);
        }
    }
    samples
}

/// Samples at the ends of every range.
fn extremes() -> Vec<Sample> {
    let odd = Resolution { numerator: u32::MAX, denominator: 0 };
    let mut samples = Vec::new();
    for (at_ms, raw) in [(u64::MAX, i64::MIN), (0, i64::MAX), (1 << 63, 0), (7, -1), (7, i64::MIN), (8, 1 << 40)] {
        for (signal, resolution) in [(0, Resolution::ONE), (u16::MAX, odd), (0, odd)] {
            samples.push(Sample { signal: SignalId(signal), resolution, at_ms, raw });
        }
    }
    samples
}

pub(crate) fn chains() -> Vec<Chain> {
    vec![
        Chain {
            blocks: vec![
                ("polled-0", "three polled signals for ten seconds, alone", polled(0, 10)),
                ("polled-1", "the ten seconds behind polled-0, continuing it", polled(10, 10)),
                ("polled-2", "nothing, continuing polled-1", vec![]),
                ("polled-3", "ten seconds after a pause, continuing polled-2", polled(300, 10)),
            ],
        },
        Chain { blocks: vec![("extremes", "the ends of every range, alone", extremes())] },
    ]
}

fn fill<const N: usize>(mut writer: BlockWriter<'_, '_, N>, samples: &[Sample]) -> Vec<u8> {
    for sample in samples {
        writer.push(sample).unwrap();
    }
    writer.finish().to_vec()
}

/// Writes a chain, the first block alone.
pub(crate) fn write<'a>(blocks: impl IntoIterator<Item = &'a [Sample]>) -> Vec<Vec<u8>> {
    let (mut encoder, mut buffer) = (Encoder::<COLUMNS>::new(), vec![0; 1 << 18]);
    let mut written = Vec::new();
    for samples in blocks {
        let writer = if written.is_empty() {
            encoder.alone(&mut buffer, samples.first().map_or(0, |sample| sample.at_ms))
        } else {
            encoder.continuing(&mut buffer).unwrap()
        };
        written.push(fill(writer, samples));
    }
    written
}

fn read<const N: usize>(decoder: &mut Decoder<N>, block: &[u8]) -> Result<(Block, Vec<Sample>), BlockError> {
    let mut samples = Vec::new();
    decoder.decode(block, |sample| samples.push(sample)).map(|block| (block, samples))
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let resolution = prop_oneof![
        Just(Resolution::ONE),
        any::<(u32, u32)>().prop_map(|(numerator, denominator)| Resolution { numerator, denominator }),
    ];
    (any::<u16>(), resolution, any::<u64>(), any::<i64>()).prop_map(|(signal, resolution, at_ms, raw)| Sample {
        signal: SignalId(signal),
        resolution,
        at_ms,
        raw,
    })
}

/// Signals that come and go, with steps of every size and times that mostly rise.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let columns = vec(any_sample(), 1..COLUMNS);
    let moves = vec((any::<prop::sample::Index>(), 0_u32..64, any::<i64>(), 0_u32..40, any::<bool>()), 0..300);
    (columns, moves).prop_map(|(mut columns, moves)| {
        let mut at_ms = NOW_MS;
        let mut samples = Vec::new();
        for (column, shift, step, distance, back) in moves {
            let column = column.get_mut(&mut columns);
            column.raw = column.raw.wrapping_add(step >> shift);
            let by = (1_u64 << distance) - 1;
            at_ms = if back && distance % 8 == 0 { at_ms.wrapping_sub(by) } else { at_ms.wrapping_add(by) };
            column.at_ms = at_ms;
            samples.push(*column);
        }
        samples
    })
}

proptest! {
    #[test]
    fn a_chain_reads_as_it_was_written(samples in samples(), cuts in vec(any::<prop::sample::Index>(), 0..4)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(samples.len() + 1)).collect();
        cuts.extend([0, samples.len()]);
        cuts.sort_unstable();
        let blocks: Vec<&[Sample]> = cuts.windows(2).map(|pair| &samples[pair[0]..pair[1]]).collect();
        let mut decoder = Decoder::<COLUMNS>::new();
        for (at, (wanted, bytes)) in blocks.iter().zip(write(blocks.iter().copied())).enumerate() {
            let (block, found) = read(&mut decoder, &bytes).unwrap();
            prop_assert_eq!(&found, wanted);
            prop_assert_eq!(usize::from(block.number), at);
            prop_assert_eq!(block.kind == Kind::Alone, at == 0);
        }
    }

    #[test]
    fn no_sample_takes_more_room_than_is_kept_for_it(samples in vec(any_sample(), 1..COLUMNS), often in 1_usize..4) {
        let mut buffer = vec![0; samples.len() * often * MAX_SAMPLE_LEN + MIN_BLOCK_LEN];
        let mut encoder = Encoder::<COLUMNS>::new();
        let mut writer = encoder.alone(&mut buffer, 0);
        for sample in samples.iter().cycle().take(samples.len() * often) {
            prop_assert_eq!(writer.push(sample), Ok(()));
        }
        let block = writer.finish();
        prop_assert!(block.len() <= samples.len() * often * MAX_SAMPLE_LEN + MIN_BLOCK_LEN - MAX_SAMPLE_LEN);
    }

    #[test]
    fn any_bytes_are_refused_or_hold_samples(head in select(vec![0x10_u8, 0x11, 0x12, 0]), bytes in vec(any::<u8>(), 0..200)) {
        oracle::check_series(&[&[head], &*bytes].concat());
        oracle::check_series(&[&[head, 20, 0, 0], &*bytes].concat());
    }

    #[test]
    fn a_damaged_block_is_refused_or_holds_samples(samples in samples(), at in any::<prop::sample::Index>(), by in 1_u8.., cut in any::<bool>()) {
        let mut bytes = write([&*samples]).remove(0);
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= by;
        }
        oracle::check_series(&bytes);
    }
}

#[test]
fn a_lost_block_is_missed_by_those_behind_it_until_one_stands_alone() {
    let parts = [polled(0, 10), polled(10, 10), polled(20, 10)];
    let blocks = write(parts.iter().map(|part| &**part));
    let mut decoder = Decoder::<COLUMNS>::new();
    read(&mut decoder, &blocks[0]).unwrap();
    let missing = |number, expected| Err(BlockError::MissingPredecessor { number, expected });
    assert_eq!(read(&mut decoder, &blocks[2]), missing(2, Some(1)));
    // The refused block changed nothing: the lost one still fits, and then the refused one.
    assert_eq!(read(&mut decoder, &blocks[1]).unwrap().1, parts[1]);
    assert_eq!(read(&mut decoder, &blocks[2]).unwrap().1, parts[2]);

    let mut late = Decoder::<COLUMNS>::new();
    assert_eq!(read(&mut late, &blocks[1]), missing(1, None));
    assert_eq!(read(&mut late, &write([&*parts[2]])[0]).unwrap().1, parts[2]);
}

#[test]
fn a_block_that_comes_twice_is_told_and_harms_nothing() {
    let parts = [polled(0, 10), polled(10, 10), polled(20, 10)];
    let blocks = write(parts.iter().map(|part| &**part));
    let mut decoder = Decoder::<COLUMNS>::new();
    for (number, (block, part)) in (0..).zip(blocks.iter().zip(&parts)) {
        assert_eq!(read(&mut decoder, block).unwrap().1, *part);
        assert_eq!(read(&mut decoder, block), Err(BlockError::Repeated { number }));
    }
}

#[test]
fn a_block_of_another_chain_is_no_predecessor() {
    let mut other = polled(0, 10);
    other[3].raw += 1;
    let ours = write([&*polled(0, 10), &*polled(10, 10)]);
    let theirs = write([&*other, &*polled(10, 10)]);
    let mut decoder = Decoder::<COLUMNS>::new();
    read(&mut decoder, &ours[0]).unwrap();
    let refused = BlockError::MissingPredecessor { number: 1, expected: Some(1) };
    assert_eq!(read(&mut decoder, &theirs[1]), Err(refused));
    assert!(read(&mut decoder, &ours[1]).is_ok());
}

#[test]
fn a_block_that_breaks_off_ends_the_chain() {
    let blocks = write([&*polled(0, 10), &*polled(10, 10), &*polled(20, 10)]);
    let mut decoder = Decoder::<COLUMNS>::new();
    read(&mut decoder, &blocks[0]).unwrap();
    let cut = &blocks[1][..blocks[1].len() - 4];
    assert_eq!(read(&mut decoder, cut), Err(BlockError::Malformed));
    assert_eq!(read(&mut decoder, &blocks[1]), Err(BlockError::MissingPredecessor { number: 1, expected: None }));
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing_to_continue() {
    let mut encoder = Encoder::<2>::new();
    let mut buffer = [0; 512];
    assert!(encoder.continuing(&mut buffer).is_none());
    let _ = encoder.alone(&mut buffer, 0).count();
    assert!(encoder.continuing(&mut buffer).is_none());
    encoder.alone(&mut buffer, 0).finish();
    assert!(encoder.continuing(&mut buffer).is_some());
}

#[test]
fn a_full_block_refuses_a_sample_which_then_opens_the_next() {
    let samples = polled(0, 600);
    let (mut encoder, mut decoder) = (Encoder::<4>::new(), Decoder::<4>::new());
    let mut buffer = [0; 320];
    let mut writer = encoder.alone(&mut buffer, NOW_MS);
    let mut first = Vec::new();
    for sample in &samples {
        match writer.push(sample) {
            Ok(()) => first.push(*sample),
            Err(error) => {
                assert_eq!(error, PushError::Full);
                break;
            }
        }
    }
    assert!(first.len() < samples.len() && usize::from(writer.count()) == first.len());
    let block = writer.finish();
    assert!(block.len() > 320 - MIN_BLOCK_LEN, "{}", block.len());
    assert_eq!(read(&mut decoder, block).unwrap().1, first);
    let rest = &samples[first.len()..][..50];
    let block = fill(encoder.continuing(&mut [0; 1024]).unwrap(), rest);
    assert_eq!(read(&mut decoder, &block).unwrap().1, rest);
}

#[test]
fn a_column_too_many_is_refused_by_both_ends_and_harms_no_other() {
    let sample = |signal| Sample { signal: SignalId(signal), resolution: Resolution::ONE, at_ms: NOW_MS, raw: 5 };
    let mut encoder = Encoder::<2>::new();
    let mut buffer = [0; 1024];
    let mut writer = encoder.alone(&mut buffer, NOW_MS);
    assert_eq!(writer.push(&sample(1)), Ok(()));
    assert_eq!(writer.push(&sample(2)), Ok(()));
    assert_eq!(writer.push(&sample(3)), Err(PushError::TooManyColumns));
    let finer = Sample { resolution: Resolution { numerator: 1, denominator: 2 }, ..sample(2) };
    assert_eq!(writer.push(&finer), Err(PushError::TooManyColumns), "a column has one resolution");
    assert_eq!(writer.push(&sample(2)), Ok(()));
    let block = writer.finish();
    // How much memory an end has is nothing that the bytes depend on.
    assert_eq!(read(&mut Decoder::<9>::new(), block).unwrap().1, [sample(1), sample(2), sample(2)]);
    assert_eq!(read(&mut Decoder::<1>::new(), block), Err(BlockError::TooManyColumns));
}

#[test]
fn a_buffer_without_room_takes_nothing_and_gives_no_block() {
    for len in 0..MIN_BLOCK_LEN {
        let (mut encoder, mut buffer) = (Encoder::<2>::new(), vec![0; len]);
        let mut writer = encoder.alone(&mut buffer, u64::MAX);
        assert_eq!(writer.push(&polled(0, 1)[0]), Err(PushError::Full), "{len}");
        let block = writer.finish();
        assert!(block.is_empty() || read(&mut Decoder::<2>::new(), block).is_ok(), "{len}");
    }
    let mut buffer = [0; MIN_BLOCK_LEN];
    assert_eq!(Encoder::<2>::new().alone(&mut buffer, u64::MAX).push(&polled(0, 1)[0]), Ok(()));
}

#[test]
fn heads_that_lie_are_refused() {
    let mut decoder = Decoder::<COLUMNS>::new();
    let mut refused = |bytes: &[u8]| decoder.decode(bytes, |_| ()).unwrap_err();
    assert_eq!(refused(&[]), BlockError::Head);
    assert_eq!(refused(&[0x20, 0, 0, 0]), BlockError::UnknownFormat(0x20));
    assert_eq!(refused(&[0x10, 0]), BlockError::Head);
    assert_eq!(refused(&[0x10, 0, 0, 0x80]), BlockError::Head);
    assert_eq!(refused(&[0x10, 1, 0x20, 0, 9]), BlockError::Head, "8,193 samples");
    assert_eq!(refused(&[0x10, 0, 0x20, 0, 9]), BlockError::Malformed, "8,192 samples in a byte");
    assert_eq!(refused(&[0x11, 0, 0, 4, 1]), BlockError::Head);
}

#[test]
fn a_minute_of_polled_signals_takes_little_and_in_a_chain_even_less() {
    let minutes: Vec<Vec<Sample>> = (0..10).map(|minute| polled(minute * 60, 60)).collect();
    let count: usize = minutes.iter().map(Vec::len).sum();
    let alone: usize = minutes.iter().map(|minute| write([&**minute])[0].len()).sum();
    let chained: usize = write(minutes.iter().map(|minute| &**minute)).iter().map(Vec::len).sum();
    assert!(alone * 10 < count * 8, "{alone} bytes for {count} samples");
    assert!(chained * 4 < alone * 3, "{chained} bytes in a chain, {alone} alone");
}
