//! From what Terraform says to errors that name the resource, the rendered line and the line of the spec.

use super::TerraformEngine;
use super::directory::WorkDirectory;
use super::lock::LockInfo;
use super::message::Finding;
use super::process::Ended;
use crate::diagnostics::{Diagnostic, Position, Report, Span};
use crate::engine::{EngineError, ResourceFailure, StackFailure};
use crate::plan::{SourcePlace, codes};
use crate::render::RenderedModule;

/// How Terraform sums up that it could not take the lock of a state.
pub(super) const LOCKING: &str = "acquiring the state lock";

/// A root module and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The root module.
    pub module: &'a RenderedModule,
    /// Its directory.
    pub directory: &'a WorkDirectory,
}

/// What Terraform was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// `init`.
    Init,
    /// `plan`.
    Plan,
    /// `apply`.
    Apply,
}

impl TerraformEngine {
    /// The error for a child that did not succeed.
    pub(super) fn error_of(&self, subject: Subject<'_>, doing: Doing, ended: &Ended) -> EngineError {
        let Subject { module, directory } = subject;
        if let Some(lock) = ended.errors().find_map(LockInfo::of) {
            return self.locked(subject, lock);
        }
        if ended.errors().any(|finding| finding.summary == "Saved plan is stale") {
            return EngineError::Stale(vec![format!(
                "the state of {} was changed by another operation since the plan was made",
                module.key
            )]);
        }
        if ended.interrupted {
            return EngineError::Cancelled(Vec::new());
        }
        // Without the lock nothing was begun.
        let unlocked =
            ended.errors().next().is_some() && ended.errors().all(|finding| finding.summary.contains(LOCKING));
        match doing {
            Doing::Apply if !unlocked => {
                let causes = ended.errors().map(|finding| self.failure(subject, finding)).collect();
                EngineError::Failed {
                    failures: vec![self.stack_failure(subject, causes)],
                    not_started: Vec::new(),
                    partial: false,
                }
            }
            Doing::Apply | Doing::Init | Doing::Plan => {
                let diagnostics: Vec<Diagnostic> =
                    ended.errors().map(|finding| self.diagnostic(subject, finding)).collect();
                let report = Box::new(Report { diagnostics, ..Report::default() });
                if ended.errors().all(is_access) {
                    return EngineError::Preflight(report);
                }
                if doing == Doing::Plan && ended.errors().all(|finding| !is_call(finding)) {
                    return EngineError::Invalid(report);
                }
                let what = match doing {
                    Doing::Init => "init",
                    Doing::Plan => "plan",
                    Doing::Apply => "apply",
                };
                EngineError::Terraform {
                    command: format!("terraform -chdir={} {what}", directory.path().display()),
                    report,
                }
            }
        }
    }

    /// The error for a command that only reads, or changes a state at once, and failed.
    pub(super) fn command_failed(&self, subject: Subject<'_>, command: &str, words: &str) -> EngineError {
        // Without -json what is wrong stands in a frame of lines.
        let lines: Vec<&str> = words.lines().map(|line| line.trim_start_matches(['│', '╷', '╵', ' '])).collect();
        let text = lines.join("\n").trim().to_owned();
        let finding = Finding { summary: text.clone(), detail: text, ..Finding::default() };
        if let Some(lock) = LockInfo::of(&finding) {
            return self.locked(subject, lock);
        }
        let words = finding.summary.split_whitespace().collect::<Vec<_>>().join(" ");
        let diagnostic = Diagnostic::error(codes::TERRAFORM, format!("{}: {words}", subject.module.key));
        EngineError::Terraform {
            command: format!("terraform -chdir={} {command}", subject.directory.path().display()),
            report: Box::new(Report { diagnostics: vec![diagnostic], ..Report::default() }),
        }
    }

    /// The error for a state that somebody holds.
    pub(super) fn locked(&self, subject: Subject<'_>, lock: LockInfo) -> EngineError {
        EngineError::StateLocked {
            module: subject.module.key.clone(),
            release: release(subject.directory, &lock),
            lock: Box::new(lock),
        }
    }

    /// What happened to a module that was not applied whole.
    pub(super) fn stack_failure(&self, subject: Subject<'_>, causes: Vec<ResourceFailure>) -> StackFailure {
        StackFailure {
            stack: subject.module.key.clone(),
            account: subject.module.target.account.clone(),
            status: "applied in part, and its state is written".to_owned(),
            rolled_back: false,
            causes,
            reason: None,
            next: "gwinfra apply   goes on where it stopped".to_owned(),
        }
    }

