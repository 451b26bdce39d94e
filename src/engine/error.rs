//! Why an engine could not do what it was asked.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::journal::JournalError;
use super::terraform::{LockInfo, OnlyHere};
use crate::diagnostics::Report;
use crate::plan::{Gate, PlannedStack, by_reason};

/// A resource that failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceFailure {
    /// Address: `stack/LogicalId`.
    pub address: String,
    /// Resource type.
    pub resource_type: String,
    /// Reason that AWS gave.
    pub reason: String,
    /// Place in the spec, `file:line:column`, if it is known.
    pub place: Option<String>,
}

impl fmt::Display for ResourceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.address, self.resource_type, self.reason)?;
        match &self.place {
            Some(place) => write!(f, "  [{place}]"),
            None => Ok(()),
        }
    }
}

/// What happened to a stack that did not reach its goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFailure {
    /// Name of the stack.
    pub stack: String,
    /// Account.
    pub account: String,
    /// Status it is in now.
    pub status: String,
    /// Whether it is back at its previous good state, or gone.
    pub rolled_back: bool,
    /// The resources that failed by themselves, first first; not those that were cancelled because of them.
    pub causes: Vec<ResourceFailure>,
    /// Reason that AWS gave for the stack.
    pub reason: Option<String>,
    /// The one command to run next.
    pub next: String,
}

/// The command that goes on with the accounts that an apply has not finished.
pub const RESUME: &str = "gwinfra apply --resume";

/// Status of a stack whose account could not be asked.
const NOT_REACHED: &str = "not reached";
/// Status of a stack with which nothing was begun.
const UNTOUCHED: &str = "untouched";

impl StackFailure {
    /// A stack whose account could not be asked when the plan was made.
    pub fn not_reached(planned: &PlannedStack) -> Self {
        Self {
            stack: planned.name.clone(),
            account: planned.account.clone(),
            status: NOT_REACHED.to_owned(),
            rolled_back: true,
            causes: Vec::new(),
            reason: planned.status.clone(),
            next: RESUME.to_owned(),
        }
    }

    /// A stack with which nothing was begun: somebody else has it, or it is not what the plan was made for.
    pub fn untouched(stack: &str, account: &str, reason: String, next: &str) -> Self {
        Self {
            stack: stack.to_owned(),
            account: account.to_owned(),
            status: UNTOUCHED.to_owned(),
            rolled_back: false,
            causes: Vec::new(),
            reason: Some(reason),
            next: next.to_owned(),
        }
    }
}

impl fmt::Display for StackFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.status == NOT_REACHED {
            return f.write_str(&not_reached(&self.account, self.reason.as_deref().unwrap_or_default()));
        }
        let outcome = if self.rolled_back { "failed and was rolled back" } else { "failed" };
        write!(f, "stack {} in {} {outcome}: it is {}", self.stack, self.account, self.status)?;
        if self.causes.is_empty()
            && let Some(reason) = &self.reason
        {
            write!(f, ": {reason}")?;
        }
        for cause in &self.causes {
            write!(f, "\n  {cause}")?;
        }
        Ok(())
    }
}

