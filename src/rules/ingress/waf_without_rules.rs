//! A web ACL without rules of its own.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::ManagedRules;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0127",
    title: "The web ACL does more than count",
    explanation: include_str!("waf_without_rules.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(waf) = &subject.spec.ingress.waf else { return };
    if waf.managed_rules == ManagedRules::None && waf.block.is_empty() {
        let message = "the web ACL only limits rates: it has no managed rules and blocks no network";
        let finding = RULE.warning(subject, "ingress.waf.managed_rules", message);
        findings.push(finding.with_help("write `managed_rules: llm`, or leave it if a rate limit is all you want"));
    }
}
