//! Names of what is built: all begin with the deployment's prefix and fit the service's limit.

use sha2::{Digest, Sha256};

use crate::hexadecimal::digits;

/// Longest name of an IAM role. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const ROLE_LIMIT: usize = 64;
/// Longest name of a load balancer or target group.
pub const LOAD_BALANCER_LIMIT: usize = 32;
/// Longest name of an Aurora cluster, a parameter group or another RDS identifier.
pub const RDS_LIMIT: usize = 63;
/// Longest id of a replication group or serverless cache.
pub const CACHE_LIMIT: usize = 40;
/// Longest name of an ECS cluster, service or task family.
pub const ECS_LIMIT: usize = 255;
/// Longest name of a CloudFormation stack.
pub const STACK_LIMIT: usize = 128;
/// Longest name of an alarm or dashboard.
pub const ALARM_LIMIT: usize = 255;

/// Makes names from the deployment's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// Names of the deployment `name` in `environment`: the prefix is `<name>-<environment>`, or `<name>`.
    pub fn new(name: &str, environment: Option<&str>) -> Self {
        Self { prefix: environment.map_or_else(|| name.to_owned(), |environment| format!("{name}-{environment}")) }
    }

    /// The prefix itself.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `<prefix>-<what>` in at most `limit` characters. See [`shorten`].
    pub fn within(&self, limit: usize, what: &str) -> String {
        shorten(&format!("{}-{what}", self.prefix), limit)
    }

    /// Name of a stack: `<prefix>-network`.
    pub fn stack(&self, kind: &str) -> String {
        self.within(STACK_LIMIT, kind)
    }

    /// Name of an IAM role: `<prefix>-task`. Roles that other accounts or policies name need a fixed name.
    pub fn role(&self, what: &str) -> String {
        self.within(ROLE_LIMIT, what)
    }

    /// Name of an ECR repository: `<prefix>/litellm`.
    pub fn repository(&self, what: &str) -> String {
        format!("{}/{what}", self.prefix)
    }

    /// Name of a log group: `/gwinfra/<prefix>/<what>`. One path for all, so that the key's policy can name them.
    pub fn log_group(&self, what: &str) -> String {
        format!("/gwinfra/{}/{what}", self.prefix)
    }

    /// Names of the database's log groups, as a pattern. RDS names them after the cluster, whose name CloudFormation makes
    /// of the stack's and cuts at 63 characters.
    pub fn database_log_groups(&self) -> String {
        let kept: String = self.prefix.chars().take(24).collect();
        format!("/aws/rds/cluster/{kept}*/postgresql")
    }

    /// Name of the web ACL's log group. AWS WAF writes only to groups whose names begin with `aws-waf-logs-`.
    pub fn waf_log_group(&self) -> String {
        format!("aws-waf-logs-{}", self.prefix)
    }
}

/// The name itself if it fits, or its beginning and a hash of the whole: two long names never become one.
pub fn shorten(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let hash = short_hash(&[name]);
    let keep = limit.saturating_sub(hash.len() + 1);
    let head: String = name.chars().take(keep).collect();
    let head = head.trim_end_matches('-');
    format!("{head}-{hash}").chars().take(limit).collect()
}

/// The first 8 hex digits of a SHA-256 over the parts; the parts' borders count.
pub fn short_hash(parts: &[&str]) -> String {
    long_hash(parts).chars().take(8).collect()
}

/// SHA-256 in hex over the parts; the parts' borders count.
pub fn long_hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    digits(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_carries_the_environment() {
        assert_eq!(Names::new("acme-llm", None).prefix(), "acme-llm");
        assert_eq!(Names::new("acme-llm", Some("prod")).stack("network"), "acme-llm-prod-network");
    }

    #[test]
    fn a_name_that_fits_is_left_alone() {
        assert_eq!(shorten("acme-llm-prod-task", 64), "acme-llm-prod-task");
    }

    #[test]
    fn a_long_name_fits_its_limit() {
        let name = Names::new("a-deployment-of-22-chr", Some("a-rather-long-environment"))
            .within(LOAD_BALANCER_LIMIT, "gateway");
        assert!(name.len() <= LOAD_BALANCER_LIMIT, "{name}");
        assert!(name.starts_with("a-deployment-of-22-chr-"), "{name}");
    }

    #[test]
    fn two_long_names_with_one_beginning_stay_apart() {
        let names = Names::new("a-deployment-of-22-chr", Some("with-an-environment"));
        assert_ne!(names.within(32, "gateway-a"), names.within(32, "gateway-b"));
    }

    #[test]
    fn a_shortened_name_has_no_doubled_hyphen() {
        assert!(!shorten("abcdefghijk-----------------lmnop-qrstuvw", 24).contains("--"));
    }

    #[test]
    fn hashes_know_the_borders_of_their_parts() {
        assert_ne!(short_hash(&["ab", "c"]), short_hash(&["a", "bc"]));
    }
}
