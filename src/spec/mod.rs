//! The spec: what the user types, as typed Rust. Doc comments here are the user's reference: they become the
//! descriptions of the JSON Schema and of `docs/spec.md`.

mod access;
mod bedrock;
mod cache;
pub mod codes;
mod compute;
mod database;
mod document;
mod environments;
mod gateway;
mod hub;
mod ingress;
pub mod json_schema;
pub mod load;
mod models;
mod network;
mod observability;
pub(crate) mod regions;
pub mod shape;
mod span_index;
mod state;
pub(crate) mod syntax;
pub mod types;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use access::*;
pub use bedrock::*;
pub use cache::*;
pub use compute::*;
pub use database::*;
pub use gateway::*;
pub use hub::*;
pub use ingress::*;
pub use load::{Loaded, MAX_BYTES, check, check_all, load, load_all};
pub use models::*;
pub use network::*;
pub use observability::*;
pub use span_index::SpanIndex;
pub use state::*;
use types::DeploymentName;

/// One production LLM gateway on AWS.
///
/// The smallest useful spec has `version`, `name`, `hub`, `ingress.tls`, one Bedrock account (or
/// `bedrock.include_hub`) and one model; everything else has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "gwinfra spec")]
pub struct Spec {
    /// Version of the spec's format. Always 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the deployment. The prefix of all resource names is `<name>-<env>`, or `<name>` without `-e`.
    pub name: DeploymentName,
    /// Engine that deploys the rendered templates.
    #[serde(default)]
    pub engine: EngineName,
    /// Where Terraform keeps its state: exactly one of `local`, `s3`. Default: `local`. For `engine: terraform` only:
    /// CloudFormation keeps the state of its stacks itself.
    #[serde(default)]
    pub state: State,
    /// Blueprint to render: the name of a built-in one, or a path that starts with `./`, `../` or `/` to a fork of one.
    #[serde(default = "default_blueprint")]
    #[schemars(length(min = 1))]
    pub blueprint: String,
    /// Tags for every resource, beside `gwinfra:deployment`, `gwinfra:stack` and `Name`, which gwinfra sets.
    #[serde(default)]
    pub tags: IndexMap<String, String>,
    /// Where the gateway runs.
    pub hub: Hub,
    /// VPC, subnets, NAT and VPC endpoints.
    #[serde(default)]
    pub network: Network,
    /// What runs the gateway's containers: exactly one of `fargate`, `ec2`, `eks`. Default: `fargate`.
    #[serde(default)]
    pub compute: Compute,
    /// How clients reach the gateway.
    pub ingress: Ingress,
    /// How people reach a private gateway.
    #[serde(default)]
    pub access: Access,
    /// Database for virtual keys, spend and chat history: exactly one of `aurora_postgres`, `external`, `none`.
    /// Default: `aurora_postgres`.
    #[serde(default)]
    pub database: Database,
    /// Cache that the gateway's tasks share for routing state and rate limits: exactly one of `redis`, `serverless`,
    /// `none`. Default: `redis`.
    #[serde(default)]
    pub cache: Cache,
    /// The gateway's containers.
    #[serde(default)]
    pub gateway: Gateway,
    /// The accounts whose Bedrock quotas the gateway uses.
    #[serde(default)]
    pub bedrock: Bedrock,
    /// The models that clients may name, in the order in which LiteLLM lists them.
    #[schemars(length(min = 1))]
    pub models: Vec<Model>,
    /// How LiteLLM spreads calls over the deployments of a model.
    #[serde(default)]
    pub routing: Routing,
    /// Guardrails that LiteLLM applies.
    #[serde(default)]
    pub guardrails: Vec<Guardrail>,
    /// Logs, dashboard and alarms.
    #[serde(default)]
    pub observability: Observability,
    /// The calls that prove a deployment.
    #[serde(default)]
    pub smoke: Smoke,
    /// Differences per environment, chosen with `-e`: deep-merged over the rest, then validated as a whole. Maps
    /// merge, lists are replaced, `null` removes, and another alternative of a choice replaces the choice.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, EnvironmentOverlay>")]
    pub environments: IndexMap<String, serde_json::Value>,
}

/// Differences of one environment: any part of the spec but `version`, `name` and `environments`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EnvironmentOverlay(pub serde_json::Map<String, serde_json::Value>);

/// Engine that deploys the rendered templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineName {
    /// CloudFormation stacks, made and watched by gwinfra.
    #[default]
    Cloudformation,
    /// Terraform root modules, run by the `terraform` on your machine.
    Terraform,
}

impl EngineName {
    /// As the spec writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloudformation => "cloudformation",
            Self::Terraform => "terraform",
        }
    }
}

fn default_blueprint() -> String {
    "gateway".to_owned()
}

/// For `#[serde(default = "enabled")]`.
fn enabled() -> bool {
    true
}
