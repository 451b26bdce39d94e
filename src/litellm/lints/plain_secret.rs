//! Secrets in plain text.

use crate::diagnostics::Diagnostic;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::secrets::{is_harmless, looks_secret, names_secret};
use crate::litellm::strings::strings;
use crate::litellm::{Origin, Subject};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0307",
    title: "Settings and parameters hold no secrets",
    explanation: include_str!("plain_secret.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for found in strings(subject.document) {
        // GW0306 is about the variables of a spec. Its names of models have a form that no key has; to look at them would
        // compile the forms of keys for every spec.
        let named = ["model", "model_name"].contains(&found.key) || found.path.starts_with("environment_variables.");
        if subject.origin == Origin::Spec && named {
            continue;
        }
        if looks_secret(found.text) || (names_secret(found.key) && !is_harmless(found.text)) {
            let finding = LINT.error(subject, &found.path, format!("`{}` holds a secret in the clear", found.key));
            findings.push(finding.with_help(subject.help(
                "write `os.environ/NAME`, give NAME to LiteLLM's process from a secret store, and replace the key",
                "write `os.environ/NAME`, declare NAME under `gateway.litellm.secrets`, and replace the key",
            )));
        }
    }
}
