//! Endpoints of an isolated VPC.

use crate::diagnostics::Diagnostic;
use crate::model::endpoints::called;
use crate::rules::{Rule, Subject};
use crate::spec::{EndpointMode, Endpoints};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0112",
    title: "A VPC without NAT has every endpoint that the features call",
    explanation: include_str!("isolated_endpoints.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if !subject.is_isolated() {
        return;
    }
    let needed = || std::iter::once("s3".to_owned()).chain(called(subject.spec));
    let missing: Vec<String> = match &subject.spec.network.endpoints {
        Endpoints::Mode(EndpointMode::Auto | EndpointMode::All) => return,
        Endpoints::Mode(EndpointMode::None) => needed().collect(),
        Endpoints::Services(services) => needed().filter(|service| !services.contains(service)).collect(),
    };
    if !missing.is_empty() {
        let message = format!("without NAT, these services need an endpoint: {}", missing.join(", "));
        findings.push(
            RULE.error(subject, "network.endpoints", message)
                .with_related(subject.at("network.vpc.create.nat"), "there is no NAT gateway")
                .with_help("write `endpoints: auto`, which makes all that the enabled features call"),
        );
    }
}
