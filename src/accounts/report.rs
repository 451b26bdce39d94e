//! The report as data: what `accounts list -o json` and `accounts verify -o json` print.

use schemars::JsonSchema;
use serde::Serialize;

use super::check::{Check, CheckName, CheckStatus};
use crate::quotas::AccountQuota;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.accounts/v1";

/// How the accounts are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Prefix of the deployment.
    pub deployment: String,
    /// Engine that deploys it: `cloudformation` or `terraform`.
    pub engine: String,
    /// ARN of who asked, in the hub's account. `None` if the hub could not be asked.
    pub caller: Option<String>,
    /// ARN of the role that the gateway runs as.
    pub task_role: String,
    /// The accounts in the spec's order, the hub's own last.
    pub accounts: Vec<Account>,
    /// One for each account, region and model; empty for `accounts list`.
    pub models: Vec<ModelRow>,
    /// How many are well.
    pub summary: Summary,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Account {
    /// Name in the spec; `hub` for the hub's own.
    pub name: String,
    /// Account id.
    pub account: String,
    /// Regions in which models are called.
    pub regions: Vec<String>,
    /// Models that it serves.
    pub models: Vec<String>,
    /// ARN of the role that the gateway uses there.
    pub role: String,
    /// Role through which the account was asked. `None`: the caller's own credentials.
    pub deploy_role: Option<String>,
    /// How the account is.
    pub state: State,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// How an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The role is there.
    Deployed,
    /// The role is not there.
    Absent,
    /// It could not be asked.
    Refused,
}

impl State {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Absent => "no role",
            Self::Refused => "not reached",
        }
    }
}

/// A model in one account and region.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ModelRow {
    /// Name of the account.
    pub account: String,
    /// Region of the calls.
    pub region: String,
    /// Name of the model.
    pub model: String,
    /// Id of the foundation model or inference profile.
    pub id: String,
    /// The token quota, if it could be asked for.
    pub quota: Option<AccountQuota>,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// How many accounts are well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Accounts in which everything that was looked at is as it should be.
    pub well: usize,
    /// Accounts in which something is not, those that were not reached among them.
    pub failed: usize,
    /// Accounts that could not be asked.
    pub not_reached: usize,
    /// Accounts of a stack set without a `deploy_role`: of these only the set was asked, and neither policies, models nor
    /// quotas were looked at.
    pub by_stack_set: usize,
}

impl Account {
    /// What came of a check; `None` if it was not looked at.
    pub fn status(&self, name: CheckName) -> Option<CheckStatus> {
        status(&self.checks, name)
    }

    /// Whether only its stack set was asked.
    pub fn is_by_stack_set(&self) -> bool {
        self.status(CheckName::Reach) == Some(CheckStatus::Skip)
    }
}

impl ModelRow {
    /// What came of a check; `None` if it was not looked at.
    pub fn status(&self, name: CheckName) -> Option<CheckStatus> {
        status(&self.checks, name)
    }
}

fn status(checks: &[Check], name: CheckName) -> Option<CheckStatus> {
    checks.iter().find(|check| check.name == name).map(|check| check.status)
}

impl Document {
    /// The rows of an account.
    pub fn rows<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a ModelRow> {
        self.models.iter().filter(move |row| row.account == account.name)
    }

    /// Whether something in an account is not as it should be.
    pub fn has_failed(&self, account: &Account) -> bool {
        let rows = self.rows(account).flat_map(|row| &row.checks);
        account.checks.iter().chain(rows).any(|check| check.status == CheckStatus::Fail)
    }

    /// The document with its summary.
    pub(super) fn summed(mut self) -> Self {
        let failed = self.accounts.iter().filter(|account| self.has_failed(account)).count();
        let not_reached = self.accounts.iter().filter(|account| account.state == State::Refused).count();
        let by_stack_set = self.accounts.iter().filter(|account| account.is_by_stack_set()).count();
        self.summary = Summary { well: self.accounts.len() - failed, failed, not_reached, by_stack_set };
        self
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.accounts.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
