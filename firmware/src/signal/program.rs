//! A whole matrix laid out for reading at the rate of a bus: everything that can be worked out before the first frame is.
//!
//! The rows of a [`super::table::Table`] and the steps of a program take their bits by the same [`Take`]; a table is what a car
//! keeps in flash, a program what a machine with memory makes of a matrix, or of a table.
//! Steps of one message that share eight bytes and a guard form a run; most messages are one run that [`super::quick`] reads.
//! Invariant: a program never reads outside a payload, and a value that does not lie wholly within a short frame is not given.

use super::bits::{Order, Take, window};
use super::quick::{self, Pair, Turn, Words};
use super::table::Number;

/// How one signal's value comes out of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// See [`Take`].
    pub mask: u64,
    /// Value = (number × scale + offset) ÷ divisor.
    ///
    /// With whole numbers for a scale and an offset of tenths, and ten for a divisor, the value is the floating-point number nearest to
    /// what a matrix means, where a scale of 0.1 gives a neighbour of it.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// See `scale`; 1 if there is nothing to divide.
    pub divisor: f64,
    /// See [`Take`].
    pub shift: i8,
    /// The byte order.
    pub order: Order,
    /// What the bits are.
    pub number: Number,
    /// How many bytes a frame must have.
    pub bytes: u8,
    /// Which of its message's values this is, those of idle lanes counted.
    pub place: u8,
}

/// Steps that are read two at a time; `P` is where the pairs are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lanes<P> {
    /// The steps, two by two, in the order of their places; none if they are not all lanes.
    pub pairs: P,
    /// How the words of the lanes are turned.
    pub turns: [Turn; 2],
    /// How many bytes a frame must have for all of the steps; [`SLOW`] if there are no pairs, or an idle lane stands between others.
    pub bytes: u8,
}

/// Steps that share eight bytes and a guard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run<P> {
    /// Its steps in pairs, unless its message has them.
    pub lanes: Lanes<P>,
    /// How many of the message's steps.
    pub steps: u32,
    /// The first of the eight bytes.
    pub first: u8,
    /// One more than the index of the guard that must hold; nought for none.
    pub guard: u32,
}

/// A condition: a multiplexor has one of some values, and so has the one that it lies under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Where the multiplexor lies.
    pub switch: Take,
    /// How many bytes a frame must have for it.
    pub bytes: u8,
    /// Its values: so many of the program's ranges, from the first on.
    pub ranges: (u32, u32),
    /// One more than the index of the guard that must hold as well, which stands before this one; nought for none.
    pub outer: u32,
}

/// One message; `P` is where pairs are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Message<P> {
    /// Its steps in pairs, if all of them are in the first eight bytes of every frame.
    pub lanes: Lanes<P>,
    /// Its first run.
    pub run: u32,
    /// How many runs.
    pub runs: u16,
    /// Its first step; steps stand in the order of runs.
    pub step: u32,
    /// How many steps.
    pub steps: u16,
}

/// More bytes than any frame has.
pub const SLOW: u8 = u8::MAX;

/// Marks an identifier of 11 bits that is no message's.
pub const NONE: u16 = u16::MAX;

/// A program, wherever its parts are kept.
#[derive(Debug, Clone, Copy)]
pub struct Program<'p, P> {
    /// The message of each 11-bit identifier, or nothing at all, and then these stand with the others.
    pub standard: &'p [u16],
    /// The messages of all other identifiers as [`crate::frame::raw`] writes them, in their order.
    pub others: &'p [(u32, u16)],
    /// The messages of parameter groups (SAE J1939), in their order.
    pub groups: &'p [(u32, u16)],
    /// The messages.
    pub messages: &'p [Message<P>],
    /// Their runs.
    pub runs: &'p [Run<P>],
    /// Their steps.
    pub steps: &'p [Step],
    /// Their guards.
    pub guards: &'p [Guard],
    /// The values that guards allow, first and last.
    pub ranges: &'p [(u64, u64)],
}

