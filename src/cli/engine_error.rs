//! From an engine's error to exit code and next command, in one place.

use std::path::Path;

use super::signals::Signals;
use super::{CliError, ErrorKind};
use crate::diagnostics::{Diagnostic, Severity};
use crate::engine::cloudformation::status_table;
use crate::engine::terraform::OnlyHere;
use crate::engine::{EngineError, Unplanned};
use crate::plan::{Block, Gate, SourcePlace};

/// Turns an engine's error into the command line's.
pub(super) fn engine_error(error: EngineError, signals: Option<&Signals>) -> CliError {
    let kind = match &error {
        EngineError::Aws(error) if error.is_preflight() => ErrorKind::Preflight,
        EngineError::Aws(_) => ErrorKind::Failed,
        EngineError::Journal(crate::engine::journal::JournalError::Locked { .. }) => ErrorKind::Locked,
        EngineError::Journal(_) => ErrorKind::Failed,
        EngineError::Preflight(_) | EngineError::ImageMissing(_) => ErrorKind::Preflight,
        EngineError::KnownBad { .. } => ErrorKind::Policy,
        EngineError::Invalid(_) => ErrorKind::Invalid,
        EngineError::NothingToRevert { .. }
        | EngineError::UnreadableTemplate { .. }
        | EngineError::NotAlone { .. }
        | EngineError::AcceptedGoesAlong { .. }
        | EngineError::ChangedSince { .. }
        | EngineError::NotDeployed { .. } => ErrorKind::Failed,
        EngineError::NoSuchStack(_) => ErrorKind::Usage,
        EngineError::Locked { .. } | EngineError::StateLocked { .. } | EngineError::Busy { .. } => ErrorKind::Locked,
        EngineError::Directory { .. } | EngineError::Terraform { .. } | EngineError::Push { .. } => ErrorKind::Failed,
        EngineError::NeedsRecover { .. } | EngineError::StateMovedOn { .. } | EngineError::Unreconciled(_) => {
            ErrorKind::Attention
        }
        EngineError::Stale(_) => ErrorKind::Stale,
        EngineError::Gated(_) => ErrorKind::Declined,
        EngineError::Failed { failures, partial: false, .. } if failures.iter().all(|failure| failure.rolled_back) => {
            ErrorKind::RolledBack
        }
        EngineError::Failed { .. } => ErrorKind::Attention,
        EngineError::Unhealthy(_) => ErrorKind::Unhealthy,
        EngineError::Cancelled(_) => signals.and_then(Signals::kind).unwrap_or(ErrorKind::Interrupted),
    };
    let hints = hints(&error, signals.and_then(|signals| signals.next));
    match error {
        EngineError::Preflight(report) | EngineError::Invalid(report) => {
            let mut error = CliError::new(kind, "the checks before planning failed");
            error.report = Some(report);
            error
        }
        EngineError::Terraform { command, report } => {
            let mut error = CliError::new(kind, format!("`{command}` failed"));
            error.report = Some(report);
            error
        }
        error => hints.into_iter().fold(CliError::new(kind, error), CliError::hint),
    }
}

/// The same for a plan that could not be made whole: with what is known of it, and what blocks in it.
pub(super) fn blocked(unplanned: Unplanned, signals: &Signals) -> CliError {
    let mut error = engine_error(unplanned.error, Some(signals));
    let mut plan = unplanned.known;
    plan.blocked = blocks(&error);
    error.blocked = Some(plan);
    error
}

fn blocks(error: &CliError) -> Vec<Block> {
    let findings = error.report.iter().flat_map(|report| &report.diagnostics);
    let mut blocks: Vec<Block> =
        findings.filter(|finding| finding.severity == Severity::Error).map(block_of_finding).collect();
    if blocks.is_empty() {
        let help = (!error.hints.is_empty()).then(|| error.hints.join("; "));
        blocks.push(Block { code: None, message: error.error.to_string(), help, source: Vec::new() });
    }
    blocks
}

fn block_of_finding(finding: &Diagnostic) -> Block {
    let place = finding.span.as_ref().map(|span| SourcePlace {
        file: span.file.to_string(),
        line: span.start.line,
        column: span.start.column,
        path: finding.path.clone(),
    });
    Block {
        code: Some(finding.code.to_owned()),
        message: finding.message.clone(),
        help: finding.help.clone(),
        source: place.into_iter().collect(),
    }
}

