//! `state`: where Terraform keeps what it knows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Nothing;
use super::types::{Arn, Region};

/// Where Terraform keeps its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Files on the machine that runs gwinfra: for trying out, and for one person only.
    Local(Nothing),
    /// Objects in a bucket: shared, locked, encrypted and versioned.
    S3(S3State),
}

impl Default for State {
    fn default() -> Self {
        Self::Local(Nothing::default())
    }
}

/// Objects in a bucket of the hub's account. `gwinfra state bootstrap` makes the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3State {
    /// Name of the bucket, 3 to 63 characters. Several deployments may share one.
    #[schemars(extend("pattern" = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "x-expect" = "the name of a bucket: 3 to 63 lower case letters, digits, hyphens and dots, with a letter or digit at both ends"))]
    pub bucket: String,
    /// What the keys of all state objects begin with, up to 512 characters, without a slash at either end. Default: the
    /// prefix of the deployment, `<name>-<env>` or `<name>`. Changing it loses sight of what is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512), extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", "x-expect" = "words of letters, digits and . _ - with a slash between them and none at either end, such as teams/llm"))]
    pub key_prefix: Option<String>,
    /// Region of the bucket. Default: the hub's region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// ARN of the KMS key that encrypts the state, in the bucket's region. Default: keys of S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<Arn>,
}
