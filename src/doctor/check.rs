//! What a check is.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;

use super::finding::Finding;
use super::subject::Subject;

/// What a check is about: a row of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// This machine.
    Local,
    /// Who deploys.
    Identity,
    /// What whoever deploys may do.
    Permissions,
    /// Models and their quotas.
    Bedrock,
    /// Quotas of the other services.
    Quotas,
    /// What the region offers.
    Region,
    /// Networks that are there.
    Network,
    /// Certificates that the spec names.
    Certificates,
    /// Secrets that the spec names.
    Secrets,
    /// What earlier deployments have left.
    Leftovers,
}

impl Area {
    /// What a person reads.
    pub fn title(self) -> &'static str {
        match self {
            Self::Local => "Local",
            Self::Identity => "Identity",
            Self::Permissions => "Permissions",
            Self::Bedrock => "Bedrock",
            Self::Quotas => "Quotas",
            Self::Region => "Region",
            Self::Network => "Network",
            Self::Certificates => "Certificates",
            Self::Secrets => "Secrets",
            Self::Leftovers => "Leftovers",
        }
    }
}

/// What a check needs to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// This machine only.
    Nothing,
    /// An answer of AWS, whatever it says.
    Aws,
    /// Credentials that work in the hub.
    Hub,
    /// At least one account that can be asked.
    Accounts,
}

/// Something that a deployment needs.
#[async_trait(?Send)]
pub trait Check {
    /// Its stable id, for `--only`, `--skip` and `gwinfra explain`.
    fn id(&self) -> &'static str;

    /// Its name, which `--only` and `--skip` take as well.
    fn name(&self) -> &'static str;

    /// The row of the report that it belongs to.
    fn area(&self) -> Area;

    /// What it needs to be made.
    fn needs(&self) -> Needs;

    /// Makes it.
    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding>;
}
