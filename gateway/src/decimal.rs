//! Values as the decimal numbers that a matrix means: 0.1 is a tenth, and 2047 tenths less 204.7 are nothing.
//!
//! Invariant: where numerator and denominator have room, the answer is the floating-point number nearest to the exact one.

/// A straight line `raw × scale + offset` with decimal coefficients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    scale: f64,
    offset: f64,
    /// Scale and offset as whole numbers, and by which power of ten they are too large; `None` where they have no room.
    exact: Option<(i128, i128, u32)>,
}

/// The answer of a [`Line`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number, which it is by the line's coefficients.
    Whole(i128),
    /// Any number.
    Number(f64),
}

/// Powers of ten up to this are exact as floating-point numbers.
const EXACT_POWER: u32 = 22;
/// So are whole numbers up to this.
const EXACT_WHOLE: u128 = 1 << 53;

impl Line {
    /// A line by its coefficients.
    pub fn new(scale: f64, offset: f64) -> Self {
        Self { scale, offset, exact: coefficients(scale, offset) }
    }

    /// The value of a whole number.
    pub fn of(&self, raw: i128) -> Value {
        let exact = self.exact.and_then(|(scale, offset, power)| {
            let sum = raw.checked_mul(scale)?.checked_add(offset)?;
            Some((sum, power))
        });
        match exact {
            Some((sum, 0)) => Value::Whole(sum),
            Some((sum, power)) if sum.unsigned_abs() <= EXACT_WHOLE && power <= EXACT_POWER => {
                Value::Number(sum as f64 / 10_f64.powi(power.cast_signed()))
            }
            _ => Value::Number(raw as f64 * self.scale + self.offset),
        }
    }

    /// The value of any number.
    pub fn of_float(&self, raw: f64) -> f64 {
        raw * self.scale + self.offset
    }
}

fn coefficients(scale: f64, offset: f64) -> Option<(i128, i128, u32)> {
    let (scale, scale_power) = decimal(scale)?;
    let (offset, offset_power) = decimal(offset)?;
    let power = scale_power.max(offset_power);
    let raised = |number: i128, by: u32| number.checked_mul(10_i128.checked_pow(by)?);
    Some((raised(scale, power - scale_power)?, raised(offset, power - offset_power)?, power))
}

/// The shortest decimal number that reads as this one: digits, and how many of them stand behind the point.
fn decimal(number: f64) -> Option<(i128, u32)> {
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let joined: i128 = format!("{whole}{fraction}").parse().ok()?;
    let behind = i32::try_from(fraction.len()).ok()? - exponent;
    match u32::try_from(behind) {
        Ok(behind) => Some((joined, behind)),
        Err(_) => Some((joined.checked_mul(10_i128.checked_pow(behind.unsigned_abs())?)?, 0)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tenths_add_up_to_nothing_where_they_should() {
        assert_eq!(Line::new(0.1, -204.7).of(2047), Value::Number(0.0));
        assert_eq!(Line::new(0.1, -819.2).of(65_535), Value::Number(5734.3));
        assert_eq!(Line::new(2.0, -40.0).of(-1), Value::Whole(-42));
        assert_eq!(Line::new(1.0, 0.0).of(u64::MAX.into()), Value::Whole(u64::MAX.into()));
        assert_eq!(Line::new(1e300, 1e-300).of(1), Value::Number(1e300));
    }

    proptest! {
        #[test]
        fn no_value_is_further_from_floating_point_than_its_own_rounding(raw: i64, scale in -1e6_f64..1e6, offset in -1e9_f64..1e9) {
            let line = Line::new(scale, offset);
            let plain = raw as f64 * scale + offset;
            let value = match line.of(raw.into()) {
                Value::Whole(number) => number as f64,
                Value::Number(number) => number,
            };
            prop_assert!((value - plain).abs() <= 1e-15 * 8.0 * (raw as f64 * scale).abs().max(offset.abs()));
        }
    }
}
