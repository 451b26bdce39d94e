//! Name of the bucket that holds Terraform's state.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::State;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0358",
    title: "The bucket of state can exist, outside the deployment",
    explanation: include_str!("state_bucket.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let State::S3(state) = &subject.spec.state else { return };
    let bucket = state.bucket.as_str();
    let (message, help) = if let Some(reason) = impossible(bucket) {
        let message = format!("S3 has no bucket of this name: {reason}");
        (message, "write lower case letters, digits and hyphens, such as acme-terraform-state".to_owned())
    } else if is_own(bucket, subject.prefix) {
        let message = format!("`{bucket}` is a name that the deployment gives its own buckets");
        let help = format!(
            "choose another name, such as {}-terraform-state: what is destroyed cannot hold the state of it",
            subject.prefix
        );
        (message, help)
    } else {
        return;
    };
    findings.push(RULE.error(subject, "state.s3.bucket", message).with_help(help));
}

/// Why there can be no bucket of the name, beside its length and characters.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>, November 2026.
fn impossible(bucket: &str) -> Option<String> {
    const BEGINNINGS: [&str; 4] = ["xn--", "sthree-", "amzn-s3-demo-", "amzn_s3_demo_"];
    const ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    if bucket.contains("..") {
        return Some("two dots follow each other".to_owned());
    }
    if bucket.parse::<std::net::Ipv4Addr>().is_ok() {
        return Some("it is an IP address".to_owned());
    }
    let beginning = BEGINNINGS.iter().find(|start| bucket.starts_with(**start));
    if let Some(beginning) = beginning {
        return Some(format!("names that begin with `{beginning}` are reserved"));
    }
    ENDS.iter().find(|end| bucket.ends_with(**end)).map(|end| format!("names that end in `{end}` are reserved"))
}

/// Whether the deployment's buckets for configuration, requests and logs have names like this one.
fn is_own(bucket: &str, prefix: &str) -> bool {
    let Some(what) = bucket.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')) else { return false };
    ["foundation", "config", "requests", "logs"]
        .iter()
        .any(|own| what.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_s3_reserves_are_impossible() {
        for name in ["xn--acme", "sthree-acme", "amzn-s3-demo-x", "acme-s3alias", "acme--x-s3", "10.0.0.1", "a..b"] {
            assert!(impossible(name).is_some(), "{name}");
        }
        for name in ["acme-terraform-state", "tfstate.acme.com", "acme-s3alias-2"] {
            assert_eq!(impossible(name), None, "{name}");
        }
    }

    #[test]
    fn a_bucket_of_the_deployment_is_known_by_its_name() {
        assert!(is_own("acme-llm-config", "acme-llm"));
        assert!(is_own("acme-llm-foundation-configbucket-1x2y", "acme-llm"));
        assert!(!is_own("acme-llm-configuration", "acme-llm"));
        assert!(!is_own("acme-llm-prod-config", "acme-llm"));
        assert!(!is_own("acme-llm-terraform-state", "acme-llm"));
    }
}
