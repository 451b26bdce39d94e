//! What a spec passes through to LiteLLM, as a configuration.

use serde_json::{Map, Value, json};

use super::lint;
use super::subject::{Origin, Subject};
use crate::diagnostics::Diagnostic;
use crate::spec::{SpanIndex, Spec};

/// Checks what a spec passes through. Paths and places are the spec's.
pub(crate) fn check(spec: &Spec, spans: &SpanIndex, findings: &mut Vec<Diagnostic>) {
    let (document, written) = document(spec);
    lint::check(&Subject { document: &document, origin: Origin::Spec, spans, written }, findings);
}

/// The configuration that the spec passes through, and where it is written. Each model stands once: lints are about what
/// was written, not about what is generated for each account and region.
fn document(spec: &Spec) -> (Value, Vec<(String, String)>) {
    let mut written = Vec::new();
    let mut models = Vec::new();
    for (index, model) in spec.models.iter().enumerate() {
        let mut params = Map::new();
        let bedrock =
            model.bedrock.as_ref().map(|source| ("bedrock", format!("bedrock/{}", source.model), &source.params));
        let litellm = model.litellm.as_ref().map(|source| ("litellm", source.model.clone(), &source.params));
        // A model with two sources is a finding of its own.
        if let Some((kind, name, given)) = litellm.or(bedrock) {
            params.insert("model".into(), json!(name));
            params.extend(given.iter().map(|(key, value)| (key.clone(), value.clone())));
            let from = format!("model_list.{index}.litellm_params");
            written.push((format!("{from}.model"), format!("models.{index}.{kind}.model")));
            written.push((from, format!("models.{index}.{kind}.params")));
        }
        written.push((format!("model_list.{index}.model_name"), format!("models.{index}.name")));
        models.push(json!({"model_name": model.name, "litellm_params": params}));
    }
    let litellm = &spec.gateway.litellm;
    written.push(("environment_variables".into(), "gateway.litellm.environment".into()));
    let mut document = Map::new();
    document.insert("model_list".into(), Value::Array(models));
    document.insert("environment_variables".into(), json!(litellm.environment));
    for (section, settings) in &litellm.settings {
        written.push((section.clone(), format!("gateway.litellm.settings.{section}")));
        // What may not stand here is a finding of its own, and no reason to lose the models.
        document.entry(section.clone()).or_insert_with(|| Value::Object(settings.clone()));
    }
    (Value::Object(document), written)
}