impl<P: AsRef<[Pair]>> Program<'_, P> {
    /// The message that an identifier means, as [`crate::frame::raw`] writes it.
    #[inline]
    pub fn find(&self, id: u32) -> Option<usize> {
        if let Some(&message) = self.standard.get(id as usize) {
            return (message != NONE).then_some(usize::from(message));
        }
        self.search(id)
    }

    fn search(&self, id: u32) -> Option<usize> {
        let of = |list: &[(u32, u16)], key| {
            let at = list.binary_search_by_key(&key, |&(key, _)| key).ok()?;
            list.get(at).map(|&(_, message)| usize::from(message))
        };
        of(self.others, id).or_else(|| of(self.groups, group(id)?))
    }

    /// Every value of a frame, as [`Program::values`] gives them; none if no message has this identifier.
    pub fn read(&self, id: u32, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        match self.standard.get(id as usize) {
            // [`NONE`] is no message.
            Some(&message) => self.values(message.into(), data, values),
            None => self.searched(id, data, values),
        }
    }

    #[inline(never)]
    fn searched(&self, id: u32, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        self.search(id).map_or(0, |message| self.values(message, data, values))
    }

    /// Every value that lies wholly within a frame of `message`, in the order in which [`Program::each`] meets them, into the front of
    /// `values`; answers how many.
    ///
    /// `values` has as many places as any message has steps; what finds no place is left out.
    // What is rare stands in functions of its own that are called last, so that this one needs no stack.
    #[inline]
    pub fn values(&self, message: usize, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        let Some(found) = self.messages.get(message) else { return 0 };
        let pairs = found.lanes.pairs.as_ref();
        if data.len() >= usize::from(found.lanes.bytes)
            && let Some(places) = values.get_mut(..pairs.len())
        {
            quick::read(pairs, Words::of(data, &found.lanes.turns), places);
            return usize::from(found.steps);
        }
        self.rarely(found, data, values)
    }

    /// Reads a short frame, or one of a message of several runs, or what of a frame finds a place.
    #[inline(never)]
    fn rarely(&self, message: &Message<P>, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        let begin = message.step as usize;
        let steps = self.steps.get(begin..begin.saturating_add(message.steps.into())).unwrap_or_default();
        match message.lanes.read(steps, data, data.len(), values.as_flattened_mut()) {
            Some(count) => count,
            None => self.by_runs(message, data, values.as_flattened_mut()),
        }
    }

    #[inline(never)]
    fn by_runs(&self, message: &Message<P>, data: &[u8], values: &mut [f64]) -> usize {
        let mut count = 0;
        self.holding(message, data, |run, _, steps| {
            let into = values.get_mut(count..).unwrap_or_default();
            let window = data.get(usize::from(run.first)..).unwrap_or_default();
            let read = run.lanes.read(steps, window, data.len(), into);
            count += read.unwrap_or_else(|| run.read(steps, data, into));
        });
        count
    }

    /// Every raw value that lies wholly within a frame of `message`, with the number of its step.
    pub fn each(&self, message: usize, data: &[u8], mut sink: impl FnMut(usize, u64)) {
        let Some(message) = self.messages.get(message) else { return };
        self.holding(message, data, |run, begin, steps| {
            run.each(steps, data, |at, bits| sink(begin.saturating_add(at), bits));
        });
    }

    /// Every run of `message` whose guard holds, with the number of its first step and its steps.
    fn holding(&self, message: &Message<P>, data: &[u8], mut sink: impl FnMut(&Run<P>, usize, &[Step])) {
        let mut number = message.step as usize;
        let (mut guard, mut holds) = (0, true);
        let runs = self.runs.get(message.run as usize..).unwrap_or_default();
        for run in runs.iter().take(message.runs.into()) {
            let (begin, end) = (number, number.saturating_add(run.steps as usize));
            number = end;
            if run.guard != guard {
                (guard, holds) = (run.guard, self.holds(run.guard, data));
            }
            if let Some(steps) = self.steps.get(begin..end).filter(|_| holds) {
                sink(run, begin, steps);
            }
        }
    }

    /// Whether a guard and all those around it hold; a multiplexor outside the frame holds for nobody.
    fn holds(&self, guard: u32, data: &[u8]) -> bool {
        let mut at = guard;
        while let Some(index) = at.checked_sub(1) {
            let Some(guard) = self.guards.get(index as usize) else { return false };
            if data.len() < usize::from(guard.bytes) {
                return false;
            }
            let value = guard.switch.all(window(data, guard.switch.first.into(), guard.switch.order), data);
            let (first, count) = guard.ranges;
            let mut ranges = self.ranges.iter().skip(first as usize).take(count as usize);
            // Those around it stand before it, so that this ends whatever a program holds.
            if guard.outer > index || !ranges.any(|&(low, high)| low <= value && value <= high) {
                return false;
            }
            at = guard.outer;
        }
        true
    }
}

