//! Writing: what does not fit is remembered, and the rest of the value is passed over.
//!
//! Invariant: nothing is written outside the buffer, and a length is answered only for a value that is whole.

use serde::Serialize;
use serde::ser::{
    Error, Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};

use super::Malformed;

/// The buffer and how much of it is written.
pub(super) struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
    failed: bool,
}

impl<'b> Writer<'b> {
    pub(super) fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0, failed: false }
    }

    /// How long the value is, if it fitted.
    pub(super) fn len(&self) -> Option<usize> {
        (!self.failed).then_some(self.len)
    }

    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        } else {
            self.failed = true;
        }
    }

    /// Seven bits a byte, the lowest first; the topmost bit of a byte says that more follow.
    #[inline(never)]
    fn long(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    #[inline(never)]
    fn word(&mut self, number: u32) {
        self.long(u64::from(number));
    }

    #[inline(never)]
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.byte(byte);
        }
    }
}

/// Folds a number so that small negative ones take few bytes, too.
fn fold(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// As [`fold`], for up to 32 bits.
fn fold_word(number: i32) -> u32 {
    (number << 1 ^ number >> 31).cast_unsigned()
}

impl Error for Malformed {
    #[inline]
    fn custom<T: core::fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Malformed;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Impossible<(), Malformed>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), Malformed> {
        self.byte(u8::from(value));
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Malformed> {
        self.byte(value.cast_unsigned());
        Ok(())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Malformed> {
        self.word(fold_word(i32::from(value)));
        Ok(())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Malformed> {
        self.word(fold_word(value));
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Malformed> {
        self.long(fold(value));
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Malformed> {
        self.byte(value);
        Ok(())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Malformed> {
        self.word(u32::from(value));
        Ok(())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Malformed> {
        self.word(value);
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Malformed> {
        self.long(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Malformed> {
        self.bytes(&value.to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Malformed> {
        self.bytes(&value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, _: char) -> Result<(), Malformed> {
        Err(Malformed)
    }

    fn serialize_str(self, value: &str) -> Result<(), Malformed> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Malformed> {
        self.long(value.len() as u64);
        self.bytes(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Malformed> {
        self.byte(0);
        Ok(())
    }

    // Once for each type, not once for each field.
    #[inline(never)]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Malformed> {
        self.byte(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Malformed> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Malformed> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result<(), Malformed> {
        self.word(index);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Malformed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Malformed> {
        self.word(index);
        value.serialize(self)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Malformed> {
        self.long(len.ok_or(Malformed)? as u64);
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Malformed> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Malformed> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Malformed> {
        self.word(index);
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Malformed> {
        Err(Malformed)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Malformed> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Malformed> {
        self.word(index);
        Ok(self)
    }

    fn collect_str<T: core::fmt::Display + ?Sized>(self, _: &T) -> Result<(), Malformed> {
        Err(Malformed)
    }
}

/// Everything compound is its parts in their order.
macro_rules! parts {
    ($($compound:ident: $part:ident($($key:ident)?),)*) => {
        $(impl $compound for &mut Writer<'_> {
            type Ok = ();
            type Error = Malformed;

            fn $part<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Result<(), Malformed> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Malformed> {
                Ok(())
            }
        })*
    };
}

parts! {
    SerializeSeq: serialize_element(),
    SerializeTuple: serialize_element(),
    SerializeTupleStruct: serialize_field(),
    SerializeTupleVariant: serialize_field(),
    SerializeStruct: serialize_field(_name),
    SerializeStructVariant: serialize_field(_name),
}
