//! Secrets among settings and parameters.

use super::secrets::{looks_secret, names_secret};
use super::settings::strings;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0307",
    title: "Settings and parameters hold no secrets",
    explanation: include_str!("secret_in_settings.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, text) in strings(subject.spec) {
        let name = path.rsplit('.').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
        let plain = !text.starts_with("os.environ/") && !text.contains("${");
        if looks_secret(text) || (plain && names_secret(name) && !text.is_empty()) {
            let finding = RULE.error(subject, path.clone(), format!("`{name}` holds a secret in the clear"));
            let help = "write `os.environ/NAME`, declare NAME under `gateway.litellm.secrets`, and replace the key";
            findings.push(finding.with_help(help));
        }
    }
}
