//! The report for test dashboards: a suite for each area, a case for each finding.

use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::finding::{Finding, Status};
use super::report::{CheckResult, Document};
use crate::diagnostics::junit_text;

/// The report as JUnit XML. Warnings pass, with their words in the output.
///
/// # Errors
/// When a text cannot be written as XML.
pub fn junit(document: &Document) -> Result<String, SerializeError> {
    let mut suites: IndexMap<&str, TestSuite> = IndexMap::new();
    for check in &document.checks {
        let title = check.area.title();
        let suite = suites.entry(title).or_insert_with(|| TestSuite::new(title));
        suite.add_test_cases(check.findings.iter().map(|finding| case(check, finding)));
    }
    let mut report = Report::new(format!("{} doctor", document.deployment));
    report.add_test_suites(suites.into_values());
    junit_text(&report)
}

fn case(check: &CheckResult, finding: &Finding) -> TestCase {
    let mut status = match finding.status {
        Status::Pass | Status::Warn => TestCaseStatus::success(),
        Status::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Skip => TestCaseStatus::skipped(),
    };
    let mut words = finding.details.join("\n");
    if let Some(fix) = &finding.fix {
        words = format!("{words}\nfix: {fix}").trim_start().to_owned();
    }
    match finding.status {
        Status::Fail => {
            status.set_type(check.id.as_str()).set_message(finding.message.as_str()).set_description(words.as_str());
        }
        Status::Skip => {
            status.set_message(finding.message.as_str());
        }
        Status::Pass | Status::Warn => {}
    }
    let account = finding.account.as_ref().map(|account| format!(" {account}")).unwrap_or_default();
    let mut case = TestCase::new(format!("{} {}{account}", check.id, check.name), status);
    case.set_classname(check.area.title());
    match finding.status {
        Status::Pass => drop(case.set_system_out(finding.message.as_str())),
        Status::Warn => drop(case.set_system_out(format!("warning: {}\n{words}", finding.message).as_str())),
        Status::Fail | Status::Skip => {}
    }
    case
}
