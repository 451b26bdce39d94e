//! Roles that are no ARN.

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0376",
    title: "`aws_role_name` takes an ARN",
    explanation: include_str!("role_arn.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, params) in subject.params() {
        let Some(role) = params.get("aws_role_name").and_then(Value::as_str) else { continue };
        let parts: Vec<&str> = role.splitn(6, ':').collect();
        let is_role = matches!(parts.as_slice(), ["arn", _, "iam", "", account, resource]
            if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && resource.starts_with("role/"));
        // What a variable holds is not known, and that nothing replaces `${...}` is a finding of its own.
        if is_role || role.starts_with("os.environ/") || role.contains("${") {
            continue;
        }
        let finding = LINT.error(subject, &format!("{path}.aws_role_name"), "this is not the ARN of a role");
        findings.push(finding.with_help("write the whole ARN: `arn:aws:iam::111122223333:role/NAME`"));
    }
}
