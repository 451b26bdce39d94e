//! One form for what both engines say of a resource: names in snake case, scalars as text, lists in one order.
//!
//! A tree is a JSON value of objects whose leaves are texts and lists. Lists whose items have names become objects, so
//! that a fact has a path that a person can read: `container_definitions.litellm.environment.LITELLM_LOG`.

use serde_json::{Map, Value as Json};

use super::policy;
use crate::render::snake;

/// Lists whose order means something.
const ORDERED: &[&str] = &["command", "entry_point", "mount_options"];

/// Lists whose items have a name, and which member it is.
const KEYED: &[(&str, &str)] = &[
    ("authentication_options", "type"),
    ("block_device_mappings", "device_name"),
    ("capacity_provider_strategy", "capacity_provider"),
    ("container_definitions", "name"),
    ("load_balancer", "container_name"),
    ("load_balancers", "container_name"),
    ("log_delivery_configuration", "log_type"),
    ("log_delivery_configurations", "log_type"),
    ("metric_query", "id"),
    ("metrics", "id"),
    ("policies", "policy_name"),
    ("port_mappings", "container_port"),
    ("rule", "name"),
    ("rule_action_override", "name"),
    ("rule_action_overrides", "name"),
    ("rules", "name"),
    ("scheduled_actions", "scheduled_action_name"),
    ("secrets", "name"),
    ("tag_specifications", "resource_type"),
    ("ulimits", "name"),
];

/// Members whose names are the user's own words.
const OWN_WORDS: &[&str] = &["dimensions", "environment", "options", "parameters", "tags"];

/// The normal form of properties or arguments.
pub(super) fn normal(value: &Json) -> Json {
    shape("", value)
}

fn shape(name: &str, value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            if let Some(tree) = members.get("$json").filter(|_| members.len() == 1) {
                return if KEYED.iter().any(|(list, _)| *list == name) { shape(name, tree) } else { document(tree) };
            }
            if policy::is_policy(value) {
                return policy::normal(value);
            }
            let own_words = OWN_WORDS.contains(&name);
            let member = |(key, value): (&String, &Json)| {
                // AWS writes CloudWatch, the provider cloudwatch.
                let key = if own_words { key.clone() } else { snake(key).replace("cloud_watch", "cloudwatch") };
                let value = shape(&key, value);
                (!is_nothing(&value)).then_some((key, value))
            };
            Json::Object(members.iter().filter_map(member).collect())
        }
        Json::Array(items) => list(name, items),
        Json::String(text) => match json_text(text) {
            Some(tree) => document(&tree),
            None => Json::String(text.clone()),
        },
        scalar => Json::String(scalar_text(scalar)),
    }
}

fn list(name: &str, items: &[Json]) -> Json {
    if items.is_empty() {
        return Json::Array(Vec::new());
    }
    if let Some(pairs) = items.iter().map(pair).collect::<Option<Map<String, Json>>>() {
        return Json::Object(pairs);
    }
    let items: Vec<Json> = items.iter().map(|item| shape("", item)).collect();
    let key = KEYED.iter().find(|(list, _)| *list == name).map(|(_, key)| *key);
    if let Some(keyed) = key.and_then(|key| keyed(&items, key)) {
        return Json::Object(keyed);
    }
    match <[Json; 1]>::try_from(items) {
        // A block that stands at most once is a list in Terraform.
        Ok([Json::Object(one)]) => Json::Object(one),
        Ok(one) => Json::Array(one.to_vec()),
        Err(items) if ORDERED.contains(&name) => Json::Array(items),
        Err(items) => sorted(items),
    }
}

/// `{Name: x, Value: y}`, whatever the case of the words.
fn pair(item: &Json) -> Option<(String, Json)> {
    let members = item.as_object().filter(|members| members.len() == 2)?;
    let find = |names: [&str; 4]| names.iter().find_map(|name| members.get(*name));
    let name = find(["Name", "name", "Key", "key"])?.as_str()?;
    let value = find(["Value", "value", "ParameterValue", "parameter_value"])?;
    Some((name.to_owned(), shape("", value)))
}

