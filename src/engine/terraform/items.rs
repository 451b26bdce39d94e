//! Where two values of an argument differ: items of lists by their names, wherever they stand.

use serde_json::Value;

use super::plan::values::{is_nothing, of_key};
use crate::drift::{Naming, says_the_same};

/// A place where an argument is not what it was.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// From the resource; items of lists by their name, or else by their position.
    pub path: Vec<String>,
    /// The same by positions, as far as it was there before.
    pub position: Vec<String>,
    /// What was there; `None` where something was added.
    pub was: Option<Value>,
    /// What is there now.
    pub now: Option<Value>,
}

/// The places where an argument differs, as deep as both values look alike: the same in other words is no difference. Texts in
/// JSON have to be opened.
pub(super) fn places(argument: &str, was: &Value, now: &Value) -> Vec<Place> {
    let mut walk = Walk { path: Vec::new(), position: Vec::new(), found: Vec::new() };
    walk.at(argument, Some(argument), |walk| walk.value(argument, was, now));
    walk.found
}

struct Walk {
    path: Vec<String>,
    position: Vec<String>,
    found: Vec<Place>,
}

impl Walk {
    fn at(&mut self, name: &str, position: Option<&str>, work: impl FnOnce(&mut Self)) {
        let depth = self.position.len();
        self.path.push(name.to_owned());
        self.position.extend(position.map(ToOwned::to_owned));
        work(self);
        self.path.pop();
        self.position.truncate(depth);
    }

    fn differs(&mut self, was: Option<&Value>, now: Option<&Value>) {
        let there = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        let (path, position) = (self.path.clone(), self.position.clone());
        self.found.push(Place { path, position, was: there(was), now: there(now) });
    }

    /// `name` is that of the argument or member that has the value.
    fn value(&mut self, name: &str, was: &Value, now: &Value) {
        if was == now || (is_nothing(was) && is_nothing(now)) || says_the_same(name, was, now) {
            return;
        }
        match (was, now) {
            (Value::Object(old), Value::Object(new)) => {
                let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
                keys.sort_unstable();
                keys.dedup();
                for key in keys {
                    self.at(key, Some(key), |walk| walk.value(key, of_key(was, key), of_key(now, key)));
                }
            }
            (Value::Array(old), Value::Array(new)) => self.list(name, (was, old.as_slice()), (now, new.as_slice())),
            _ => self.differs(Some(was), Some(now)),
        }
    }

    fn list(&mut self, name: &str, (was, old): (&Value, &[Value]), (now, new): (&Value, &[Value])) {
        if let Some(naming) = Naming::of(name, old, new) {
            let find = |items: &[Value], wanted: &Option<String>| {
                items.iter().find(|item| naming.name(item) == *wanted).cloned()
            };
            for (index, item) in old.iter().enumerate() {
                let own = naming.name(item);
                let other = find(new, &own);
                let index = index.to_string();
                self.at(&own.unwrap_or_default(), Some(&index), |walk| match &other {
                    Some(other) => walk.value(name, item, other),
                    None => walk.differs(Some(item), None),
                });
            }
            for item in new {
                let own = naming.name(item);
                if find(old, &own).is_none() {
                    self.at(&own.unwrap_or_default(), None, |walk| walk.differs(None, Some(item)));
                }
            }
            return;
        }
        if old.len() != new.len() || !old.iter().all(Value::is_object) {
            return self.differs(Some(was), Some(now));
        }
        for (index, (old, new)) in old.iter().zip(new).enumerate() {
            let index = index.to_string();
            self.at(&index, Some(&index), |walk| walk.value(name, old, new));
        }
    }
}

