//! Okta in an isolated VPC.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0116",
    title: "Okta sign-up needs a way out",
    explanation: include_str!("isolated_okta.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.is_isolated() && subject.spec.gateway.middleware.okta.is_some() {
        let message = "Okta's signing keys cannot be fetched from a VPC without NAT";
        let finding = Diagnostic::error(RULE.code, message)
            .with_span(subject.key("gateway.middleware.okta"))
            .with_path("gateway.middleware.okta");
        findings.push(
            finding
                .with_related(subject.at("network.vpc.create.nat"), "there is no NAT gateway")
                .with_help("remove `okta`, or set `nat: single`"),
        );
    }
}