/// Why an engine could not do what it was asked. The exit code follows from the variant.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A call to AWS failed.
    #[error(transparent)]
    Aws(#[from] crate::aws::Error),
    /// The journal could not be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Something that must exist does not, or is not what the spec says it is.
    #[error("the checks before planning failed")]
    Preflight(Box<Report>),
    /// The rendered result cannot be planned.
    #[error("the rendered templates cannot be planned")]
    Invalid(Box<Report>),
    /// Nothing of a resource differs that could be put back.
    #[error("nothing of {address} can be put back")]
    NothingToRevert {
        /// Address of the resource.
        address: String,
        /// What can be done with this engine.
        next: &'static str,
    },
    /// The template that a stack has is none that can be read here.
    #[error("the template that {stack} has cannot be read, so nobody can tell what it declares: {reason}")]
    UnreadableTemplate {
        /// Name of the stack.
        stack: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A resource cannot be put back without more than that.
    #[error("{address} cannot be put back alone: {reason}")]
    NotAlone {
        /// Address of the resource.
        address: String,
        /// What would happen beside or instead.
        reason: String,
        /// What puts it back all the same.
        next: &'static str,
    },
    /// A resource cannot be put back without what is accepted of it.
    #[error("{address} cannot be put back alone: {property} is accepted, and would be put back with it")]
    AcceptedGoesAlong {
        /// Address of the resource.
        address: String,
        /// The property that is accepted.
        property: String,
    },
    /// A property is no longer what was shown before it was to be put back.
    #[error("{property} of {address} has changed since it was compared")]
    ChangedSince {
        /// Address of the resource.
        address: String,
        /// The property.
        property: String,
    },
    /// Nothing is there that could be compared.
    #[error("nothing of {name} is deployed{}", if .accounts.is_empty() { String::new() } else { format!(" in {}", .accounts.join(", ")) })]
    NotDeployed {
        /// Prefix of the deployment's names.
        name: String,
        /// The accounts that were asked for; empty for all.
        accounts: Vec<String>,
    },
    /// The deployment has no stacks or root modules with these names.
    #[error("the deployment has no stack or root module {}", .0.join(", "))]
    NoSuchStack(Vec<String>),
    /// Somebody else's operation is in progress.
    #[error("stack {stack} is {status}{}{}", .who.as_ref().map(|who| format!(", started by {who}")).unwrap_or_default(), .since.as_ref().map(|since| format!(" at {since}")).unwrap_or_default())]
    Locked {
        /// Name of the stack.
        stack: String,
        /// Its status.
        status: String,
        /// Who, as far as AWS tells.
        who: Option<String>,
        /// Since when.
        since: Option<String>,
    },
    /// Somebody holds the lock of a Terraform state.
    #[error("the state of {module} is locked since {} by {} of {}", .lock.created, .lock.doing(), .lock.who)]
    StateLocked {
        /// Key of the root module.
        module: String,
        /// The lock.
        lock: Box<LockInfo>,
        /// The command that releases it.
        release: String,
    },
    /// Terraform of an earlier run is still at work on a root module.
    #[error("Terraform of an earlier run is still at work in {}", .directory.display())]
    Busy {
        /// Directory of the root module.
        directory: PathBuf,
    },
    /// A state that an earlier run could not write is not newer by now than the one that is there.
    #[error("{} has serial {serial} and the state of {module} {current}: it is not newer, and Terraform does not write it over what is there; only it has {}", .errored.display(), .only.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    StateMovedOn {
        /// Key of the root module.
        module: String,
        /// The file.
        errored: PathBuf,
        /// Its serial.
        serial: u64,
        /// Serial of the state that is there.
        current: u64,
        /// What only the file has.
        only: Vec<OnlyHere>,
    },
    /// A file in the directory of a root module could not be read or written.
    #[error("could not use {}", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A command of Terraform failed and has changed nothing.
    #[error("`{command}` failed")]
    Terraform {
        /// The command.
        command: String,
        /// What it said.
        report: Box<Report>,
    },
    /// A stack is in a status that needs a decision first.
    #[error("stack {stack} in {account} is {status}{}", .reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    NeedsRecover {
        /// Name of the stack.
        stack: String,
        /// Account.
        account: String,
        /// Its status.
        status: String,
        /// Reason that AWS gave.
        reason: Option<String>,
        /// The one command to run next.
        next: String,
    },
    /// A saved plan no longer matches reality. One sentence per thing that moved.
    #[error("the plan is stale: {}", .0.join("; "))]
    Stale(Vec<String>),
    /// Gates are closed.
    #[error("the plan replaces or deletes resources that hold data, and that was not allowed")]
    Gated(Vec<Gate>),
    /// Resources were left out of a rollback, and nobody has said that they are as they should be.
    #[error("{}", unreconciled(.0))]
    Unreconciled(Vec<Gate>),
    /// Stacks failed.
    #[error("{}", report(.failures, .not_started))]
    Failed {
        /// What happened to each.
        failures: Vec<StackFailure>,
        /// Steps that were not started because of it.
        not_started: Vec<String>,
        /// Whether the hub is well and only some of the other accounts failed.
        partial: bool,
    },
    /// An image that the containers run is not there.
    #[error("{0}")]
    ImageMissing(String),
    /// An image says of itself that it is a version that must not run.
    #[error("image {name} in {from} must not run: {}", .bad.message())]
    KnownBad {
        /// Name of the image.
        name: String,
        /// Where it was to be taken from.
        from: String,
        /// The version.
        bad: &'static crate::image::known_bad::KnownBad,
    },
    /// An image could not be pushed to the deployment's own repository.
    #[error("could not push the image {image}")]
    Push {
        /// Name of the image.
        image: String,
        /// Why.
        #[source]
        source: Box<crate::image::copy::CopyError>,
    },
    /// Everything was applied, but the result does not work.
    #[error("applied, but {0}")]
    Unhealthy(String),
    /// A signal stopped the run. What was left running, in words.
    #[error("stopped{}", if .0.is_empty() { String::new() } else { format!(": {}", .0.join("; ")) })]
    Cancelled(Vec<String>),
}

