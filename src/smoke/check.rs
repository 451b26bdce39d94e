//! What a check is.

use std::time::Duration;

use async_trait::async_trait;

use super::gateway::Gateway;
use super::outcome::Outcome;

/// When a check runs. Those of a stage run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Whether anybody answers at all: without that nothing else is tried.
    Reach,
    /// Whether the key is taken, and what needs none.
    Enter,
    /// One call, or a few.
    Call,
    /// One call to each account and region, before others use their quotas up.
    Each,
    /// Many calls at once, which would make the others slower.
    Load,
}

impl Stage {
    /// All, in their order.
    pub const ALL: [Self; 5] = [Self::Reach, Self::Enter, Self::Call, Self::Each, Self::Load];
}

/// What a check needs to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A key that the gateway takes.
    Key,
}

/// What a check gives: one outcome or several, or the failure that ended it.
pub type Verdict = Result<Vec<Outcome>, Box<Outcome>>;

/// Something to be proved about a gateway.
#[async_trait]
pub trait Check: Send + Sync {
    /// Its name, for `--only` and `--skip`.
    fn name(&self) -> &'static str;

    /// What it proves, in one line.
    fn proves(&self) -> &'static str;

    /// When it runs.
    fn stage(&self) -> Stage;

    /// What it needs.
    fn needs(&self) -> Needs {
        Needs::Key
    }

    /// How long it may take, if each of its calls takes as long as a call may.
    fn limit(&self, gateway: &Gateway) -> Duration {
        gateway.call() * 2
    }

    /// Tries it.
    async fn run(&self, gateway: &Gateway) -> Verdict;
}

/// One outcome.
pub(super) fn one(outcome: Outcome) -> Verdict {
    Ok(vec![outcome])
}
