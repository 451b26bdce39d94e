//! The rendered result: a value that is written, compared, planned and applied as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that one spec and environment render to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// What is deployed and where.
    pub deployment: Deployment,
    /// Name, version and digest of the blueprint.
    pub blueprint: BlueprintReference,
    /// The stacks, in an order in which they can be deployed.
    pub stacks: Vec<RenderedStack>,
    /// Terraform's root modules, the hub first; empty for CloudFormation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<RenderedModule>,
    /// Accounts into which a stack set brings stacks, in the region of those; empty without one. Nothing is deployed
    /// to them from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Target>,
    /// What resources are, and what they are called in both engines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// Objects that are uploaded before the stack that needs them.
    pub objects: Vec<ConfigObject>,
    /// Images that the containers run, by name (`litellm`, `middleware`), as the spec names them.
    pub images: BTreeMap<String, String>,
    /// What must be looked up in AWS before parameters are complete, by name.
    pub lookups: BTreeMap<String, Lookup>,
    /// Tasks of the service when it is made; `None` when the one that ECS begins with is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks_at_first: Option<u32>,
    /// SHA-256 in hex over all of the above, in canonical order.
    pub digest: String,
}

/// What is deployed and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// `name` of the spec.
    pub name: String,
    /// Environment chosen with `-e`.
    pub env: Option<String>,
    /// Prefix of all names: `<name>-<env>` or `<name>`.
    pub prefix: String,
    /// Engine that deploys it.
    pub engine: String,
    /// The hub's account, region and deploy role.
    pub hub: Target,
    /// SHA-256 in hex of the spec after the environment is applied, with defaults.
    pub spec_sha256: String,
}

/// An account and region, and the role that is assumed to reach it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Account id.
    pub account: String,
    /// Region code.
    pub region: String,
    /// Role assumed for every call; `None` for the caller's own credentials.
    pub deploy_role: Option<String>,
}

/// The blueprint that was rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueprintReference {
    /// Name, such as `gateway`.
    pub name: String,
    /// Version of the blueprint.
    pub version: String,
    /// SHA-256 in hex over its files.
    pub sha256: String,
}

/// One stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderedStack {
    /// Unique in the bundle: `network`, or `bedrock-access@222222222222`.
    pub key: String,
    /// Name in the blueprint: `network`, `bedrock-access`.
    pub kind: String,
    /// Name in CloudFormation: `acme-llm-network`.
    pub name: String,
    /// Where it is deployed.
    pub target: Target,
    /// Path in the bundle: `cloudformation/network.yaml`. Stacks of the same text share it.
    pub template_path: String,
    /// The rendered template.
    pub template: Arc<str>,
    /// Values of its parameters, by name.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Tags of the stack, which CloudFormation passes on to its resources.
    pub tags: BTreeMap<String, String>,
    /// Capabilities that the template needs: `CAPABILITY_NAMED_IAM` ...
    pub capabilities: Vec<String>,
    /// Whether the stack is protected against deletion.
    pub termination_protection: bool,
    /// Keys of stacks that must be complete before it, beside those whose outputs it takes.
    pub depends_on: Vec<String>,
    /// What each logical id is, in words, for the live tree: `Gateway service (Fargate)`.
    pub descriptions: BTreeMap<String, String>,
}

/// One root module of Terraform, with a state of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderedModule {
    /// Unique in the bundle, and its directory: `hub`, or `accounts/bedrock-1`.
    pub key: String,
    /// Where it is deployed.
    pub target: Target,
    /// Its files by name: `network.tf`. Modules of the same text share it.
    pub files: BTreeMap<String, Arc<str>>,
    /// Values of variables that only become known when it is planned, by name. A module has defaults for all of them.
    pub variables: BTreeMap<String, ParameterValue>,
    /// Where its state is.
    pub state: ModuleState,
    /// Outputs: which stack of the blueprint each belongs to, by name.
    pub outputs: BTreeMap<String, String>,
}

/// Where the state of a root module is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleState {
    /// A file beside the module.
    Local,
    /// An object in a bucket.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// Key of the object.
        key: String,
        /// Region of the bucket.
        region: String,
        /// ARN of the key that encrypts it; `None` for the bucket's own.
        kms_key: Option<String>,
    },
}

