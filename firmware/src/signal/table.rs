//! The signal table: which bits of which frame are which signal. It is data, and can be replaced in the field.
//!
//! On flash and on the air a table is postcard: a format version and its rows; its SHA-256 travels beside it.
//! Invariant: a [`Table`] that exists was checked whole, so that decoding can neither fail nor read outside a payload.

use core::fmt;

use heapless::Vec;
use milepost_protocol::{SignalId, codec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bits::Field;
use super::precise;
use super::program::group;
use crate::frame::MAX_DATA_LEN;

/// The table format that this build reads.
pub const FORMAT: u16 = 1;

/// The most rows of one table.
pub const MAX_ROWS: usize = 96;

/// The longest encoded table, in bytes.
pub const MAX_TABLE_LEN: usize = 4096;

/// Marks a row's identifier as a parameter group (SAE J1939), whoever sends it; the group's number is in the low 18 bits.
pub const GROUP: u32 = 1 << 30;

/// A bus number that stands for any bus.
pub const ANY_BUS: u8 = 0xFF;

/// How raw bits become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Number {
    /// An unsigned integer.
    Unsigned,
    /// Two's complement.
    Signed,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
}

/// A row counts only in frames whose multiplexor has this value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multiplexor {
    /// Where the multiplexor lies.
    pub field: Field,
    /// The value that it must have.
    pub value: u32,
}

/// One signal in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The frame's identifier as [`crate::frame::raw`] writes it, or [`GROUP`] with a parameter group.
    pub id: u32,
    /// The host's bus number, or [`ANY_BUS`].
    pub bus: u8,
    /// The signal.
    pub signal: SignalId,
    /// Where its bits lie.
    pub field: Field,
    /// What the bits are.
    pub number: Number,
    /// Value = number × scale + offset, in the catalogue's unit.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// Values below are invalid.
    pub min: f32,
    /// Values above are invalid; the "not available" patterns of all ones lie there.
    pub max: f32,
    /// The multiplexor, if the frame has one.
    pub multiplexor: Option<Multiplexor>,
}

/// What a frame says about a signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// A value in the catalogue's unit.
    Value(SignalId, f32),
    /// The odometer, in whole metres: it counts further than a single-precision number does.
    Odometer(u32),
    /// The value lies outside the row's validity.
    Invalid(SignalId),
}

/// Why bytes are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableError {
    /// The bytes are cut short, too long, or no table at all.
    Malformed,
    /// The format version is not one that this build reads.
    Format(u16),
    /// A row breaks a rule: this is its index.
    Row(usize),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("signal table is cut short or malformed"),
            Self::Format(format) => write!(f, "signal table format {format} is unknown"),
            Self::Row(row) => write!(f, "signal table row {row} breaks a rule"),
        }
    }
}

impl core::error::Error for TableError {}

/// A checked table, rows in the order of identifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    rows: Vec<Row, MAX_ROWS>,
}

impl Table {
    /// A table of `rows`; they are sorted by identifier and checked.
    pub fn new(rows: &[Row]) -> Result<Self, TableError> {
        let mut rows = Vec::<Row, MAX_ROWS>::from_slice(rows).map_err(|_| TableError::Malformed)?;
        rows.sort_unstable_by_key(|row| (row.id, row.signal, row.bus));
        match rows.iter().position(|row| !row.is_valid()) {
            Some(index) => Err(TableError::Row(index)),
            None => Ok(Self { rows }),
        }
    }

    /// Reads and checks an encoded table.
    pub fn parse(bytes: &[u8]) -> Result<Self, TableError> {
        let (format, rest) = codec::take::<u16>(bytes).ok_or(TableError::Malformed)?;
        if format != FORMAT {
            return Err(TableError::Format(format));
        }
        let (rows, rest) = codec::take::<Vec<Row, MAX_ROWS>>(rest).ok_or(TableError::Malformed)?;
        if !rest.is_empty() {
            return Err(TableError::Malformed);
        }
        Self::new(&rows)
    }

