//! A plan for test dashboards: a suite for each stack, a case for each row. A closed gate is a failure.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::{Change, Plan, PlannedStack, SourcePlace, StackAction};
use crate::diagnostics::junit_text;

/// The plan as JUnit XML.
///
/// # Errors
/// When a text cannot be written as XML.
pub fn junit(plan: &Plan) -> Result<String, SerializeError> {
    let mut report = Report::new(format!("{} plan", plan.deployment.prefix));
    for stack in &plan.stacks {
        report.add_test_suite(suite(plan, stack));
    }
    junit_text(&report)
}

fn suite(plan: &Plan, stack: &PlannedStack) -> TestSuite {
    let mut suite = TestSuite::new(format!("{} ({})", stack.name, stack.account));
    if stack.action == StackAction::Unreachable {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(stack.status.as_deref().unwrap_or_default());
        suite.add_test_case(TestCase::new("asked", status));
        return suite;
    }
    let rows = plan.changes.iter().filter(|change| change.stack == stack.key);
    suite.add_test_cases(rows.map(|change| case(plan, change)));
    if suite.test_cases.is_empty() {
        suite.add_test_case(TestCase::new("no changes", TestCaseStatus::success()));
    }
    suite
}

fn case(plan: &Plan, change: &Change) -> TestCase {
    let what = change.actions.join(", then ");
    let gate = plan.gates.iter().find(|gate| gate.address == change.address);
    let status = match gate {
        None => TestCaseStatus::success(),
        Some(gate) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(gate.flag()).set_message(format!("{what}: {}", gate.reason));
            status
        }
    };
    let mut case = TestCase::new(change.address.as_str(), status);
    case.set_classname(change.resource_type.as_str());
    let places = change.source.iter().map(SourcePlace::words);
    case.set_system_out(std::iter::once(what).chain(places).collect::<Vec<_>>().join("\n"));
    case
}
