//! Functions of lists, sets and maps.

use std::collections::BTreeMap;

use super::{Outcome, Value};

/// The outcome, `None` when the function is none of these.
pub(super) fn apply(name: &str, arguments: &[Value]) -> Option<Outcome> {
    Some(match (name, arguments) {
        ("tolist" | "tomap" | "toset", [value]) if value.is_symbol() => Outcome::Symbolic,
        ("tolist", [Value::List(items)]) => Outcome::Known(Value::List(items.clone())),
        ("toset", [Value::List(items)]) => Outcome::Known(Value::List(set(items))),
        ("tomap", [value @ Value::Object(_)]) => Outcome::Known(value.clone()),
        ("concat", lists) => lists_of(lists, |lists| Some(Value::List(lists.concat()))),
        ("setunion", lists) => lists_of(lists, |lists| Some(Value::List(set(&lists.concat())))),
        ("setintersection" | "setsubtract", [first, second]) => compared(name, first, second),
        ("merge", maps) => merge(maps),
        ("keys", [Value::Object(members)]) => {
            Outcome::Known(Value::List(members.keys().cloned().map(Value::Text).collect()))
        }
        ("values", [Value::Object(members)]) => Outcome::Known(Value::List(members.values().cloned().collect())),
        ("lookup", [Value::Object(members), key, default @ ..]) => match key.to_text() {
            Some(_) if key.has_symbol() => Outcome::Symbolic,
            Some(key) => members.get(&key).or_else(|| default.first()).cloned().into(),
            None => Outcome::Refused,
        },
        ("length", [value]) => match value {
            Value::List(items) => Outcome::Known(Value::number(items.len() as f64)),
            Value::Object(members) => Outcome::Known(Value::number(members.len() as f64)),
            Value::Text(text) if !text.contains("${") => Outcome::Known(Value::number(text.chars().count() as f64)),
            _ => Outcome::Symbolic,
        },
        ("one", [Value::List(items)]) => match items.as_slice() {
            [] => Outcome::Known(Value::Null),
            [only] => Outcome::Known(only.clone()),
            _ => Outcome::Refused,
        },
        ("sort", [Value::List(items)]) => sorted(items),
        ("reverse", [Value::List(items)]) => Outcome::Known(Value::List(items.iter().rev().cloned().collect())),
        ("distinct", [Value::List(items)]) => Outcome::Known(Value::List(distinct(items))),
        ("flatten", [Value::List(items)]) => Outcome::Known(Value::List(flatten(items))),
        ("compact", [Value::List(items)]) => {
            let empty = |item: &&Value| !matches!(item, Value::Null) && item.to_text().as_deref() != Some("");
            Outcome::Known(Value::List(items.iter().filter(empty).cloned().collect()))
        }
        ("coalesce", values) => {
            // Whether a symbol is null or empty is not known.
            let empty = |value: &&Value| matches!(value, Value::Null) || **value == Value::Text(String::new());
            match values.iter().find(|value| !empty(value)) {
                Some(symbol) if symbol.is_symbol() => Outcome::Symbolic,
                found => found.cloned().into(),
            }
        }
        ("coalescelist", lists) => {
            lists_of(lists, |lists| lists.into_iter().find(|it| !it.is_empty()).map(Value::List))
        }
        ("contains", [Value::List(items), value]) => {
            if items.contains(value) {
                Outcome::Known(Value::Bool(true))
            } else if value.has_symbol() || items.iter().any(Value::has_symbol) {
                Outcome::Symbolic
            } else {
                Outcome::Known(Value::Bool(false))
            }
        }
        ("index", [Value::List(items), value]) => {
            let found = items.iter().position(|item| item == value);
            if items.iter().any(Value::has_symbol) && found.is_none() {
                return Some(Outcome::Symbolic);
            }
            found.map(|at| Value::number(at as f64)).into()
        }
        ("element", [Value::List(items), at]) => match at.as_count() {
            Some(at) if !items.is_empty() => items.get(at % items.len()).cloned().into(),
            _ => Outcome::Symbolic,
        },
        ("slice", [Value::List(items), start, end]) => match (start.as_count(), end.as_count()) {
            (Some(start), Some(end)) => items.get(start..end).map(|part| Value::List(part.to_vec())).into(),
            _ => Outcome::Symbolic,
        },
        ("zipmap", [Value::List(keys), Value::List(values)]) if keys.len() == values.len() => {
            let keys = keys.iter().map(Value::to_text);
            let members = keys.zip(values).map(|(key, value)| Some((key?, value.clone())));
            members.collect::<Option<_>>().map(Value::Object).into()
        }
        ("range", limits) => range(limits),
        ("alltrue", [Value::List(items)]) => bools(items, |bools| bools.iter().all(|bool| *bool)),
        ("anytrue", [Value::List(items)]) => bools(items, |bools| bools.iter().any(|bool| *bool)),
        _ => return None,
    })
}

