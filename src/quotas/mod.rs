//! The quotas that accounts have, as Service Quotas tells them: those of Bedrock, and the others that a deployment meets.

pub(crate) mod known;
mod name;
mod read;

use schemars::JsonSchema;
use serde::Serialize;

pub use name::QuotaName;
pub use read::{BEDROCK, Defaults, Found, Requests, one, read, requests};

/// The token quota of a model in one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AccountQuota {
    /// Name of the model.
    pub model: String,
    /// Name of the account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name of the quota. `None` if AWS lists none for the model.
    pub name: Option<String>,
    /// Code of the quota.
    pub code: Option<String>,
    /// Tokens per minute that the account has now.
    pub applied: Option<u64>,
    /// Tokens per minute that accounts have by default.
    pub default: Option<u64>,
    /// `bedrock.tpm` of the spec.
    pub spec: Option<u64>,
    /// What to make of it.
    pub standing: Standing,
}

/// What to make of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// At least the default, and at least what the spec says.
    Fine,
    /// Nothing is allowed: AWS holds the account. An increase cannot be requested, since it must ask for more than the
    /// default; AWS Support has to lift it.
    AccountHold,
    /// Less than the default: an increase cannot be requested, since it must ask for more than that.
    BelowDefault,
    /// Less than the spec says, which LiteLLM routes by.
    BelowSpec,
    /// AWS lists no token quota for the model.
    NotListed,
    /// The account did not let itself be asked.
    NotAsked,
}

impl Standing {
    /// The standing of a quota.
    pub fn of(applied: Option<u64>, default: Option<u64>, spec: Option<u64>) -> Self {
        match applied {
            None => Self::NotListed,
            Some(0) => Self::AccountHold,
            Some(applied) if default.is_some_and(|default| applied < default) => Self::BelowDefault,
            Some(applied) if spec.is_some_and(|spec| applied < spec) => Self::BelowSpec,
            Some(_) => Self::Fine,
        }
    }

    /// In words, with what to do.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fine => "",
            Self::AccountHold => "account hold: open a support case",
            Self::BelowDefault => "below the default: open a support case",
            Self::BelowSpec => "below the spec: lower `bedrock.tpm`, or request an increase",
            Self::NotListed => "AWS lists no such quota: the spec's counts",
            Self::NotAsked => "could not be asked: the spec's counts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_of_nothing_is_a_hold_of_the_account() {
        assert_eq!(Standing::of(Some(0), Some(5_000_000), Some(0)), Standing::AccountHold);
    }

    #[test]
    fn less_than_the_default_needs_support_whatever_the_spec_says() {
        let of = |applied, spec| Standing::of(Some(applied), Some(1000), spec);
        assert_eq!(of(1000, None), Standing::Fine);
        assert_eq!(of(2000, Some(2000)), Standing::Fine);
        assert_eq!(of(500, None), Standing::BelowDefault);
        assert_eq!(of(500, Some(501)), Standing::BelowDefault);
        assert_eq!(of(1000, Some(1001)), Standing::BelowSpec);
        assert_eq!(Standing::of(None, None, Some(1)), Standing::NotListed);
    }
}
