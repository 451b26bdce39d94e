//! The report for test dashboards: a suite for each account, a case for each check.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::check::{Check, CheckStatus};
use super::report::Document;
use crate::diagnostics::junit_text;

/// The report as JUnit XML.
///
/// # Errors
/// When a text cannot be written as XML.
pub fn junit(document: &Document) -> Result<String, SerializeError> {
    let mut report = Report::new(format!("{} accounts", document.deployment));
    for account in &document.accounts {
        let mut suite = TestSuite::new(format!("{} ({})", account.name, account.account));
        suite.add_test_cases(account.checks.iter().map(|check| case(check, &account.name, String::new())));
        for row in document.rows(account) {
            let place = format!(" {} {}", row.region, row.model);
            suite.add_test_cases(row.checks.iter().map(|check| case(check, &account.name, place.clone())));
        }
        report.add_test_suite(suite);
    }
    junit_text(&report)
}

fn case(check: &Check, account: &str, place: String) -> TestCase {
    let mut status = match check.status {
        CheckStatus::Pass => TestCaseStatus::success(),
        CheckStatus::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CheckStatus::Skip => TestCaseStatus::skipped(),
    };
    if check.status != CheckStatus::Pass {
        status.set_message(check.detail.as_str());
    }
    let mut case = TestCase::new(format!("{}{place}", check.name.word()), status);
    case.set_classname(account);
    if check.status == CheckStatus::Pass {
        case.set_system_out(check.detail.as_str());
    }
    case
}
