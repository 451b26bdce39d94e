//! Models of other providers in an isolated VPC.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0113",
    title: "A VPC without NAT serves models of Bedrock only",
    explanation: include_str!("isolated_models.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if !subject.is_isolated() {
        return;
    }
    for (index, model) in subject.spec.models.iter().enumerate() {
        if let Some(litellm) = &model.litellm {
            let message = format!("`{}` is not reachable from a VPC without NAT", litellm.model);
            findings.push(
                RULE.error(subject, format!("models.{index}.litellm.model"), message)
                    .with_related(subject.at("network.vpc.create.nat"), "there is no NAT gateway")
                    .with_help("serve the model from Bedrock with `bedrock:`, or set `nat: single`"),
            );
        }
    }
}