fn lists_of(values: &[Value], apply: impl FnOnce(Vec<Vec<Value>>) -> Option<Value>) -> Outcome {
    let lists: Option<Vec<Vec<Value>>> = values.iter().map(|it| it.as_list().map(<[Value]>::to_vec)).collect();
    match lists {
        Some(lists) => apply(lists).into(),
        None if values.iter().any(Value::is_symbol) => Outcome::Symbolic,
        None => Outcome::Refused,
    }
}

fn distinct(items: &[Value]) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    found
}

/// A set, in Terraform's order: numbers by size, text by bytes.
fn set(items: &[Value]) -> Vec<Value> {
    let mut items = distinct(items);
    items.sort_by(|a, b| match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(std::cmp::Ordering::Equal)
        }
        (a, b) => a.show().cmp(&b.show()),
    });
    items
}

fn compared(name: &str, first: &Value, second: &Value) -> Outcome {
    let (Some(first), Some(second)) = (first.as_list(), second.as_list()) else { return Outcome::Symbolic };
    if first.iter().chain(second).any(Value::has_symbol) {
        return Outcome::Symbolic;
    }
    let keep = name == "setintersection";
    let items: Vec<Value> = first.iter().filter(|item| second.contains(item) == keep).cloned().collect();
    Outcome::Known(Value::List(set(&items)))
}

fn merge(maps: &[Value]) -> Outcome {
    let mut merged = BTreeMap::new();
    for map in maps {
        match map {
            Value::Object(members) => merged.extend(members.clone()),
            Value::Null => {}
            symbol if symbol.is_symbol() => return Outcome::Symbolic,
            _ => return Outcome::Refused,
        }
    }
    Outcome::Known(Value::Object(merged))
}

fn sorted(items: &[Value]) -> Outcome {
    if items.iter().any(Value::has_symbol) {
        return Outcome::Symbolic;
    }
    let texts: Option<Vec<String>> = items.iter().map(Value::to_text).collect();
    texts
        .map(|mut texts| {
            texts.sort();
            Value::List(texts.into_iter().map(Value::Text).collect())
        })
        .into()
}

fn flatten(items: &[Value]) -> Vec<Value> {
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::List(inner) => flat.extend(flatten(inner)),
            other => flat.push(other.clone()),
        }
    }
    flat
}

fn range(limits: &[Value]) -> Outcome {
    let numbers: Option<Vec<f64>> = limits.iter().map(Value::as_f64).collect();
    let Some(numbers) = numbers else { return Outcome::Symbolic };
    let (start, end, step) = match numbers.as_slice() {
        [end] => (0.0, *end, if *end < 0.0 { -1.0 } else { 1.0 }),
        [start, end] => (*start, *end, if end < start { -1.0 } else { 1.0 }),
        [start, end, step] => (*start, *end, *step),
        _ => return Outcome::Refused,
    };
    // Terraform's own limit.
    const MOST: usize = 1024;
    let mut items = Vec::new();
    let mut next = start;
    while (step > 0.0 && next < end) || (step < 0.0 && next > end) {
        if items.len() == MOST {
            return Outcome::Refused;
        }
        items.push(Value::number(next));
        next += step;
    }
    Outcome::Known(Value::List(items))
}

fn bools(items: &[Value], decide: impl FnOnce(&[bool]) -> bool) -> Outcome {
    let bools: Option<Vec<bool>> = items.iter().map(Value::as_bool).collect();
    bools.map_or(Outcome::Symbolic, |bools| Outcome::Known(Value::Bool(decide(&bools))))
}
