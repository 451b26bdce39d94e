//! Deployments with one id.

use std::collections::HashMap;

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0379",
    title: "Every deployment has an id of its own",
    explanation: include_str!("repeated_id.md"),
    reach: Reach::File,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, String> = HashMap::new();
    for (path, deployment) in subject.deployments() {
        let id = deployment.get("model_info").and_then(|info| info.get("id")).and_then(Value::as_str);
        let Some(id) = id else { continue };
        let path = format!("{path}.model_info.id");
        match first.get(id) {
            Some(earlier) => {
                let message = format!("another deployment has the id `{id}`: one that fails takes both out");
                let finding = LINT.error(subject, &path, message);
                findings.push(
                    finding
                        .with_related(subject.at(earlier), "first here")
                        .with_help("give it an id of its own, or remove `model_info.id`: LiteLLM then makes one"),
                );
            }
            None => {
                first.insert(id, path);
            }
        }
    }
}
