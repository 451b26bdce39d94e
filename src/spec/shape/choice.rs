//! Choices: exactly one of several words or alternatives.

use indexmap::IndexMap;
use serde_json::{Map as JsonMap, Value as Json};

use super::{Checker, Shape, ShapeId, words};
use crate::diagnostics::Diagnostic;
use crate::spec::codes;
use crate::yaml::{Map, Node, Place, Value};

impl<'a> Checker<'a> {
    pub(super) fn choice(
        &mut self,
        words: &'a [String],
        alternatives: &'a IndexMap<String, ShapeId>,
        node: &Node,
        key: Option<Place>,
    ) -> Option<Json> {
        match &node.value {
            Value::Map(map) => self.alternative(words, alternatives, map, node, key),
            Value::Scalar(found) if words.contains(&found.text) => Some(Json::String(found.text.clone())),
            Value::Scalar(found) if !found.is_null() => {
                self.word_for_alternative(words, alternatives, &found.text, node)
            }
            _ => {
                let names = names(words, alternatives);
                self.wrong_type(&format!("a map with exactly one of {names}"), node, key)
            }
        }
    }

    fn alternative(
        &mut self,
        words: &'a [String],
        alternatives: &'a IndexMap<String, ShapeId>,
        map: &Map,
        node: &Node,
        key: Option<Place>,
    ) -> Option<Json> {
        let mut values = JsonMap::new();
        let mut failed = false;
        let mut first: Option<(&str, Place)> = None;
        for (name, member) in map {
            let Some(shape) = alternatives.get(name) else {
                let help = self.help_for_unknown(words, alternatives, name);
                self.report_unknown(name, member, help);
                failed = true;
                continue;
            };
            if let Some((other, place)) = first {
                let message = format!("{} takes one of `{other}` and `{name}`, not both", self.subject());
                let finding = Diagnostic::error(codes::SEVERAL_ALTERNATIVES, message);
                self.report_key(finding.with_help(format!("remove `{other}` or `{name}`")), member.key, name);
                self.relate(place, &format!("`{other}` is here"));
                failed = true;
            }
            first = first.or(Some((name, member.key)));
            match self.below(name, &member.node, *shape, Some(member.key)) {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => failed = true,
            }
        }
        if first.is_none() && !failed {
            let message = format!("{} needs exactly one of {}", self.subject(), names(words, alternatives));
            let name = alternatives.keys().next().map_or("", String::as_str);
            let finding =
                Diagnostic::error(codes::NO_ALTERNATIVE, message).with_help(format!("add `{name}:`, for example"));
            self.report(finding, key.unwrap_or_else(|| node.head()));
            return None;
        }
        (!failed).then_some(Json::Object(values))
    }

    fn help_for_unknown(&self, words: &[String], alternatives: &IndexMap<String, ShapeId>, name: &str) -> String {
        if let Some(word) = words.iter().find(|word| *word == name) {
            return format!("write `{word}` alone, without a map");
        }
        if let Some(meant) = words::did_you_mean(name, alternatives.keys().map(String::as_str)) {
            return format!("did you mean `{meant}`? Exactly one of: {}", names(words, alternatives));
        }
        let inside = alternatives.iter().find(|(_, id)| match self.shapes.get(**id) {
            Shape::Map(map) => map.properties.contains_key(name),
            _ => false,
        });
        match inside {
            Some((alternative, _)) => format!("`{name}` belongs under `{alternative}`"),
            None => format!("exactly one of: {}", names(words, alternatives)),
        }
    }

    /// A bare word where an alternative has settings of its own: `compute: fargate`.
    fn word_for_alternative(
        &mut self,
        words: &[String],
        alternatives: &IndexMap<String, ShapeId>,
        found: &str,
        node: &Node,
    ) -> Option<Json> {
        let all = || alternatives.keys().chain(words).map(String::as_str);
        let list = words::word_list(all());
        let help = match words::did_you_mean(found, all()) {
            Some(meant) if words.iter().any(|word| word == meant) => format!("did you mean `{meant}`? Values: {list}"),
            Some(meant) => {
                let name = self.subject().replace('`', "");
                format!("write `{name}: {{{meant}: {{}}}}`")
            }
            None => format!("exactly one of: {list}"),
        };
        let message = match alternatives.contains_key(found) {
            true => format!("`{found}` of {} takes a map", self.subject()),
            false => format!("`{found}` is no alternative of {}", self.subject()),
        };
        let code = if alternatives.contains_key(found) { codes::WRONG_TYPE } else { codes::UNKNOWN_VALUE };
        self.report(Diagnostic::error(code, message).with_help(help), node.place);
        None
    }
}

fn names(words: &[String], alternatives: &IndexMap<String, ShapeId>) -> String {
    words::word_list(words.iter().chain(alternatives.keys()).map(String::as_str))
}
