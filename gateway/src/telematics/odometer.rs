//! Which odometer readings can be believed: those that rise together, against those that fall out of the row.
//!
//! Invariant: believed readings never fall, but where a new cluster takes over for good; what is not believed is counted.

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It fits.
    Believed,
    /// It contradicts the readings around it.
    Stale,
    /// There is none.
    Missing,
}

/// How many readings a new cluster needs before it is believed.
const NEW_CLUSTER_READINGS: usize = 4;

/// Judges readings in the order of time, in metres.
pub(super) fn judge(readings: &[Option<f64>]) -> Vec<Verdict> {
    let mut verdicts = vec![Verdict::Missing; readings.len()];
    let present: Vec<(usize, f64)> =
        readings.iter().enumerate().filter_map(|(at, reading)| Some((at, (*reading)?))).collect();
    for &(at, _) in &present {
        verdicts[at] = Verdict::Stale;
    }
    let split = new_cluster(&present).unwrap_or(present.len());
    for part in [&present[..split], &present[split..]] {
        for at in longest_rise(part) {
            verdicts[at] = Verdict::Believed;
        }
    }
    verdicts
}

/// Where a new cluster takes over: everything behind is lower than everything before, and rises by itself.
fn new_cluster(present: &[(usize, f64)]) -> Option<usize> {
    let mut highest_behind = f64::NEG_INFINITY;
    let mut split = None;
    let mut lowest_before = vec![f64::INFINITY; present.len()];
    let mut lowest = f64::INFINITY;
    for (at, &(_, reading)) in present.iter().enumerate() {
        lowest_before[at] = lowest;
        lowest = lowest.min(reading);
    }
    for at in (1..present.len()).rev() {
        highest_behind = highest_behind.max(present[at].1);
        let behind = &present[at..];
        let rises = behind.len() >= NEW_CLUSTER_READINGS
            && behind.windows(2).filter(|pair| pair[1].1 > pair[0].1).count() >= NEW_CLUSTER_READINGS / 2;
        if highest_behind < lowest_before[at] && rises {
            split = Some(at);
        }
    }
    split
}

/// The readings that rise together: the longest row that rises, and what repeats a neighbour of it.
///
/// A reading that is repeated counts once, or else a service that repeats an old one often enough would be believed.
fn longest_rise(present: &[(usize, f64)]) -> Vec<usize> {
    // Patience sorting: `tails` holds the least last reading of a row of each length.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; present.len()];
    for (at, &(_, reading)) in present.iter().enumerate() {
        let place = tails.partition_point(|&tail| present[tail].1 < reading);
        before[at] = place.checked_sub(1).map(|place| tails[place]);
        if place == tails.len() {
            tails.push(at);
        } else {
            tails[place] = at;
        }
    }
    let mut row = Vec::new();
    let mut next = tails.last().copied();
    while let Some(at) = next {
        row.push(at);
        next = before[at];
    }
    row.reverse();
    let reading = |place: usize| row.get(place).map(|&at| present[at].1);
    let fits = |at: usize| {
        let behind = row.partition_point(|&known| known < at);
        let least = behind.checked_sub(1).and_then(reading).unwrap_or(f64::NEG_INFINITY);
        (least..=reading(behind).unwrap_or(f64::INFINITY)).contains(&present[at].1)
    };
    (0..present.len()).filter(|&at| fits(at)).map(|at| present[at].0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stale(readings: &[f64]) -> Vec<usize> {
        let verdicts = judge(&readings.iter().copied().map(Some).collect::<Vec<_>>());
        (0..readings.len()).filter(|&at| verdicts[at] == Verdict::Stale).collect()
    }

    #[test]
    fn what_falls_out_of_the_row_is_not_believed_low_or_high_single_or_repeated() {
        assert_eq!(stale(&[100.0, 101.0, 20.0, 20.0, 102.0, 103.0]), [2, 3]);
        assert_eq!(stale(&[100.0, 101.0, 900.0, 102.0, 103.0]), [2]);
        assert_eq!(stale(&[20.0, 100.0, 101.0, 20.0, 102.0, 20.0, 20.0]), [3, 5, 6]);
        assert_eq!(stale(&[100.0, 101.0, 20.0]), [2]);
    }

    #[test]
    fn a_new_cluster_is_believed_once_it_counts_by_itself() {
        assert_eq!(stale(&[100.0, 101.0, 102.0, 1.0, 2.0, 3.0, 4.0]), Vec::<usize>::new());
    }

    proptest! {
        #[test]
        fn readings_that_only_rise_are_all_believed(steps in proptest::collection::vec(0.0..50.0_f64, 0..60)) {
            let readings: Vec<_> = steps.iter().scan(1_000.0, |at, step| { *at += step; Some(*at) }).collect();
            prop_assert_eq!(stale(&readings), Vec::<usize>::new());
        }

        #[test]
        fn any_readings_are_judged(readings in proptest::collection::vec(proptest::option::of(0.0..1e6_f64), 0..60)) {
            prop_assert_eq!(judge(&readings).len(), readings.len());
        }
    }
}
