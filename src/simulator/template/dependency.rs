//! Which resource needs which.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Body;
use crate::cfn::intrinsic::{SubPart, sub_parts};

/// The names that a value refers to through `Ref`, `Fn::GetAtt` and `Fn::Sub`: parameters, resources and pseudo parameters.
pub fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => {
            if map.len() == 1
                && let Some((name, argument)) = map.iter().next()
            {
                match (name.as_str(), argument) {
                    ("Ref", Value::String(target)) => {
                        found.insert(target.clone());
                        return;
                    }
                    ("Fn::GetAtt", Value::String(text)) => {
                        found.insert(text.split('.').next().unwrap_or_default().to_owned());
                        return;
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        found.extend(parts.first().and_then(Value::as_str).map(str::to_owned));
                        parts.iter().skip(1).for_each(|part| collect(part, found));
                        return;
                    }
                    ("Fn::Sub", argument) => return collect_sub(argument, found),
                    _ => {}
                }
            }
            map.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

fn collect_sub(argument: &Value, found: &mut BTreeSet<String>) {
    let (text, variables) = match argument {
        Value::String(text) => (text.as_str(), None),
        Value::Array(items) => (items.first().and_then(Value::as_str).unwrap_or_default(), items.get(1)),
        _ => return,
    };
    for part in sub_parts(text) {
        if let SubPart::Variable(name) = part {
            let own = variables.is_some_and(|variables| variables.get(name).is_some());
            if !own {
                found.insert(name.split('.').next().unwrap_or_default().to_owned());
            }
        }
    }
    if let Some(variables) = variables {
        collect(variables, found);
    }
}

/// For each resource the resources that must exist before it: what it refers to, and its `DependsOn`.
pub fn dependencies(body: &Body) -> BTreeMap<String, BTreeSet<String>> {
    body.resources()
        .map(|(id, resource)| {
            let mut needs: BTreeSet<String> = resource
                .get("Properties")
                .map(references)
                .unwrap_or_default()
                .into_iter()
                .filter(|name| body.resource(name).is_some())
                .collect();
            match resource.get("DependsOn") {
                Some(Value::String(name)) => {
                    needs.insert(name.clone());
                }
                Some(Value::Array(names)) => needs.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
                _ => {}
            }
            (id.to_owned(), needs)
        })
        .collect()
}

/// Refuses a template whose resources need each other in a circle.
pub(super) fn check_circular(body: &Body) -> Result<(), String> {
    let mut left = dependencies(body);
    loop {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !left.contains_key(need)))
            .map(|(id, _)| id.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        for id in free {
            left.remove(&id);
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = left.keys().map(String::as_str).collect();
    Err(format!("Circular dependency between resources: [{}]", names.join(", ")))
}
