//! One step of a patch: what puts one difference back.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::compare::Difference;
use super::same::{ORDERED, identity};
use crate::cfn::evaluate::is_known;

/// One change.
#[derive(Debug)]
pub(super) struct Step {
    /// JSON Pointer.
    pub pointer: String,
    /// Tests that go before it: pointer and value.
    pub tests: Vec<(String, Value)>,
    pub change: Change,
    pub region: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Change {
    Replace(Value),
    Add(Value),
    Append(Value),
    /// The item at an index, which is for the order: the last goes first.
    Remove(usize),
    /// A member that nobody has declared.
    Drop,
}
/// What CloudFormation puts in the place of a reference to a secret or a parameter, and the Cloud Control API does not.
const DYNAMIC: &str = "{{resolve:";
/// Whether the Cloud Control API takes a value for what it says.
pub(crate) fn can_be_written(value: &Value) -> bool {
    fn is_dynamic(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains(DYNAMIC),
            Value::Array(items) => items.iter().any(is_dynamic),
            Value::Object(members) => members.values().any(is_dynamic),
            _ => false,
        }
    }
    is_known(value) && !is_dynamic(value)
}
/// A name in a JSON Pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Where a walk along the path of a difference is.
struct At<'a> {
    pointer: String,
    region: Vec<String>,
    tests: Vec<(String, Value)>,
    declared: Option<&'a Value>,
    live: &'a Value,
}

impl At<'_> {
    fn becomes(self, change: Change) -> Option<Step> {
        let is_whole = match &change {
            Change::Replace(value) | Change::Add(value) | Change::Append(value) => can_be_written(value),
            Change::Remove(_) | Change::Drop => true,
        };
        is_whole.then_some(Step { pointer: self.pointer, tests: self.tests, change, region: self.region })
    }

    /// What is there becomes what is declared.
    fn replaced(mut self) -> Option<Step> {
        let value = self.declared?.clone();
        self.tests.push((self.pointer.clone(), self.live.clone()));
        self.becomes(Change::Replace(value))
    }

    /// What is there goes.
    fn dropped(mut self) -> Option<Step> {
        self.tests.push((self.pointer.clone(), self.live.clone()));
        self.becomes(Change::Drop)
    }

    /// The item at an index goes.
    fn without(mut self, index: usize) -> Option<Step> {
        self.pointer = format!("{}/{index}", self.pointer);
        self.tests.push((self.pointer.clone(), self.live.get(index)?.clone()));
        self.becomes(Change::Remove(index))
    }

    fn with(mut self, item: &Value) -> Option<Step> {
        self.pointer.push_str("/-");
        self.becomes(Change::Append(item.clone()))
    }
}

/// What puts one difference back. `taken` are the items of lists that others change.
pub(super) fn step(
    declared: &Value,
    live: &Value,
    difference: &Difference,
    taken: &mut BTreeSet<String>,
) -> Option<Step> {
    let mut at = At { pointer: String::new(), region: Vec::new(), tests: Vec::new(), declared: Some(declared), live };
    let mut parts = difference.path.iter().peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match at.live {
            Value::Object(members) => {
                at.pointer = format!("{}/{}", at.pointer, escaped(part));
                at.region.push(part.clone());
                at.declared = at.declared.and_then(|value| value.get(part));
                match members.get(part).filter(|value| !value.is_null()) {
                    Some(inner) => at.live = inner,
                    None => {
                        let value = at.declared?.clone();
                        return at.becomes(Change::Add(value));
                    }
                }
            }
            Value::Array(there) => {
                let wanted = at.declared.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let named = |items: &[Value], key: &str| {
                    items.iter().position(|item| item.get(key).and_then(Value::as_str) == Some(part.as_str()))
                };
                let is_ordered = at.region.last().is_some_and(|name| ORDERED.contains(&name.as_str()));
                if is_ordered {
                    let index = part.parse::<usize>().ok().filter(|_| wanted.len() == there.len());
                    match index.and_then(|index| there.get(index)) {
                        Some(inner) => {
                            at.pointer = format!("{}/{part}", at.pointer);
                            at.region.push(part.clone());
                            at.declared = part.parse::<usize>().ok().and_then(|index| wanted.get(index));
                            at.live = inner;
                        }
                        None => return at.replaced(),
                    }
                    continue;
                }
                if let Some(key) = identity(wanted, there) {
                    let wanted = named(wanted, key).and_then(|index| wanted.get(index));
                    at.region.push(part.clone());
                    match (named(there, key), wanted) {
                        (Some(index), Some(item)) => {
                            at.pointer = format!("{}/{index}", at.pointer);
                            // The list may come in another order the next time.
                            at.tests.push((format!("{}/{key}", at.pointer), json!(part)));
                            at.live = there.get(index)?;
                            at.declared = Some(item);
                        }
                        (None, Some(item)) => return at.with(item),
                        (Some(index), None) => return at.without(index),
                        (None, None) => return None,
                    }
                    continue;
                }
                return in_set(at, there, difference, is_last, taken);
            }
            // A document as the text of its JSON, or something of another kind.
            _ => return at.replaced(),
        }
    }
    match (at.live, &difference.expected) {
        (_, None) if at.declared.is_none() => at.dropped(),
        // Something was added to a list whose items have no names.
        (Value::Array(there), None) => in_set(at, there, difference, true, taken),
        _ => at.replaced(),
    }
}

/// A list whose items have neither names nor an order: the item that differs, where it is found, or else the whole list.
/// Of equal items each is another one.
fn in_set(
    at: At<'_>,
    there: &[Value],
    difference: &Difference,
    is_item: bool,
    taken: &mut BTreeSet<String>,
) -> Option<Step> {
    let Difference { expected, actual, .. } = difference;
    let is_free = |index: usize| !taken.contains(&format!("{}/{index}", at.pointer));
    let position = actual
        .as_ref()
        .and_then(|actual| there.iter().enumerate().position(|(index, item)| item == actual && is_free(index)));
    if let Some(index) = position.filter(|_| is_item) {
        taken.insert(format!("{}/{index}", at.pointer));
    }
    match (is_item, expected, actual, position) {
        (true, None, Some(_), Some(index)) => at.without(index),
        (true, Some(expected), None, _) => at.with(expected),
        (true, Some(expected), Some(actual), Some(index)) => {
            let mut at = at;
            at.pointer = format!("{}/{index}", at.pointer);
            at.tests.push((at.pointer.clone(), actual.clone()));
            at.region.extend(difference.path.last().cloned());
            at.becomes(Change::Replace(expected.clone()))
        }
        _ => at.replaced(),
    }
}
