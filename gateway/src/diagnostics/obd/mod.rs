//! On-board diagnostics of a recording (SAE J1979): every answer, value by value.
//!
//! Invariant: a row is printed only from bytes that are there; an answer with a parameter of unknown length is read up to it.

mod answer;

use std::path::Path;

use milepost_firmware::obd::is_response;

pub use answer::{Scalar, Value, of_answer, parameters};

use super::isotp::{self, Ending, Heard, Outcome};
use super::log::hex;
use crate::log::LogError;

/// The first line of what `obd` prints.
pub const HEADER: &str = "t,pid_hex,name,value,unit,payload_hex";

/// Reads a recording and hands on every row of what control units answer.
pub fn rows<E: From<LogError>>(path: &Path, mut take: impl FnMut(String) -> Result<(), E>) -> Result<Ending, E> {
    isotp::listen(path, |heard| match heard {
        Heard { at_us, id, outcome: Outcome::Message { payload, .. }, .. } if is_response(id) => {
            let t = time(at_us);
            let payload_hex = hex(payload);
            of_answer(payload).into_iter().try_for_each(|value| {
                take(format!(
                    "{t},{},{},{},{},{payload_hex}",
                    value.pid,
                    value.name,
                    quoted(&value.scalar.to_string()),
                    value.unit
                ))
            })
        }
        _ => Ok(()),
    })
}

/// Seconds to the nearest millisecond, without zeros at the end.
fn time(at_us: u64) -> String {
    let at_ms = (at_us + 500) / 1_000;
    let text = format!("{}.{:03}", at_ms / 1_000, at_ms % 1_000);
    let text = text.trim_end_matches('0');
    if text.ends_with('.') { format!("{text}0") } else { text.to_owned() }
}

/// A field as RFC 4180 writes it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_fields_are_written_as_tables_expect_them() {
        assert_eq!([11_450, 100_000, 2_000_000, 1_071_500].map(time), ["0.011", "0.1", "2.0", "1.072"]);
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
