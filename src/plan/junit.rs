//! A plan for test dashboards: a suite for each stack, a case for each row. A closed gate is a failure.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::{Block, Change, Gate, Plan, PlannedStack, SourcePlace, StackAction};
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
    if !plan.blocked.is_empty() {
        let mut suite = TestSuite::new("plan");
        suite.add_test_cases(plan.blocked.iter().map(block));
        report.add_test_suite(suite);
    }
    junit_text(&report)
}

fn block(block: &Block) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(block.message.as_str());
    let mut case = TestCase::new(block.code.as_deref().unwrap_or("made whole"), status);
    case.set_system_out(block.help.as_deref().unwrap_or_default());
    case
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
    suite.add_test_cases(plan.gates.iter().filter(|gate| is_beside(plan, stack, gate)).map(beside));
    if suite.test_cases.is_empty() {
        suite.add_test_case(TestCase::new("no changes", TestCaseStatus::success()));
    }
    suite
}

/// Whether a gate is about a resource of a stack that does not change.
fn is_beside(plan: &Plan, stack: &PlannedStack, gate: &Gate) -> bool {
    let own = gate.address.rsplit_once('/').is_some_and(|(of, _)| {
        of == stack.name || of.split_once(':') == Some((stack.account.as_str(), stack.name.as_str()))
    });
    own && plan.changes.iter().all(|change| change.address != gate.address)
}

fn beside(gate: &Gate) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(gate.flag()).set_message(gate.reason.as_str());
    TestCase::new(gate.address.as_str(), status)
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
