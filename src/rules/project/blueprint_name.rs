//! Names of blueprints.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0354", title: "The blueprint exists", explanation: include_str!("blueprint_name.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let blueprint = subject.spec.blueprint.as_str();
    let is_path = ["./", "../", "/"].iter().any(|start| blueprint.starts_with(start));
    if blueprint != BUILT_IN && !is_path {
        let help = match did_you_mean(blueprint, [BUILT_IN]) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write `{BUILT_IN}`, or a path such as `./{blueprint}`"),
        };
        let message = format!("there is no built-in blueprint `{blueprint}`");
        findings.push(RULE.error(subject, "blueprint", message).with_help(help));
    }
}

/// Name of the blueprint that gwinfra brings.
pub(super) const BUILT_IN: &str = "gateway";
