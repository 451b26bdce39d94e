//! Anchored values, what repeating them costs, and merge keys.

use std::collections::HashMap;

use super::{MAX_ALIASED_BYTES, Map, Node, Problem, Value};

/// What a value costs beside its text, in bytes: about its size in memory.
pub const NODE_BYTES: usize = 64;

/// The anchored values of a document.
#[derive(Default)]
pub(super) struct Anchors {
    values: HashMap<usize, Anchored>,
    aliased: usize,
}

struct Anchored {
    node: Node,
    bytes: usize,
    depth: usize,
}

impl Anchors {
    /// Keeps a value under its anchor. 0 is no anchor.
    pub(super) fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            let (bytes, depth) = measure(node);
            self.values.insert(anchor, Anchored { node: node.clone(), bytes, depth });
        }
    }

    /// The value of an alias and how deep it is.
    pub(super) fn repeat(&mut self, anchor: usize) -> Result<(Node, usize), Problem> {
        let anchored = self.values.get(&anchor).ok_or(Problem::AliasInItself)?;
        self.aliased += anchored.bytes;
        if self.aliased > MAX_ALIASED_BYTES {
            return Err(Problem::AliasBomb);
        }
        Ok((anchored.node.clone(), anchored.depth))
    }
}

/// Bytes of a value, and the lists and maps inside each other in it.
fn measure(node: &Node) -> (usize, usize) {
    match &node.value {
        Value::Scalar(scalar) => (NODE_BYTES + scalar.text.len(), 0),
        Value::List(items) => total(0, items.iter()),
        Value::Map(map) => total(map.keys().map(String::len).sum(), map.values().map(|member| &member.node)),
    }
}

fn total<'a>(keys: usize, children: impl Iterator<Item = &'a Node>) -> (usize, usize) {
    let (bytes, depth) =
        children.map(measure).fold((0, 0), |(bytes, depth), (more, deep)| (bytes + more, depth.max(deep)));
    (NODE_BYTES + keys + bytes, depth + 1)
}

/// Adds the members of merged maps that a map does not have itself. Earlier merged maps win over later ones.
pub(super) fn merge(members: &mut Map, merged: Vec<Map>) {
    for (key, member) in merged.into_iter().flatten() {
        members.entry(key).or_insert(member);
    }
}

/// The maps that a merge key names.
pub(super) fn merged_maps(node: Node) -> Option<Vec<Map>> {
    match node.value {
        Value::Map(map) => Some(vec![map]),
        Value::List(items) => items
            .into_iter()
            .map(|item| match item.value {
                Value::Map(map) => Some(map),
                _ => None,
            })
            .collect(),
        Value::Scalar(_) => None,
    }
}
