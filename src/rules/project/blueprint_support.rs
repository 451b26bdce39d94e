//! What the built-in blueprint does not build yet.

use super::blueprint_name::BUILT_IN;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0355",
    title: "The blueprint can build what the spec asks for",
    explanation: include_str!("blueprint_support.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let spec = subject.spec;
    if spec.blueprint != BUILT_IN {
        return;
    }
    let mut report = |path: &str, what: &str, help: &str| {
        let message = format!("blueprint {BUILT_IN} {VERSION} has no {what} yet");
        findings
            .push(Diagnostic::error(RULE.code, message).with_span(subject.key(path)).with_path(path).with_help(help));
    };
    match &spec.compute {
        Compute::Fargate(_) => {}
        Compute::Ec2(_) => report("compute.ec2", "ec2", "use `compute.fargate`"),
        Compute::Eks(_) => report("compute.eks", "eks", "use `compute.fargate`"),
    }
}

/// Version of the built-in blueprint.
const VERSION: &str = "1.0";
