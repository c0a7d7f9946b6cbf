//! What each action is expected to bring, for the estimators that lean on a model.
//!
//! Invariant: cross-fitted, so that no event is judged by a model that saw it (Chernozhukov et al., "Double/debiased machine
//! learning", Econometrics Journal 21(1), 2018, arXiv:1608.00060).

use alloc::vec::Vec;

use super::estimators::Event;

/// Into how many parts a log is cut.
pub const FOLDS: usize = 3;

/// Mean rewards by action, each pulled towards the mean of all as far as its own events leave doubt.
///
/// The pull is empirical Bayes by moments (Morris, Journal of the American Statistical Association 78, 1983): as many events
/// as the variance within actions outweighs the one between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewards {
    all: f64,
    by_action: Vec<f64>,
}

impl Rewards {
    /// Fits the events for which `keep` holds.
    fn fit(events: &[Event], actions: usize, keep: impl Fn(usize) -> bool) -> Self {
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        let mut by_action = alloc::vec![(0.0, 0.0); actions];
        for (_, event) in events.iter().enumerate().filter(|(at, _)| keep(*at)) {
            n += 1.0;
            sum += event.reward;
            squares += event.reward * event.reward;
            if let Some((count, total)) = by_action.get_mut(event.action) {
                *count += 1.0;
                *total += event.reward;
            }
        }
        if n == 0.0 {
            return Self { all: 0.0, by_action: alloc::vec![0.0; actions] };
        }
        let all = sum / n;
        let seen = by_action.iter().filter(|(count, _)| *count > 0.0);
        let (mut between, mut squared_counts, mut groups) = (0.0, 0.0, 0.0);
        for (count, total) in seen {
            let apart = total / count - all;
            between += count * apart * apart;
            squared_counts += count * count;
            groups += 1.0;
        }
        let within = ((squares - n * all * all - between) / (n - groups).max(1.0)).max(0.0);
        let spread = (between - (groups - 1.0) * within) / (n - squared_counts / n).max(1.0);
        let pull = if spread > 0.0 { within / spread } else { f64::INFINITY };
        let shrink = |(count, total): (f64, f64)| {
            if pull.is_finite() && count + pull > 0.0 { (total + pull * all) / (count + pull) } else { all }
        };
        Self { all, by_action: by_action.into_iter().map(shrink).collect() }
    }

    /// The expected reward of an action.
    pub fn expected(&self, action: usize) -> f64 {
        self.by_action.get(action).copied().unwrap_or(self.all)
    }
}

/// One model for each fold, fitted on all others; event `at` belongs to fold `at % FOLDS`.
pub fn cross_fitted(events: &[Event], actions: usize) -> [Rewards; FOLDS] {
    core::array::from_fn(|fold| Rewards::fit(events, actions, |at| at % FOLDS != fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: usize, reward: f64) -> Event {
        Event { action, place: 0, reward, propensity: 0.5 }
    }

    #[test]
    fn actions_that_do_not_differ_are_all_like_their_mean() {
        let events: Vec<Event> = (0..300).map(|at| event(at % 2, f64::from(u8::from(at / 2 % 2 == 0)))).collect();
        let rewards = Rewards::fit(&events, 3, |_| true);
        for action in 0..3 {
            assert!((rewards.expected(action) - 0.5).abs() < 0.01, "{rewards:?}");
        }
    }

    #[test]
    fn actions_that_differ_keep_their_own_mean() {
        let events: Vec<Event> = (0..300).map(|at| event(at % 2, (at % 2) as f64)).collect();
        let rewards = Rewards::fit(&events, 2, |_| true);
        assert!(rewards.expected(0) < 0.01 && rewards.expected(1) > 0.99, "{rewards:?}");
    }

    #[test]
    fn no_fold_sees_its_own_events() {
        let events: Vec<Event> = (0..30).map(|at| event(0, f64::from(u8::from(at % FOLDS == 0)))).collect();
        let models = cross_fitted(&events, 1);
        assert!(models[0].expected(0).abs() < 1e-12);
        assert!((models[1].expected(0) - 0.5).abs() < 1e-12);
    }
}
