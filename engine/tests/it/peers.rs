//! The simple methods in use elsewhere: one rate, from which the date follows.

/// What each method foretells, in days from the last reading.
pub(crate) fn all(track: &[(f64, f64)], distance_m: f64) -> [(&'static str, f64); 5] {
    let lifetime = lifetime(track);
    let recent = recent(track, 90.0);
    let at = |rate: f64| distance_m / rate.max(1.0);
    [
        ("lifetime mean", at(lifetime)),
        ("90-day mean", at(recent)),
        ("half and half", at(f64::midpoint(lifetime, recent))),
        ("EWMA", at(ewma(track, 90.0))),
        ("damped Holt", damped_holt(&weeks(track), distance_m)),
    ]
}

fn lifetime(track: &[(f64, f64)]) -> f64 {
    let (first, last) = (track[0], track[track.len() - 1]);
    (last.1 - first.1) / (last.0 - first.0)
}

fn recent(track: &[(f64, f64)], days: f64) -> f64 {
    let last = track[track.len() - 1];
    (last.1 - at_day(track, last.0 - days)) / days
}

fn at_day(track: &[(f64, f64)], day: f64) -> f64 {
    let after = track.iter().position(|&(later, _)| later >= day).unwrap_or(track.len() - 1);
    let Some(before) = after.checked_sub(1) else { return track[0].1 };
    let (one, other) = (track[before], track[after]);
    one.1 + (other.1 - one.1) * (day - one.0) / (other.0 - one.0)
}

/// Exponentially weighted by age.
fn ewma(track: &[(f64, f64)], half_life_days: f64) -> f64 {
    let last = track[track.len() - 1].0;
    let (metres, days) = track.windows(2).fold((0.0, 0.0), |(metres, days), pair| {
        let weight = 0.5f64.powf((last - pair[1].0) / half_life_days);
        (metres + weight * (pair[1].1 - pair[0].1), days + weight * (pair[1].0 - pair[0].0))
    });
    metres / days
}

fn weeks(track: &[(f64, f64)]) -> Vec<f64> {
    let last = track[track.len() - 1].0;
    let count = ((last - track[0].0) / 7.0) as usize;
    let week = |back: usize| at_day(track, last - 7.0 * back as f64) - at_day(track, last - 7.0 * (back + 1) as f64);
    (0..count).rev().map(week).collect()
}

/// Holt's method with a damped trend over weeks; smoothing as in common use (Hyndman and Athanasopoulos, Forecasting, 8.2).
fn damped_holt(weeks: &[f64], distance_m: f64) -> f64 {
    let (smooth, trend_smooth, damps) = (0.2, 0.05, 0.9);
    let (mut level, mut trend) = (weeks[0], 0.0);
    for week in &weeks[1..] {
        let before = level;
        level = smooth * week + (1.0 - smooth) * (level + damps * trend);
        trend = trend_smooth * (level - before) + (1.0 - trend_smooth) * damps * trend;
    }
    let (mut driven, mut passed, mut damped) = (0.0, 0.0, 0.0);
    for week in 1..2_000 {
        damped = damps * damped + damps;
        let next = (level + damped * trend).max(1.0);
        if driven + next >= distance_m {
            return passed + 7.0 * (distance_m - driven) / next;
        }
        driven += next;
        passed = 7.0 * f64::from(week);
    }
    passed
}
