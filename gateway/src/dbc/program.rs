//! Lays a matrix out as a program of the core: what can be worked out once is worked out here.
//!
//! Invariant: step `n` of the program is signal `sources[n]` of its message, and [`Compiled::order`] puts the steps of a message in the
//! order of their first bits, multiplexors before what lies under them.

use std::collections::BTreeMap;

use milepost_firmware::signal::bits::{Field, Order, Take};
use milepost_firmware::signal::program::{Guard, Kind, Message, NONE, Program, Run, Step, group};
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

fn kind(signal: &Signal) -> Kind {
    match signal.number {
        Number::Unsigned if signal.field.length < 64 && !Take::of(signal.field).is_long() => {
            if signal.scale.to_bits() == 1.0_f64.to_bits() && signal.offset == 0.0 { Kind::Plain } else { Kind::Scaled }
        }
        _ => Kind::General,
    }
}

impl Compiled {
    fn add(&mut self, message: &matrix::Message) {
        let mut runs: BTreeMap<(u32, u8, bool, Kind), Vec<usize>> = BTreeMap::new();
        let mut guards = Guards::new();
        for (at, signal) in message.signals.iter().enumerate() {
            let guard = self.guard(message, at, &mut guards);
            let first = Take::of(signal.field).first;
            runs.entry((guard, first, signal.field.order == Order::Motorola, kind(signal))).or_default().push(at);
        }
        let (run, step) = (self.runs.len() as u32, self.steps.len() as u32);
        let mut bytes = 0;
        for (&(guard, first, motorola, kind), signals) in &runs {
            let order = if motorola { Order::Motorola } else { Order::Intel };
            self.runs.push(Run { steps: signals.len() as u32, first, order, kind, guard });
            for &at in signals {
                let signal = &message.signals[at];
                let take = Take::of(signal.field);
                let needs = signal.field.bytes() as u8;
                bytes = bytes.max(needs);
                let Signal { number, scale, offset, .. } = *signal;
                self.steps.push(Step { mask: take.mask, shift: take.shift, number, bytes: needs, scale, offset });
                self.sources.push(at as u32);
            }
        }
        self.messages.push(Message {
            run,
            runs: runs.len() as u32,
            bytes,
            guarded: !guards.is_empty(),
            step,
            steps: message.signals.len() as u32,
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
