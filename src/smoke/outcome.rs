//! What came of a check.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::Answer;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Not tried, or nothing to try.
    Skip,
}

/// A check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcome {
    /// Name of the check.
    pub name: String,
    /// What of several things it was about: `bedrock-1 us-east-1` of `accounts`. `null` for a check with one result.
    pub subject: Option<String>,
    /// What came of it.
    pub status: Status,
    /// Milliseconds of its call; of `stream` and `converse-stream`, to the first token. With `--repeat`, the median of the
    /// rounds that passed.
    pub latency_ms: Option<u64>,
    /// Id of the last request in the gateway's logs.
    pub request_id: Option<String>,
    /// Account that served it: its name in the spec, or its id.
    pub account: Option<String>,
    /// LiteLLM's id of the deployment that served it.
    pub deployment: Option<String>,
    /// What was seen, or why it was skipped.
    pub detail: String,
    /// What to look at next, where it failed: a sentence or a command.
    pub next: Option<String>,
    /// Rounds that passed, failed and were skipped, with `--repeat`.
    pub rounds: Option<Rounds>,
}

/// What came of a check in several rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Rounds {
    /// How many passed.
    pub pass: u32,
    /// How many failed.
    pub fail: u32,
    /// How many were skipped.
    pub skip: u32,
    /// Milliseconds of the slowest that passed.
    pub slowest_ms: Option<u64>,
}

impl Outcome {
    fn new(status: Status, detail: impl Into<String>) -> Self {
        Self {
            name: String::new(),
            subject: None,
            status,
            latency_ms: None,
            request_id: None,
            account: None,
            deployment: None,
            detail: detail.into(),
            next: None,
            rounds: None,
        }
    }

    /// As it should be.
    pub fn pass(detail: impl Into<String>) -> Self {
        Self::new(Status::Pass, detail)
    }

    /// Not as it should be.
    pub fn fail(detail: impl Into<String>) -> Self {
        Self::new(Status::Fail, detail)
    }

    /// Not tried, for a reason.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::new(Status::Skip, reason)
    }

    /// What to look at next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// With the times and ids of an answer.
    #[must_use]
    pub fn of(mut self, answer: &Answer) -> Self {
        self.latency_ms = Some(millis(answer.elapsed));
        self.request_id = answer.request_id();
        self.deployment = answer.deployment();
        self
    }

    /// With how long it took.
    #[must_use]
    pub fn took(mut self, elapsed: Duration) -> Self {
        self.latency_ms = Some(millis(elapsed));
        self
    }

    /// Which of several things it was about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The account that served it.
    #[must_use]
    pub fn in_account(mut self, account: Option<String>) -> Self {
        self.account = account;
        self
    }
}

/// Milliseconds, at least one: nothing takes no time.
pub(super) fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1)
}
