//! One column: what its samples were, and when the next is due.
//!
//! Times are 256ths of a millisecond here, so that a period need not be whole.
//! Invariant: every sum wraps or saturates, as times and values come from outside.

use super::logistic::Estimate;
use super::number::{Estimates, NARROW, WIDE};
use super::{Resolution, Sample};
use crate::SignalId;

/// How many ways [`Column::course`] tells apart.
const COURSES: usize = 3;

/// How many sizes of a mean step [`Column::stride_class`] tells apart.
pub(super) const STRIDES: usize = 12;

/// How many states of unrest [`super::model`] tells apart.
pub(super) const UNRESTS: usize = 2;

/// How many kinds of lateness [`lateness`] tells apart.
pub(super) const LATENESSES: usize = 3;

/// Sixteenths, in which means are kept.
const SIXTEENTHS: u32 = 16;

/// The largest difference that goes into a mean.
const MAX_IN_MEAN: u64 = 1 << 20;

/// A signal at one resolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// The last sample.
    pub(super) last: Sample,
    /// The last step of the value.
    pub(super) step: i64,
    /// When the last sample should have come, in 256ths of a millisecond.
    phase: i64,
    /// The time between samples, in 256ths of a millisecond.
    period: i64,
    /// The mean size of a step, in sixteenths.
    stride: u32,
    /// The mean time since the sample of another column that stood before, in sixteenths of a millisecond.
    gap: u32,
    /// The mean error of [`Column::due_ms`], in sixteenths of a millisecond.
    due_error: u32,
    /// The mean error of [`Column::follows_ms`], in sixteenths of a millisecond.
    follow_error: u32,
    /// The column whose sample came behind this one's last time.
    pub(super) successor: u16,
    /// Samples so far, up to 255.
    seen: u8,
    /// How often it was due since, and did not come.
    missed: u8,
    /// The last guesses that it would be next, one bit each, set where it was not.
    pub(super) guesses: u8,
    /// Whether it is next: by its last guesses, and by whether it stood behind its predecessor before and is overdue.
    pub(super) by_guesses: [Estimate; 8],
    pub(super) by_place: [Estimate; 4],
    /// How late it is: by how late the sample before was.
    pub(super) times: [Estimates<NARROW>; LATENESSES],
    /// The step of the value: by the step before.
    pub(super) by_course: [Estimates<WIDE>; COURSES],
    /// The step of the value: by what other columns do.
    pub(super) by_unrest: [Estimates<WIDE>; UNRESTS],
}

impl Column {
    /// A column without a history.
    pub(super) const NEW: Self = Self {
        last: Sample { signal: SignalId(0), resolution: Resolution::ONE, at_ms: 0, raw: 0 },
        step: 0,
        phase: 0,
        period: 0,
        stride: SIXTEENTHS,
        gap: 0,
        due_error: 3 * SIXTEENTHS,
        follow_error: 2 * SIXTEENTHS,
        successor: u16::MAX,
        seen: 0,
        missed: 0,
        guesses: 0,
        by_guesses: [Estimate::NEW; 8],
        by_place: [Estimate::NEW; 4],
        times: [[Estimate::NEW; NARROW]; LATENESSES],
        by_course: [[Estimate::NEW; WIDE]; COURSES],
        by_unrest: [[Estimate::NEW; WIDE]; UNRESTS],
    };

    /// A column that begins with this sample.
    pub(super) fn begin(sample: &Sample) -> Self {
        let phase = in_256ths(sample.at_ms);
        Self { last: *sample, phase, seen: 1, ..Self::NEW }
    }

    /// When the next sample is due in 256ths of a millisecond, once two have shown the period.
    pub(super) fn due(&self) -> Option<i64> {
        (self.seen > 1).then(|| self.phase.wrapping_add(self.period.wrapping_mul(i64::from(self.missed) + 1)))
    }

    /// Counts that the sample that was due before `now_ms` did not come.
    pub(super) fn pass(&mut self, now_ms: u64) {
        if self.due().is_some_and(|due| due < in_256ths(now_ms)) {
            self.missed = self.missed.saturating_add(1);
        }
    }

    /// When the next sample is due by its period, not before `now_ms`.
    pub(super) fn due_ms(&self, now_ms: u64) -> u64 {
        let due = (self.due().unwrap_or(0).wrapping_add(128) >> 8).cast_unsigned();
        if due.wrapping_sub(now_ms).cast_signed() < 0 { now_ms } else { due }
    }

