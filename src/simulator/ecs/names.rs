//! From CloudFormation's `TaskDefinition` to the API's `taskDefinition`.

use serde_json::{Map, Value};

/// Properties whose members are the user's own names.
const MAPS: [&str; 4] = ["DockerLabels", "Options", "DriverOpts", "Labels"];

/// A tree with the first letter of every member in lower case, but for maps of the user's own names.
pub(super) fn api_form(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, member) in members {
                let converted = if MAPS.contains(&name.as_str()) { member.clone() } else { api_form(member) };
                out.insert(lower_first(name), converted);
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.iter().map(api_form).collect()),
        other => other.clone(),
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_begin_in_lower_case() {
        assert_eq!(api_form(&json!({"Cpu": [{"Name": "A"}]})), json!({"cpu": [{"name": "A"}]}));
    }

    #[test]
    fn the_users_own_names_are_kept() {
        assert_eq!(api_form(&json!({"Options": {"Mode": "x"}})), json!({"options": {"Mode": "x"}}));
    }
}
