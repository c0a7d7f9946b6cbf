//! What happens to files and frames on their way: bytes flip, go, come twice, numbers grow beyond all bounds, ends are cut.
//!
//! Invariant: an input never grows beyond [`MAX_LEN`], so that a case takes little time.

use rand::Rng;
use rand::rngs::SmallRng;

/// The longest input, in bytes.
const MAX_LEN: usize = 1 << 14;

/// Numbers as text that readers trip over.
const NUMBERS: [&[u8]; 14] = [
    b"0",
    b"-1",
    b"64",
    b"255",
    b"65536",
    b"4294967295",
    b"4294967296",
    b"18446744073709551615",
    b"-9223372036854775808",
    b"1e308",
    b"-0.0",
    b"NaN",
    b"inf",
    b"0x1FFFFFFF",
];

/// Bytes at which counters and lengths turn over.
const EDGES: [u8; 9] = [0, 1, 7, 8, 0x10, 0x7F, 0x80, 0xFE, 0xFF];

/// One of the valid inputs, damaged one to eight times.
pub(crate) fn damaged(valid: &[Vec<u8>], random: &mut SmallRng) -> Vec<u8> {
    let pick =
        |random: &mut SmallRng| valid.get(random.random_range(0..valid.len().max(1))).cloned().unwrap_or_default();
    let mut bytes = pick(random);
    for _ in 0..1 << random.random_range(0..4_u32) {
        let other = if random.random_ratio(1, 8) { pick(random) } else { Vec::new() };
        once(&mut bytes, &other, random);
        bytes.truncate(MAX_LEN);
    }
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], random: &mut SmallRng) {
    let at = random.random_range(0..=bytes.len());
    let some = span(bytes, random);
    match random.random_range(0..10) {
        0 => flip(bytes, |byte, random| *byte ^= 1 << random.random_range(0..8), random),
        1 => flip(bytes, |byte, random| *byte = random.random(), random),
        2 => flip(bytes, |byte, random| *byte = EDGES[random.random_range(0..EDGES.len())], random),
        3 => drop(bytes.drain(some)),
        4 => {
            let copy = bytes[some].to_vec();
            bytes.splice(at..at, copy);
        }
        5 => bytes.truncate(at),
        6 => number(bytes, random),
        7 => {
            let new: Vec<u8> = (0..random.random_range(1..12)).map(|_| random.random()).collect();
            bytes.splice(at..at, new);
        }
        8 => {
            let other = other[span(other, random)].to_vec();
            bytes.splice(at..at, other);
        }
        _ => {
            let copy = bytes[some.clone()].to_vec();
            let end = (at + copy.len()).min(bytes.len());
            bytes.splice(at..end, copy);
        }
    }
}

/// Some bytes, mostly few.
fn span(bytes: &[u8], random: &mut SmallRng) -> std::ops::Range<usize> {
    let start = random.random_range(0..=bytes.len());
    let longest = if random.random_ratio(1, 4) { bytes.len() } else { 16 };
    start..(start + random.random_range(0..=longest)).min(bytes.len())
}

fn flip(bytes: &mut [u8], change: impl Fn(&mut u8, &mut SmallRng), random: &mut SmallRng) {
    for _ in 0..random.random_range(1..=3) {
        let at = random.random_range(0..bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            change(byte, random);
        }
    }
}

/// Replaces a number that stands as text.
fn number(bytes: &mut Vec<u8>, random: &mut SmallRng) {
    let from = random.random_range(0..=bytes.len());
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
    let end = bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |len| start + len);
    let new = NUMBERS[random.random_range(0..NUMBERS.len())];
    bytes.splice(start..end, new.iter().copied());
}