    /// Writes the table to the front of `buffer`; `None` if it does not fit.
    pub fn encode_to<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let len = codec::write(&(FORMAT, &self.rows), buffer)?;
        buffer.get(..len)
    }

    /// The rows, in the order of identifiers.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The first row of a signal.
    pub fn row(&self, signal: SignalId) -> Option<&Row> {
        self.rows.iter().find(|row| row.signal == signal)
    }

    /// What a frame says, one reading at a time: the rows of its identifier, then those of its parameter group.
    pub fn decode<'t>(&'t self, bus: u8, id: u32, data: &'t [u8]) -> impl Iterator<Item = Reading> + 't {
        let rows = core::iter::successors(Some(id), |&id| group_key(id)).flat_map(move |key| {
            let first = self.rows.partition_point(|row| row.id < key);
            self.rows.get(first..).unwrap_or_default().iter().take_while(move |row| row.id == key)
        });
        rows.filter(move |row| row.is_of(bus)).filter_map(move |row| row.read(data))
    }

    /// Packs a physical value into a frame's payload, with its multiplexor; `None` if no row names the signal,
    /// the value is not valid, or the payload is too short.
    pub fn encode(&self, signal: SignalId, value: f64, payload: &mut [u8]) -> Option<()> {
        self.row(signal)?.write(value, payload)
    }
}

/// The key of the rows of an identifier's parameter group; `None` if it has none, or is such a key itself.
pub(crate) fn group_key(id: u32) -> Option<u32> {
    group(id).map(|group| group | GROUP)
}

impl Row {
    /// Whether the row is meant for frames of this bus.
    pub(crate) fn is_of(&self, bus: u8) -> bool {
        self.bus == bus || self.bus == ANY_BUS
    }

    /// Whether the row keeps every rule, so that reading it can neither fail nor leave a payload.
    pub(crate) fn is_valid(&self) -> bool {
        let width = match self.number {
            Number::Unsigned | Number::Signed => true,
            Number::Float32 => self.field.length == 32,
            Number::Float64 => self.field.length == 64,
        };
        let multiplexor = self.multiplexor.is_none_or(|multiplexor| {
            multiplexor.field.fits(MAX_DATA_LEN)
                && multiplexor.field.length <= 32
                && u64::from(multiplexor.value) >> multiplexor.field.length == 0
        });
        width
            && multiplexor
            && self.field.fits(MAX_DATA_LEN)
            && precise::parts(self.scale).is_some_and(|(mantissa, _)| mantissa != 0)
            && precise::parts(self.offset).is_some()
            && self.min <= self.max
    }

    /// What a frame's payload says; `None` if another row of the multiplexor is meant, or the payload is too short.
    pub(crate) fn read(&self, data: &[u8]) -> Option<Reading> {
        if let Some(multiplexor) = self.multiplexor
            && multiplexor.field.extract(data)? != u64::from(multiplexor.value)
        {
            return None;
        }
        let raw = self.field.extract(data)?;
        let number = match self.number {
            Number::Unsigned => precise::single(raw),
            Number::Signed => {
                let signed = self.field.signed(raw);
                let size = precise::single(signed.unsigned_abs());
                if signed < 0 { -size } else { size }
            }
            Number::Float32 => f32::from_bits(raw as u32),
            Number::Float64 => precise::narrowed(f64::from_bits(raw)),
        };
        let value = number * precise::narrowed(self.scale) + precise::narrowed(self.offset);
        let reading = if self.signal == SignalId::ODOMETER {
            let exact = match self.number {
                Number::Unsigned => Some((raw, 0)),
                Number::Signed => u64::try_from(self.field.signed(raw)).ok().map(|raw| (raw, 0)),
                Number::Float32 => precise::parts_single(number),
                Number::Float64 => precise::parts(f64::from_bits(raw)),
            };
            exact.and_then(|exact| precise::scaled(exact, self.scale, self.offset)).map(Reading::Odometer)
        } else {
            Some(Reading::Value(self.signal, value))
        };
        let valid = value >= self.min && value <= self.max;
        Some(reading.filter(|_| valid).unwrap_or(Reading::Invalid(self.signal)))
    }

    fn write(&self, value: f64, payload: &mut [u8]) -> Option<()> {
        if !(value >= f64::from(self.min) && value <= f64::from(self.max)) {
            return None;
        }
        let number = (value - self.offset) / self.scale;
        let rounded = if number < 0.0 { number - 0.5 } else { number + 0.5 };
        let length = u32::from(self.field.length);
        let raw = match self.number {
            // Casts of floats to integers saturate, so a value beside the field's range lands on its end.
            Number::Unsigned => (rounded as u64).min(u64::MAX >> 64_u32.saturating_sub(length).min(63)),
            Number::Signed => {
                let top = i64::MAX >> 64_u32.saturating_sub(length).min(63);
                (rounded as i64).clamp(-top - 1, top).cast_unsigned()
            }
            Number::Float32 => u64::from((number as f32).to_bits()),
            Number::Float64 => number.to_bits(),
        };
        if !self.field.fits(payload.len()) {
            return None;
        }
        if let Some(multiplexor) = self.multiplexor {
            multiplexor.field.insert(u64::from(multiplexor.value), payload)?;
        }
        self.field.insert(raw, payload)
    }
}

