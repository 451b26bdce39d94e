//! A domain name against its hosted zone.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Tls;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0125",
    title: "The domain is in its hosted zone",
    explanation: include_str!("domain_in_zone.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Tls::Domain(domain) = &subject.spec.ingress.tls else { return };
    let zone = domain.hosted_zone.trim_end_matches('.');
    if !zone.contains('.') {
        return;
    }
    let name = domain.name.as_str();
    let inside = name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
    if !inside {
        let message = format!("`{name}` is not in the hosted zone `{zone}`");
        findings.push(
            RULE.error(subject, "ingress.tls.domain.name", message)
                .with_related(subject.at("ingress.tls.domain.hosted_zone"), "the zone is here")
                .with_help(format!("write a name such as `llm.{zone}`, or the zone that the name is in")),
        );
    }
}
