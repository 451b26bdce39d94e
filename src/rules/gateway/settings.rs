//! The strings that the spec passes through to LiteLLM.

use serde_json::Value;

use crate::spec::Spec;

/// Every string among settings and parameters, with its path.
pub(in crate::rules) fn strings(spec: &Spec) -> Vec<(String, &str)> {
    let mut strings = Vec::new();
    for (section, settings) in &spec.gateway.litellm.settings {
        for (key, value) in settings {
            add(&mut strings, format!("gateway.litellm.settings.{section}.{key}"), value);
        }
    }
    for (index, model) in spec.models.iter().enumerate() {
        let bedrock = model.bedrock.iter().map(|source| ("bedrock", &source.params));
        let litellm = model.litellm.iter().map(|source| ("litellm", &source.params));
        for (kind, params) in bedrock.chain(litellm) {
            for (key, value) in params {
                add(&mut strings, format!("models.{index}.{kind}.params.{key}"), value);
            }
        }
    }
    strings
}

fn add<'a>(strings: &mut Vec<(String, &'a str)>, path: String, value: &'a Value) {
    match value {
        Value::String(text) => strings.push((path, text)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| add(strings, format!("{path}.{index}"), item));
        }
        Value::Object(map) => map.iter().for_each(|(key, item)| add(strings, format!("{path}.{key}"), item)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
