//! Routing strategies without a cache.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Cache, Compute, RoutingStrategy};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0238",
    title: "Tasks that share routing have a cache",
    explanation: include_str!("routing_without_cache.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let spec = subject.spec;
    let most = match &spec.compute {
        Compute::Fargate(fargate) => fargate.tasks.max,
        Compute::Ec2(ec2) => ec2.instances.max,
        Compute::Eks(eks) => eks.pods.max,
    };
    let counts = matches!(spec.routing.strategy, RoutingStrategy::LeastBusy | RoutingStrategy::UsageBasedRoutingV2);
    if counts && most > 1 && matches!(spec.cache, Cache::None(_)) {
        let message = format!("up to {most} tasks each count calls for themselves, as there is no cache");
        let written = subject.spans.contains("routing.strategy");
        let finding = if written {
            RULE.warning(subject, "routing.strategy", message)
                .with_related(subject.key("cache.none"), "there is no cache")
        } else {
            Diagnostic::warning(RULE.code, message).with_span(subject.key("cache.none")).with_path("cache.none")
        };
        findings.push(finding.with_help("add a cache, or set `routing.strategy: simple-shuffle`"));
    }
}
