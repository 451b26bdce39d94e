//! The parameters of models.

use crate::spec::Spec;

/// Path, key and source (`bedrock` or `litellm`) of every parameter.
pub(super) fn params(spec: &Spec) -> Vec<(String, &str, &'static str)> {
    let mut found = Vec::new();
    for (index, model) in spec.models.iter().enumerate() {
        let bedrock = model.bedrock.iter().map(|source| ("bedrock", &source.params));
        let litellm = model.litellm.iter().map(|source| ("litellm", &source.params));
        for (kind, params) in bedrock.chain(litellm) {
            let keys = params.keys().map(|key| (format!("models.{index}.{kind}.params.{key}"), key.as_str(), kind));
            found.extend(keys);
        }
    }
    found
}
