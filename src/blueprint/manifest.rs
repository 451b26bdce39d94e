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
    /// Whether it is protected against deletion.
    pub termination_protection: Flag,
    /// Stacks that must be complete before it, beside those whose outputs it takes.
    pub depends_on: Vec<String>,
    /// Where the values of parameters come from, by name.
    pub parameters: IndexMap<String, Parameter>,
    /// What its outputs are, in words, by name.
    pub outputs: IndexMap<String, String>,
    /// What its resources are, in words, by logical id.
    pub resources: IndexMap<String, String>,
    /// Where it stands in the manifest.
    pub place: Place,
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
}