/// Something that is built, whatever the engine: a row of the blueprint's map of nodes. `*` in a name stands for what
/// tells the members of a family apart, such as the zone of a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Stack of the blueprint.
    pub stack: String,
    /// Logical id in CloudFormation: `Vpc`, `PrivateSubnet*`.
    pub logical_id: String,
    /// Addresses in Terraform: `aws_vpc.main`, `aws_subnet.private["*"]`.
    pub terraform: Vec<String>,
    /// What it is, in words: `Private subnet *`.
    pub description: String,
}

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterValue {
    /// Known when rendering.
    Literal(String),
    /// An output of another stack of the bundle.
    Output {
        /// Key of that stack.
        stack: String,
        /// Name of the output.
        output: String,
    },
    /// The image of that name, by digest, resolved before the stack is planned.
    Image(String),
    /// The result of the lookup of that name.
    Lookup(String),
}

/// An object that is uploaded before the stack that needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigObject {
    /// Key in the bucket: `config/<sha256>.yaml`.
    pub key: String,
    /// Where the bucket's name comes from.
    pub bucket: ParameterValue,
    /// Stack that names the object; it is uploaded before that stack is deployed.
    pub needed_by: String,
    /// MIME type.
    pub content_type: String,
    /// The text.
    pub content: Arc<str>,
    /// SHA-256 in hex of the text.
    pub sha256: String,
}

/// A fact of the account that only AWS knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// Nothing to look up: the spec says it.
    Value(String),
    /// Id of the public hosted zone of that name.
    HostedZone {
        /// Name of the zone.
        name: String,
    },
    /// Id of a VPC that the spec names, after it was made sure that it has this network and these subnets.
    Vpc {
        /// Its id.
        id: String,
        /// Its IPv4 network.
        cidr: String,
        /// Ids of the subnets that the spec names in it.
        subnets: Vec<String>,
    },
    /// Availability zones that the spec names or counts, after it was made sure that the region has them: their names,
    /// joined by commas.
    AvailabilityZones {
        /// Names; empty when the spec only says how many.
        names: Vec<String>,
        /// How many.
        count: usize,
    },
}

#[cfg(test)]
impl Bundle {
    /// The deployment `acme` in one account, of nothing.
    pub(crate) fn of_nothing(engine: &str) -> Self {
        Self {
            deployment: Deployment {
                name: "acme".into(),
                env: None,
                prefix: "acme".into(),
                engine: engine.into(),
                hub: Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None },
                spec_sha256: "s".into(),
            },
            blueprint: BlueprintReference { name: "gateway".into(), version: "1.0.0".into(), sha256: "b".into() },
            stacks: Vec::new(),
            modules: Vec::new(),
            members: Vec::new(),
            nodes: Vec::new(),
            objects: Vec::new(),
            images: BTreeMap::new(),
            lookups: BTreeMap::new(),
            tasks_at_first: None,
            digest: "d".into(),
        }
    }
}

impl Bundle {
    /// Stacks and root modules of the Bedrock accounts: key and place.
    pub fn elsewhere(&self) -> impl Iterator<Item = (&str, &Target)> {
        let stacks = self.stacks.iter().map(|stack| (stack.key.as_str(), &stack.target));
        let modules = self.modules.iter().map(|module| (module.key.as_str(), &module.target));
        stacks.chain(modules).filter(|(_, target)| target.account != self.deployment.hub.account)
    }
}

impl RenderedStack {
    /// Address of a resource in plans and flags: `acme-llm-network/Vpc`, with the account in front outside the hub.
    pub fn address(&self, hub: &Target, logical_id: &str) -> String {
        if self.target.account == hub.account && self.target.region == hub.region {
            format!("{}/{logical_id}", self.name)
        } else {
            format!("{}:{}/{logical_id}", self.target.account, self.name)
        }
    }

    /// Keys of the stacks that must be complete before this one.
    pub fn dependencies(&self) -> impl Iterator<Item = &str> {
        let outputs = self.parameters.values().filter_map(|value| match value {
            ParameterValue::Output { stack, .. } => Some(stack.as_str()),
            _ => None,
        });
        self.depends_on.iter().map(String::as_str).chain(outputs)
    }
}
