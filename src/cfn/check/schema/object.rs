//! Maps: known, required and conflicting properties.

use serde_json::Value as Json;

use super::{Step, Validator};
use crate::cfn::check::suggestion::did_you_mean;
use crate::cfn::codes;
use crate::cfn::registry::keyword_of;
use crate::cfn::template::{Map, Node};

/// Whether a value is there once functions are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Certain,
    /// One branch of an `Fn::If` is AWS::NoValue.
    Possible,
    Absent,
}

pub(super) fn presence(node: &Node) -> Presence {
    match node.as_intrinsic() {
        Some(("Ref", name)) if name.as_str() == Some("AWS::NoValue") => Presence::Absent,
        Some(("Fn::If", arguments)) => match arguments.as_list() {
            Some([_, yes, no]) => match (presence(yes), presence(no)) {
                (Presence::Certain, Presence::Certain) => Presence::Certain,
                (Presence::Absent, Presence::Absent) => Presence::Absent,
                _ => Presence::Possible,
            },
            _ => Presence::Certain,
        },
        _ => Presence::Certain,
    }
}

/// Whether all members of a map are certain to be there.
pub(super) fn is_certain(node: &Node) -> bool {
    node.as_map().is_none_or(|map| map.values().all(|member| presence(&member.node) == Presence::Certain))
}

fn present(map: &Map, name: &str) -> Presence {
    map.get(name).map_or(Presence::Absent, |member| presence(&member.node))
}

fn names<'a>(schema: &'a Json, keyword: &str) -> Vec<&'a str> {
    keyword_of(schema, keyword).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

impl<'a> Validator<'a, '_> {
    pub(super) fn object(&mut self, node: &'a Node, map: &'a Map, schema: &'a Json) {
        self.members(map, schema);
        // A macro may add what is missing.
        if map.contains_key("Fn::Transform") {
            return;
        }
        self.required(node, map, schema);
        self.groups(node, map, schema);
        self.dependents(map, schema);
        let least = keyword_of(schema, "minProperties").and_then(Json::as_u64).unwrap_or(0);
        if (map.len() as u64) < least {
            self.error(codes::SIZE, node.place, format!("{} takes at least {least} members", self.described()));
        }
    }

    fn members(&mut self, map: &'a Map, schema: &'a Json) {
        let properties = keyword_of(schema, "properties").and_then(Json::as_object);
        let patterns = keyword_of(schema, "patternProperties").and_then(Json::as_object);
        let additional = keyword_of(schema, "additionalProperties");
        for (key, member) in map {
            self.path.push(Step::Key(key));
            if let Some(property) = properties.and_then(|properties| properties.get(key)) {
                self.value(&member.node, property);
            } else if let Some(property) = patterns.and_then(|patterns| self.matching(key, patterns)) {
                self.value(&member.node, property);
            } else if let Some(property) = additional.filter(|schema| schema.is_object()) {
                self.value(&member.node, property);
            } else if additional == Some(&Json::Bool(false)) && key != "Fn::Transform" {
                let known = properties.into_iter().flat_map(|properties| properties.keys().map(String::as_str));
                let help = did_you_mean(key, known);
                self.path.pop();
                let message = format!("{} has no property `{key}`", self.described());
                self.path.push(Step::Key(key));
                self.error(codes::UNKNOWN_PROPERTY, member.key, message);
                self.help(help);
            }
            self.path.pop();
        }
    }

    fn matching(&mut self, key: &str, patterns: &'a serde_json::Map<String, Json>) -> Option<&'a Json> {
        // A pattern that cannot be compiled lets every key pass.
        patterns
            .iter()
            .find(|(pattern, _)| self.patterns.matches(pattern, key) != Some(false))
            .map(|(_, schema)| schema)
    }

    fn required(&mut self, node: &Node, map: &Map, schema: &'a Json) {
        for name in names(schema, "required") {
            if present(map, name) == Presence::Absent {
                let message = format!("{} needs the property `{name}`", self.described());
                self.error(codes::MISSING_PROPERTY, node.place, message);
            }
        }
    }

    fn groups(&mut self, node: &Node, map: &Map, schema: &'a Json) {
        for (keyword, only_one) in [("requiredXor", true), ("requiredOr", false)] {
            let group = names(schema, keyword);
            if group.is_empty() {
                continue;
            }
            let count = |wanted| group.iter().filter(|name| present(map, name) == wanted).count();
            let (certain, possible) = (count(Presence::Certain), count(Presence::Possible));
            if certain + possible == 0 {
                let message = format!("{} needs one of {}", self.described(), group.join(", "));
                self.error(codes::GROUP, node.place, message);
            } else if only_one && certain > 1 {
                let message = format!("{} can have only one of {}", self.described(), group.join(", "));
                self.error(codes::GROUP, node.place, message);
            }
        }
    }

    fn dependents(&mut self, map: &Map, schema: &'a Json) {
        let rules = |keyword: &str| keyword_of(schema, keyword).and_then(Json::as_object).into_iter().flatten();
        let needed = rules("dependentRequired").chain(rules("dependencies")).map(|rule| (rule, true));
        let excluded = rules("dependentExcluded").map(|rule| (rule, false));
        for ((name, others), wanted) in needed.chain(excluded) {
            let Some(member) = map.get(name).filter(|member| presence(&member.node) == Presence::Certain) else {
                continue;
            };
            for other in others.as_array().into_iter().flatten().filter_map(Json::as_str) {
                match (wanted, present(map, other)) {
                    (true, Presence::Absent) => {
                        self.error(codes::GROUP, member.key, format!("`{name}` needs `{other}` beside it"));
                    }
                    (false, Presence::Certain) => {
                        self.error(codes::GROUP, member.key, format!("`{name}` and `{other}` exclude each other"));
                    }
                    _ => {}
                }
            }
        }
    }
}
