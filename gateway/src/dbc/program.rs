//! Lays a matrix out as a program of the core: what can be worked out once is worked out here.
//!
//! Invariant: step `n` of the program is signal `sources[n]` of its message; within a run, steps stand in the order of the bytes that they need.

use std::collections::BTreeMap;

use milepost_firmware::signal::bits::{Field, Order, Take};
use milepost_firmware::signal::program::{Guard, Message, NONE, Program, Run, SLOW, Step, group};
use milepost_firmware::signal::quick::{Lane, Pair};
use milepost_firmware::signal::table::Number;

use super::matrix::{self, Matrix, Signal};
use crate::decimal::Line;

/// Guards of one message that exist already, by multiplexor and values.
type Guards = BTreeMap<(usize, Vec<(u64, u64)>), u32>;

/// A program that owns its parts.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    standard: Vec<u16>,
    others: Vec<(u32, u16)>,
    groups: Vec<(u32, u16)>,
    messages: Vec<Message<Box<[Pair]>>>,
    runs: Vec<Run>,
    steps: Vec<Step>,
    guards: Vec<Guard>,
    ranges: Vec<(u64, u64)>,
    sources: Vec<u32>,
}

impl Compiled {
    /// The program.
    pub fn program(&self) -> Program<'_, Box<[Pair]>> {
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

    /// How many places, two by two, [`Program::values`] needs for any frame.
    pub fn widest(&self) -> usize {
        self.messages.iter().map(|message| usize::from(message.steps).div_ceil(2)).max().unwrap_or(0)
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

/// The line of an integer in the form in which its values are the nearest to what the matrix means.
pub fn quotient(signal: &Signal) -> Option<(f64, f64, f64)> {
    match signal.number {
        Number::Unsigned | Number::Signed => Line::new(signal.scale, signal.offset).quotient(signal.field.length),
        Number::Float32 | Number::Float64 => None,
    }
}

/// How a signal is read.
fn step(signal: &Signal) -> (Step, Take) {
    let take = Take::of(signal.field);
    let Take { mask, shift, order, .. } = take;
    let (scale, offset, divisor) = quotient(signal).unwrap_or((signal.scale, signal.offset, 1.0));
    let (number, bytes) = (signal.number, signal.field.bytes() as u8);
    (Step { mask, scale, offset, divisor, shift, order, number, bytes }, take)
}

impl Compiled {
    fn add(&mut self, message: &matrix::Message) {
        let mut runs: BTreeMap<(u32, u8), Vec<usize>> = BTreeMap::new();
        let mut guards = Guards::new();
        for (at, signal) in message.signals.iter().enumerate() {
            let guard = self.guard(message, at, &mut guards);
            runs.entry((guard, Take::of(signal.field).first)).or_default().push(at);
        }
        let (run, first_step) = (self.runs.len() as u32, self.steps.len() as u32);
        let mut bytes = 0;
        let mut lanes = Vec::new();
        for (&(guard, first), signals) in &mut runs {
            self.runs.push(Run { steps: signals.len() as u32, first, guard });
            signals.sort_by_key(|&at| message.signals[at].field.bytes());
            for &at in &*signals {
                let (step, take) = step(&message.signals[at]);
                let lane = Lane::of(&step, take).filter(|_| guard == 0);
                bytes = bytes.max(if lane.is_some() { step.bytes } else { SLOW });
                self.steps.push(step);
                self.sources.push(at as u32);
                lanes.extend(lane);
            }
        }
        let lanes = if bytes == SLOW { &[] } else { &*lanes };
        self.messages.push(Message {
            pairs: lanes.chunks(2).map(|two| Pair::new(two[0], two.get(1).copied())).collect(),
            run,
            runs: runs.len() as u16,
            step: first_step,
            steps: message.signals.len() as u16,
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