/// The one thing to do next. `again` is the command that goes on with what a signal has stopped.
fn hints(error: &EngineError, again: Option<&str>) -> Vec<String> {
    match error {
        EngineError::Aws(error) => error.help().into_iter().collect(),
        EngineError::Journal(crate::engine::journal::JournalError::Damaged { path, .. }) => {
            vec![format!(
                "what exists is in AWS, not in the journal: move {} aside and run the command again",
                path.display()
            )]
        }
        EngineError::Journal(crate::engine::journal::JournalError::Locked { .. }) => {
            vec!["wait for it to end: the lock goes with its process".to_owned()]
        }
        EngineError::NothingToRevert { next, .. } => {
            vec!["gwinfra drift   lists what differs".to_owned(), (*next).to_owned()]
        }
        EngineError::UnreadableTemplate { .. } => {
            vec!["gwinfra plan   shows what an apply would give the stack instead".to_owned()]
        }
        EngineError::NotAlone { next, .. } => vec![(*next).to_owned()],
        EngineError::AcceptedGoesAlong { .. } => {
            vec!["take the rule out of drift.yaml, or put the rest back by hand".to_owned()]
        }
        EngineError::ChangedSince { .. } => vec!["gwinfra drift   shows it as it is now".to_owned()],
        EngineError::NotDeployed { .. } => vec!["gwinfra apply".to_owned()],
        EngineError::Locked { .. } => {
            vec!["gwinfra watch   follows it to its end; gwinfra cancel   stops an update".to_owned()]
        }
        EngineError::StateLocked { release, .. } => vec![
            "wait for it to end".to_owned(),
            format!("if its process is gone for certain: gwinfra recover, or {release}"),
        ],
        EngineError::NoSuchStack(_) => vec!["gwinfra status   lists them".to_owned()],
        EngineError::Busy { .. } => vec!["gwinfra apply   waits for its end and takes it up".to_owned()],
        EngineError::StateMovedOn { errored, only, .. } => moved_on(errored, only),
        EngineError::NeedsRecover { next, status, .. } => {
            let forward = "gwinfra apply --no-rollback   goes on from what is there, once the cause is mended";
            let forward = status_table::lookup(status).goes_forward().then(|| forward.to_owned());
            std::iter::once(next.clone()).chain(forward).collect()
        }
        EngineError::Stale(_) => vec!["gwinfra plan   makes a new one".to_owned()],
        EngineError::Gated(gates) => {
            let flags: Vec<String> = gates.iter().map(Gate::flag).collect();
            vec![format!("if that is what you want: gwinfra apply {}", flags.join(" "))]
        }
        EngineError::Unreconciled(gates) => reconcile(gates),
        EngineError::Failed { failures, .. } => {
            let mut next: Vec<String> = failures.iter().map(|failure| failure.next.clone()).collect();
            next.dedup();
            next
        }
        EngineError::KnownBad { bad, .. } => vec![bad.help.to_owned(), "gwinfra explain GW0301".to_owned()],
        EngineError::Push { .. } => vec!["gwinfra apply   goes on where it stopped".to_owned()],
        EngineError::Unhealthy(_) => vec!["gwinfra diagnose   says why".to_owned()],
        EngineError::Cancelled(left) => {
            let watch = "gwinfra watch";
            let follows = !left.is_empty() && again.is_none_or(|again| !again.starts_with(watch));
            let follow = follows.then(|| format!("{watch}   follows what still runs"));
            again.map(ToOwned::to_owned).into_iter().chain(follow).collect()
        }
        EngineError::Journal(_)
        | EngineError::Preflight(_)
        | EngineError::Invalid(_)
        | EngineError::Directory { .. }
        | EngineError::Terraform { .. }
        | EngineError::ImageMissing(_) => Vec::new(),
    }
}

/// What to do about a state that could not be written, and that has something of its own.
fn moved_on(errored: &Path, only: &[OnlyHere]) -> Vec<String> {
    let terraform = format!("terraform -chdir={}", errored.parent().unwrap_or(errored).display());
    let aside = format!("then mv {0} {0}.old   and run the command again", errored.display());
    let of_one = only.first().map(|one| {
        let OnlyHere { address, id, instead } = one;
        match (id, instead) {
            (Some(id), Some(instead)) => format!(
                "{terraform} state rm '{address}' && {terraform} import '{address}' {id}   if {id} is to stay in the place of \
                 {instead}; else delete {id}"
            ),
            (Some(id), None) => format!("{terraform} import '{address}' {id}   for each of them that AWS has"),
            (None, _) => {
                format!("{terraform} import '{address}' ID   for each of them that AWS has; its ID is in the file")
            }
        }
    });
    of_one.into_iter().chain([aside]).collect()
}

/// What to do about resources that a rollback left out.
pub(super) fn reconcile(gates: &[Gate]) -> Vec<String> {
    let Some(first) = gates.first() else { return Vec::new() };
    let flags: Vec<String> = gates.iter().map(Gate::flag).collect();
    vec![
        format!("gwinfra drift --revert {}   puts it back to what its stack takes it for", first.address),
        format!("if it is as you want it: gwinfra apply {}", flags.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{RESUME, StackFailure};

    #[test]
    fn what_an_apply_would_not_put_back_alone_either_is_not_left_to_it() {
        let property = "Tags.team".to_owned();
        let error = EngineError::AcceptedGoesAlong { address: "acme-llm-network/Vpc".to_owned(), property };
        let hints = hints(&error, None).join("; ");
        assert!(hints.contains("drift.yaml") && !hints.contains("gwinfra apply"), "{hints}");
    }

    #[test]
    fn an_account_in_which_nothing_was_begun_needs_attention_and_has_its_reason_and_the_next_command() {
        let reason = "the state of accounts/one was changed".to_owned();
        let failure = StackFailure::untouched("accounts/one", "222222222222", reason, RESUME);
        let failed = EngineError::Failed { failures: vec![failure], not_started: Vec::new(), partial: true };
        let error = engine_error(failed, None);
        assert!(error.kind == ErrorKind::Attention && error.hints == [RESUME], "{error:?}");
        let told = "stack accounts/one in 222222222222 failed: it is untouched: the state of accounts/one was changed";
        assert_eq!(error.error.to_string(), told);
    }

    #[test]
    fn a_state_with_a_resource_of_its_own_has_the_whole_command_that_imports_it() {
        let only = |instead: Option<&str>| OnlyHere {
            address: "aws_subnet.private[\"a\"]".to_owned(),
            id: Some("subnet-1".to_owned()),
            instead: instead.map(ToOwned::to_owned),
        };
        let first = |one| moved_on(Path::new("/d/errored.tfstate"), &[one]).remove(0);
        let import = "terraform -chdir=/d import 'aws_subnet.private[\"a\"]' subnet-1";
        assert!(first(only(None)).starts_with(import));
        let both = first(only(Some("subnet-2")));
        assert!(
            both.starts_with("terraform -chdir=/d state rm 'aws_subnet.private[\"a\"]' && ") && both.contains(import)
        );
    }
}
