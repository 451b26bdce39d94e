//! An account and region that serves the model.

use std::collections::VecDeque;

use super::event::Call;
use super::minute::Minute;

/// An account and region that serves the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Name of the account.
    pub account: String,
    /// Tokens per minute that it may take. `None`: no limit.
    pub tokens_per_minute: Option<u64>,
    /// Requests per minute that it may take, and `rpm` that LiteLLM is told. `None`: no limit.
    pub requests_per_minute: Option<u64>,
    /// `tpm` that LiteLLM is told.
    pub tpm: Option<u64>,
    /// `max_parallel_requests` of the deployment, if the spec sets it.
    pub most_at_once: Option<u64>,
}

impl Deployment {
    /// Requests that one process of LiteLLM has under way at a time; others wait in it. `None`: no limit.
    ///
    /// Without `max_parallel_requests` that is `rpm`, and without it 6 for each 1000 of `tpm`:
    /// `calculate_max_parallel_requests` in LiteLLM's `utils.py`.
    pub fn slots(&self) -> Option<u64> {
        let of_tokens = |tokens: u64| (u128::from(tokens) * 6 / 1000).clamp(1, u64::MAX.into());
        self.most_at_once
            .or(self.requests_per_minute)
            .or_else(|| self.tpm.and_then(|tokens| u64::try_from(of_tokens(tokens)).ok()))
    }
}

/// A deployment during a run.
#[derive(Debug)]
pub(super) struct State {
    /// Index of its account.
    pub account: usize,
    /// Token quota.
    pub tokens: Minute,
    /// Request quota.
    pub requests: Minute,
    /// `tpm` that LiteLLM is told.
    pub tpm: Option<u64>,
    /// `rpm` that LiteLLM is told.
    pub rpm: Option<u64>,
    /// Requests that may be under way at a time.
    pub slots: u64,
    /// Requests that are under way.
    pub in_flight: u64,
    /// Requests that wait for a slot.
    pub waiting: VecDeque<Call>,
    /// When its cool-down ends.
    pub cooled_until: u64,
    /// Requests that it answered.
    pub answered: u64,
    /// Requests that it throttled.
    pub throttled: u64,
}

impl State {
    /// A deployment of an account, with nothing under way.
    pub fn new(deployment: &Deployment, account: usize, workers: u32) -> Self {
        Self {
            account,
            tokens: Minute::new(deployment.tokens_per_minute),
            requests: Minute::new(deployment.requests_per_minute),
            tpm: deployment.tpm,
            rpm: deployment.requests_per_minute,
            slots: deployment.slots().map_or(u64::MAX, |slots| slots.saturating_mul(workers.into())),
            in_flight: 0,
            waiting: VecDeque::new(),
            cooled_until: 0,
            answered: 0,
            throttled: 0,
        }
    }

    /// Whether LiteLLM sends requests to it.
    pub fn in_rotation(&self, now: u64) -> bool {
        self.cooled_until <= now
    }

    /// Takes a request from its quotas, if both have enough left.
    pub fn admit(&mut self, now: u64, tokens: u64) -> bool {
        self.requests.has(now, 1) && self.tokens.take(now, tokens) && self.requests.take(now, 1)
    }

    /// Its fullest minute, as a share of the quota that was fuller. `None` without quotas.
    pub fn fullest(&self) -> Option<f64> {
        self.tokens.fullest().into_iter().chain(self.requests.fullest()).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(tpm: Option<u64>, rpm: Option<u64>, most_at_once: Option<u64>) -> Deployment {
        Deployment { account: "one".to_owned(), tokens_per_minute: tpm, requests_per_minute: rpm, tpm, most_at_once }
    }

    #[test]
    fn slots_follow_max_parallel_requests_then_rpm_then_tpm() {
        assert_eq!(deployment(Some(200_000), Some(50), Some(7)).slots(), Some(7));
        assert_eq!(deployment(Some(200_000), Some(50), None).slots(), Some(50));
        assert_eq!(deployment(Some(200_000), None, None).slots(), Some(1200));
        assert_eq!(deployment(Some(100), None, None).slots(), Some(1));
        assert_eq!(deployment(None, None, None).slots(), None);
    }

    #[test]
    fn a_request_that_one_quota_refuses_takes_nothing_of_the_other() {
        let mut state = State::new(&deployment(Some(100), Some(2), None), 0, 1);
        assert!(!state.admit(0, 101));
        assert!(state.admit(0, 50) && state.admit(0, 10));
        assert!(!state.admit(0, 10));
        assert!(state.tokens.has(0, 40) && !state.tokens.has(0, 41));
    }
}
