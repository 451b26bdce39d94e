//! Managed policies of the task role.

use crate::diagnostics::Diagnostic;
use crate::model::iam::bedrock_policies;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0215",
    title: "The task role has at most 10 managed policies",
    explanation: include_str!("policy_count.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    // Counting policies makes them: not for a handful of accounts.
    if subject.spec.bedrock.accounts.len() < FEW {
        return;
    }
    let count = bedrock_policies(&subject.basis(), &subject.bedrock()).len();
    if count > LIMIT {
        let accounts = subject.spec.bedrock.accounts.len();
        let message =
            format!("{accounts} Bedrock roles need {count} managed policies on the task role, and AWS takes {LIMIT}");
        let finding = RULE.warning(subject, "bedrock.accounts", message);
        findings
            .push(finding.with_help("raise the quota L-0DA4ABF3 in the hub's account first, or name the role shorter"));
    }
}

/// Managed policies per role, by default.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LIMIT: usize = 10;

/// So few accounts always fit: a policy names 60 roles or more.
const FEW: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules;
    use crate::spec::load;

    fn is_found(accounts: u64) -> bool {
        let account = |n: u64| json!({"id": (200_000_000_000 + n).to_string(), "name": format!("a{n}"), "regions": ["us-east-1"]});
        let spec = json!({
            "version": 1,
            "name": "acme-llm",
            "hub": {"account": "111122223333", "region": "us-east-1"},
            "ingress": {"tls": {"plaintext": {"acknowledge": true}}},
            "bedrock": {"include_hub": false, "accounts": (0..accounts).map(account).collect::<Vec<_>>()},
            "models": [{"name": "haiku", "bedrock": {"model": "anthropic.claude-3-haiku-20240307-v1:0"}}],
        });
        let loaded = load("gwinfra.yaml", spec.to_string().as_bytes(), None).unwrap();
        rules::check(&loaded).iter().any(|finding| finding.code == super::RULE.code)
    }

    #[test]
    fn nine_hundred_roles_fit() {
        assert!(!is_found(900));
    }

    #[test]
    fn twelve_hundred_roles_need_a_raised_quota() {
        assert!(is_found(1200));
    }
}
