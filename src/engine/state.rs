//! How a deployment is.

use serde::Serialize;

/// How a stack is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackState {
    /// Key in the bundle.
    pub key: String,
    /// Name in CloudFormation.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Status; `None` when there is no such stack.
    pub status: Option<String>,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// When it was last changed, RFC 3339.
    pub updated: Option<String>,
    /// The one command to run next.
    pub next: String,
}

/// How the stack of a stack set is in one account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceState {
    /// Name of the stack set.
    pub stack_set: String,
    /// Account.
    pub account: String,
    /// `CURRENT`, `OUTDATED`, `INOPERABLE` ...; `None` when there is no such stack.
    pub status: Option<String>,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
}

/// How the service is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceState {
    /// Name of the service.
    pub service: String,
    /// Status of its newest deployment.
    pub deployment: String,
    /// Tasks that should run, that run, and that are starting.
    pub tasks: (u32, u32, u32),
    /// Images that run, by container.
    pub images: Vec<(String, String)>,
}

/// How a deployment is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Prefix of the deployment.
    pub deployment: String,
    /// Its stacks.
    pub stacks: Vec<StackState>,
    /// Stacks that stack sets have in the accounts; empty without stack sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceState>,
    /// Its service, once it is there.
    pub service: Option<ServiceState>,
    /// What could not be asked, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// A run that was cut off, if there is one: its command and when it began.
    pub unfinished: Option<(String, String)>,
}

impl Status {
    /// Whether a stack needs `gwinfra recover`.
    pub fn needs_attention(&self) -> bool {
        self.stacks.iter().any(|stack| stack.next == "gwinfra recover")
    }
}