/// The SHA-256 of an encoded table.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::Order;
    use super::*;
    use crate::signal::builtin::table as builtin;

    fn row() -> Row {
        Row {
            id: 0x100,
            bus: ANY_BUS,
            signal: SignalId::SPEED,
            field: Field { start: 0, length: 16, order: Order::Intel },
            number: Number::Unsigned,
            scale: 0.01,
            offset: 0.0,
            min: 0.0,
            max: 650.0,
            multiplexor: None,
        }
    }

    #[test]
    fn an_encoded_table_reads_back_and_a_flipped_format_is_named() {
        let table = builtin();
        let mut buffer = [0; MAX_TABLE_LEN];
        let bytes = table.encode_to(&mut buffer).unwrap();
        assert_eq!(Table::parse(bytes), Ok(table));
        assert_eq!(Table::parse(&[9, 0]), Err(TableError::Format(9)));
        assert_eq!(Table::parse(&bytes[..bytes.len() - 1]), Err(TableError::Malformed));
    }

    #[test]
    fn a_row_that_leaves_every_payload_or_scales_to_nothing_is_refused() {
        let mut outside = row();
        outside.field.start = 510;
        let mut flat = row();
        flat.scale = 0.0;
        let mut narrow_float = row();
        narrow_float.number = Number::Float32;
        let mut unordered = row();
        unordered.min = f32::NAN;
        for bad in [outside, flat, narrow_float, unordered] {
            assert_eq!(Table::new(&[bad]), Err(TableError::Row(0)));
        }
    }

    #[test]
    fn an_all_ones_pattern_is_invalid_rather_than_a_speed() {
        let table = Table::new(&[row()]).unwrap();
        let mut readings = table.decode(0, 0x100, &[0xFF; 8]);
        assert_eq!(readings.next(), Some(Reading::Invalid(SignalId::SPEED)));
    }

    #[test]
    fn a_multiplexed_row_is_read_only_under_its_own_value() {
        let mut only_two = row();
        only_two.field.start = 8;
        only_two.multiplexor =
            Some(Multiplexor { field: Field { start: 0, length: 8, order: Order::Intel }, value: 2 });
        let table = Table::new(&[only_two]).unwrap();
        assert_eq!(table.decode(0, 0x100, &[1, 100, 0]).count(), 0);
        assert_eq!(table.decode(0, 0x100, &[2, 100, 0]).next(), Some(Reading::Value(SignalId::SPEED, 1.0)));
    }

    #[test]
    fn a_row_of_a_parameter_group_is_read_whoever_sends_it() {
        let mut of_group = row();
        of_group.id = GROUP | 0xF004;
        let table = Table::new(&[of_group]).unwrap();
        for id in [0x8CF0_0400, 0x98F0_0427] {
            assert_eq!(table.decode(0, id, &[100, 0]).next(), Some(Reading::Value(SignalId::SPEED, 1.0)));
        }
        for id in [0x8CF0_0300, 0x04F0] {
            assert_eq!(table.decode(0, id, &[100, 0]).next(), None);
        }
    }

    proptest! {
        #[test]
        fn parsing_any_bytes_and_decoding_any_frame_never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..300), id: u32, data in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let table = Table::parse(&bytes).unwrap_or_else(|_| builtin());
            for _ in table.decode(0, id, &data) {}
            for row in builtin().rows() {
                for _ in builtin().decode(0, row.id, &data) {}
            }
        }

        #[test]
        fn a_packed_value_reads_back_within_one_step(share in 0.0_f64..1.0) {
            let table = builtin();
            for row in table.rows() {
                let (min, max) = (f64::from(row.min), f64::from(row.max));
                let value = min + (max - min) * share;
                let mut payload = [0; 8];
                table.encode(row.signal, value, &mut payload).unwrap();
                let read = table.decode(0, row.id, &payload).find_map(|reading| match reading {
                    Reading::Value(signal, value) if signal == row.signal => Some(f64::from(value)),
                    Reading::Odometer(metres) => Some(f64::from(metres)),
                    _ => None,
                });
                let error = (read.unwrap() - value).abs();
                prop_assert!(error <= row.scale.abs() * 0.51 + value.abs().max(row.offset.abs()) * 2e-7, "{:?}: {error}", row.signal);
            }
        }
    }
}