    /// When the next sample comes if it keeps its distance from whatever stands before it.
    pub(super) fn follows_ms(&self, now_ms: u64) -> u64 {
        now_ms.wrapping_add(u64::from((self.gap + SIXTEENTHS / 2) / SIXTEENTHS))
    }

    /// Whether it has followed others more truly than its own period.
    pub(super) fn is_follower(&self) -> bool {
        self.seen < 2 || self.follow_error < self.due_error
    }

    /// How truly its time was foretold, as a power of two, from 0 to 7.
    pub(super) fn accuracy(&self) -> usize {
        let error = if self.is_follower() { self.follow_error } else { self.due_error };
        (error + 1).ilog2().min(7) as usize
    }

    /// The fraction of a millisecond at which the sample is due, in quarters.
    pub(super) fn quarter(&self) -> usize {
        ((self.due().unwrap_or(0) >> 6) & 3) as usize
    }

    /// How many samples are known: one, two, three or more.
    pub(super) fn experience(&self) -> usize {
        usize::from(self.seen.clamp(1, 3) - 1)
    }

    /// The mean size of a step as a power of two, from 0 to 11.
    pub(super) fn stride_class(&self) -> usize {
        // An eighth, the two sixteenths that are added, is the least.
        ((self.stride + 2).ilog2() - 1).min(STRIDES as u32 - 1) as usize
    }

    /// Where the last step went: nowhere, up or down.
    pub(super) fn course(&self) -> usize {
        match self.step {
            0 => 0,
            1.. => 1,
            _ => 2,
        }
    }

    /// A step in sixteenths of the mean one, at most 64.
    pub(super) fn relative(&self, step: i64) -> u32 {
        let size = step.unsigned_abs().min(MAX_IN_MEAN) as u32 * SIXTEENTHS * SIXTEENTHS / (self.stride + 5);
        size.min(4 * SIXTEENTHS)
    }

    /// Takes the next sample, which stands behind one of `before_ms`.
    pub(super) fn take(&mut self, sample: &Sample, before_ms: u64) {
        let due = self.due();
        let due_error = sample.at_ms.wrapping_sub(self.due_ms(before_ms));
        let follow_error = sample.at_ms.wrapping_sub(self.follows_ms(before_ms));
        let gap = sample.at_ms.wrapping_sub(before_ms);
        let at = in_256ths(sample.at_ms);
        let between = at.wrapping_sub(in_256ths(self.last.at_ms));
        if let Some(due) = due {
            learn(&mut self.due_error, due_error, 3);
            let error = at.wrapping_sub(due);
            if error.unsigned_abs() < 4 << 8 {
                self.phase = due.wrapping_add((error * 5) >> 4);
                self.period = self.period.wrapping_add(error >> 6);
            } else {
                self.phase = at;
                if self.missed == 0 && error.unsigned_abs() > self.period.unsigned_abs() / 4 {
                    self.period = between;
                }
            }
        } else {
            self.phase = at;
            self.period = between;
        }
        learn(&mut self.follow_error, follow_error, 3);
        learn(&mut self.gap, gap, if self.seen == 1 { 0 } else { 3 });
        self.step = sample.raw.wrapping_sub(self.last.raw);
        learn(
            &mut self.stride,
            self.step.cast_unsigned(),
            match self.seen {
                0..=1 => 1,
                2..=4 => 2,
                _ => 3,
            },
        );
        self.missed = 0;
        self.seen = self.seen.saturating_add(1);
        self.last = *sample;
    }
}

fn in_256ths(at_ms: u64) -> i64 {
    (at_ms << 8).cast_signed()
}

/// Moves a mean, in sixteenths, towards the size of a difference by a part of 2^`shift`.
fn learn(mean: &mut u32, difference: u64, shift: u32) {
    let size = difference.cast_signed().unsigned_abs().min(MAX_IN_MEAN) as u32 * SIXTEENTHS;
    // The larger part is taken away first, so that nothing falls below zero.
    *mean = *mean - (*mean >> shift) + (size >> shift);
}

/// How late a sample was: in time, late or early.
pub(super) fn lateness(error: i64) -> u8 {
    match error {
        0 => 0,
        1.. => 1,
        _ => 2,
    }
}
