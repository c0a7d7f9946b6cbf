//! The postcard format, written and read in as little code as a microcontroller has room for.
//!
//! The `postcard` crate unfolds a variable-length number and its errors into every field of every structure;
//! here each kind of number has one function, and a failure is remembered instead of handed from field to field.
//! Invariant: the bytes, and which bytes are refused, are those of the `postcard` crate; a test compares both.

mod read;
mod write;

use core::fmt;

use serde::{Deserialize, Serialize};

use read::Reader;
use write::Writer;

/// Bytes that are no value of the wanted type, or a value that this format does not hold: a map, a character, 128-bit numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes and value do not fit each other")
    }
}

impl core::error::Error for Malformed {}

/// Takes one value off the front of `bytes`; answers it and what stands behind it.
pub fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<(T, &'a [u8])> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).ok()?;
    Some((value, reader.rest()?))
}

/// Reads one value from the front of `bytes`; what stands behind it belongs to a newer writer and is passed over.
pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    // Not by way of `take`, whose pair would be one more copy of the value on the stack.
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).ok()?;
    reader.rest().map(|_| value)
}

/// Writes one value to the front of `buffer`; answers its length, `None` if it does not fit.
pub fn write<T: Serialize + ?Sized>(value: &T, buffer: &mut [u8]) -> Option<usize> {
    let mut writer = Writer::new(buffer);
    value.serialize(&mut writer).ok()?;
    writer.len()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use heapless::{String, Vec};
    use proptest::prelude::*;
    use std::fmt::Debug;

    use super::*;
    use crate::downlink::{Command, Receipt};
    use crate::notice::Notice;
    use crate::plan::{PlanItem, ServicePlan};
    use crate::record::{SignalSummary, TripEnded, TyreSample};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        New(i16),
        Tuple(u8, i32),
        Struct { wide: u64, narrow: i8 },
    }

    type Everything = (
        (bool, u8, i8, u16, i16),
        (u32, i32, u64, i64),
        (f32, f64),
        Option<u32>,
        (Vec<u16, 8>, String<16>, Shape, [i64; 3]),
    );

    fn shape() -> impl Strategy<Value = Shape> {
        prop_oneof![
            Just(Shape::Unit),
            any::<i16>().prop_map(Shape::New),
            any::<(u8, i32)>().prop_map(|(a, b)| Shape::Tuple(a, b)),
            any::<(u64, i8)>().prop_map(|(wide, narrow)| Shape::Struct { wide, narrow }),
        ]
    }

    fn everything() -> impl Strategy<Value = Everything> {
        let list = proptest::collection::vec(any::<u16>(), 0..=8).prop_map(|list| Vec::from_slice(&list).unwrap());
        let text = "[a-zäöü]{0,8}".prop_map(|text| String::try_from(text.as_str()).unwrap());
        let floats = (proptest::num::f32::NORMAL, proptest::num::f64::NORMAL);
        (
            any::<(bool, u8, i8, u16, i16)>(),
            any::<(u32, i32, u64, i64)>(),
            floats,
            any::<Option<u32>>(),
            (list, text, shape(), any::<[i64; 3]>()),
        )
    }

    fn alike<'a, T: Deserialize<'a> + Debug>(bytes: &'a [u8]) {
        let ours = take::<T>(bytes).map(|(value, rest)| std::format!("{value:?} {}", rest.len()));
        let theirs =
            postcard::take_from_bytes::<T>(bytes).ok().map(|(value, rest)| std::format!("{value:?} {}", rest.len()));
        assert_eq!(ours, theirs, "{bytes:?}");
    }

    #[test]
    fn numbers_of_every_length_read_as_postcard_reads_them() {
        let mut bytes = [0xFF; 12];
        for last in [0x00, 0x01, 0x03, 0x04, 0x0F, 0x10, 0x7F] {
            for place in 0..bytes.len() {
                bytes.fill(0xFF);
                bytes[place] = last;
                alike::<u16>(&bytes);
                alike::<i32>(&bytes);
                alike::<u64>(&bytes);
                alike::<usize>(&bytes[..=place]);
                alike::<Vec<u8, 4>>(&bytes);
                alike::<&[u8]>(&bytes);
            }
        }
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_postcard(value in everything()) {
            let (mut ours, mut theirs) = ([0; 256], [0; 256]);
            let theirs = postcard::to_slice(&value, &mut theirs).unwrap();
            let len = write(&value, &mut ours);
            prop_assert_eq!(len.map(|len| &ours[..len]), Some(&*theirs));
            prop_assert_eq!(take::<Everything>(theirs), Some((value.clone(), &[][..])));
            for room in 0..theirs.len() {
                prop_assert_eq!(write(&value, &mut ours[..room]), None);
            }
        }

        #[test]
        fn the_same_bytes_are_refused_as_postcard_refuses(bytes in proptest::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..120)) {
            alike::<Everything>(&bytes);
            alike::<Notice>(&bytes);
            alike::<Receipt>(&bytes);
            alike::<Command>(&bytes);
            alike::<PlanItem>(&bytes);
            alike::<ServicePlan>(&bytes);
            alike::<TripEnded>(&bytes);
            alike::<SignalSummary>(&bytes);
            alike::<TyreSample>(&bytes);
        }
    }
}