/// The items by the member that names them; `None` when one has no name, or another's.
fn keyed(items: &[Json], key: &str) -> Option<Map<String, Json>> {
    let mut members = Map::new();
    for item in items {
        let mut item = item.as_object()?.clone();
        let name = item.remove(key)?;
        if members.insert(name.as_str()?.to_owned(), Json::Object(item)).is_some() {
            return None;
        }
    }
    Some(members)
}

/// A document that AWS takes as JSON text: its names and the order of its lists are AWS's.
fn document(value: &Json) -> Json {
    if policy::is_policy(value) {
        return policy::normal(value);
    }
    match value {
        Json::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), document(value))).collect())
        }
        Json::Array(items) if items.iter().any(Json::is_object) => {
            let numbered = items.iter().enumerate().map(|(at, item)| (at.to_string(), document(item)));
            Json::Object(numbered.collect())
        }
        Json::Array(items) => items.iter().map(document).collect(),
        Json::String(text) => Json::String(text.clone()),
        scalar => Json::String(scalar_text(scalar)),
    }
}

/// JSON in a text: only an object, so that no other text is taken for it.
fn json_text(text: &str) -> Option<Json> {
    let text = text.trim();
    let looks = text.starts_with('{') && !text.starts_with("{{") && text.ends_with('}');
    looks.then(|| serde_json::from_str(text).ok()).flatten()
}

/// A list without order. What stands in it twice, stands in it once.
pub(super) fn sorted(mut items: Vec<Json>) -> Json {
    items.sort_by_cached_key(Json::to_string);
    items.dedup();
    Json::Array(items)
}

/// A scalar as text; `60.0` is `60`.
pub(super) fn scalar_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

fn is_nothing(value: &Json) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_str().is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_and_arguments_have_the_same_names() {
        let properties = json!({"EnableDnsSupport": true, "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5}});
        let arguments =
            json!({"enable_dns_support": true, "serverless_v2_scaling_configuration": [{"min_capacity": 0.5}]});
        assert_eq!(normal(&properties), normal(&arguments));
    }

    #[test]
    fn a_number_and_its_text_are_the_same() {
        assert_eq!(normal(&json!({"Cpu": "1024", "Threshold": 5.0})), normal(&json!({"cpu": 1024, "threshold": 5})));
    }

    #[test]
    fn the_order_of_a_list_does_not_matter() {
        assert_eq!(normal(&json!({"SubnetIds": ["b", "a"]})), normal(&json!({"subnet_ids": ["a", "b"]})));
    }

    #[test]
    fn the_order_of_a_command_does() {
        assert_ne!(normal(&json!({"Command": ["b", "a"]})), normal(&json!({"command": ["a", "b"]})));
    }

    #[test]
    fn containers_are_told_apart_by_their_names() {
        let definitions = json!({"ContainerDefinitions": [
            {"Name": "litellm", "Environment": [{"Name": "LITELLM_LOG", "Value": "INFO"}]},
            {"Name": "middleware"},
        ]});
        let text = json!({"container_definitions": {"$json": [
            {"name": "middleware"},
            {"name": "litellm", "environment": [{"name": "LITELLM_LOG", "value": "INFO"}]},
        ]}});
        assert_eq!(normal(&definitions), normal(&text));
        assert_eq!(
            normal(&definitions).pointer("/container_definitions/litellm/environment/LITELLM_LOG"),
            Some(&json!("INFO"))
        );
    }

    #[test]
    fn json_as_text_is_the_tree() {
        let text = json!({"DashboardBody": "{\"widgets\":[{\"x\":1}]}"});
        assert_eq!(normal(&text), normal(&json!({"dashboard_body": {"$json": {"widgets": [{"x": 1}]}}})));
    }

    #[test]
    fn words_of_the_user_keep_their_case() {
        assert_eq!(normal(&json!({"Options": {"awslogs-Group": "x"}})), json!({"options": {"awslogs-Group": "x"}}));
    }
}
