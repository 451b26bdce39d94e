//! Node types of the cache.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Cache;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0232",
    title: "ElastiCache has the node type",
    explanation: include_str!("cache_node_type.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Cache::Redis(redis) = &subject.spec.cache else { return };
    let mut parts = redis.node_type.splitn(3, '.').skip(1);
    let (Some(family), Some(size)) = (parts.next(), parts.next()) else { return };
    let path = "cache.redis.node_type";
    match FAMILIES.iter().find(|(known, _)| *known == family) {
        Some((_, sizes)) if sizes.contains(&size) => {}
        Some((_, sizes)) => {
            let message = format!("ElastiCache has no node type `{}`", redis.node_type);
            let finding = RULE.error(subject, path, message);
            findings.push(finding.with_help(format!("sizes of cache.{family}: {}", sizes.join(", "))));
        }
        None if OLD_FAMILIES.contains(&family) => {
            let message = format!("`{}` is of an old family, without encryption or failover", redis.node_type);
            findings.push(RULE.error(subject, path, message).with_help("use cache.t4g, cache.m7g or cache.r7g"));
        }
        None => {
            let message = format!("this version of gwinfra does not know the node family `cache.{family}`");
            let families: Vec<&str> = FAMILIES.iter().map(|(family, _)| *family).collect();
            findings.push(RULE.warning(subject, path, message).with_help(format!("families: {}", families.join(", "))));
        }
    }
}

const BURSTABLE: &[&str] = &["micro", "small", "medium"];
const GRAVITON: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];
const INTEL: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"];

/// Node families of the current generation and their sizes.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html>, November 2026.
const FAMILIES: [(&str, &[&str]); 13] = [
    ("t4g", BURSTABLE),
    ("t3", BURSTABLE),
    ("t2", BURSTABLE),
    ("m7g", GRAVITON),
    ("m6g", GRAVITON),
    ("m5", INTEL),
    ("m4", &["large", "xlarge", "2xlarge", "4xlarge", "10xlarge"]),
    ("r7g", GRAVITON),
    ("r6g", GRAVITON),
    ("r6gd", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    ("r5", INTEL),
    ("r4", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"]),
    ("c7gn", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
];
const OLD_FAMILIES: [&str; 7] = ["t1", "m1", "m2", "m3", "c1", "c3", "r3"];
