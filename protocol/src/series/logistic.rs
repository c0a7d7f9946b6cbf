//! Estimates of a bit, and the mixer that weighs them.
//!
//! An estimate learns quickly from its first bits and slowly later (a Krichevsky-Trofimov estimator with a floor under its rate).
//! Estimates are mixed in the logistic domain by weights that follow the error (M. Mahoney, "Adaptive Weighing of Context Models", 2005).
//! Invariant: integers only, and no probability of zero or one.

use super::coder::Bits;

/// log2(1 + i/32), in 256ths.
const LOG2: [i16; 33] = [
    0, 11, 22, 33, 44, 54, 63, 73, 82, 92, 100, 109, 118, 126, 134, 142, 150, 157, 165, 172, 179, 186, 193, 200, 207,
    213, 220, 226, 232, 238, 244, 250, 256,
];

/// 65,536 / (1 + e^-x) for x from -8 to 8 in halves.
const SQUASH: [u16; 33] = [
    22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793, 47911, 53581,
    57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514,
];

/// What is added to the number of bits seen before the rate of learning is its inverse, in tenths.
const PRIOR_TENTHS: u32 = 17;

/// The bounds of the logistic domain; 256 is 1.
const LIMIT: i32 = 2047;

/// log2 of a number from 1 to 4,095, in 256ths.
fn log2(x: u16) -> i32 {
    let whole = x.ilog2();
    // The mantissa in 4,096ths.
    let mantissa = (u32::from(x) << (12 - whole)) & 0xFFF;
    whole.cast_signed() * 256 + between(|at| i32::from(LOG2[at]), mantissa)
}

/// ln(p / (1 - p)) of a probability of `p` of 4,096, in 256ths.
fn stretch(p: u16) -> i32 {
    let p = p.clamp(1, 4095);
    // 177 is 256 times ln 2.
    (((log2(p) - log2(4096 - p)) * 177) >> 8).clamp(-LIMIT, LIMIT)
}

/// The inverse of [`stretch`], of 65,536.
fn squash(x: i32) -> u16 {
    between(|at| i32::from(SQUASH[at]), (x.clamp(-LIMIT, LIMIT) + 2048) as u32) as u16
}

/// A table's value at a place in 4,096ths of its length: five bits name the entry, seven lie between two.
fn between(table: impl Fn(usize) -> i32, place: u32) -> i32 {
    let at = (place >> 7) as usize;
    let (left, right) = (table(at), table(at + 1));
    left + (((right - left) * (place & 0x7F).cast_signed()) >> 7)
}

/// An adaptive estimate: the probability of a set bit in twelve bits, and in four how many bits it has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate(u16);

impl Estimate {
    /// Nothing seen yet.
    pub(super) const NEW: Self = Self(2048 << 4);

    fn probability(self) -> u16 {
        self.0 >> 4
    }

    /// How many bits were seen, at most 15.
    fn seen(self) -> u16 {
        self.0 & 15
    }

    fn learn(&mut self, bit: bool) {
        let rate = 655_360 / (u32::from(self.seen()) * 10 + PRIOR_TENTHS);
        let p = i32::from(self.probability());
        let target = if bit { 4095 } else { 0 };
        let p = p + (((target - p) * rate.cast_signed()) >> 16);
        self.0 = (p as u16) << 4 | (self.seen() + 1).min(15);
    }
}

/// How sure the first estimate is: new, seen once, a few times, often.
pub(super) const SURENESS: usize = 5;

/// Weights for `K` estimates, one row for each sureness of the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mixer<const K: usize>([[i32; K]; SURENESS]);

/// The first weight of every estimate, of 65,536.
const FIRST_WEIGHT: i32 = 26_000;

/// The weights' bounds, of 65,536.
const MAX_WEIGHT: i32 = 1 << 19;

impl<const K: usize> Mixer<K> {
    pub(super) const NEW: Self = Self([[FIRST_WEIGHT; K]; SURENESS]);

    /// Codes one bit with what the estimates say of it, and lets all learn from it.
    pub(super) fn code<B: Bits>(&mut self, bits: &mut B, estimates: [&mut Estimate; K], bit: bool) -> bool {
        let sure = match estimates.first().map_or(0, |first| first.seen()) {
            seen @ 0..=1 => usize::from(seen),
            2..=3 => 2,
            4..=9 => 3,
            _ => 4,
        };
        let weights = &mut self.0[sure];
        let stretched = estimates.each_ref().map(|estimate| stretch(estimate.probability()));
        let dot: i32 = weights.iter().zip(stretched).map(|(&weight, x)| ((weight >> 4) * x) >> 12).sum();
        let p = squash(dot).clamp(16, u16::MAX - 15);
        let bit = bits.bit(p, bit);
        let error = (i32::from(bit) << 16) - i32::from(p);
        for (weight, x) in weights.iter_mut().zip(stretched) {
            *weight = (*weight + ((error * x) >> 14)).clamp(-MAX_WEIGHT, MAX_WEIGHT);
        }
        for estimate in estimates {
            estimate.learn(bit);
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretching_and_squashing_undo_each_other_and_rise() {
        for p in 2..4095 {
            assert!(stretch(p) >= stretch(p - 1), "{p}");
            let (back, wanted) = (i32::from(squash(stretch(p))), i32::from(p) * 16);
            // Straight lines between the tables' entries and the ends of the domain are what separates them.
            assert!((back - wanted).abs() <= 320, "{p}: {back} for {wanted}");
        }
        assert!((-3000..3000).all(|x| squash(x) <= squash(x + 1) && squash(x) > 0));
    }

    #[test]
    fn an_estimate_follows_its_bits_and_never_leaves_its_range() {
        let mut estimate = Estimate::NEW;
        for bit in [true, false] {
            for _ in 0..200 {
                estimate.learn(bit);
            }
            let p = estimate.probability();
            assert!(if bit { p > 4000 && p < 4096 } else { p < 96 }, "{p}");
        }
    }
}
