//! The model that both ends share: which column comes next, when, and by how much its value steps.
//!
//! Invariant: it takes the same path for a sample whether it is written or read, as it looks at nothing but samples that both ends know.

use super::coder::Bits;
use super::column::{Column, LATENESSES, STRIDES, UNRESTS, lateness};
use super::logistic::{Estimate, Mixer};
use super::number::{Estimates, Mixers, NARROW, WIDE};
use super::{Resolution, Sample};
use crate::SignalId;

/// How many columns are guessed before one is named.
const GUESSES: usize = 3;

/// Why a sample cannot be coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It needs one column more than there is memory for.
    TooManyColumns,
    /// The bits name a column or a number that does not exist, or have run out.
    Malformed,
}

/// What all columns share.
#[derive(Debug, Clone, Copy)]
struct Shared {
    guess: Mixer<3>,
    /// By the guess' rank, the experience with the column, and whether it is overdue.
    by_rank: [Estimate; GUESSES * 3 * 2],
    fresh: Mixer<1>,
    is_fresh: Estimate,
    same_resolution: Estimate,
    first: Mixers<1>,
    signals: Estimates<NARROW>,
    begins: Estimates<NARROW>,
    values: Estimates<WIDE>,
    time: Mixers<3>,
    /// Lateness by the way of foretelling, how late the sample before was, and the fraction of the time that is due.
    by_lateness: [Estimates<NARROW>; 2 * LATENESSES * 4],
    /// Lateness by the way of foretelling and its accuracy.
    by_accuracy: [Estimates<NARROW>; 2 * 8],
    value: Mixers<3>,
    /// Steps by the size of the mean one, and whether the last was none.
    by_stride: [Estimates<WIDE>; STRIDES * 2],
}

impl Shared {
    const NEW: Self = Self {
        guess: Mixer::NEW,
        by_rank: [Estimate::NEW; GUESSES * 3 * 2],
        fresh: Mixer::NEW,
        is_fresh: Estimate::NEW,
        same_resolution: Estimate::NEW,
        first: Mixers::NEW,
        signals: [Estimate::NEW; NARROW],
        begins: [Estimate::NEW; NARROW],
        values: [Estimate::NEW; WIDE],
        time: Mixers::NEW,
        by_lateness: [[Estimate::NEW; NARROW]; 2 * LATENESSES * 4],
        by_accuracy: [[Estimate::NEW; NARROW]; 2 * 8],
        value: Mixers::NEW,
        by_stride: [[Estimate::NEW; WIDE]; STRIDES * 2],
    };
}

/// The state of one end.
#[derive(Debug, Clone)]
pub(super) struct Model<const COLUMNS: usize> {
    columns: [Column; COLUMNS],
    len: usize,
    shared: Shared,
    /// The column of the last sample.
    previous: usize,
    /// The time of the last sample.
    now_ms: u64,
    /// How late the last sample was.
    lateness: u8,
    /// How large the last steps of all columns were, each beside its mean, in sixteenths.
    unrest: u32,
    /// What the last new column was.
    newest: (SignalId, Resolution),
}

impl<const COLUMNS: usize> Model<COLUMNS> {
    pub(super) const fn new() -> Self {
        Self {
            columns: [Column::NEW; COLUMNS],
            len: 0,
            shared: Shared::NEW,
            previous: usize::MAX,
            now_ms: 0,
            lateness: 0,
            unrest: 0,
            newest: (SignalId(0), Resolution::ONE),
        }
    }

    /// Forgets everything; samples begin near `now_ms`.
    pub(super) fn restart(&mut self, now_ms: u64) {
        self.len = 0;
        self.shared = Shared::NEW;
        self.previous = usize::MAX;
        self.now_ms = now_ms;
        self.lateness = 0;
        self.unrest = 0;
        self.newest = (SignalId(0), Resolution::ONE);
    }

    fn columns(&self) -> &[Column] {
        self.columns.get(..self.len).unwrap_or_default()
    }

    /// The column of a signal, if it has one.
    fn find(&self, sample: &Sample) -> Option<usize> {
        let is = |column: &Column| column.last.signal == sample.signal && column.last.resolution == sample.resolution;
        // A polled signal is most often found at once.
        let likely = self.columns.get(self.previous).map_or(0, |previous| usize::from(previous.successor));
        if self.columns().get(likely).is_some_and(is) {
            return Some(likely);
        }
        self.columns().iter().position(is)
    }

    /// Whether there is memory for the sample's column.
    pub(super) fn takes(&self, sample: &Sample) -> bool {
        self.len < COLUMNS || self.find(sample).is_some()
    }

    /// Codes one sample: the encoder gives it, the decoder gives anything and is told what it was.
    pub(super) fn code<B: Bits>(&mut self, bits: &mut B, sample: &Sample) -> Result<Sample, Refused> {
        let wanted = self.find(sample);
        let mut guessed = [usize::MAX; GUESSES];
        let mut hit = None;
        for rank in 0..GUESSES {
            let Some(column) = self.likeliest(&guessed) else { break };
            guessed[rank] = column;
            if self.guess(bits, column, rank, wanted == Some(column)) {
                hit = Some(column);
                break;
            }
        }
        let column = match hit {
            Some(column) => Some(column),
            None => self.name(bits, wanted)?,
        };
        let sample = match column {
            Some(column) => self.next(bits, column, sample),
            None => self.begin(bits, sample)?,
        };
        if bits.exhausted() {
            return Err(Refused::Malformed);
        }
        let column = column.unwrap_or(self.len - 1);
        for passed in guessed {
            if let Some(passed) = self.columns.get_mut(passed).filter(|_| passed != column) {
                passed.pass(sample.at_ms);
            }
        }
        if let Some(previous) = self.columns.get_mut(self.previous) {
            previous.successor = column as u16;
        }
        self.previous = column;
        self.now_ms = sample.at_ms;
        Ok(sample)
    }

