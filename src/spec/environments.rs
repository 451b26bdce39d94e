//! Environments: merging one over the rest of the spec.

use indexmap::IndexMap;

use super::shape::{MapShape, Shape, ShapeId, Shapes};
use crate::yaml::{Map, Node, Value};

/// Merges an environment over a value: maps merge, lists and scalars are replaced, `null` removes, and an alternative
/// of a choice that is not there yet replaces the choice. Every value keeps the place where it was written.
pub(super) fn overlay(base: &Node, over: &Node, shapes: &Shapes, shape: Option<ShapeId>) -> Node {
    let (Value::Map(base_map), Value::Map(over_map)) = (&base.value, &over.value) else { return without_nulls(over) };
    let shape = shape.map(|id| shapes.get(id));
    let mut merged = match shape {
        Some(Shape::Choice { alternatives, .. }) if names_another(base_map, over_map, alternatives) => Map::default(),
        _ => base_map.clone(),
    };
    for (name, member) in over_map {
        if member.node.is_null() {
            merged.shift_remove(name);
            continue;
        }
        match merged.get_mut(name) {
            Some(present) => {
                let node = overlay(&present.node, &member.node, shapes, child(shape, name));
                // What is merged from both stays where the spec has it; what is replaced is where it is now.
                if node.place != present.node.place {
                    present.key = member.key;
                }
                present.node = node;
            }
            None => {
                let node = without_nulls(&member.node);
                merged.insert(name.clone(), crate::yaml::Member { key: member.key, node });
            }
        }
    }
    Node { value: Value::Map(merged), place: base.place, tag: None }
}

fn names_another(base: &Map, over: &Map, alternatives: &IndexMap<String, ShapeId>) -> bool {
    over.iter()
        .any(|(name, member)| alternatives.contains_key(name) && !member.node.is_null() && !base.contains_key(name))
}

fn child(shape: Option<&Shape>, name: &str) -> Option<ShapeId> {
    match shape? {
        Shape::Map(MapShape { properties, rest, .. }) => {
            properties.get(name).copied().or_else(|| rest.as_ref().map(|rest| rest.value))
        }
        Shape::Choice { alternatives, .. } => alternatives.get(name).copied(),
        _ => None,
    }
}

/// A value that is new: there is nothing that its nulls could remove.
fn without_nulls(node: &Node) -> Node {
    let Value::Map(map) = &node.value else { return node.clone() };
    let kept = map.iter().filter(|(_, member)| !member.node.is_null()).map(|(name, member)| {
        let member = crate::yaml::Member { key: member.key, node: without_nulls(&member.node) };
        (name.clone(), member)
    });
    Node { value: Value::Map(kept.collect()), place: node.place, tag: None }
}
