//! Maps: unknown keys, missing keys, keys that the user names.

use serde_json::{Map as JsonMap, Value as Json};

use super::{Checker, MapShape, Rest, Shape, words};
use crate::diagnostics::Diagnostic;
use crate::spec::codes;
use crate::yaml::{Map, Member, Node, Place};

impl<'a> Checker<'a> {
    pub(super) fn map(&mut self, shape: &'a MapShape, map: &Map, node: &Node, key: Option<Place>) -> Option<Json> {
        let mut values = Some(JsonMap::with_capacity(map.len()));
        for (name, member) in map {
            let value = match (shape.properties.get(name), &shape.rest) {
                (Some(property), _) => self.below(name, &member.node, *property, Some(member.key)),
                (None, Some(rest)) => self.named_by_user(rest, name, member),
                // The rest can be read without it, and is checked.
                (None, None) => {
                    self.unknown_key(shape, name, member);
                    continue;
                }
            };
            values = values.zip(value).map(|(mut values, value)| {
                values.insert(name.clone(), value);
                values
            });
        }
        for missing in shape.required.iter().filter(|name| !map.contains_key(*name)) {
            values = None;
            self.missing_key(shape, missing, node, key);
        }
        values.map(Json::Object)
    }

    fn named_by_user(&mut self, rest: &'a Rest, name: &str, member: &Member) -> Option<Json> {
        if let Some(pattern) = &rest.key
            && !self.matches(pattern, name)
        {
            let expectation = pattern.expectation.as_deref().unwrap_or(&pattern.regex);
            let message = format!("the key `{name}` must be {expectation}");
            self.report_key(Diagnostic::error(codes::MALFORMED, message), member.key, name);
            return None;
        }
        self.below(name, &member.node, rest.value, Some(member.key))
    }

    fn unknown_key(&mut self, shape: &MapShape, name: &str, member: &Member) {
        let valid = || shape.properties.keys().map(String::as_str);
        let help = if let Some(meant) = words::did_you_mean(name, valid()) {
            format!("did you mean `{meant}`?")
        } else if let Some(child) = self.child_with(shape, name) {
            format!("`{name}` belongs under `{child}`")
        } else if shape.properties.is_empty() {
            "this takes no keys: write `{}`".to_owned()
        } else {
            format!("valid keys here: {}", words::word_list(valid()))
        };
        self.report_unknown(name, member, help);
    }

    pub(super) fn report_unknown(&mut self, name: &str, member: &Member, help: String) {
        let message = match self.subject().as_str() {
            "the spec" => format!("the spec has no key `{name}`"),
            subject => format!("{subject} has no key `{name}`"),
        };
        let finding = Diagnostic::error(codes::UNKNOWN_KEY, message).with_label("unknown key").with_help(help);
        self.report_key(finding, member.key, name);
    }

    /// The key below which that name would be right: `fargate` for `compute.cpu`.
    fn child_with(&self, shape: &'a MapShape, name: &str) -> Option<&'a str> {
        let has = |shape: &Shape| match shape {
            Shape::Map(map) => map.properties.contains_key(name),
            Shape::Choice { alternatives, .. } => alternatives.contains_key(name),
            _ => false,
        };
        shape.properties.iter().find(|(_, id)| has(self.shapes.get(**id))).map(|(key, _)| key.as_str())
    }

    fn missing_key(&mut self, shape: &MapShape, missing: &str, node: &Node, key: Option<Place>) {
        let expected = shape.properties.get(missing).map(|id| self.expected(self.shapes.get(*id)));
        let message = format!("{} needs the key `{missing}`", self.subject());
        let help = match expected {
            Some(expected) => format!("add `{missing}:` with {expected}"),
            None => format!("add `{missing}:`"),
        };
        let finding = Diagnostic::error(codes::MISSING_KEY, message).with_help(help);
        self.report_key(finding, key.unwrap_or_else(|| node.head()), missing);
    }
}
