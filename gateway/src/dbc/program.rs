//! Lays a matrix out as a program of the core: what can be worked out once is worked out here.
//!
//! Invariant: step `n` of the program is signal `sources[n]` of its message, and [`Compiled::order`] puts the steps of a message in the
//! order of their first bits, multiplexors before what lies under them.

use std::collections::BTreeMap;

use milepost_firmware::signal::bits::{Field, Order, Take};
use milepost_firmware::signal::program::{Guard, Message, NONE, Program, Run, SLOW, Step, group};
use milepost_firmware::signal::table::Number;

use super::matrix::{self, Matrix, Signal};

/// Guards of one message that exist already, by multiplexor and values.
type Guards = BTreeMap<(usize, Vec<(u64, u64)>), u32>;

/// A program that owns its parts.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    standard: Vec<u16>,
    others: Vec<(u32, u16)>,
    groups: Vec<(u32, u16)>,
    messages: Vec<Message>,
    runs: Vec<Run>,
    steps: Vec<Step>,
    guards: Vec<Guard>,
    ranges: Vec<(u64, u64)>,
    sources: Vec<u32>,
}

impl Compiled {
    /// The program.
    pub fn program(&self) -> Program<'_> {
        Program {
            standard: &self.standard,
            others: &self.others,
            groups: &self.groups,
            messages: &self.messages,
            runs: &self.runs,
            steps: &self.steps,
            guards: &self.guards,
            ranges: &self.ranges,
        }
    }

    /// Which signal of its message a step reads.
    pub fn source(&self, step: usize) -> Option<usize> {
        self.sources.get(step).map(|&signal| signal as usize)
    }

    /// The most values that one frame has.
    pub fn widest(&self) -> usize {
        self.messages.iter().map(|message| message.steps as usize).max().unwrap_or(0)
    }
}

/// Where a field begins, counted as a reader of the payload meets it.
pub fn position(field: Field) -> u16 {
    match field.order {
        Order::Intel => field.start,
        Order::Motorola => field.start ^ 7,
    }
}

/// Lays out a matrix. `all_groups` lets every message with a 29-bit identifier stand for its parameter group.
pub fn compile(matrix: &Matrix, all_groups: bool) -> Compiled {
    let mut compiled = Compiled { standard: vec![NONE; 0x800], ..Compiled::default() };
    // Later messages replace earlier ones, and more than this many identifiers no bus has.
    for (number, message) in matrix.messages.iter().enumerate().take(usize::from(NONE)) {
        compiled.add(message);
        let number = number as u16;
        match compiled.standard.get_mut(message.id as usize) {
            Some(place) => *place = number,
            None => compiled.others.push((message.id, number)),
        }
        if let Some(group) = group(message.id).filter(|_| message.group || all_groups) {
            compiled.groups.push((group, number));
        }
    }
    for list in [&mut compiled.others, &mut compiled.groups] {
        list.sort_unstable();
        // The last of several with one key counts.
        list.reverse();
        list.dedup_by_key(|&mut (key, _)| key);
        list.reverse();
    }
    compiled
}

/// How much work a value is: least for unsigned numbers that are their own values, most for what is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Plain,
    Scaled,
    Other,
}

fn work(signal: &Signal) -> Work {
    match signal.number {
        Number::Unsigned if signal.field.length < 64 => {
            if signal.scale.to_bits() == 1.0_f64.to_bits() && signal.offset == 0.0 { Work::Plain } else { Work::Scaled }
        }
        _ => Work::Other,
    }
}

impl Compiled {
    fn add(&mut self, message: &matrix::Message) {
        let mut runs: BTreeMap<(u32, u8), Vec<usize>> = BTreeMap::new();
        let mut guards = Guards::new();
        for (at, signal) in message.signals.iter().enumerate() {
            let guard = self.guard(message, at, &mut guards);
            runs.entry((guard, Take::of(signal.field).first)).or_default().push(at);
        }
        let (run, step) = (self.runs.len() as u32, self.steps.len() as u32);
        let mut bytes = 0;
        for (&(guard, first), signals) in &mut runs {
            self.runs.push(Run { steps: signals.len() as u32, first, guard });
            signals.sort_by_key(|&at| work(&message.signals[at]));
            for &at in &*signals {
                let signal = &message.signals[at];
                let take = Take::of(signal.field);
                let slow = guard > 0 || first > 0 || take.is_long();
                let needs = signal.field.bytes() as u8;
                bytes = bytes.max(if slow { SLOW } else { needs });
                let Signal { number, scale, offset, .. } = *signal;
                let Take { mask, shift, order, .. } = take;
                self.steps.push(Step { mask, scale, offset, shift, order, number, bytes: needs });
                self.sources.push(at as u32);
            }
        }
        let count = |wanted| message.signals.iter().filter(|&signal| work(signal) == wanted).count() as u32;
        self.messages.push(Message {
            run,
            runs: runs.len() as u32,
            step,
            steps: message.signals.len() as u32,
            plain: count(Work::Plain),
            scaled: count(Work::Scaled),
            bytes,
        });
    }

    /// One more than the index of the guard of a signal; nought if it is always there.
    fn guard(&mut self, message: &matrix::Message, at: usize, known: &mut Guards) -> u32 {
        let Some(branch) = message.signals.get(at).and_then(|signal| signal.branch.as_ref()) else { return 0 };
        let key = (branch.switch, branch.ranges.clone());
        if let Some(&guard) = known.get(&key) {
            return guard;
        }
        let Some(switch) = message.signals.get(branch.switch) else { return 0 };
        let outer = self.guard(message, branch.switch, known);
        let ranges = (self.ranges.len() as u32, branch.ranges.len() as u32);
        self.ranges.extend(&branch.ranges);
        let bytes = switch.field.bytes() as u8;
        self.guards.push(Guard { switch: Take::of(switch.field), bytes, ranges, outer });
        let guard = self.guards.len() as u32;
        known.insert(key, guard);
        guard
    }
}
