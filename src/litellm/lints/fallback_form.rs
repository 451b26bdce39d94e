//! Fallbacks that are no list of maps.

use serde_json::Value;

use super::fallbacks::{MAPS, SECTIONS};
use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0374",
    title: "Fallbacks are a list of maps",
    explanation: include_str!("fallback_form.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for section in SECTIONS {
        for key in MAPS {
            let Some(value) = subject.section(section).and_then(|settings| settings.get(key)) else { continue };
            let path = format!("{section}.{key}");
            let help = format!("write `{key}: [{{MODEL: [ANOTHER]}}]`");
            let Some(list) = value.as_array() else {
                if !value.is_null() {
                    let message = format!("`{key}` is a list of maps: LiteLLM does not start");
                    findings.push(LINT.key_error(subject, &path, message).with_help(help));
                }
                continue;
            };
            for (index, item) in list.iter().enumerate() {
                let message = match item.as_object() {
                    None => format!("an item of `{key}` is a map: LiteLLM does not start"),
                    Some(map) if !map.values().all(Value::is_array) => {
                        format!("an item of `{key}` is a map from a model to a list of models")
                    }
                    Some(_) => continue,
                };
                findings.push(LINT.error(subject, &format!("{path}.{index}"), message).with_help(help.clone()));
            }
        }
    }
}
