//! The fallbacks of a configuration.

use serde_json::Value;

use crate::litellm::Subject;

/// Keys that hold lists of maps from a model to the models that it falls back to.
pub(super) const MAPS: [&str; 3] = ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

/// Sections in which LiteLLM reads them.
pub(super) const SECTIONS: [&str; 2] = ["router_settings", "litellm_settings"];

/// A fallback.
pub(super) struct Fallback<'a> {
    /// Path of the name.
    pub(super) path: String,
    /// The model that falls back; `None` in `default_fallbacks`.
    pub(super) model: Option<&'a str>,
    /// The model that it falls back to; `None` for the entry of the model that falls back.
    pub(super) to: Option<&'a str>,
}

/// Every name in every list of fallbacks.
pub(super) fn all<'a>(subject: &Subject<'a>) -> Vec<Fallback<'a>> {
    let mut found = Vec::new();
    for section in SECTIONS {
        let Some(settings) = subject.section(section) else { continue };
        for key in MAPS {
            let list = settings.get(key).and_then(Value::as_array);
            for (index, map) in list.into_iter().flatten().enumerate() {
                for (model, names) in map.as_object().into_iter().flatten() {
                    let path = format!("{section}.{key}.{index}.{model}");
                    found.push(Fallback { path: path.clone(), model: Some(model), to: None });
                    add(&mut found, &path, Some(model), names);
                }
            }
        }
        if let Some(names) = settings.get("default_fallbacks") {
            add(&mut found, &format!("{section}.default_fallbacks"), None, names);
        }
    }
    found
}

fn add<'a>(found: &mut Vec<Fallback<'a>>, path: &str, model: Option<&'a str>, names: &'a Value) {
    for (index, name) in names.as_array().into_iter().flatten().enumerate() {
        // A fallback may also be a map with parameters of its own.
        let to = name.as_str().or_else(|| name.get("model").and_then(Value::as_str));
        if to.is_some() {
            found.push(Fallback { path: format!("{path}.{index}"), model, to });
        }
    }
}
