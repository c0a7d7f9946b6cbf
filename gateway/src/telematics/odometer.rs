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

/// Faster than this nobody gets on from one reading to another, in metres a second.
const FASTEST_MPS: f64 = 50.0;

/// How far a reading may lag behind its moment, in metres.
const LAG_M: f64 = 20_000.0;

/// How many readings are looked back over from each; a fault that lasts longer parts the table in two.
const LOOK_BACK: usize = 2_000;

/// A reading that is there.
#[derive(Debug, Clone, Copy)]
struct Present {
    /// Its place in the table.
    at: usize,
    at_s: f64,
    metres: f64,
}

impl Present {
    /// Whether a car can have come from here to there.
    fn leads_to(self, next: Self) -> bool {
        let rise_m = next.metres - self.metres;
        rise_m > 0.0 && rise_m <= LAG_M + FASTEST_MPS * (next.at_s - self.at_s)
    }
}

/// Judges readings in the order of time: seconds, and metres where there are any.
pub(super) fn judge(readings: &[(f64, Option<f64>)]) -> Vec<Verdict> {
    let mut verdicts = vec![Verdict::Missing; readings.len()];
    let present = |(at, &(at_s, metres)): (usize, &(f64, Option<f64>))| Some(Present { at, at_s, metres: metres? });
    let present: Vec<Present> = readings.iter().enumerate().filter_map(present).collect();
    for one in &present {
        verdicts[one.at] = Verdict::Stale;
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
fn new_cluster(present: &[Present]) -> Option<usize> {
    let mut highest_behind = f64::NEG_INFINITY;
    let mut split = None;
    let mut lowest_before = vec![f64::INFINITY; present.len()];
    let mut lowest = f64::INFINITY;
    for (at, one) in present.iter().enumerate() {
        lowest_before[at] = lowest;
        lowest = lowest.min(one.metres);
    }
    for at in (1..present.len()).rev() {
        highest_behind = highest_behind.max(present[at].metres);
        let behind = &present[at..];
        let rises = behind.len() >= NEW_CLUSTER_READINGS
            && behind.windows(2).filter(|pair| pair[1].metres > pair[0].metres).count() >= NEW_CLUSTER_READINGS / 2;
        if highest_behind < lowest_before[at] && rises {
            split = Some(at);
        }
    }
    split
}

/// The readings that rise together: the longest row that a car can have driven, and what repeats a neighbour of it.
///
/// A reading that is repeated counts once, or else a service that repeats an old one often enough would be believed.
/// Of rows of one length, the one that rises least is it: what falls out of a row lies far from the rest.
fn longest_rise(present: &[Present]) -> Vec<usize> {
    struct Row {
        length: usize,
        first_m: f64,
        before: Option<usize>,
    }
    let mut rows: Vec<Row> = Vec::with_capacity(present.len());
    for (at, &one) in present.iter().enumerate() {
        let mut row = Row { length: 1, first_m: one.metres, before: None };
        for before in (at.saturating_sub(LOOK_BACK)..at).rev() {
            let known = &rows[before];
            let longer = (known.length + 1, known.first_m) > (row.length, row.first_m);
            if longer && present[before].leads_to(one) {
                row = Row { length: known.length + 1, first_m: known.first_m, before: Some(before) };
            }
        }
        rows.push(row);
    }
    let rise_m = |at: usize| present[at].metres - rows[at].first_m;
    let last = (0..present.len())
        .max_by(|&a, &b| rows[a].length.cmp(&rows[b].length).then_with(|| rise_m(b).total_cmp(&rise_m(a))));
    let mut row: Vec<usize> = std::iter::successors(last, |&at| rows[at].before).collect();
    row.reverse();
    let begins = usize::from(begins_with_an_old_reading(present, &row));
    let row = &row[begins..];
    let repeats = |at: usize| {
        let behind = row.partition_point(|&known| known < at);
        let equals = |known: &usize| present[*known].metres.total_cmp(&present[at].metres).is_eq();
        row.get(behind).is_some_and(equals)
            || behind.checked_sub(1).and_then(|before| row.get(before)).is_some_and(equals)
    };
    (0..present.len()).filter(|&at| repeats(at)).map(|at| present[at].at).collect()
}

/// Whether the first reading of a row is one that a service had kept: the car was past it before, or it comes again where the car
/// is past it; and nothing in the row is as far from its neighbour.
fn begins_with_an_old_reading(present: &[Present], row: &[usize]) -> bool {
    let [first, second, ..] = *row else { return false };
    let first_m = present[first].metres;
    let step_m = |pair: &[usize]| present[pair[1]].metres - present[pair[0]].metres;
    let was_past = present[..first].iter().any(|earlier| earlier.metres > first_m);
    let comes_again = present[second..].iter().any(|later| later.metres.total_cmp(&first_m).is_eq());
    let is_far = row.len() > 2 && row[1..].windows(2).all(|pair| step_m(pair) < step_m(&row[..2]));
    is_far && (was_past || comes_again)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Which of readings ten minutes apart are stale.
    fn stale(readings: &[f64]) -> Vec<usize> {
        let moments = (0..).map(|number: u32| f64::from(number) * 600.0);
        let verdicts = judge(&moments.zip(readings.iter().copied().map(Some)).collect::<Vec<_>>());
        (0..readings.len()).filter(|&at| verdicts[at] == Verdict::Stale).collect()
    }

    #[test]
    fn what_falls_out_of_the_row_is_not_believed_low_or_high_single_or_repeated() {
        assert_eq!(stale(&[100.0, 101.0, 20.0, 20.0, 102.0, 103.0]), [2, 3]);
        assert_eq!(stale(&[100.0, 101.0, 900.0, 102.0, 103.0]), [2]);
        assert_eq!(stale(&[20.0, 100.0, 101.0, 20.0, 102.0, 20.0, 20.0]), [0, 3, 5, 6]);
        assert_eq!(stale(&[100.0, 101.0, 20.0]), [2]);
    }

    #[test]
    fn a_reading_from_before_the_table_is_not_believed_wherever_it_comes_first() {
        const OLD: f64 = 20_795_400.0;
        let good = |row: u32| 21_847_000.0 + f64::from(row) * 4_000.0;
        assert_eq!(stale(&[good(0), OLD, good(1), good(2)]), [1]);
        assert_eq!(stale(&[OLD, good(0), OLD, good(1), good(2)]), [0, 2]);
        assert_eq!(stale(&[OLD, OLD, good(0), good(0), OLD, good(1)]), [0, 1, 4]);
        assert_eq!(stale(&[good(0), good(0), OLD, OLD, good(0), good(1)]), [2, 3]);
        assert_eq!(stale(&[OLD, good(0), OLD, good(0), good(1), good(2)]), [0, 2]);
        // A first reading that comes again late was true once.
        assert_eq!(stale(&[good(0), good(1), good(0), good(2), good(3)]), [2]);
    }

    #[test]
    fn an_old_reading_before_a_long_silence_is_known_by_the_readings_around_it() {
        let day_s = 86_400.0;
        let stale = |rows: [(f64, f64); 5]| {
            let rows = rows.map(|(day, kilometres)| (day * day_s, Some(kilometres * 1_000.0)));
            judge(&rows).iter().map(|verdict| *verdict == Verdict::Stale).collect::<Vec<_>>()
        };
        let later = [(0.0, 20_795.4), (1.0, 21_847.0), (1.1, 20_795.4), (1.2, 21_848.0), (2.0, 21_900.0)];
        assert_eq!(stale(later), [true, false, true, false, false]);
        let before = [(0.0, 21_847.0), (0.1, 20_795.4), (1.2, 21_847.0), (1.3, 21_848.0), (2.0, 21_900.0)];
        assert_eq!(stale(before), [false, true, false, false, false]);
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
        fn any_readings_are_judged(
            readings in proptest::collection::vec((0.0..1e6_f64, proptest::option::of(0.0..1e6_f64)), 0..60),
        ) {
            prop_assert_eq!(judge(&readings).len(), readings.len());
        }
    }
}
