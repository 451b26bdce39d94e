//! The report for test dashboards: a case for each check.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::outcome::{Outcome, Status};
use super::report::Document;
use crate::diagnostics::junit_text;

/// The report as JUnit XML.
///
/// # Errors
/// When a text cannot be written as XML.
pub fn junit(document: &Document) -> Result<String, SerializeError> {
    let name = document.deployment.clone().unwrap_or_else(|| document.url.clone());
    let mut report = Report::new(format!("{name} smoke"));
    let mut suite = TestSuite::new(document.url.as_str());
    suite.add_test_cases(document.checks.iter().map(case));
    report.add_test_suite(suite);
    junit_text(&report)
}

fn case(outcome: &Outcome) -> TestCase {
    let mut status = match outcome.status {
        Status::Pass => TestCaseStatus::success(),
        Status::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Skip => TestCaseStatus::skipped(),
    };
    if outcome.status != Status::Pass {
        status.set_message(outcome.detail.as_str());
    }
    let more = [
        outcome.next.as_ref().map(|next| format!("next: {next}")),
        outcome.request_id.as_ref().map(|id| format!("request: {id}")),
        outcome.account.as_ref().map(|account| format!("account: {account}")),
    ];
    let more: Vec<String> = more.into_iter().flatten().collect();
    if outcome.status == Status::Fail && !more.is_empty() {
        status.set_description(more.join("\n"));
    }
    let subject = outcome.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
    let mut case = TestCase::new(format!("{}{subject}", outcome.name), status);
    case.set_classname("smoke");
    if let Some(latency) = outcome.latency_ms {
        case.set_time(Duration::from_millis(latency));
    }
    if outcome.status == Status::Pass {
        case.set_system_out(std::iter::once(outcome.detail.clone()).chain(more).collect::<Vec<_>>().join("\n"));
    }
    case
}
