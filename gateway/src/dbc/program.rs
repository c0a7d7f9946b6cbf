//! Lays a matrix out as a program of the core: what can be worked out once is worked out here.
//!
//! Invariant: step `n` of the program is signal `sources[n]` of its message, and steps of a run stand in the order of their places.

use std::collections::BTreeMap;

use milepost_firmware::signal::bits::{Field, Order, Take};
use milepost_firmware::signal::program::{Guard, Lanes, Message, NONE, Program, Run, SLOW, Step, group};
use milepost_firmware::signal::quick::{Pair, Turn};
use milepost_firmware::signal::table::Number;

use super::lanes::arrange;
use super::matrix::{self, Matrix, Signal};
use crate::decimal::Line;

/// Guards of one message that exist already, by multiplexor and values.
type Guards = BTreeMap<(usize, Vec<(u64, u64)>), u32>;

/// Lanes that own their pairs.
type Owned = Lanes<Box<[Pair]>>;

/// A program that owns its parts.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    standard: Vec<u16>,
    others: Vec<(u32, u16)>,
    groups: Vec<(u32, u16)>,
    messages: Vec<Message<Box<[Pair]>>>,
    runs: Vec<Run<Box<[Pair]>>>,
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
        let widest =
            |message: &Message<Box<[Pair]>>| message.lanes.pairs.len().max(usize::from(message.steps).div_ceil(2));
        self.messages.iter().map(widest).max().unwrap_or(0)
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
    (Step { mask, scale, offset, divisor, shift, order, number, bytes, place: 0 }, take)
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
        // A message without signals needs no bytes.
        let mut own = Lanes { bytes: if runs.is_empty() { 0 } else { SLOW }, ..in_no_pairs() };
        let alone = runs.len() == 1;
        for ((guard, first), mut signals) in runs {
            // What a short frame holds comes first, as far as lanes allow.
            signals.sort_by_key(|&at| message.signals[at].field.bytes());
            let (mut lanes, steps) = in_pairs(message, signals);
            for &(signal, step) in &steps {
                self.steps.push(step);
                self.sources.push(signal as u32);
            }
            // What is always there, and at once, is the message's own.
            if alone && (guard, first) == (0, 0) {
                std::mem::swap(&mut own, &mut lanes);
            }
            self.runs.push(Run { lanes, steps: steps.len() as u32, first, guard });
        }
        let (runs, steps) = (self.runs.len() as u32 - run, self.steps.len() as u32 - step);
        self.messages.push(Message { lanes: own, run, runs: runs as u16, step, steps: steps as u16 });
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

fn in_no_pairs() -> Owned {
    Lanes { pairs: Box::default(), turns: [Turn::NONE; 2], bytes: SLOW }
}

/// The lanes of a run, and its signals' steps in the order of their places; lanes without pairs if one of the signals has none.
fn in_pairs(message: &matrix::Message, signals: Vec<usize>) -> (Owned, Vec<(usize, Step)>) {
    let steps: Vec<_> = signals.iter().map(|&at| step(&message.signals[at])).collect();
    let Some(found) = arrange(&steps) else {
        return (in_no_pairs(), signals.into_iter().zip(steps).map(|(at, (step, _))| (at, step)).collect());
    };
    let straight = found.places.iter().enumerate().all(|(at, &(_, place))| at == usize::from(place));
    let needs = steps.iter().map(|(step, _)| step.bytes).max().unwrap_or(SLOW);
    let pairs = found.pairs.into_iter().map(Pair::new).collect();
    let lanes = Lanes { pairs, turns: found.turns, bytes: if straight { needs } else { SLOW } };
    (lanes, found.places.into_iter().map(|(at, place)| (signals[at], Step { place, ..steps[at].0 })).collect())
}
