//! `hub_regions` without `include_hub`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0212", title: "The hub's regions are used", explanation: include_str!("hub_regions.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let bedrock = &subject.spec.bedrock;
    if !bedrock.include_hub && !bedrock.hub_regions.is_empty() {
        let finding = RULE.warning(subject, "bedrock.hub_regions", "the hub's own account serves no model");
        findings.push(finding.with_help("write `include_hub: true`, or remove `hub_regions`"));
    }
}
