//! One fault of a scenario.

use serde::{Deserialize, Serialize};

use super::effect::{
    CircuitBreaker, Delay, EarlyValidation, Events, FailResource, Hook, Nothing, Refuse, ServerError, StaleReads,
};
use super::selector::Selector;

/// One fault: where, and exactly one of the effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where it strikes.
    #[serde(default, rename = "match")]
    pub selector: Selector,
    /// How often; default: every time for `events`, `delay`, `circuit_breaker` and `expire_credentials`, else once.
    #[serde(default)]
    pub times: Option<u32>,
    /// Matching occasions that pass before the first; default 0.
    #[serde(default)]
    pub after: u32,
    /// A resource fails.
    #[serde(default)]
    pub fail: Option<FailResource>,
    /// A call is throttled: `Throttling`, `Rate exceeded`.
    #[serde(default)]
    pub throttle: Option<Nothing>,
    /// A call is answered with a server error.
    #[serde(default)]
    pub server_error: Option<ServerError>,
    /// A call is refused.
    #[serde(default)]
    pub refuse: Option<Refuse>,
    /// A call is answered late.
    #[serde(default)]
    pub delay: Option<Delay>,
    /// The connection is closed without an answer.
    #[serde(default)]
    pub drop_connection: Option<Nothing>,
    /// The caller's credentials have expired.
    #[serde(default)]
    pub expire_credentials: Option<Nothing>,
    /// After an execution, `DescribeStacks` goes on with the status from before it.
    #[serde(default)]
    pub stale_reads: Option<StaleReads>,
    /// How events are listed.
    #[serde(default)]
    pub events: Option<Events>,
    /// A change set fails the validation before a deployment.
    #[serde(default)]
    pub early_validation: Option<EarlyValidation>,
    /// A hook refuses a resource.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// The tasks of an ECS service fail.
    #[serde(default)]
    pub circuit_breaker: Option<CircuitBreaker>,
}

impl Entry {
    /// Effects that are states rather than incidents.
    pub(super) fn lasts(&self) -> bool {
        self.events.is_some()
            || self.delay.is_some()
            || self.circuit_breaker.is_some()
            || self.expire_credentials.is_some()
    }

    pub(super) fn effects(&self) -> usize {
        [
            self.fail.is_some(),
            self.throttle.is_some(),
            self.server_error.is_some(),
            self.refuse.is_some(),
            self.delay.is_some(),
            self.drop_connection.is_some(),
            self.expire_credentials.is_some(),
            self.stale_reads.is_some(),
            self.events.is_some(),
            self.early_validation.is_some(),
            self.circuit_breaker.is_some(),
            self.hook.is_some(),
        ]
        .into_iter()
        .filter(|present| *present)
        .count()
    }
}
