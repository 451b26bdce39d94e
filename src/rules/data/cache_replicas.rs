//! A cache without replicas.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Cache;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0231",
    title: "The cache has a replica to fail over to",
    explanation: include_str!("cache_replicas.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Cache::Redis(redis) = &subject.spec.cache else { return };
    if redis.replicas == 0 {
        let message = "no replica takes over when the cache's primary fails";
        let finding = RULE.warning(subject, "cache.redis.replicas", message);
        findings.push(finding.with_help("write `replicas: 1`, or leave it for a test environment"));
    }
}