impl<P: AsRef<[Pair]>> Lanes<P> {
    /// The values of those steps that lie wholly within a frame of `len` bytes, into the front of `values`; `None` if they are not in
    /// pairs, or there is no room for all. `window` is the frame from the lanes' eight bytes on.
    #[expect(
        clippy::inline_always,
        reason = "short frames are many, and saving registers would be a third of what they cost"
    )]
    #[inline(always)]
    fn read(&self, steps: &[Step], window: &[u8], len: usize, values: &mut [f64]) -> Option<usize> {
        let pairs = self.pairs.as_ref();
        let (places, _) = values.as_chunks_mut();
        let places = places.get_mut(..pairs.len()).filter(|places| !places.is_empty())?;
        quick::read(pairs, Words::of(window, &self.turns), places);
        if len >= usize::from(self.bytes) {
            return Some(steps.len());
        }
        let within = |step: &Step| usize::from(step.bytes) <= len;
        // What stands in its place already, mostly all that the frame holds, stays there.
        let stays = |(at, step): &(usize, &Step)| within(step) && usize::from(step.place) == *at;
        let mut count = steps.iter().enumerate().take_while(stays).count();
        for step in steps.get(count..).unwrap_or_default().iter().filter(|step| within(step)) {
            // A place is never before one that was taken already.
            if let Some(&value) = values.get(usize::from(step.place))
                && let Some(kept) = values.get_mut(count)
            {
                *kept = value;
                count += 1;
            }
        }
        Some(count)
    }
}

impl<P> Run<P> {
    /// The values of steps that lie wholly within a frame, one by one, into the front of `values`.
    fn read(&self, steps: &[Step], data: &[u8], values: &mut [f64]) -> usize {
        let mut places = values.iter_mut();
        let mut count = 0;
        self.each(steps, data, |at, bits| {
            if let (Some(step), Some(place)) = (steps.get(at), places.next()) {
                *place = step.value(bits);
                count += 1;
            }
        });
        count
    }

    /// The raw values of steps that lie wholly within a frame.
    fn each(&self, steps: &[Step], data: &[u8], mut sink: impl FnMut(usize, u64)) {
        let intel = quick::first_eight(data.get(usize::from(self.first)..).unwrap_or_default());
        let motorola = intel.swap_bytes();
        for (at, step) in steps.iter().enumerate() {
            if data.len() >= usize::from(step.bytes) {
                let take = Take { first: self.first, shift: step.shift, order: step.order, mask: step.mask };
                let word = if step.order == Order::Intel { intel } else { motorola };
                sink(at, take.all(word, data));
            }
        }
    }
}

impl Step {
    /// How many bits the raw value has.
    pub fn length(&self) -> u32 {
        self.mask.count_ones()
    }

    /// The number that raw bits stand for.
    pub fn number(&self, raw: u64) -> f64 {
        match self.number {
            Number::Unsigned => raw as f64,
            Number::Signed => self.signed(raw) as f64,
            Number::Float32 => f64::from(f32::from_bits(raw as u32)),
            Number::Float64 => f64::from_bits(raw),
        }
    }

    /// Raw bits in two's complement.
    pub fn signed(&self, raw: u64) -> i64 {
        let unused = self.mask.leading_zeros();
        (raw << unused).cast_signed() >> unused
    }

    /// The value that raw bits stand for.
    pub fn value(&self, raw: u64) -> f64 {
        (self.number(raw) * self.scale + self.offset) / self.divisor
    }
}

/// The parameter group of an identifier as [`crate::frame::raw`] writes it; `None` if it has 11 bits (SAE J1939-21, 5.2).
pub fn group(id: u32) -> Option<u32> {
    if id & crate::frame::EXTENDED == 0 {
        return None;
    }
    let group = id >> 8 & 0x3_FFFF;
    // Below 240 the low byte is the address that is spoken to.
    Some(if group >> 8 & 0xFF < 240 { group & 0x3_FF00 } else { group })
}

#[cfg(test)]
mod tests;
