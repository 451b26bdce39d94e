//! `hub`: where the gateway runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::{AccountId, Arn, Region};

/// The account and region in which the gateway runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hub {
    /// Account id, 12 digits. Commands refuse to run with credentials of another account.
    pub account: AccountId,
    /// Region of everything but the Bedrock calls.
    pub region: Region,
    /// Role that is assumed for every call to the hub account. Default: the caller's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy_role: Option<Arn>,
}
