//! Private networks in the `allow_from` of a public gateway.

use crate::diagnostics::Diagnostic;
use crate::rules::network::networks::{is_private, parse};
use crate::rules::{Rule, Subject};
use crate::spec::Exposure;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0122",
    title: "A public gateway allows public networks",
    explanation: include_str!("public_from_private.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let ingress = &subject.spec.ingress;
    let networks = || ingress.allow_from.iter().filter_map(|network| parse(network.as_str()));
    if ingress.exposure == Exposure::Public && networks().next().is_some() && networks().all(is_private) {
        let message = "nobody on the internet comes from these networks: they are private";
        findings.push(
            RULE.warning(subject, "ingress.allow_from", message)
                .with_related(subject.at("ingress.exposure"), "the gateway is public")
                .with_help("add the public addresses of your clients, or set `exposure: internal`"),
        );
    }
}
