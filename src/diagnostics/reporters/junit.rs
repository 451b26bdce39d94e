//! For test dashboards: a suite per file, a failed case per error.

use std::io;

use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use super::{Reporter, summary};
use crate::diagnostics::{Diagnostic, Report, Severity, junit_text};

/// For test dashboards.
#[derive(Debug, Clone, Copy, Default)]
pub struct JunitReporter;

impl Reporter for JunitReporter {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        let mut suites: IndexMap<&str, TestSuite> = IndexMap::new();
        for finding in &report.diagnostics {
            let file = finding.span.as_ref().map_or("gwinfra", |span| &*span.file);
            suites.entry(file).or_insert_with(|| TestSuite::new(file)).add_test_case(case(finding, file));
        }
        if suites.is_empty() {
            // Dashboards take a report without cases for a run that never happened.
            let mut suite = TestSuite::new("gwinfra");
            suite.add_test_case(TestCase::new(summary(report), TestCaseStatus::success()));
            suites.insert("gwinfra", suite);
        }
        let mut junit = JunitReport::new("gwinfra");
        junit.add_test_suites(suites.into_values());
        output.write_all(junit_text(&junit).map_err(io::Error::other)?.as_bytes())
    }
}

fn case(finding: &Diagnostic, file: &str) -> TestCase {
    let place =
        finding.span.as_ref().map_or(String::new(), |span| format!("{file}:{}:{}", span.start.line, span.start.column));
    let mut description = format!("{place}\n{}", finding.message);
    if let Some(help) = &finding.help {
        description.push_str("\nhelp: ");
        description.push_str(help);
    }
    let name = match &finding.path {
        Some(path) => format!("{} {path}", finding.code),
        None => finding.code.to_owned(),
    };
    let failed = finding.severity == Severity::Error;
    let mut status =
        if failed { TestCaseStatus::non_success(NonSuccessKind::Failure) } else { TestCaseStatus::success() };
    if failed {
        status.set_type(finding.code).set_message(finding.message.as_str()).set_description(description.as_str());
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(file);
    if !failed {
        case.set_system_out(description);
    }
    case
}
