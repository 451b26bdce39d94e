//! Values compared by meaning: scalars as CloudFormation reads them, lists without order where they have none.

use serde_json::Value as Json;

use super::{Cause, PropertyChange};
use crate::cfn::evaluate::{is_function, text_of};
use crate::cfn::registry::{Replacement, ResourceSchema};

/// Members that identify an item of a list, so that two items are compared rather than two lists.
const IDENTITIES: &[&str] = &["Key", "Name", "Id", "PolicyName", "Sid"];

/// Whether two values mean the same: `5` and `"5"` do, as do maps in another order.
pub(super) fn same(before: &Json, after: &Json) -> bool {
    match (before, after) {
        (Json::Array(before), Json::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| same(before, after))
        }
        (Json::Object(before), Json::Object(after)) => {
            before.len() == after.len()
                && before.iter().all(|(key, value)| after.get(key).is_some_and(|other| same(value, other)))
        }
        _ => match (text_of(before), text_of(after)) {
            (Some(before), Some(after)) => before == after,
            _ => before == after,
        },
    }
}

/// The changed properties of a resource, in the order of the old properties, then of the new ones.
pub(super) fn properties(schema: Option<&ResourceSchema>, before: &Json, after: &Json) -> Vec<PropertyChange> {
    let mut comparison = Comparison { schema, before, after, path: Vec::new(), changes: Vec::new() };
    comparison.value(schema.map(ResourceSchema::raw), before, after);
    comparison.changes
}

struct Comparison<'a> {
    schema: Option<&'a ResourceSchema>,
    /// All old properties.
    before: &'a Json,
    /// All new properties.
    after: &'a Json,
    path: Vec<String>,
    changes: Vec<PropertyChange>,
}

impl<'a> Comparison<'a> {
    fn value(&mut self, node: Option<&'a Json>, before: &Json, after: &Json) {
        if same(before, after) {
            return;
        }
        match (before, after) {
            (Json::Object(old), Json::Object(new)) if !is_function(before) && !is_function(after) => {
                for (key, value) in old {
                    self.member(node, key, Some(value), new.get(key));
                }
                for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                    self.member(node, key, None, Some(value));
                }
            }
            (Json::Array(old), Json::Array(new)) => self.list(node, old, new),
            _ => self.record(Some(before), Some(after)),
        }
    }

    fn member(&mut self, node: Option<&'a Json>, key: &str, before: Option<&Json>, after: Option<&Json>) {
        let member = node.and_then(|node| self.schema?.member_schema(node, key));
        self.path.push(key.to_owned());
        match (before, after) {
            (Some(before), Some(after)) => self.value(member, before, after),
            _ => self.record(before, after),
        }
        self.path.pop();
    }

    fn list(&mut self, node: Option<&'a Json>, old: &[Json], new: &[Json]) {
        let unordered = node.and_then(|node| node.get("insertionOrder")).and_then(Json::as_bool) == Some(false);
        if unordered && same_members(old, new) {
            return;
        }
        // Tags are a set, whether the schema says so or not.
        let pairs = match pairs_by_identity(old, new) {
            Some((pairs, in_order)) if unordered || in_order || is_tags(new) => pairs,
            _ if !unordered && old.len() == new.len() => (0..new.len()).map(|at| (at, at)).collect(),
            _ => return self.record(Some(&Json::Array(old.to_vec())), Some(&Json::Array(new.to_vec()))),
        };
        for (from, to) in pairs {
            self.member(node, &to.to_string(), Some(&old[from]), Some(&new[to]));
        }
    }

    fn record(&mut self, before: Option<&Json>, after: Option<&Json>) {
        let replacement = self.schema.map_or(Replacement::Never, |schema| {
            schema.replacement_where(&self.path, |below| at(self.before, below) != at(self.after, below))
        });
        self.changes.push(PropertyChange {
            path: self.path.join("."),
            before: before.cloned(),
            after: after.cloned(),
            replacement,
            cause: Cause::Value,
        });
    }
}

/// The value at a schema's path; all values below a `*`.
fn at<'v>(value: &'v Json, path: &[String]) -> Vec<&'v Json> {
    let Some((first, rest)) = path.split_first() else { return vec![value] };
    match value {
        Json::Array(items) if first == "*" => items.iter().flat_map(|item| at(item, rest)).collect(),
        Json::Array(items) => items.iter().flat_map(|item| at(item, path)).collect(),
        Json::Object(map) if first == "*" => map.values().flat_map(|item| at(item, rest)).collect(),
        _ => value.get(first).map(|member| at(member, rest)).unwrap_or_default(),
    }
}

fn same_members(old: &[Json], new: &[Json]) -> bool {
    let mut rest: Vec<&Json> = new.iter().collect();
    old.len() == new.len()
        && old.iter().all(|item| match rest.iter().position(|other| same(item, other)) {
            Some(at) => {
                rest.swap_remove(at);
                true
            }
            None => false,
        })
}

/// Old and new indices of items with the same identity, and whether they are in the same order. `None` when the two
/// lists do not have the same identities, each once.
fn pairs_by_identity(old: &[Json], new: &[Json]) -> Option<(Vec<(usize, usize)>, bool)> {
    let member = IDENTITIES.iter().find(|name| new.iter().all(|item| item.get(**name).is_some_and(Json::is_string)))?;
    let identity = |item: &Json| item.get(*member).and_then(Json::as_str).map(str::to_owned);
    let (old, new): (Vec<_>, Vec<_>) = (old.iter().map(identity).collect(), new.iter().map(identity).collect());
    let once = |list: &[Option<String>]| list.iter().collect::<std::collections::HashSet<_>>().len() == list.len();
    if old.len() != new.len() || !once(&old) || !once(&new) {
        return None;
    }
    let pairs: Vec<(usize, usize)> = new
        .iter()
        .enumerate()
        .map(|(to, id)| Some((old.iter().position(|other| other == id)?, to)))
        .collect::<Option<_>>()?;
    let in_order = pairs.iter().all(|(from, to)| from == to);
    Some((pairs, in_order))
}

fn is_tags(items: &[Json]) -> bool {
    let tag = |item: &Json| {
        item.as_object().is_some_and(|map| map.len() == 2 && map.contains_key("Key") && map.contains_key("Value"))
    };
    items.iter().all(tag)
}
