//! `0.0.0.0/0` in `allow_from`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Exposure;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0121",
    title: "A gateway is not open to everybody",
    explanation: include_str!("open_to_everybody.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let ingress = &subject.spec.ingress;
    if ingress.exposure != Exposure::Public {
        return;
    }
    for (index, network) in ingress.allow_from.iter().enumerate() {
        if network.as_str().ends_with("/0") {
            let message = "everybody on the internet may connect to the gateway";
            let finding = RULE.warning(subject, format!("ingress.allow_from.{index}"), message);
            findings.push(finding.with_help("name the networks of your clients, if you know them"));
        }
    }
}
