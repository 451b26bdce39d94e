//! Versions of the cache's engine.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Cache, CacheEngine};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0230",
    title: "ElastiCache has the engine's version",
    explanation: include_str!("cache_version.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Cache::Redis(redis) = &subject.spec.cache else { return };
    let Some(version) = &redis.version else { return };
    let (name, versions) = match redis.engine {
        CacheEngine::Valkey => ("Valkey", VALKEY),
        CacheEngine::Redis => ("Redis OSS", REDIS),
    };
    if versions.contains(&version.as_str()) {
        return;
    }
    let known = format!("versions of {name}: {}", versions.join(", "));
    let newest = versions.last().copied().unwrap_or_default();
    let newer = redis.engine == CacheEngine::Valkey && version.as_str() > newest;
    let finding = if newer {
        let message = format!("{name} {version} is newer than this version of gwinfra knows");
        RULE.warning(subject, "cache.redis.version", message)
    } else {
        RULE.error(subject, "cache.redis.version", format!("ElastiCache has no {name} {version}"))
    };
    findings.push(finding.with_help(known));
}

/// Versions of Valkey, oldest first.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions.html>, November 2026.
const VALKEY: &[&str] = &["7.2", "8.0", "8.1", "8.2", "9.0"];
/// Versions of Redis OSS with TLS, authentication and access control lists, oldest first.
const REDIS: &[&str] = &["6.0", "6.2", "7.0", "7.1"];
