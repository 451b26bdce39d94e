//! Entries of `model_list` that lack what LiteLLM needs.

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0372",
    title: "Every deployment has a name and a model",
    explanation: include_str!("incomplete_model.md"),
    reach: Reach::File,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(list) = subject.document.get("model_list") else { return };
    let Some(list) = list.as_array() else {
        let finding =
            LINT.key_error(subject, "model_list", "`model_list` is a list of deployments: LiteLLM does not start");
        findings.push(finding.with_help("begin each deployment with `- model_name:`"));
        return;
    };
    for (index, deployment) in list.iter().enumerate() {
        let path = format!("model_list.{index}");
        let text = |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let params = deployment.get("litellm_params");
        let (message, help) = if !text(deployment.get("model_name")) {
            (
                "the deployment has no `model_name`: LiteLLM does not start",
                "add the name that clients use: `model_name: NAME`",
            )
        } else if params.and_then(Value::as_object).is_none() {
            (
                "the deployment has no `litellm_params`: LiteLLM does not start",
                "add `litellm_params: {model: PROVIDER/MODEL}`",
            )
        } else if !text(params.and_then(|params| params.get("model"))) {
            ("`litellm_params` has no `model`: LiteLLM does not start", "add `model: PROVIDER/MODEL`")
        } else {
            continue;
        };
        let path = if params.is_some() && message.starts_with('`') { format!("{path}.litellm_params") } else { path };
        findings.push(LINT.key_error(subject, &path, message).with_help(help));
    }
}
