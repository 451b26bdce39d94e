//! Engines make plans and apply them. Nothing above this module knows which engine runs.

mod assemble;
mod at_once;
mod beside;
pub mod cancel;
mod certificates;
pub mod cloudformation;
pub mod configuration;
mod converge;
mod doomed;
mod error;
mod event;
mod gates;
pub mod graph;
mod images;
pub mod journal;
mod opened;
mod patient;
mod preflight;
mod resolve;
mod service;
mod state;
pub mod state_bucket;
pub mod terraform;
mod tolerance;
mod underway;
mod unplanned;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use crate::drift::{Document, Finding};
use crate::plan::{Gate, GateKind, Plan, SavedPlan, SourcePlace};
use crate::render::Bundle;

pub use cancel::{Cancel, Cancelled, Canceller, cancellation};
pub use doomed::{DestroyPlan, DoomedResource, DoomedStack, Fate, UnreachedStack};
pub use error::{EngineError, RESUME, ResourceFailure, StackFailure};
pub use event::{Event, EventKind, EventSink};
pub use images::{ImageSource, Images};
pub use patient::{Blocker, Patient, Protected, RecoverOptions, Remedy};
pub use state::{InstanceState, Running, ServiceState, StackState, Status};
pub use tolerance::Tolerance;
pub use underway::Underway;
use underway::{Ends, LOOK_AGAIN};
pub use unplanned::Unplanned;

/// The most accounts that are asked, or stacks that are worked on, at the same time. CloudFormation allows a few calls per
/// second and account.
pub const ACCOUNTS_AT_ONCE: usize = 12;

/// Gives the places in the spec that a property of a resource comes from, none where no key feeds it, and of an empty path those that
/// ask for the resource: stack key, logical id, property path.
pub type Places = Arc<dyn Fn(&str, &str, &[String]) -> Vec<SourcePlace> + Send + Sync>;

/// The places of the first of some paths of a resource that has any, or else of what asks for the resource: of what differs in AWS
/// somebody wants to know where to look, also where no key of the spec feeds it.
pub(crate) fn nearest_places(
    places: cloudformation::PlacesReference<'_>,
    stack: &str,
    name: &str,
    paths: &[&[String]],
) -> Vec<SourcePlace> {
    let mut found = paths.iter().copied().chain([&[][..]]).map(|path| places(stack, name, path));
    found.find(|found| !found.is_empty()).unwrap_or_default()
}

/// Gives the place in the spec that a line of a rendered file comes from: key of the root module, file, line from 1.
pub type Lines = Arc<dyn Fn(&str, &str, u32) -> Option<SourcePlace> + Send + Sync>;

/// Outputs of a deployment: stack kind, output name, value.
pub type Outputs = BTreeMap<String, BTreeMap<String, String>>;

/// What a plan is to be made with.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Keep the change sets, because the plan is saved or applied right after.
    pub keep_change_sets: bool,
    /// How many accounts are asked at the same time; `None` for the engine's own number.
    pub concurrency: Option<usize>,
    /// Keys of stacks of Bedrock accounts that are not looked at: an earlier run has finished them.
    pub left_out: BTreeSet<String>,
    /// Go on from what a failed operation has kept: for an apply that keeps on failure, too.
    pub goes_forward: bool,
}

/// What an apply may do.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Addresses whose replacement is allowed.
    pub allow_replace: BTreeSet<String>,
    /// Addresses whose deletion is allowed.
    pub allow_destroy: BTreeSet<String>,
    /// Addresses that a rollback left out, and that are as they are wanted.
    pub reconciled: BTreeSet<String>,
    /// Keep what a failed stack has made, for a look at it, instead of rolling back.
    pub keep_on_failure: bool,
    /// How many stacks or root modules are worked on at the same time; `None` for the engine's own number.
    pub concurrency: Option<usize>,
    /// After how many failed accounts no further one is begun.
    pub failure_tolerance: Tolerance,
    /// Whether it is only of the configuration: by default everything is applied.
    pub only_configuration: bool,
}

impl ApplyOptions {
    /// The command that asks for it, and goes on with what was cut off.
    pub fn command(&self) -> &'static str {
        if self.only_configuration { "config push" } else { "apply" }
    }

    /// Whether a gate is open.
    pub fn opens(&self, gate: &Gate) -> bool {
        let allowed = match gate.kind {
            GateKind::AllowReplace => &self.allow_replace,
            GateKind::AllowDestroy => &self.allow_destroy,
            GateKind::Reconciled => &self.reconciled,
        };
        allowed.contains(&gate.address)
    }
}

