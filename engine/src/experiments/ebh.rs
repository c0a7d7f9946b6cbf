//! Which of many effects are discoveries, at a bounded share of false ones.
//!
//! Source: Wang and Ramdas, "False discovery rate control with e-values", Journal of the Royal Statistical Society B 84(3),
//! 2022, arXiv:2009.02824: the e-BH procedure.
//! Invariant: at most `level` of the discoveries are false in expectation, however the e-values depend on each other.

use alloc::vec::Vec;

/// For each e-value whether it is a discovery: the k largest are, for the largest k whose k-th reaches `count / (level · k)`.
pub fn discoveries(e_values: &[f64], level: f64) -> Vec<bool> {
    let mut sorted: Vec<f64> = e_values.iter().copied().filter(|e| !e.is_nan()).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let needed = |k: usize| e_values.len() as f64 / (level * k as f64);
    let k = sorted.iter().enumerate().rposition(|(at, &e)| e >= needed(at + 1)).map_or(0, |at| at + 1);
    e_values.iter().map(|&e| k > 0 && e >= needed(k)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_an_e_value_needs_twenty_at_five_percent() {
        assert_eq!(discoveries(&[19.9], 0.05), [false]);
        assert_eq!(discoveries(&[20.0], 0.05), [true]);
    }

    #[test]
    fn among_four_the_largest_must_reach_eighty_unless_others_help() {
        assert_eq!(discoveries(&[79.0, 1.0, 0.5, f64::NAN], 0.05), [false; 4]);
        assert_eq!(discoveries(&[81.0, 1.0, 0.5, 0.0], 0.05), [true, false, false, false]);
        assert_eq!(discoveries(&[41.0, 41.0, 1.0, 1.0], 0.05), [true, true, false, false]);
        assert_eq!(discoveries(&[21.0, 300.0, 25.0, 20.0], 0.05), [true; 4]);
        assert!(discoveries(&[], 0.05).is_empty());
    }
}
