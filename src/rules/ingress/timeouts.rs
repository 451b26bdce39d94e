//! The order of timeouts.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0126", title: "Timeouts grow towards the client", explanation: include_str!("timeouts.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let (router, balancer) = (subject.spec.routing.timeout_seconds, subject.spec.ingress.idle_timeout_seconds);
    if router > balancer {
        // At the value that the user wrote; both may be defaults, but not both at once.
        let (path, other) = if subject.spans.contains("routing.timeout_seconds") {
            ("routing.timeout_seconds", "ingress.idle_timeout_seconds")
        } else {
            ("ingress.idle_timeout_seconds", "routing.timeout_seconds")
        };
        let message = format!(
            "the load balancer closes a silent connection after {balancer} s, before the router's timeout of {router} s"
        );
        let mut finding = RULE.error(subject, path, message);
        if subject.spans.contains(other) {
            finding = finding.with_related(subject.at(other), "the other timeout is here");
        }
        let help = format!(
            "set `ingress.idle_timeout_seconds` to {router} or more, or `routing.timeout_seconds` to {balancer}"
        );
        findings.push(finding.with_help(help));
    }
}
