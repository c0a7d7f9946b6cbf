//! Numbers of more than single precision without the arithmetic for them: an odometer, and the scales that tables hold.
//!
//! An odometer counts to four million kilometres and has to be right to the metre, which a single-precision number is only up to 16,777 km;
//! double precision would cost a microcontroller two kilobytes of arithmetic for this one signal.
//! So the raw number is multiplied with the 53 bits of the scale's mantissa as they are, and the product is kept to a millionth of a metre.
//! Invariant: for raw numbers of up to 32 bits the answer is that of double precision, as a test compares; for longer ones it is
//! below it by less than a 2,000,000,000th.

/// Bits behind the binary point of a product.
const FRACTION: i32 = 20;

/// `raw` × 2^`power` × `scale` + `offset`, in whole metres rounded down; `None` where that is no odometer reading.
#[inline(never)]
pub(super) fn scaled((raw, power): (u64, i32), scale: f64, offset: f64) -> Option<u32> {
    // The topmost 32 bits of the number, and by how much they are to be moved back.
    let beyond = 32_u32.saturating_sub(raw.leading_zeros());
    let raw = raw >> beyond;
    if scale.is_sign_negative() {
        return None;
    }
    let (mantissa, exponent) = parts(scale)?;
    let (high, low) = (mantissa >> 21, mantissa & 0x1F_FFFF);
    let product = raw * high + ((raw * low) >> 21);
    let scaled = shifted(product, power + exponent + 21 + beyond.cast_signed() + FRACTION)?;
    let (mantissa, exponent) = parts(offset)?;
    let offset_by = shifted(mantissa, exponent + FRACTION)?;
    // A step of the last place makes up for what the products were cut off by.
    let sum = if offset.is_sign_negative() { scaled.checked_sub(offset_by)? } else { scaled.checked_add(offset_by)? };
    u32::try_from(sum.checked_add(1)? >> FRACTION).ok()
}

/// Mantissa and exponent of a number without its sign; `None` if it is none (IEEE 754, binary64).
pub(super) fn parts(number: f64) -> Option<(u64, i32)> {
    let bits = number.to_bits();
    let mantissa = bits & 0x000F_FFFF_FFFF_FFFF;
    match (bits >> 52) as i32 & 0x7FF {
        0 => Some((mantissa, -1074)),
        exponent @ 1..=0x7FE => Some((mantissa | 1 << 52, exponent - 1075)),
        _ => None,
    }
}

/// Mantissa and exponent of a number that is not negative (IEEE 754, binary32).
pub(super) fn parts_single(number: f32) -> Option<(u64, i32)> {
    let bits = number.to_bits();
    let mantissa = u64::from(bits & 0x007F_FFFF);
    match (bits >> 23).cast_signed() {
        0 => Some((mantissa, -149)),
        exponent @ 1..=0xFE => Some((mantissa | 1 << 23, exponent - 150)),
        _ => None,
    }
}

/// A number in single precision.
#[inline(never)]
pub(super) fn single(number: u64) -> f32 {
    // Two conversions that the processor knows.
    (number >> 32) as u32 as f32 * 4_294_967_296.0 + number as u32 as f32
}

/// A number in single precision; one that is too small for it is nothing, one that is too large or none is none.
#[inline(never)]
pub(super) fn narrowed(number: f64) -> f32 {
    let Some((mantissa, exponent)) = parts(number) else { return f32::NAN };
    // The topmost 32 bits of the mantissa, and two to the power of what they are to be moved by.
    let power = exponent + 21 + 127;
    let size = match power {
        ..=0 => 0.0,
        1..=254 => (mantissa >> 21) as u32 as f32 * f32::from_bits((power as u32) << 23),
        _ => f32::NAN,
    };
    if number.is_sign_negative() { -size } else { size }
}

/// `number` × 2^`places`; `None` if it does not fit.
fn shifted(number: u64, places: i32) -> Option<u64> {
    if places <= 0 {
        return Some(number.checked_shr(places.unsigned_abs()).unwrap_or(0));
    }
    let places = places.unsigned_abs();
    if number == 0 {
        return Some(0);
    }
    (places <= number.leading_zeros()).then(|| number << places)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_odometer_reads_exactly_in_any_unit() {
        for (raw, scale, offset, metres) in [
            (41_232_u64, 1.0, 0.0, Some(41_232)),
            (1_234_567, 100.0, 0.0, Some(123_456_700)),
            (3, 0.1, 0.0, Some(0)),
            (10, 0.1, 0.0, Some(1)),
            (10, 0.3, 0.0, Some(3)),
            (987_654_321_999, 0.001, 0.0, Some(987_654_321)),
            (500, 1000.0, -250_000.0, Some(250_000)),
            (100, 1000.0, -250_000.0, None),
            (u64::MAX, 1.0, 0.0, None),
            (7, -1.0, 0.0, None),
            (7, f64::NAN, 0.0, None),
        ] {
            assert_eq!(scaled((raw, 0), scale, offset), metres, "{raw} × {scale} + {offset}");
        }
    }

    #[test]
    fn numbers_come_out_in_single_precision_as_the_language_converts_them() {
        for number in [0.0, 1.0, -1.0, 0.01 / 3.6, 1e-9, -40.0, 327_000.0, 65e-6, 4.2e9, 1e30] {
            let expected = number as f32;
            let off = (narrowed(number) - expected).abs();
            assert!(off <= expected.abs() * f32::EPSILON, "{number}: {} is not {expected}", narrowed(number));
        }
        assert!(narrowed(f64::NAN).is_nan() && narrowed(1e300).is_nan());
        for number in [0, 1, u64::from(u32::MAX), 1 << 40, u64::MAX] {
            let expected = number as f32;
            assert!((single(number) - expected).abs() <= expected * f32::EPSILON, "{number}");
        }
    }

    #[test]
    fn an_odometer_that_is_a_float_reads_as_what_it_says() {
        assert_eq!(scaled(parts_single(123_456.75).unwrap(), 1000.0, 0.0), Some(123_456_750));
        assert_eq!(scaled(parts(123_456.789_5).unwrap(), 1000.0, 0.0), Some(123_456_789));
        assert_eq!(parts_single(-1.0).or(parts_single(f32::NAN)).or(parts(f64::INFINITY)), None);
    }

    proptest! {
        #[test]
        fn the_answer_is_that_of_double_precision(raw: u32, per_step in prop_oneof![Just(1_u32), 1_u32..2_000_000], offset in 0_u32..1_000_000) {
            // Scales as tables write them: decimal fractions of a metre up to many metres.
            let scale = f64::from(per_step) / 1000.0;
            let offset = f64::from(offset);
            let exact = f64::from(raw) * scale + offset;
            match scaled((u64::from(raw), 0), scale, offset) {
                Some(metres) => {
                    prop_assert!(f64::from(metres) <= exact + 2e-6 && f64::from(metres) > exact - 1.0 - 2e-6, "{metres} is not {exact}");
                }
                None => prop_assert!(exact >= 4_294_967_295.0),
            }
        }

        #[test]
        fn any_row_is_read_without_a_panic(raw: u64, scale: f64, offset: f64) {
            let _ = scaled((raw, 0), scale, offset);
            for bits in [scale.to_bits(), raw] {
                let parts = parts(f64::from_bits(bits)).or(parts_single(f32::from_bits(bits as u32)));
                let _ = parts.map(|number| scaled(number, scale, offset));
            }
        }
    }
}
