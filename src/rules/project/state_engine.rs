//! State of Terraform without Terraform.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{EngineName, State};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0357",
    title: "State is kept by Terraform only",
    explanation: include_str!("state_engine.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.spec.engine != EngineName::Cloudformation || !matches!(subject.spec.state, State::S3(_)) {
        return;
    }
    let path = "state.s3";
    let message = "CloudFormation keeps the state of its stacks itself: this bucket would hold nothing";
    let finding = Diagnostic::error(RULE.code, message).with_span(subject.key(path)).with_path(path);
    findings.push(
        finding
            .with_related(subject.spans.value("engine"), "the engine is chosen here")
            .with_help("remove `state`, or write `engine: terraform`"),
    );
}
