//! What `blueprint.yaml` says.

use indexmap::IndexMap;

use crate::yaml::Place;

/// A manifest that was read and is consistent.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Name of the blueprint.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// Versions of gwinfra that it works with.
    pub requires: semver::VersionReq,
    /// Where that stands.
    pub requires_place: Place,
    /// What it builds, in a line.
    pub description: String,
    /// Where the gateway's configuration goes.
    pub config: Option<Config>,
    /// The stacks, in an order in which they can be deployed.
    pub stacks: Vec<Stack>,
    /// How Terraform's root modules are put together; `None` for a blueprint that has none.
    pub terraform: Option<Terraform>,
}

/// How Terraform's root modules are put together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terraform {
    /// Files of the hub's module.
    pub hub: Vec<ModuleFile>,
    /// Files of the module of each Bedrock account.
    pub account: Vec<ModuleFile>,
    /// Variables whose values only become known when a module is planned, by name.
    pub variables: IndexMap<String, Parameter>,
    /// Expressions for the names of parameters and attributes that the render context refers to: `KmsKeyArn`,
    /// `LoadBalancer.LoadBalancerFullName`.
    pub references: IndexMap<String, String>,
    /// Resources that only Terraform has, by address, and why.
    pub only: IndexMap<String, String>,
}

/// A file of a root module.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleFile {
    /// Its name: `network.tf`.
    pub name: String,
    /// Path of the template from the blueprint's root: `terraform/hub/network.tf.j2`.
    pub template: String,
    /// The stack that it belongs to: it is there when that is.
    pub stack: Option<String>,
    /// Where it stands in the manifest.
    pub place: Place,
}

/// Where the gateway's configuration goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the name of the bucket comes from.
    pub bucket: ParameterSource,
    /// The stack that names the object; it is uploaded before that stack is deployed.
    pub needed_by: String,
}

/// A stack of a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Name: `network`.
    pub name: String,
    /// What it is, in a few words.
    pub description: String,
    /// Path of the template from the blueprint's root: `cloudformation/network.yaml.j2`.
    pub template: String,
    /// Whether there is such a stack.
    pub when: Flag,
    /// Where it is deployed.
    pub target: StackTarget,
    /// The stack of Bedrock accounts that a stack set in this one brings there: then nothing else does.
    pub stack_set_of: Option<String>,
    /// Whether it is protected against deletion.
    pub termination_protection: Flag,
    /// Stacks that must be complete before it, beside those whose outputs it takes.
    pub depends_on: Vec<String>,
    /// Where the values of parameters come from, by name.
    pub parameters: IndexMap<String, Parameter>,
    /// What its outputs are, in words, by name.
    pub outputs: IndexMap<String, String>,
    /// Keys of the spec that ask for its resources, where these say nothing of their own: see [`Manifest::spec_keys`].
    pub spec: Vec<String>,
    /// What its resources are, by logical id.
    pub resources: IndexMap<String, Resource>,
    /// Where it stands in the manifest.
    pub place: Place,
}

/// What a resource is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// In words.
    pub description: String,
    /// Its addresses in Terraform.
    pub terraform: Vec<String>,
    /// Keys of the spec that ask for it; empty: those of its stack.
    pub spec: Vec<String>,
}

/// The source of a parameter's value and where the manifest says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where the value comes from.
    pub source: ParameterSource,
    /// Where that stands.
    pub place: Place,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// Always so.
    Fixed(bool),
    /// What a path of the render context says.
    Context(String),
}

/// Where a stack is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackTarget {
    /// Once, in the hub's account and region.
    Hub,
    /// Once in each Bedrock account but the hub's.
    BedrockAccounts,
}

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterSource {
    /// An output of a stack that stands before.
    Output {
        /// Name of that stack.
        stack: String,
        /// Name of the output.
        output: String,
    },
    /// A path of the render context; `target.` begins a path of the account's own.
    Context(String),
    /// The URI of the image of that name, by digest.
    Image(String),
    /// The key of the gateway's configuration in its bucket.
    Config,
    /// The result of the lookup of that name.
    Lookup(String),
}

impl Manifest {
    /// The stack of that name.
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.name == name)
    }

    /// The keys of the spec that ask for a resource: where a plan or finding about all of it, or about something that no key
    /// feeds, points. Several are alternatives. `resource` is a logical id as the manifest has it, with its `*`.
    pub fn spec_keys(&self, stack: &str, resource: &str) -> &[String] {
        let Some(stack) = self.stack(stack) else { return &[] };
        let own = stack.resources.get(resource).map(|resource| resource.spec.as_slice());
        own.filter(|keys| !keys.is_empty()).unwrap_or(&stack.spec)
    }
}
