//! Units as matrices and maps write them, and the straight lines from them to the catalogue's.
//!
//! Invariant: a unit that is not known is an error and never taken for another.

/// A unit that is known: value × scale + offset is in the unit `base`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// The unit of the catalogue.
    pub base: &'static str,
    /// See `base`.
    pub scale: f64,
    /// See `base`.
    pub offset: f64,
}

/// Names without case, base, scale and offset. Exact by definition, where the unit is (BIPM, ISO 80000; NIST SP 811 for the others).
const UNITS: &[(&[&str], &str, f64, f64)] = &[
    (&["m", "meter", "metre", "meters", "metres"], "m", 1.0, 0.0),
    (&["km", "kilometer", "kilometre", "kilometers", "kilometres"], "m", 1_000.0, 0.0),
    (&["mi", "mile", "miles"], "m", 1_609.344, 0.0),
    (&["m/s", "mps"], "m/s", 1.0, 0.0),
    (&["km/h", "kph", "kmh", "kmph", "km/hr", "kilometers/h"], "m/s", 1.0 / 3.6, 0.0),
    (&["mph", "mi/h"], "m/s", 0.447_04, 0.0),
    (&["v", "volt", "volts"], "V", 1.0, 0.0),
    (&["mv", "millivolt"], "V", 0.001, 0.0),
    (&["°c", "degc", "deg c", "c", "celsius", "℃", "degrees c", "degree_celsius", "deg. c", "grad c"], "°C", 1.0, 0.0),
    (&["°f", "degf", "deg f", "f", "fahrenheit"], "°C", 5.0 / 9.0, -160.0 / 9.0),
    (&["k", "kelvin"], "°C", 1.0, -273.15),
    (&["pa", "pascal"], "Pa", 1.0, 0.0),
    (&["hpa", "mbar"], "Pa", 100.0, 0.0),
    (&["kpa", "kilopascal"], "Pa", 1_000.0, 0.0),
    (&["bar", "bars"], "Pa", 100_000.0, 0.0),
    (&["mpa"], "Pa", 1_000_000.0, 0.0),
    (&["psi"], "Pa", 6_894.757_293_168, 0.0),
    (&["rpm", "1/min", "r/min", "min-1", "/min", "u/min"], "1/min", 1.0, 0.0),
    (&["ratio"], "ratio", 1.0, 0.0),
    (&["%", "percent", "pct"], "ratio", 0.01, 0.0),
    (&["‰"], "ratio", 0.001, 0.0),
    (&["w", "watt", "watts"], "W", 1.0, 0.0),
    (&["kw"], "W", 1_000.0, 0.0),
    (&["hp"], "W", 745.699_871_582, 0.0),
    (&["kg/s"], "kg/s", 1.0, 0.0),
    (&["g/s"], "kg/s", 0.001, 0.0),
    (&["kg/h", "kg/hr"], "kg/s", 1.0 / 3_600.0, 0.0),
    (&["m3/s"], "m3/s", 1.0, 0.0),
    (&["l/h", "l/hr", "lph"], "m3/s", 1.0 / 3_600_000.0, 0.0),
    (&["ml/s"], "m3/s", 1e-6, 0.0),
    (&["s", "sec", "second", "seconds"], "s", 1.0, 0.0),
    (&["ms"], "s", 0.001, 0.0),
    (&["min", "minute", "minutes"], "s", 60.0, 0.0),
    (&["h", "hr", "hour", "hours"], "s", 3_600.0, 0.0),
    (&["nm", "n m", "newton metre"], "Nm", 1.0, 0.0),
    (&["state"], "state", 1.0, 0.0),
    (&["count"], "count", 1.0, 0.0),
    (&["id"], "id", 1.0, 0.0),
];

/// The unit of a name.
pub fn unit(name: &str) -> Option<Unit> {
    let name = name.trim().to_lowercase();
    UNITS.iter().find(|(names, ..)| names.contains(&name.as_str())).map(|&(_, base, scale, offset)| Unit {
        base,
        scale,
        offset,
    })
}

/// The line from a unit to one of the catalogue; a state, a count or a number without a unit stays as it is.
pub fn convert(from: &str, to: &str) -> Option<(f64, f64)> {
    if from.trim().is_empty() && matches!(to, "state" | "count" | "id") {
        return Some((1.0, 0.0));
    }
    unit(from).filter(|unit| unit.base == to).map(|unit| (unit.scale, unit.offset))
}

#[cfg(test)]
mod tests {
    use milepost_protocol::signal::CATALOGUE;

    use super::*;

    #[test]
    fn every_unit_of_the_catalogue_is_known_and_is_its_own() {
        for signal in CATALOGUE {
            assert_eq!(convert(signal.unit, signal.unit), Some((1.0, 0.0)), "{}", signal.path);
        }
    }

    #[test]
    fn units_convert_only_to_their_own_kind() {
        let near = |from, to, value: f64, expected: f64| {
            let (scale, offset) = convert(from, to).unwrap();
            assert!((value * scale + offset - expected).abs() < 1e-9, "{from}");
        };
        near("km/h", "m/s", 36.0, 10.0);
        near("°F", "°C", 212.0, 100.0);
        near("%", "ratio", 50.0, 0.5);
        near("km", "m", 1.5, 1_500.0);
        assert_eq!(convert("km", "m/s"), None);
        assert_eq!(convert("furlong", "m"), None);
        assert_eq!(convert("", "m"), None);
        assert_eq!(convert("", "state"), Some((1.0, 0.0)));
    }
}
