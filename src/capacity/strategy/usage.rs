//! `usage-based-routing-v2`: the fewest tokens in this minute.

use super::used::Used;
use super::{RETRY_AFTER, Strategy, View, lowest};
use crate::capacity::answer::Answer;

/// The deployment with the fewest tokens of answered requests in this minute; of equals, any. One is full when its tokens
/// reach `tpm`, and already at one request below `rpm`.
pub(super) struct Usage {
    used: Vec<Used>,
    best: Vec<usize>,
}

impl Usage {
    /// Nothing is used.
    pub fn new(deployments: usize) -> Self {
        Self { used: vec![Used::default(); deployments], best: Vec::new() }
    }
}

impl Strategy for Usage {
    fn pick(&mut self, view: &View<'_>, rng: &mut fastrand::Rng) -> Option<usize> {
        let candidates = view.in_rotation().filter_map(|(index, deployment)| {
            let (requests, tokens) = self.used[index].at(view.now);
            let tokens_left = deployment.tpm.is_none_or(|tpm| tokens.saturating_add(view.input_tokens) <= tpm);
            let requests_left = requests == 0 || deployment.rpm.is_none_or(|rpm| requests + 1 < rpm);
            (tokens_left && requests_left).then_some((index, tokens))
        });
        lowest(candidates, &mut self.best, rng)
    }

    fn started(&mut self, deployment: usize, now: u64) {
        self.used[deployment].request(now);
    }

    fn answered(&mut self, deployment: usize, now: u64, input_tokens: u64, answer: Answer) {
        self.used[deployment].tokens(now, input_tokens.saturating_add(answer.tokens));
    }

    fn pause_when_full(&self) -> Option<u64> {
        Some(RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::deployments;
    use super::*;
    use crate::capacity::minute::MINUTE;

    fn pick(usage: &mut Usage, deployments: &[super::super::State], now: u64) -> Option<usize> {
        usage.pick(&View { now, input_tokens: 10, deployments }, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn the_fewest_tokens_of_this_minute_win() {
        let deployments = deployments(2, Some(1000), None);
        let mut usage = Usage::new(2);
        usage.answered(0, 0, 10, Answer { tokens: 5, took: 1 });
        assert_eq!(pick(&mut usage, &deployments, 1), Some(1));
        usage.answered(1, 0, 10, Answer { tokens: 500, took: 1 });
        assert_eq!(pick(&mut usage, &deployments, 1), Some(0));
        usage.answered(0, MINUTE, 10, Answer { tokens: 5, took: 1 });
        assert_eq!(pick(&mut usage, &deployments, MINUTE), Some(1));
    }

    #[test]
    fn one_request_below_the_limit_is_the_last() {
        let deployments = deployments(1, None, Some(3));
        let mut usage = Usage::new(1);
        usage.started(0, 0);
        assert_eq!(pick(&mut usage, &deployments, 0), Some(0));
        usage.started(0, 0);
        assert_eq!(pick(&mut usage, &deployments, 0), None);
        assert_eq!(pick(&mut usage, &deployments, MINUTE), Some(0));
    }
}
