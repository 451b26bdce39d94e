//! Public subnets of a VPC that exists.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Exposure, Vpc};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0110",
    title: "A public gateway has public subnets",
    explanation: include_str!("existing_public.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Vpc::Existing(vpc) = &subject.spec.network.vpc else { return };
    if subject.spec.ingress.exposure == Exposure::Public && vpc.public_subnets.is_empty() {
        let message = "a public load balancer needs `network.vpc.existing.public_subnets`";
        findings.push(
            RULE.error(subject, "ingress.exposure", message)
                .with_related(subject.key("network.vpc.existing"), "the VPC is here")
                .with_help("name two public subnets of the VPC, or set `exposure: internal`"),
        );
    }
}
