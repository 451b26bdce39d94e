//! Engines make plans and apply them. Nothing above this module knows which engine runs.

pub mod cancel;
pub mod cloudformation;
mod error;
mod event;
pub mod graph;
pub mod journal;

use std::collections::{BTreeMap, BTreeSet};

pub use cancel::{Cancel, Cancelled, Canceller, cancellation};
pub use error::{EngineError, ResourceFailure, StackFailure};
pub use event::{Event, EventKind, EventSink};

/// Outputs of a deployment: stack kind, output name, value.
pub type Outputs = BTreeMap<String, BTreeMap<String, String>>;

/// What a plan is to be made with.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Keep the change sets, because the plan is saved or applied right after.
    pub keep_change_sets: bool,
}

/// What an apply may do.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Addresses whose replacement is allowed.
    pub allow_replace: BTreeSet<String>,
    /// Addresses whose deletion is allowed.
    pub allow_destroy: BTreeSet<String>,
    /// Keep what a failed stack has made, for a look at it, instead of rolling back.
    pub keep_on_failure: bool,
}

/// What a destroy may do.
#[derive(Debug, Clone, Default)]
pub struct DestroyOptions {
    /// Empty buckets and image repositories, which AWS refuses to delete with contents.
    pub empty_buckets: bool,
    /// Addresses that are left behind on purpose.
    pub retain: BTreeSet<String>,
}
