//! Networks that are named twice.

use super::networks::lists;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0117",
    title: "A list of networks names each once",
    explanation: include_str!("repeated_networks.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for list in lists(subject.spec) {
        for (index, (path, network)) in list.iter().enumerate() {
            let mut others = list.iter().enumerate().filter(|(other, _)| *other != index);
            let container = others.find(|(other, (_, container))| {
                container.contains(network) && (container != network || *other < index)
            });
            if let Some((_, (first, container))) = container {
                let message = if container == network {
                    format!("`{network}` is named twice")
                } else {
                    format!("`{network}` is inside `{container}`, which is named too")
                };
                let finding = RULE.warning(subject, path.clone(), message);
                findings.push(finding.with_related(subject.at(first), "the other is here").with_help("remove it"));
            }
        }
    }
}
