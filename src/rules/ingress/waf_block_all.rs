//! `/0` in the block list.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0128",
    title: "The web ACL blocks networks, not everything",
    explanation: include_str!("waf_block_all.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(waf) = &subject.spec.ingress.waf else { return };
    for (index, network) in waf.block.iter().enumerate() {
        if network.as_str().ends_with("/0") {
            let message = format!("AWS WAF takes no network of size /0, such as `{network}`");
            let finding = RULE.error(subject, format!("ingress.waf.block.{index}"), message);
            findings
                .push(finding.with_help("name the networks to block; use `ingress.allow_from` to let in only some"));
        }
    }
}