    /// A finding as the failure of a resource.
    pub(super) fn failure(&self, subject: Subject<'_>, finding: &Finding) -> ResourceFailure {
        let local = finding.address.as_deref();
        let place = self.place(subject, finding);
        ResourceFailure {
            address: match local {
                Some(local) => format!("{}/{local}", subject.module.key),
                None => subject.module.key.clone(),
            },
            resource_type: local.map_or_else(|| "terraform".to_owned(), |local| type_of(local).to_owned()),
            reason: finding.words(),
            place: place.map(|place| place.to_string()),
        }
    }

    /// Places in the spec that a finding comes from, the nearest first.
    pub(super) fn places_of(&self, subject: Subject<'_>, finding: &Finding) -> Vec<SourcePlace> {
        self.place(subject, finding).into_iter().collect()
    }

    fn diagnostic(&self, subject: Subject<'_>, finding: &Finding) -> Diagnostic {
        let about = match (&finding.address, &finding.range) {
            (Some(address), _) => format!("{}/{address}: ", subject.module.key),
            (None, Some(_)) => String::new(),
            (None, None) => format!("{}: ", subject.module.key),
        };
        let mut diagnostic = Diagnostic::error(codes::TERRAFORM, format!("{about}{}", finding.words()));
        if let Some(range) = &finding.range {
            let file = subject.directory.path().join(&range.filename);
            diagnostic = diagnostic.with_label(format!("rendered in {}, line {}", file.display(), range.start.line));
        }
        diagnostic.with_span(self.place(subject, finding).as_ref().map(span))
    }

    /// The place in the spec that a finding comes from.
    fn place(&self, subject: Subject<'_>, finding: &Finding) -> Option<SourcePlace> {
        let key = &subject.module.key;
        let by_line = finding.range.as_ref().and_then(|range| (self.lines)(key, &range.filename, range.start.line));
        by_line.or_else(|| (self.places)(key, finding.address.as_deref()?, &[]).into_iter().next())
    }
}

/// The command that releases a lock.
pub(super) fn release(directory: &WorkDirectory, lock: &LockInfo) -> String {
    format!("terraform -chdir={} force-unlock {}", directory.path().display(), lock.id)
}

/// The type of the resource with that address.
pub(super) fn type_of(address: &str) -> &str {
    let local = address.strip_prefix("data.").or_else(|| address.strip_prefix("ephemeral.")).unwrap_or(address);
    local.split('.').next().unwrap_or(local)
}

fn span(place: &SourcePlace) -> Span {
    let position = Position { line: place.line, column: place.column };
    Span { file: place.file.as_str().into(), start: position, end: position }
}

/// Whether a finding is about credentials or permissions.
fn is_access(finding: &Finding) -> bool {
    let words = finding.words();
    [
        "No valid credential sources",
        "AccessDenied",
        "UnauthorizedOperation",
        "UnauthorizedAccess",
        "ExpiredToken",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "failed to refresh cached credentials",
        "Cannot assume IAM Role",
    ]
    .iter()
    .any(|sign| words.contains(sign))
}

/// Whether a finding is the answer to a call rather than a fault of the files.
fn is_call(finding: &Finding) -> bool {
    let words = finding.words();
    ["StatusCode:", "operation error", "api error", "request send failed", "timeout", "Failed to query", "ended with"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(summary: &str) -> Finding {
        Finding { severity: "error".into(), summary: summary.into(), ..Finding::default() }
    }

    #[test]
    fn a_refused_call_is_about_permissions() {
        assert!(is_access(&finding("reading VPC: operation error EC2: DescribeVpcs, api error UnauthorizedOperation")));
        assert!(!is_access(&finding("Unsupported argument")));
    }

    #[test]
    fn a_lock_that_may_not_be_written_is_about_permissions() {
        let mut refused = finding("Error acquiring the state lock");
        for words in
            ["api error AccessDenied: Access Denied", "api error ExpiredToken: The provided token has expired."]
        {
            refused.detail =
                format!("Error message: operation error S3: PutObject, https response error StatusCode: 403, {words}");
            assert!(is_access(&refused), "{words}");
        }
    }

    #[test]
    fn an_answer_of_a_service_is_no_fault_of_the_files() {
        assert!(is_call(&finding(
            "creating VPC: operation error EC2: CreateVpc, https response error StatusCode: 500"
        )));
        assert!(!is_call(&finding("Unsupported argument")));
    }

    #[test]
    fn an_address_begins_with_the_type() {
        assert_eq!(type_of("aws_subnet.private[\"a\"]"), "aws_subnet");
        assert_eq!(type_of("data.aws_caller_identity.current"), "aws_caller_identity");
    }
}
