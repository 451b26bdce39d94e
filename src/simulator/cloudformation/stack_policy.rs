//! Stack policies: which changes they forbid.

use serde_json::Value;

/// Why a stack policy forbids one of the changes.
pub(super) fn denied(policy: &str, changes: &[Value]) -> Option<String> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let statements = policy.get("Statement").and_then(Value::as_array).cloned().unwrap_or_default();
    for change in changes.iter().filter_map(|change| change.get("ResourceChange")) {
        let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
        let action = match (text("Action"), text("Replacement")) {
            ("Add", _) => continue,
            ("Remove", _) => "Update:Delete",
            (_, "True" | "Conditional") => "Update:Replace",
            _ => "Update:Modify",
        };
        let resource = format!("LogicalResourceId/{}", text("LogicalResourceId"));
        let applies = |statement: &Value| {
            let any = |name: &str, wanted: &str| {
                let list = statement
                    .get(name)
                    .map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
                list.is_some_and(|list| list.iter().filter_map(Value::as_str).any(|pattern| wildcard(pattern, wanted)))
            };
            let types = statement
                .pointer("/Condition/StringEquals/ResourceType")
                .or_else(|| statement.pointer("/Condition/StringLike/ResourceType"));
            let type_matches = types.is_none_or(|types| {
                let types = types.as_array().map_or(std::slice::from_ref(types), Vec::as_slice);
                types.iter().filter_map(Value::as_str).any(|pattern| wildcard(pattern, text("ResourceType")))
            });
            any("Action", action) && (any("Resource", &resource) || any("Resource", "*")) && type_matches
        };
        let effect = |statement: &&Value, wanted: &str| statement.get("Effect").and_then(Value::as_str) == Some(wanted);
        let deny = statements.iter().position(|statement| effect(&statement, "Deny") && applies(statement));
        let allow = statements.iter().any(|statement| effect(&statement, "Allow") && applies(statement));
        if let Some(index) = deny {
            return Some(format!("Statement [#{}] does not allow [{action}] for resource [{resource}]", index + 1));
        }
        if !allow {
            return Some(format!("Statement does not allow [{action}] for resource [{resource}]"));
        }
    }
    None
}

fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, "")) => text.starts_with(start),
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|index| tail.get(index..).is_some_and(|tail| wildcard(rest, tail)))
        }),
    }
}
