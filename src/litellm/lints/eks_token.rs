//! Tokens of EKS where there is no EKS.

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::{Origin, Subject};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0377",
    title: "Tokens of EKS are used on EKS only",
    explanation: include_str!("eks_token.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, params) in subject.params() {
        let token = params.get("aws_web_identity_token").and_then(Value::as_str);
        if !token.is_some_and(|token| token.contains("eks.amazonaws.com")) {
            continue;
        }
        let path = format!("{path}.aws_web_identity_token");
        let message = "the token is a file of EKS, which tasks on ECS do not have";
        // Whose file it is, LiteLLM alone cannot tell.
        let finding = match subject.origin {
            Origin::File => LINT.warning(subject, &path, message),
            Origin::Spec => LINT.error(subject, &path, message),
        };
        findings.push(finding.with_help("remove it: with `aws_role_name` alone, LiteLLM assumes the role as its task"));
    }
}
