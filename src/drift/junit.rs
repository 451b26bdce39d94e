//! The report for test dashboards: a suite for each stack, a case for each finding, and one for what was compared.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::finding::Finding;
use super::report::Document;
use crate::diagnostics::junit_text;

/// The report as JUnit XML.
///
/// # Errors
/// When a text cannot be written as XML.
pub fn junit(document: &Document) -> Result<String, SerializeError> {
    let mut report = Report::new(format!("{} drift", document.deployment.name));
    let mut stacks: Vec<(&str, &str)> = Vec::new();
    for finding in &document.findings {
        let stack = (finding.stack.as_str(), finding.account.as_str());
        if !stacks.contains(&stack) {
            stacks.push(stack);
        }
    }
    for (stack, account) in stacks {
        let mut suite = TestSuite::new(format!("{stack} ({account})"));
        let own = document.findings.iter().filter(|finding| finding.stack == stack && finding.account == account);
        suite.add_test_cases(own.map(case));
        report.add_test_suite(suite);
    }
    let mut suite = TestSuite::new("coverage");
    let coverage = &document.coverage;
    // Where nothing was compared, nothing has passed.
    let status = if coverage.is_blind() { TestCaseStatus::skipped() } else { TestCaseStatus::success() };
    let mut compared = TestCase::new("compared", status);
    let said = std::iter::once(coverage.sentence()).chain(document.notes.iter().cloned());
    compared.set_system_out(said.collect::<Vec<_>>().join("\n"));
    suite.add_test_case(compared);
    suite.add_test_cases(coverage.skipped.iter().map(|skipped| {
        let mut status = TestCaseStatus::skipped();
        let accepted = skipped.accepted_by.iter().map(|rule| format!("; accepted: {rule}"));
        status.set_message(std::iter::once(skipped.reason.clone()).chain(accepted).collect::<String>());
        TestCase::new(skipped.address.as_str(), status)
    }));
    report.add_test_suite(suite);
    junit_text(&report)
}

fn case(finding: &Finding) -> TestCase {
    let mut status = match &finding.accepted_by {
        Some(_) => TestCaseStatus::skipped(),
        None => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    status.set_message(match &finding.accepted_by {
        Some(rule) => format!("accepted: {rule}"),
        None => finding.sentence(),
    });
    let property = finding.property();
    let separator = if property.is_empty() { "" } else { " " };
    let mut case = TestCase::new(format!("{}{separator}{property}", finding.address), status);
    case.set_classname(finding.resource_type.as_str());
    case
}