    /// The column that is likeliest next, apart from those that it was guessed not to be.
    fn likeliest(&self, but: &[usize]) -> Option<usize> {
        let successor = self.columns.get(self.previous).map_or(usize::MAX, |previous| usize::from(previous.successor));
        if let Some(column) = self.columns().get(successor)
            && !but.contains(&successor)
            && column.is_follower()
        {
            return Some(successor);
        }
        let due = |(at, column): (usize, &Column)| column.due().filter(|_| !but.contains(&at)).map(|due| (due, at));
        self.columns().iter().enumerate().filter_map(due).min().map(|(_, at)| at)
    }

    /// Codes whether `column` is next.
    fn guess<B: Bits>(&mut self, bits: &mut B, column: usize, rank: usize, hit: bool) -> bool {
        let follows = self.columns.get(self.previous).is_some_and(|previous| usize::from(previous.successor) == column);
        let Some(column) = self.columns.get_mut(column) else { return false };
        let overdue = column.due().is_some_and(|due| due < (self.now_ms << 8).cast_signed());
        let shared = &mut self.shared.by_rank[(rank * 3 + column.experience()) * 2 + usize::from(overdue)];
        let by_place = &mut column.by_place[usize::from(follows) * 2 + usize::from(overdue)];
        let by_guesses = &mut column.by_guesses[usize::from(column.guesses & 7)];
        let hit = self.shared.guess.code(bits, [by_guesses, by_place, shared], hit);
        column.guesses = column.guesses << 1 | u8::from(!hit);
        hit
    }

    /// Codes a column that was not guessed; `None` is one that is not there yet.
    fn name<B: Bits>(&mut self, bits: &mut B, column: Option<usize>) -> Result<Option<usize>, Refused> {
        let fresh = self.shared.fresh.code(bits, [&mut self.shared.is_fresh], column.is_none());
        if fresh {
            return Ok(None);
        }
        let width = usize::BITS - self.len.saturating_sub(1).leading_zeros();
        let column = bits.plain(column.unwrap_or(0) as u64, width) as usize;
        if column < self.len { Ok(Some(column)) } else { Err(Refused::Malformed) }
    }

    /// Codes the first sample of a column.
    fn begin<B: Bits>(&mut self, bits: &mut B, sample: &Sample) -> Result<Sample, Refused> {
        let shared = &mut self.shared;
        let (signal, resolution) = self.newest;
        let up = i64::from(sample.signal.0) - i64::from(signal.0);
        let up = shared.first.code(bits, [&mut shared.signals], up);
        let signal = u16::try_from(i64::from(signal.0).wrapping_add(up)).map_err(|_| Refused::Malformed)?;
        let same = sample.resolution == resolution;
        let resolution = if shared.fresh.code(bits, [&mut shared.same_resolution], same) {
            resolution
        } else {
            let mut part = |of: u32| {
                let wanted = u64::from(of) + 1;
                let digits = bits.plain(u64::from(wanted.ilog2()), 6) as u32;
                let read = 1 << digits.min(32) | bits.plain(wanted, digits.min(32));
                u32::try_from(read - 1).map_err(|_| Refused::Malformed)
            };
            Resolution {
                numerator: part(sample.resolution.numerator)?,
                denominator: part(sample.resolution.denominator)?,
            }
        };
        let since = sample.at_ms.wrapping_sub(self.now_ms).cast_signed();
        let since = shared.first.code(bits, [&mut shared.begins], since);
        let at_ms = self.now_ms.wrapping_add_signed(since);
        let raw = shared.first.code(bits, [&mut shared.values], sample.raw);
        let sample = Sample { signal: SignalId(signal), resolution, at_ms, raw };
        self.newest = (sample.signal, sample.resolution);
        *self.columns.get_mut(self.len).ok_or(Refused::TooManyColumns)? = Column::begin(&sample);
        self.len += 1;
        Ok(sample)
    }

    /// Codes the next sample of a column.
    fn next<B: Bits>(&mut self, bits: &mut B, column: usize, sample: &Sample) -> Sample {
        let Some(column) = self.columns.get_mut(column) else { return *sample };
        let shared = &mut self.shared;
        let follower = usize::from(column.is_follower());
        let foretold = if follower == 1 { column.follows_ms(self.now_ms) } else { column.due_ms(self.now_ms) };
        let late = sample.at_ms.wrapping_sub(foretold).cast_signed();
        let by_lateness = (follower * LATENESSES + usize::from(self.lateness)) * 4 + column.quarter();
        let by_accuracy = follower * 8 + column.accuracy();
        let contexts = [
            &mut column.times[usize::from(self.lateness)],
            &mut shared.by_lateness[by_lateness],
            &mut shared.by_accuracy[by_accuracy],
        ];
        let late = shared.time.code(bits, contexts, late);
        self.lateness = lateness(late);

        let step = sample.raw.wrapping_sub(column.last.raw);
        let unrest = (self.unrest / 8).min(UNRESTS as u32 - 1) as usize;
        let by_stride = column.stride_class() * 2 + usize::from(column.step == 0);
        let contexts =
            [&mut column.by_course[column.course()], &mut column.by_unrest[unrest], &mut shared.by_stride[by_stride]];
        let step = shared.value.code(bits, contexts, step);
        self.unrest = (self.unrest * 3 + column.relative(step)) / 4;
        let sample = Sample {
            signal: column.last.signal,
            resolution: column.last.resolution,
            at_ms: foretold.wrapping_add_signed(late),
            raw: column.last.raw.wrapping_add(step),
        };
        column.take(&sample, self.now_ms);
        sample
    }
}
