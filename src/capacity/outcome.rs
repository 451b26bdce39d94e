//! What came of a run.

use schemars::JsonSchema;
use serde::Serialize;

use super::deployment::State;
use crate::spec::RoutingStrategy;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Outcome {
    /// Strategy that LiteLLM routed by.
    pub strategy: RoutingStrategy,
    /// Requests that arrived.
    pub requests: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests to which the client got 429, after all retries. Fallbacks to other models are not simulated.
    pub refused: u64,
    /// Of these, requests for which LiteLLM had no deployment left: all were cooling down or full.
    pub refused_by_router: u64,
    /// Share of the requests to which the client got 429.
    pub refused_share: f64,
    /// Calls of deployments, with retries.
    pub calls: u64,
    /// Calls that a deployment throttled.
    pub throttled: u64,
    /// From the arrival of a request until its deployment took it, of answered requests. `None` if there are none.
    pub wait: Option<Wait>,
    /// What each account did, in the spec's order.
    pub accounts: Vec<AccountLoad>,
}

/// Times that requests waited, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Wait {
    /// Average.
    pub mean_ms: f64,
    /// Half of the requests waited at most this long.
    pub p50_ms: f64,
    /// 99 of 100 requests waited at most this long.
    pub p99_ms: f64,
}

/// What an account did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccountLoad {
    /// Name of the account.
    pub account: String,
    /// Requests that it answered.
    pub answered: u64,
    /// Share of all answered requests. 0 if none was answered.
    pub share: f64,
    /// Calls that it throttled.
    pub throttled: u64,
    /// Most requests that were under way in it at a time.
    pub most_at_once: u64,
    /// Fullest minute of any of its regions, as a share of the quota. Above 1: answers took more than was reserved.
    pub fullest_minute: Option<f64>,
}

/// What is counted during a run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub requests: u64,
    pub refused: u64,
    pub refused_by_router: u64,
    pub calls: u64,
    /// In microseconds.
    waits: Vec<u32>,
    waited: f64,
}

impl Tally {
    /// Counts the wait of a request that is answered, in nanoseconds.
    pub fn wait(&mut self, nanoseconds: u64) {
        self.waits.push(u32::try_from(nanoseconds / 1000).unwrap_or(u32::MAX));
        self.waited += as_f64(nanoseconds);
    }

    /// The outcome. `accounts` are names and the most requests that were under way at a time.
    pub fn outcome(
        mut self,
        strategy: RoutingStrategy,
        accounts: Vec<(String, u64)>,
        deployments: &[State],
    ) -> Outcome {
        let answered: u64 = deployments.iter().map(|deployment| deployment.answered).sum();
        let wait = (!self.waits.is_empty()).then(|| Wait {
            mean_ms: self.waited / as_f64(self.waits.len() as u64) / 1e6,
            p50_ms: percentile(&mut self.waits, 50),
            p99_ms: percentile(&mut self.waits, 99),
        });
        let accounts = accounts.into_iter().enumerate().map(|(index, (account, most_at_once))| {
            let own = || deployments.iter().filter(move |deployment| deployment.account == index);
            let of_account: u64 = own().map(|deployment| deployment.answered).sum();
            AccountLoad {
                account,
                answered: of_account,
                share: as_f64(of_account) / as_f64(answered.max(1)),
                throttled: own().map(|deployment| deployment.throttled).sum(),
                most_at_once,
                fullest_minute: own().filter_map(State::fullest).reduce(f64::max),
            }
        });
        Outcome {
            strategy,
            requests: self.requests,
            answered,
            refused: self.refused,
            refused_by_router: self.refused_by_router,
            refused_share: as_f64(self.refused) / as_f64(self.requests.max(1)),
            calls: self.calls,
            throttled: deployments.iter().map(|deployment| deployment.throttled).sum(),
            wait,
            accounts: accounts.collect(),
        }
    }
}

/// The nearest-rank percentile of microseconds, in milliseconds. There is at least one.
fn percentile(waits: &mut [u32], percent: usize) -> f64 {
    let rank = (waits.len() * percent).div_ceil(100).max(1);
    f64::from(*waits.select_nth_unstable(rank - 1).1) / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let mut waits: Vec<u32> = (1..=200).rev().map(|number| number * 1000).collect();
        assert_eq!(percentile(&mut waits, 50), 100.0);
        assert_eq!(percentile(&mut waits, 99), 198.0);
        assert_eq!(percentile(&mut [7000], 99), 7.0);
    }
}
