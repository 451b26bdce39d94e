//! `os.environ/NAME` where LiteLLM does not look for it.

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::strings::strings;

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0378",
    title: "A variable is the whole value of a key",
    explanation: include_str!("variable_inside.md"),
    reach: Reach::Both,
    check,
};

const PREFIX: &str = "os.environ/";

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for found in strings(subject.document) {
        let Some(at) = found.text.find(PREFIX) else { continue };
        let (message, help) = if at > 0 {
            ("LiteLLM does not replace a variable inside a longer text", "put the whole text into the variable")
        } else if found.item {
            ("LiteLLM does not replace a variable in a list", "write the value itself")
        } else if !is_name(&found.text[PREFIX.len()..]) {
            (
                "what follows `os.environ/` is no name of a variable",
                "write `os.environ/NAME`, and nothing after the name",
            )
        } else {
            continue;
        };
        findings.push(LINT.error(subject, &found.path, message).with_help(help));
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
}
