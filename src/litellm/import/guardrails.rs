//! Guardrails.

use serde_json::{Map, Value, json};

use super::deployment::is_entry_name;
use super::notes::Notes;
use crate::litellm::Subject;

/// The spec's `guardrails`: those of Bedrock.
pub(super) fn of(subject: &Subject<'_>, notes: &mut Notes<'_>) -> Vec<Value> {
    let list = subject.document.get("guardrails").and_then(Value::as_array);
    let mut carried = Vec::new();
    for (index, guardrail) in list.into_iter().flatten().enumerate() {
        let path = format!("guardrails.{index}");
        match bedrock(guardrail) {
            Ok(guardrail) => carried.push(guardrail),
            Err(reason) => notes.left(&path, reason),
        }
    }
    carried
}

fn bedrock(guardrail: &Value) -> Result<Value, &'static str> {
    let name = guardrail.get("guardrail_name").and_then(Value::as_str).filter(|name| is_entry_name(name));
    let params = guardrail.get("litellm_params").and_then(Value::as_object);
    let (Some(name), Some(params)) = (name, params) else {
        return Err("the guardrail has no name that a spec takes, or no parameters");
    };
    let text = |key: &str| params.get(key).and_then(Value::as_str);
    if text("guardrail") != Some("bedrock") {
        return Err("a spec has guardrails of Amazon Bedrock only");
    }
    let Some(id) = text("guardrailIdentifier").filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric())) else {
        return Err("a spec names a guardrail by its id");
    };
    let version = match params.get("guardrailVersion") {
        Some(Value::String(version)) => version.clone(),
        Some(Value::Number(version)) => version.to_string(),
        _ => return Err("a spec names the version of a guardrail"),
    };
    let mut inner = Map::new();
    inner.insert("id".into(), json!(id));
    inner.insert("version".into(), json!(version));
    match text("mode") {
        Some("pre_call") => {}
        Some(mode @ ("during_call" | "post_call")) => {
            inner.insert("mode".into(), json!(mode));
        }
        _ => return Err("a spec's guardrail has one mode: pre_call, during_call or post_call"),
    }
    let mut carried = Map::new();
    carried.insert("name".into(), json!(name));
    carried.insert("bedrock".into(), Value::Object(inner));
    if params.get("default_on").and_then(Value::as_bool) == Some(true) {
        carried.insert("default_on".into(), json!(true));
    }
    Ok(Value::Object(carried))
}