/// What is compared.
#[derive(Debug, Clone, Default)]
pub struct DriftOptions {
    /// Account ids; all when it is empty.
    pub accounts: BTreeSet<String>,
    /// How many stacks or root modules are read at the same time; `None` for the engine's own number.
    pub concurrency: Option<usize>,
    /// Let CloudFormation compare the stacks of stack sets in accounts that nobody else can look into.
    pub detect_stack_sets: bool,
}

impl DriftOptions {
    /// Whether an account is wanted.
    pub fn wants(&self, account: &str) -> bool {
        self.accounts.is_empty() || self.accounts.contains(account)
    }

    /// The error when none of what is wanted is deployed.
    fn not_deployed(&self, bundle: &Bundle) -> EngineError {
        EngineError::NotDeployed {
            name: bundle.deployment.prefix.clone(),
            accounts: self.accounts.iter().cloned().collect(),
        }
    }
}

/// What is asked about a failure.
#[derive(Debug, Clone)]
pub struct DiagnoseOptions {
    /// Stacks or root modules that are looked at, by key, name or `account:name`; all when it is empty.
    pub stacks: BTreeSet<String>,
    /// Id of a run of the journal; the newest when it is `None`.
    pub run: Option<String>,
    /// How long each question about a cause may take.
    pub patience: std::time::Duration,
    /// How many failures are asked about.
    pub most: usize,
    /// How long all of it may take: what is known by then is told. `None` for as long as the questions take.
    pub total: Option<std::time::Duration>,
    /// What the operation itself says is to be done next, by `account:name`: it knows what was edited.
    pub next: BTreeMap<String, String>,
}

impl DiagnoseOptions {
    /// When everything has to be told, if it begins now.
    fn until(&self) -> Option<tokio::time::Instant> {
        self.total.map(|total| tokio::time::Instant::now() + total)
    }

    /// Those of the named stacks that are none of these: key, name and account of each. What an operation itself names
    /// is known, though the spec may no longer have it.
    fn unknown<'a>(&self, all: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Vec<String> {
        let mut unknown = self.stacks.clone();
        unknown.retain(|stack| !self.next.contains_key(stack));
        for (key, name, account) in all {
            unknown.retain(|stack| *stack != key && *stack != name && *stack != format!("{account}:{name}"));
        }
        unknown.into_iter().collect()
    }

    /// Whether a stack is wanted.
    pub fn wants(&self, key: &str, name: &str, account: &str) -> bool {
        let stacks = &self.stacks;
        stacks.is_empty()
            || stacks.contains(key)
            || stacks.contains(name)
            || stacks.contains(&format!("{account}:{name}"))
    }
}

/// What a destroy may do.
#[derive(Debug, Clone, Default)]
pub struct DestroyOptions {
    /// Empty buckets and image repositories, which AWS refuses to delete with contents.
    pub empty_buckets: bool,
    /// Addresses that are left behind on purpose.
    pub retain: BTreeSet<String>,
}

/// What an apply has made.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Id of the run in the journal.
    pub run: String,
    /// Outputs of the hub's stacks.
    pub outputs: Outputs,
    /// Warnings that are no failure.
    pub warnings: Vec<String>,
}

/// Deploys a bundle. Nothing above this trait knows which engine runs.
#[async_trait(?Send)]
pub trait Engine: Send + Sync {
    /// Makes a plan against AWS.
    ///
    /// # Errors
    /// When the checks before planning fail, somebody else's operation is in progress, or the change is refused; with what
    /// is known of the plan until then.
    async fn plan(&self, bundle: &Bundle, options: &PlanOptions) -> Result<Plan, Unplanned>;

    /// Makes a plan against what was applied last, as [`Engine::applied`] has it, without a call.
    ///
    /// # Errors
    /// When what was rendered cannot be planned, or the change would be refused; with what is known of the plan.
    fn plan_offline(&self, bundle: &Bundle, previous: Option<&Bundle>) -> Result<Plan, Box<Unplanned>>;

    /// What was applied last from here; `None` when nothing was.
    ///
    /// # Errors
    /// When the journal is damaged.
    fn applied(&self) -> Result<Option<Bundle>, EngineError>;

    /// A plan with all that its apply needs.
    ///
    /// # Errors
    /// When what the plan has left on disk cannot be read.
    fn saved(&self, plan: Plan, bundle: &Bundle) -> Result<SavedPlan, EngineError> {
        Ok(SavedPlan::new(plan, bundle.clone()))
    }

    /// What moved since a saved plan was made, one sentence each; empty when the plan is current. `bundle_sha256` is
    /// the digest of what the spec renders to now.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    async fn moved(&self, saved: &SavedPlan, bundle_sha256: Option<&str>) -> Result<Vec<String>, EngineError>;

