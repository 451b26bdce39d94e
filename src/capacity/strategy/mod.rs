//! LiteLLM's routing strategies, one file each.

mod cost;
mod latency;
mod least_busy;
mod shuffle;
mod usage;
mod used;

use super::answer::Answer;
use super::deployment::State;
use super::minute::SECOND;
use crate::spec::RoutingStrategy;

/// All strategies, in the order in which they are shown.
pub const STRATEGIES: [RoutingStrategy; 5] = [
    RoutingStrategy::LeastBusy,
    RoutingStrategy::SimpleShuffle,
    RoutingStrategy::LatencyBasedRouting,
    RoutingStrategy::UsageBasedRoutingV2,
    RoutingStrategy::CostBasedRouting,
];

/// What a strategy sees.
pub(super) struct View<'a> {
    /// The time, in nanoseconds.
    pub now: u64,
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// All deployments.
    pub deployments: &'a [State],
}

impl View<'_> {
    /// The deployments that are not cooling down, in the order of `model_list`.
    pub fn in_rotation(&self) -> impl Iterator<Item = (usize, &State)> + Clone {
        self.deployments.iter().enumerate().filter(|(_, deployment)| deployment.in_rotation(self.now))
    }
}

/// How LiteLLM picks a deployment.
pub(super) trait Strategy {
    /// Picks one of those in rotation, of which there is at least one. `None` if the strategy takes all of them for full.
    fn pick(&mut self, view: &View<'_>, rng: &mut fastrand::Rng) -> Option<usize>;

    /// A request goes out to a deployment.
    fn started(&mut self, _deployment: usize, _now: u64) {}

    /// A deployment has answered a prompt.
    fn answered(&mut self, _deployment: usize, _now: u64, _input_tokens: u64, _answer: Answer) {}

    /// How long LiteLLM waits before it tries an only deployment again that the strategy takes for full, in nanoseconds.
    /// `None`: as after any other failure.
    fn pause_when_full(&self) -> Option<u64> {
        None
    }
}

/// A strategy that has seen nothing yet.
pub(super) fn new(strategy: RoutingStrategy, deployments: usize) -> Box<dyn Strategy> {
    match strategy {
        RoutingStrategy::LeastBusy => Box::new(least_busy::LeastBusy),
        RoutingStrategy::SimpleShuffle => Box::new(shuffle::Shuffle),
        RoutingStrategy::LatencyBasedRouting => Box::new(latency::Latency::new(deployments)),
        RoutingStrategy::UsageBasedRoutingV2 => Box::new(usage::Usage::new(deployments)),
        RoutingStrategy::CostBasedRouting => Box::new(cost::Cost::new(deployments)),
    }
}

/// Picks at random among those with the lowest value.
fn lowest<V: PartialOrd + Copy>(
    candidates: impl Iterator<Item = (usize, V)>,
    best: &mut Vec<usize>,
    rng: &mut fastrand::Rng,
) -> Option<usize> {
    best.clear();
    let mut least = None;
    for (index, value) in candidates {
        if least.is_none_or(|least| value < least) {
            least = Some(value);
            best.clear();
        }
        if least == Some(value) {
            best.push(index);
        }
    }
    rng.choice(best.iter().copied())
}

/// `retry-after` of LiteLLM's own refusals.
const RETRY_AFTER: u64 = 60 * SECOND;

#[cfg(test)]
pub(super) mod testing {
    use super::super::deployment::{Deployment, State};

    /// Deployments of one account with the same limits.
    pub fn deployments(count: usize, tpm: Option<u64>, rpm: Option<u64>) -> Vec<State> {
        let one = Deployment {
            account: "one".to_owned(),
            tokens_per_minute: tpm,
            requests_per_minute: rpm,
            tpm,
            most_at_once: None,
        };
        (0..count).map(|_| State::new(&one, 0, 1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_is_shown_once() {
        let unique: std::collections::BTreeSet<_> = STRATEGIES.iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(unique.len(), STRATEGIES.len());
    }

    #[test]
    fn ties_are_drawn_and_the_rest_is_never_picked() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut best = Vec::new();
        let mut picked = [0; 4];
        for _ in 0..1000 {
            let candidates = [(0, 2), (1, 1), (2, 3), (3, 1)].into_iter();
            picked[lowest(candidates, &mut best, &mut rng).unwrap()] += 1;
        }
        assert_eq!((picked[0], picked[2]), (0, 0));
        assert!(picked[1] > 400 && picked[3] > 400, "{picked:?}");
        assert_eq!(lowest(std::iter::empty::<(usize, u64)>(), &mut best, &mut rng), None);
    }
}