/// The arguments and members along a path, without the items of lists: two paths of the same are equal, whichever items they
/// mean and whether those go by name or by position. `sides` are values that the path leads into. The tags that the provider
/// adds are tags.
pub(super) fn attributes(path: &[String], sides: &[&Value]) -> Vec<String> {
    let mut at: Vec<&Value> = sides.to_vec();
    let mut found = Vec::new();
    for part in path {
        if at.iter().any(|value| value.is_array()) {
            at = at.into_iter().filter_map(Value::as_array).flatten().collect();
            continue;
        }
        at = at.into_iter().filter_map(|value| value.get(part)).collect();
        // Where neither side has it, a number is a position.
        if !at.is_empty() || part.parse::<usize>().is_err() {
            found.push(if part == "tags_all" { "tags".to_owned() } else { part.clone() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn between(argument: &str, was: Value, now: Value) -> Vec<(String, String, Option<Value>, Option<Value>)> {
        let found = places(argument, &was, &now).into_iter();
        found.map(|one| (one.path.join("."), one.position.join("."), one.was, one.now)).collect()
    }

    fn rule(name: &str, priority: u32) -> Value {
        json!({"name": name, "priority": priority, "action": [{"block": [{}]}]})
    }

    #[test]
    fn an_item_that_is_gone_is_told_by_its_name_and_moves_no_other() {
        let (was, now) = (json!([rule("a", 0), rule("b", 1), rule("c", 2)]), json!([rule("a", 0), rule("c", 2)]));
        assert_eq!(between("rule", was, now), [("rule.b".into(), "rule.1".into(), Some(rule("b", 1)), None)]);
    }

    #[test]
    fn an_item_that_was_added_in_front_is_told_by_its_name() {
        let (was, now) = (json!([rule("b", 1)]), json!([rule("a", 0), rule("b", 1)]));
        assert_eq!(between("rule", was, now), [("rule.a".into(), "rule".into(), None, Some(rule("a", 0)))]);
        assert_eq!(between("rule", json!([]), json!([rule("a", 0)])).len(), 1);
    }

    #[test]
    fn of_an_item_that_stands_elsewhere_only_what_differs_is_told() {
        let (was, now) = (json!([rule("a", 0), rule("b", 1)]), json!([rule("b", 5), rule("a", 0)]));
        let place = ("rule.b.priority".into(), "rule.1.priority".into(), Some(json!(1)), Some(json!(5)));
        assert_eq!(between("rule", was, now), [place]);
    }

    #[test]
    fn a_rule_of_a_security_group_that_somebody_added_is_told_by_what_it_lets_through() {
        let rule =
            |port: u32| json!({"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]});
        let found = between("ingress", json!([rule(443)]), json!([rule(22), rule(443)]));
        assert_eq!(found, [("ingress.tcp 22 0.0.0.0/0".into(), "ingress".into(), None, Some(rule(22)))]);
    }

    #[test]
    fn items_without_a_name_are_told_by_their_position_and_lists_of_other_lengths_as_a_whole() {
        let path = |value: &str| json!([{"path_pattern": [{"values": [value]}]}]);
        let found = between("condition", path("/a"), path("/b"));
        assert_eq!(found[0].0, "condition.0.path_pattern.0.values");
        assert_eq!(between("condition", path("/a"), json!([{}, {}]))[0].0, "condition");
    }

    #[test]
    fn a_variable_of_a_container_is_told_by_both_names() {
        let of =
            |value: &str| json!([{"name": "a"}, {"name": "litellm", "environment": [{"name": "LOG", "value": value}]}]);
        let found = between("container_definitions", of("INFO"), of("DEBUG"));
        assert_eq!(found[0].0, "container_definitions.litellm.environment.LOG.value");
        assert_eq!(found[0].1, "container_definitions.1.environment.0.value");
    }

    #[test]
    fn a_tag_that_is_gone_is_told_by_its_key() {
        let found = between("tags", json!({"Name": "a", "team": "b"}), json!({"Name": "a"}));
        assert_eq!(found, [("tags.team".into(), "tags.team".into(), Some(json!("b")), None)]);
    }

    #[test]
    fn a_path_by_name_has_the_same_attributes_as_one_by_position() {
        let side = json!({"rule": [{"name": "a", "action": [{"block": {}}]}]});
        let of = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            attributes(&path, &[&side])
        };
        assert_eq!(of(&["rule", "a", "action", "0", "block"]), ["rule", "action", "block"]);
        assert_eq!(of(&["rule", "0", "action", "0", "count"]), ["rule", "action", "count"]);
        assert_eq!(of(&["tags_all", "team"]), ["tags", "team"]);
        assert_eq!(of(&["gone", "3", "port"]), ["gone", "port"]);
    }
}
