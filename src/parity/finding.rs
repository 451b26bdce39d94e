//! What the check found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a spec's two renderings have in common, and what not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parity {
    /// What was compared, by stack of the blueprint.
    pub stacks: BTreeMap<String, Compared>,
    /// What is not the same.
    pub findings: Vec<Finding>,
    /// What differs on purpose.
    pub intended: Vec<Intended>,
    /// What was not compared.
    pub unchecked: Vec<Unchecked>,
}

/// How much of a stack was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// Nodes that both engines make.
    pub nodes: usize,
    /// Facts that both engines agree on.
    pub facts: usize,
    /// Those of them that the model was asked about too.
    pub expected: usize,
    /// Findings.
    pub findings: usize,
}

/// What kind of difference a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Values that do not agree.
    Differs,
    /// A fact that not everybody has.
    Missing,
    /// A resource that only one engine makes.
    Resource,
    /// A resource that no node stands for.
    Unmapped,
    /// A file that could not be read.
    Unreadable,
}

/// Something that is not the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What kind of difference.
    pub kind: FindingKind,
    /// The node, `network/PrivateSubnet*[a]`, with the account in front outside the hub; what it is called in its
    /// engine where there is no node.
    pub node: String,
    /// The fact, `cidr_block`; empty for the whole resource.
    pub fact: String,
    /// What the model expects; `None` when it was not asked.
    pub expected: Option<Json>,
    /// What CloudFormation says.
    pub cloudformation: Option<Json>,
    /// What Terraform says.
    pub terraform: Option<Json>,
    /// Where it is said.
    pub places: Places,
}

/// The resources that say a fact: the stack or root module, the name in it, and the path of the property or argument.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Places {
    /// The stack's resource.
    pub cloudformation: Option<Place>,
    /// The root module's resource.
    pub terraform: Option<Place>,
}

/// A property or argument of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Key of the stack or root module.
    pub place: String,
    /// Logical id or address.
    pub name: String,
    /// Path inside it, as far as it is known.
    pub path: Vec<String>,
}

/// What differs on purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Intended {
    /// Type in CloudFormation, or the address of what only Terraform has.
    pub of: String,
    /// The fact; empty for the whole resource.
    pub fact: String,
    /// Why.
    pub reason: String,
}

/// What was not compared: the other engine has nothing of that name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unchecked {
    /// Type in CloudFormation or in the provider.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Property or argument, in snake case.
    pub fact: String,
}

impl Parity {
    /// Whether both engines build the same.
    pub fn is_equal(&self) -> bool {
        self.findings.is_empty()
    }

    /// Everything that was compared, of all stacks.
    pub fn compared(&self) -> Compared {
        let sum = |sum: Compared, one: &Compared| Compared {
            nodes: sum.nodes + one.nodes,
            facts: sum.facts + one.facts,
            expected: sum.expected + one.expected,
            findings: sum.findings + one.findings,
        };
        self.stacks.values().fold(Compared::default(), sum)
    }
}
