//! From a fact back to the property or argument that says it.

use serde_json::Value as Json;

use super::finding::Place;
use super::kinds::Kind;
use super::resource::Resource;
use super::tree;
use crate::render::snake;

/// The resource, and the fact as its path.
pub(super) fn of(resource: &Resource, fact: &str) -> Place {
    let path = fact.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect();
    Place { place: resource.place.clone(), name: resource.name.clone(), path }
}

/// The property or argument of a resource that says a fact, or what of its path is there.
pub(super) fn find(kind: &Kind, resource: &Resource, fact: &str) -> Place {
    let rows = kind.names.iter().filter(|(of, _, to)| *of == resource.type_name && tree::below(to, fact));
    let moved = rows.max_by_key(|(_, _, to)| to.len()).map(|(_, from, to)| {
        let rest: Vec<&str> = fact.split('.').skip(to.split('.').count()).collect();
        [vec![*from], rest].concat().join(".")
    });
    let fact = moved.as_deref().unwrap_or(fact);
    let mut path = Vec::new();
    let mut value = &resource.properties;
    let steps: Vec<&str> = fact.split('.').collect();
    let mut rest = steps.as_slice();
    while let Some((step, after)) = rest.split_first() {
        match value {
            Json::Object(members) if members.len() == 1 && members.contains_key("$json") => value = &members["$json"],
            Json::Object(members) => {
                let Some((name, inner)) = members.iter().find(|(name, _)| *name == step || snake(name) == *step) else {
                    break;
                };
                path.push(name.clone());
                value = inner;
                rest = after;
            }
            // A block that stands once has no name in the fact.
            Json::Array(items) => {
                let named = |item: &Json| {
                    item.as_object().is_some_and(|members| members.values().any(|value| value.as_str() == Some(step)))
                };
                match items.iter().position(named) {
                    Some(at) => {
                        path.push(at.to_string());
                        value = &items[at];
                        rest = after;
                    }
                    None if items.len() == 1 => {
                        path.push("0".to_owned());
                        value = &items[0];
                    }
                    None => break,
                }
            }
            _ => break,
        }
    }
    Place { place: resource.place.clone(), name: resource.name.clone(), path }
}
