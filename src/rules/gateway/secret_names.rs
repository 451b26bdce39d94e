//! Names of secrets.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0315",
    title: "Secrets have names that Secrets Manager takes",
    explanation: include_str!("secret_names.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (name, reference) in &subject.spec.gateway.litellm.secrets {
        let path = format!("gateway.litellm.secrets.{name}.secret");
        let secret = reference.secret.as_str();
        if secret.starts_with("arn:") {
            continue;
        }
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        let confusing = secret.rsplit_once('-').is_some_and(|(head, end)| {
            !head.is_empty() && end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if secret.len() > 512 || !secret.bytes().all(word) {
            let message = format!("`{secret}` is no name of a secret");
            let finding = RULE.error(subject, path, message);
            findings.push(finding.with_help("write up to 512 letters, digits and / _ + = . @ -"));
        } else if confusing {
            let message = format!("`{secret}` ends like an ARN, and Secrets Manager may find another secret by it");
            findings.push(RULE.warning(subject, path, message).with_help("write the secret's whole ARN"));
        }
    }
}
