//! What a destroy takes down.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::render::Target;

/// What happens to a resource when its stack is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is deleted.
    Deleted,
    /// It is deleted after a snapshot, which stays and costs.
    Snapshotted,
    /// It stays.
    Retained,
}

/// A resource and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoomedResource {
    /// Logical id.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// Physical id.
    pub physical_id: Option<String>,
    /// What happens to it.
    pub fate: Fate,
}

/// A stack that is to go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoomedStack {
    /// Key in the bundle, or the name.
    pub key: String,
    /// Name in CloudFormation.
    pub name: String,
    /// Where it is.
    pub target: Target,
    /// Its status.
    pub status: String,
    /// Its resources.
    pub resources: Vec<DoomedResource>,
    /// Keys of stacks that need this one, and so go before it.
    pub needed_by: BTreeSet<String>,
}

/// The command that goes on with a stack whose account could not be asked.
pub(in crate::engine) const ONCE_ASKED: &str = "gwinfra destroy   takes it down once the account can be asked";

/// A stack of an account that cannot be asked, or in which somebody else is at work: it stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreachedStack {
    /// Key in the bundle.
    pub key: String,
    /// Name of the stack or root module.
    pub name: String,
    /// Where it is.
    pub target: Target,
    /// What the account said, or what else keeps it from going.
    pub reason: String,
    /// The command that goes on with it.
    pub next: &'static str,
}

/// What a destroy would do.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DestroyPlan {
    /// The stacks that exist.
    pub stacks: Vec<DoomedStack>,
    /// Stacks that may exist in accounts that cannot be asked. They keep none of the others from going.
    pub unreached: Vec<UnreachedStack>,
    /// Why it cannot be done as things are, each with the way out.
    pub blockers: Vec<String>,
    /// Buckets with contents, and how many objects (with their versions) they hold: stack key, bucket, count.
    pub buckets: Vec<(String, String, usize)>,
    /// Image repositories.
    pub repositories: Vec<(String, String)>,
}

impl DestroyPlan {
    /// Adds what another plan lists.
    pub(in crate::engine) fn add(&mut self, other: Self) {
        self.stacks.extend(other.stacks);
        self.unreached.extend(other.unreached);
        self.blockers.extend(other.blockers);
        self.buckets.extend(other.buckets);
        self.repositories.extend(other.repositories);
    }
}
