//! Where each key and value of a loaded spec is.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::Span;
use crate::yaml::{Node, Place, Value};

/// Places by dotted path, list items by their index: `models.0.bedrock.model`. Keys that have their default are in no
/// file, and so have none.
#[derive(Debug, Clone, Default)]
pub struct SpanIndex {
    file: Arc<str>,
    places: HashMap<String, Places>,
}

#[derive(Debug, Clone, Copy)]
struct Places {
    key: Option<Place>,
    value: Place,
    head: Place,
}

impl SpanIndex {
    pub(crate) fn new(file: Arc<str>, root: &Node) -> Self {
        let mut index = Self { file, places: HashMap::new() };
        index.add(&mut String::new(), root, None);
        index
    }

    fn add(&mut self, path: &mut String, node: &Node, key: Option<Place>) {
        self.places.insert(path.clone(), Places { key, value: node.place, head: node.head() });
        let length = path.len();
        let mut child = |name: &str, node: &Node, key: Option<Place>| {
            if length > 0 {
                path.push('.');
            }
            path.push_str(name);
            self.add(path, node, key);
            path.truncate(length);
        };
        match &node.value {
            Value::Map(map) => map.iter().for_each(|(name, member)| child(name, &member.node, Some(member.key))),
            Value::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| child(&index.to_string(), item, None));
            }
            Value::Scalar(_) => {}
        }
    }

    /// Where the value at a path is, the whole of it.
    pub fn value(&self, path: &str) -> Option<Span> {
        self.places.get(path).map(|places| places.value.in_file(&self.file))
    }

    /// Where the key at a path is. List items have none.
    pub fn key(&self, path: &str) -> Option<Span> {
        self.places.get(path).and_then(|places| places.key).map(|place| place.in_file(&self.file))
    }

    /// A short place for findings about a path: its value when that is a single line, else its key; for a path that is
    /// not in the file, the key of the longest parent that is.
    pub fn nearest(&self, path: &str) -> Option<Span> {
        if let Some(places) = self.places.get(path) {
            let single_line = places.value.start.line == places.value.end.line;
            let place = if single_line { places.value } else { places.key.unwrap_or(places.head) };
            return Some(place.in_file(&self.file));
        }
        let mut parent = path;
        loop {
            parent = parent.rsplit_once('.').map_or("", |(parent, _)| parent);
            if let Some(places) = self.places.get(parent) {
                return Some(places.key.unwrap_or(places.head).in_file(&self.file));
            }
            if parent.is_empty() {
                return None;
            }
        }
    }

    /// The longest part of a path that the user wrote. `None`: nothing of it.
    pub fn written<'p>(&self, path: &'p str) -> Option<&'p str> {
        let parents = std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(parent, _)| parent));
        parents.into_iter().find(|path| self.places.contains_key(*path))
    }

    /// Whether the user wrote something at a path.
    pub fn contains(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }
}
