//! `bedrock/converse/`, with which LiteLLM's own Bedrock routes fail.

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0381",
    title: "Models of Bedrock are written `bedrock/ID`",
    explanation: include_str!("converse_prefix.md"),
    reach: Reach::File,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, params) in subject.params() {
        let model = params.get("model").and_then(Value::as_str).unwrap_or_default();
        if let Some(id) = model.strip_prefix("bedrock/converse/") {
            let message = "calls of LiteLLM's `/bedrock` routes for this model fail with 404";
            let finding = LINT.warning(subject, &format!("{path}.model"), message);
            findings
                .push(finding.with_help(format!("write `bedrock/{id}`: LiteLLM uses the Converse API for it anyway")));
        }
    }
}
