//! `bedrock`: the accounts whose quotas the gateway uses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::{AccountId, Arn, EntryName, OrganizationalUnit, Region};

/// The accounts whose Bedrock quotas the gateway uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bedrock {
    /// Name of the role in every account. Default `<prefix>-bedrock`.
    #[schemars(extend("pattern" = "^[A-Za-z0-9+=,.@_-]{1,64}$", "x-expect" = "an IAM role name of up to 64 letters, digits and + = , . @ _ -"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// External id that the role asks for: `generated` (default: stable, derived from the deployment) or a literal of 2
    /// to 1224 characters. It is not a secret.
    #[schemars(extend("pattern" = "^[A-Za-z0-9+=,.@:/_-]{2,1224}$", "x-expect" = "`generated`, or 2 to 1224 letters, digits and + = , . @ : / _ -"))]
    pub external_id: String,
    /// Plan for at most this share of the quotas, above 0 and up to 1. Default 0.7.
    #[schemars(range(min = 0.01, max = 1.0))]
    pub headroom: f64,
    /// The accounts.
    pub accounts: Vec<BedrockAccount>,
    /// Use the hub's own account too, through the task role. Default false.
    pub include_hub: bool,
    /// Regions of the hub's own account. Default: the hub's region.
    pub hub_regions: Vec<Region>,
    /// How the role reaches the accounts: `direct` (default: `deploy_role` of each account is assumed, in parallel) or
    /// `stack_sets`.
    pub rollout: Rollout,
}

impl Default for Bedrock {
    fn default() -> Self {
        Self {
            role_name: None,
            external_id: "generated".to_owned(),
            headroom: 0.7,
            accounts: Vec::new(),
            include_hub: false,
            hub_regions: Vec::new(),
            rollout: Rollout::Direct,
        }
    }
}

/// An account whose Bedrock quotas the gateway uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BedrockAccount {
    /// Account id, 12 digits.
    pub id: AccountId,
    /// Name that models refer to, unique in the list.
    pub name: EntryName,
    /// Regions in which models are called.
    #[schemars(length(min = 1))]
    pub regions: Vec<Region>,
    /// Role that is assumed to deploy into the account. Default: the caller's own credentials, which then must belong
    /// to the account. With `rollout: stack_sets` nothing is deployed through it: plans and drift read through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy_role: Option<Arn>,
}

/// How the role reaches the accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// gwinfra assumes each account's `deploy_role`, in parallel.
    Direct,
    /// One service-managed stack set of the organization: no `deploy_role` is needed in the accounts.
    StackSets(StackSets),
}

/// One service-managed stack set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackSets {
    /// Organizational units, or the root, that hold the accounts. Only the accounts of `bedrock.accounts` get the role,
    /// whatever else is in the units.
    #[schemars(length(min = 1))]
    pub organizational_units: Vec<OrganizationalUnit>,
    /// Whether the hub is a delegated administrator for stack sets, and not the management account of the organization.
    /// Default false.
    #[serde(default)]
    pub delegated_administrator: bool,
    /// How many of the accounts are worked on at the same time, in percent: 1 to 100, rounded down to at least one
    /// account. Default 100.
    #[serde(default = "all")]
    #[schemars(range(min = 1, max = 100))]
    pub max_concurrent_percentage: u8,
    /// How many of the accounts may fail, in percent, before the rollout is stopped and turned back: 0 to 100, rounded
    /// down. Default 0: one is enough.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub failure_tolerance_percentage: u8,
}

fn all() -> u8 {
    100
}
