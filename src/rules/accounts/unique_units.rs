//! Organizational units of the stack set.

use crate::diagnostics::Diagnostic;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};
use crate::spec::Rollout;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0214",
    title: "Organizational units do not hold each other",
    explanation: include_str!("unique_units.md"),
    check,
};

const LIST: &str = "bedrock.rollout.stack_sets.organizational_units";

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Rollout::StackSets(rollout) = &subject.spec.bedrock.rollout else { return };
    let units = &rollout.organizational_units;
    for (first, second) in repeated(units.iter().map(|unit| unit.as_str())) {
        let message = format!("the unit `{}` is listed twice", units[second]);
        findings.push(
            RULE.error(subject, format!("{LIST}.{second}"), message)
                .with_related(subject.at(&format!("{LIST}.{first}")), "first here")
                .with_help("remove one of them"),
        );
    }
    let Some(root) = units.iter().position(|unit| unit.as_str().starts_with("r-")) else { return };
    for (index, unit) in units.iter().enumerate().filter(|(_, unit)| !unit.as_str().starts_with("r-")) {
        let message = format!("the unit `{unit}` is in the root `{}`, which is listed too", units[root]);
        findings.push(
            RULE.error(subject, format!("{LIST}.{index}"), message)
                .with_related(subject.at(&format!("{LIST}.{root}")), "the root is here")
                .with_help("remove one of them: only the accounts of `bedrock.accounts` get the role either way"),
        );
    }
}