impl EngineError {
    /// The stacks that failed.
    pub fn failures(&self) -> &[StackFailure] {
        match self {
            Self::Failed { failures, .. } => failures,
            _ => &[],
        }
    }

    /// What is left to say when some failures were told of in another way.
    pub fn without(&self, told: impl Fn(&StackFailure) -> bool) -> String {
        match self {
            Self::Failed { failures, not_started, .. } => {
                let left: Vec<StackFailure> = failures.iter().filter(|failure| !told(failure)).cloned().collect();
                report(&left, not_started)
            }
            other => other.to_string(),
        }
    }
}

impl StackFailure {
    /// Whether nothing but a signal has stopped it: the stack is back at its previous good state, and no resource failed by
    /// itself.
    pub fn is_clean_stop(&self) -> bool {
        self.is_not_reached() || (self.rolled_back && self.causes.is_empty())
    }

    /// Whether its account could not be asked, so that nothing happened there.
    pub fn is_not_reached(&self) -> bool {
        self.status == NOT_REACHED
    }

    /// Whether nothing was begun, so that its reason says all there is to say.
    pub fn is_not_begun(&self) -> bool {
        self.is_not_reached() || self.status == UNTOUCHED
    }
}

/// What was left out of a rollback, each with what is not as it should be.
fn unreconciled(gates: &[Gate]) -> String {
    let lines: Vec<String> = gates.iter().map(|gate| format!("{} {}", gate.address, gate.reason)).collect();
    lines.join("\n")
}

fn not_reached(account: &str, reason: &str) -> String {
    format!("account {account} was not reached, and nothing was done there: {reason}")
}

/// What happened to each stack, and what was not begun because of it. Accounts that refuse for the same reason stand
/// together.
fn report(failures: &[StackFailure], not_started: &[String]) -> String {
    let (refused, failed): (Vec<_>, Vec<_>) = failures.iter().partition(|failure| failure.status == NOT_REACHED);
    let mut lines: Vec<String> = failed.into_iter().map(ToString::to_string).collect();
    let told =
        refused.into_iter().map(|failure| (failure.account.as_str(), failure.reason.as_deref().unwrap_or_default()));
    for (reason, accounts) in by_reason(told) {
        lines.push(match accounts.as_slice() {
            [one] => not_reached(one, &reason),
            several => format!(
                "{} accounts were not reached, and nothing was done there: {}\n  {reason}",
                several.len(),
                several.join(", ")
            ),
        });
    }
    if !not_started.is_empty() {
        lines.push(format!("not begun: {}", not_started.join(", ")));
    }
    lines.join("\n")
}
