//! What a matrix says that cannot all be true at once: overlaps, signals beyond their frame, one identifier in two files.
//!
//! Invariant: nothing is changed but identifiers that several files name, of which one message stays.

use std::collections::HashMap;

use milepost_firmware::signal::bits::{Field, Order};
use milepost_firmware::signal::program::group;

use super::matrix::{Diagnostic, Matrix, Message};

/// Checks a matrix of one or more files; a later file goes before an earlier one.
pub fn check(matrix: &mut Matrix) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for message in &matrix.messages {
        lengths(message, &mut diagnostics);
        overlaps(message, &mut diagnostics);
    }
    duplicates(matrix, &mut diagnostics);
    diagnostics
}

fn tell(message: &Message, line: u32, what: String, done: &'static str) -> Diagnostic {
    Diagnostic { file: message.file.clone(), line, what, done }
}

fn lengths(message: &Message, diagnostics: &mut Vec<Diagnostic>) {
    for signal in &message.signals {
        let bytes = signal.field.bytes();
        if bytes > message.length as usize {
            let what =
                format!("signal {} ends in byte {bytes} of {} bytes of {}", signal.name, message.length, message.name);
            diagnostics.push(tell(message, signal.line, what, "it is read from frames that are long enough"));
        }
    }
}

/// The bits of a payload that a field has.
fn bits(field: Field) -> [u64; 8] {
    let mut bits = [0; 8];
    let mut bit = field.start;
    for _ in 0..field.length {
        if let Some(word) = bits.get_mut(usize::from(bit / 64)) {
            *word |= 1 << (bit % 64);
        }
        bit = match field.order {
            Order::Motorola if bit.is_multiple_of(8) => bit.saturating_add(15),
            Order::Motorola => bit - 1,
            Order::Intel => bit + 1,
        };
    }
    bits
}

fn overlaps(message: &Message, diagnostics: &mut Vec<Diagnostic>) {
    let places: Vec<_> = message.signals.iter().map(|signal| bits(signal.field)).collect();
    for (at, signal) in message.signals.iter().enumerate() {
        for (earlier, other) in message.signals.iter().enumerate().take(at) {
            let shared = places[at].iter().zip(places[earlier]).any(|(one, other)| one & other != 0);
            if shared && !message.exclude(at, earlier) {
                let what = format!("signal {} overlaps {} of line {}", signal.name, other.name, other.line);
                diagnostics.push(tell(message, signal.line, what, "both are read"));
            }
        }
    }
}

fn duplicates(matrix: &mut Matrix, diagnostics: &mut Vec<Diagnostic>) {
    let mut known: HashMap<(u32, bool), usize> = HashMap::new();
    let mut replaced = Vec::new();
    for (at, message) in matrix.messages.iter().enumerate() {
        let key = if message.group { group(message.id).unwrap_or(message.id) } else { message.id };
        if let Some(before) = known.insert((key, message.group), at)
            && let Some(other) = matrix.messages.get(before)
        {
            let same = if message.group && message.id != other.id { "parameter group" } else { "identifier" };
            let (file, line) = (other.file.display(), other.line);
            let what = format!("message {} has the {same} of {}, {file}:{line}", message.name, other.name);
            // A group may be listed once for each sender; an exact identifier still finds its own.
            let done =
                if same == "identifier" { "the later one is used" } else { "the later one is used for other senders" };
            diagnostics.push(tell(message, message.line, what, done));
            if same == "identifier" {
                replaced.push(before);
            }
        }
    }
    let mut at = 0;
    matrix.messages.retain(|_| {
        at += 1;
        !replaced.contains(&(at - 1))
    });
}