    /// Removes what a plan kept for its apply: it will not be applied.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    async fn discard(&self, plan: &Plan) -> Result<(), EngineError>;

    /// Takes up what an earlier run left behind when it was killed. After this, a new plan shows what is left to do.
    ///
    /// # Errors
    /// When the journal is damaged or AWS cannot be asked.
    async fn take_up(&self, bundle: &Bundle) -> Result<(), EngineError>;

    /// Closes the journal of a run that was cut off, once nothing is left to do.
    ///
    /// # Errors
    /// When the journal cannot be written.
    fn settle(&self, bundle: &Bundle) -> Result<(), EngineError>;

    /// Applies exactly the given plan.
    ///
    /// # Errors
    /// [`EngineError::Gated`] before anything is done; otherwise what went wrong, with the next command.
    async fn apply(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<Applied, EngineError>;

    /// Reads the outputs of the hub.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn outputs(&self, bundle: &Bundle) -> Result<Outputs, EngineError>;

    /// Looks at everything. Changes nothing.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    async fn status(&self, bundle: &Bundle) -> Result<Status, EngineError>;

    /// Compares what is deployed with what was deployed. Changes nothing.
    ///
    /// # Errors
    /// When the hub cannot be asked.
    async fn drift(&self, bundle: &Bundle, options: &DriftOptions) -> Result<Document, EngineError>;

    /// Puts the declared properties of a resource back that findings tell of, and nobody accepts. Gives how many.
    ///
    /// # Errors
    /// [`EngineError::NothingToRevert`]; [`EngineError::ChangedSince`] when something is not as told any more;
    /// [`EngineError::AcceptedGoesAlong`] when what is accepted would be put back with it; or what AWS says.
    async fn revert(&self, bundle: &Bundle, address: &str, findings: &[Finding]) -> Result<usize, EngineError>;

    /// Finds out why the last operation of each stack failed. Changes nothing.
    ///
    /// # Errors
    /// When the hub cannot be asked, or the journal is damaged.
    async fn diagnose(
        &self,
        bundle: &Bundle,
        options: &DiagnoseOptions,
    ) -> Result<crate::diagnose::Document, EngineError>;

    /// Finds out what a destroy would do. Changes nothing.
    ///
    /// # Errors
    /// [`EngineError::Locked`] when an operation is in progress.
    async fn plan_destroy(&self, bundle: &Bundle, options: &DestroyOptions) -> Result<DestroyPlan, EngineError>;

    /// Destroys.
    ///
    /// # Errors
    /// [`EngineError::Failed`] when something is left that should be gone.
    async fn destroy(&self, bundle: &Bundle, plan: &DestroyPlan, options: &DestroyOptions) -> Result<(), EngineError>;

    /// Finds the operations that are in progress. Changes nothing.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    async fn underway(&self, bundle: &Bundle) -> Result<Vec<Underway>, EngineError>;

    /// Follows operations that are in progress to their end. A signal ends the watching and leaves them alone.
    ///
    /// # Errors
    /// As an apply's, for what did not come to a good end.
    async fn watch(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError>;

    /// Cancels those that can be cancelled, and follows them to their end.
    ///
    /// # Errors
    /// When AWS refuses, or something is not back at its previous state.
    async fn cancel(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError>;

    /// Finds what needs recovering. Changes nothing.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    async fn patients(&self, bundle: &Bundle) -> Result<Vec<Patient>, EngineError>;

    /// Resources that a rollback left out, and that are not what their stacks take them for. Changes nothing.
    ///
    /// # Errors
    /// When AWS cannot be asked, or the journal is damaged.
    async fn unreconciled(&self, bundle: &Bundle) -> Result<Vec<Gate>, EngineError>;

    /// Applies the remedies.
    ///
    /// # Errors
    /// [`EngineError::Failed`] when something is still not well.
    async fn recover(&self, bundle: &Bundle, patients: &[Patient], options: &RecoverOptions)
    -> Result<(), EngineError>;
}

/// Now, RFC 3339 in UTC with seconds.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_is_asked_about_has_to_exist_unless_an_operation_names_it() {
        let options = DiagnoseOptions {
            stacks: ["hub", "acme-hub", "111122223333:acme-gone", "typo"].map(ToOwned::to_owned).into(),
            run: None,
            patience: std::time::Duration::ZERO,
            most: 0,
            total: None,
            next: BTreeMap::from([("111122223333:acme-gone".to_owned(), String::new())]),
        };
        assert_eq!(options.unknown([("hub", "acme-hub", "111122223333")].into_iter()), ["typo"]);
    }
}
