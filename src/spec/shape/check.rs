//! The walk over a tree and its shape.

use std::collections::HashMap;
use std::sync::Arc;

use regex_lite::Regex;
use serde_json::Value as Json;

use super::{Length, Pattern, Shape, ShapeId, Shapes, scalar, words};
use crate::diagnostics::Diagnostic;
use crate::spec::codes;
use crate::yaml::{Node, Place, Value};

/// Regular expressions that were needed once and are compiled.
pub type Patterns<'a> = HashMap<&'a str, Option<Regex>>;

/// Checks trees of one file against shapes and collects findings.
pub struct Checker<'a> {
    pub(super) shapes: &'a Shapes,
    file: &'a Arc<str>,
    patterns: Patterns<'a>,
    path: Vec<String>,
    findings: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// A checker of one file.
    pub fn new(shapes: &'a Shapes, file: &'a Arc<str>) -> Self {
        Self { shapes, file, patterns: Patterns::new(), path: Vec::new(), findings: Vec::new() }
    }

    /// Checks a whole spec: its JSON, in which each scalar has the type of its key, and everything that does not have its
    /// shape. Unknown keys are findings, and are left out of the JSON; any other finding leaves none.
    pub fn check(&mut self, root: &Node) -> (Option<Json>, Vec<Diagnostic>) {
        let value = self.visit(root, self.shapes.root(), None);
        (value, std::mem::take(&mut self.findings))
    }

    /// Checks a value. `key` is the place of its key, if it has one.
    pub(super) fn visit(&mut self, node: &Node, shape: ShapeId, key: Option<Place>) -> Option<Json> {
        let shapes = self.shapes;
        match (shapes.get(shape), &node.value) {
            (Shape::Any, _) => Some(scalar::untyped(node)),
            (Shape::Either(shapes), _) => self.either(shapes, node, key),
            (Shape::Map(shape), Value::Map(map)) => self.map(shape, map, node, key),
            (Shape::List { items, length }, Value::List(nodes)) => self.list(*items, *length, nodes, node, key),
            (Shape::Choice { words, alternatives }, _) => self.choice(words, alternatives, node, key),
            (Shape::Text(shape), Value::Scalar(found)) if !found.is_null() => self.text(shape, &found.text, node),
            (Shape::Word(words), Value::Scalar(found)) if !found.is_null() => self.word(words, &found.text, node),
            (Shape::Whole(shape), Value::Scalar(found)) if !found.is_null() => self.whole(shape, found, node),
            (Shape::Number { least, most }, Value::Scalar(found)) if !found.is_null() => {
                self.number(*least, *most, found, node)
            }
            (Shape::Flag, Value::Scalar(found)) if !found.is_null() => self.flag(found, node),
            (shape, _) => self.wrong_type(&self.expected(shape), node, key),
        }
    }

    /// Visits a value below the current one.
    pub(super) fn below(&mut self, name: &str, node: &Node, shape: ShapeId, key: Option<Place>) -> Option<Json> {
        self.path.push(name.to_owned());
        let value = self.visit(node, shape, key);
        self.path.pop();
        value
    }

    fn list(
        &mut self,
        items: ShapeId,
        length: Length,
        nodes: &[Node],
        node: &Node,
        key: Option<Place>,
    ) -> Option<Json> {
        let mut values = Some(Vec::with_capacity(nodes.len()));
        for (index, item) in nodes.iter().enumerate() {
            let value = self.below(&index.to_string(), item, items, None);
            values = values.zip(value).map(|(mut values, value)| {
                values.push(value);
                values
            });
        }
        if let Some(reason) = out_of_length(nodes.len(), length, "item") {
            let place = if nodes.is_empty() { node.place } else { key.unwrap_or_else(|| node.head()) };
            let message = format!("{} must have {reason}", self.subject());
            self.report(Diagnostic::error(codes::WRONG_LENGTH, message).with_label(count(nodes.len(), "item")), place);
            return None;
        }
        values.map(Json::Array)
    }

    /// Picks the shape by the kind of the value; none fits: says all that would.
    fn either(&mut self, candidates: &[ShapeId], node: &Node, key: Option<Place>) -> Option<Json> {
        let shapes = self.shapes;
        let fits = |id: &&ShapeId| match (shapes.get(**id), &node.value) {
            (Shape::List { .. }, Value::List(_)) | (Shape::Map(_), Value::Map(_)) => true,
            (Shape::Whole(_), Value::Scalar(found)) => found.plain && scalar::whole(&found.text).is_some(),
            (Shape::Word(_) | Shape::Text(_), Value::Scalar(found)) => !found.is_null(),
            _ => false,
        };
        match candidates.iter().find(fits) {
            Some(id) => self.visit(node, *id, key),
            None => {
                let expected: Vec<String> = candidates.iter().map(|id| self.expected(shapes.get(*id))).collect();
                self.wrong_type(&expected.join(" or "), node, key)
            }
        }
    }

    /// What a shape asks for: `a whole number`.
    pub(super) fn expected(&self, shape: &Shape) -> String {
        match shape {
            Shape::Any => "a value".to_owned(),
            Shape::Text(text) => match text.pattern.as_ref().and_then(|pattern| pattern.expectation.as_ref()) {
                Some(expectation) => expectation.clone(),
                None => "a string".to_owned(),
            },
            Shape::Word(words) if words.len() == 1 => format!("`{}`", words[0]),
            Shape::Word(words) => format!("one of {}", words::word_list(words.iter().map(String::as_str))),
            Shape::Whole(_) => "a whole number".to_owned(),
            Shape::Number { .. } => "a number".to_owned(),
            Shape::Flag => "true or false".to_owned(),
            Shape::List { .. } => "a list".to_owned(),
            Shape::Map(_) | Shape::Choice { .. } => "a map".to_owned(),
            Shape::Either(ids) => {
                let expected: Vec<String> = ids.iter().map(|id| self.expected(self.shapes.get(*id))).collect();
                expected.join(" or ")
            }
        }
    }

    pub(super) fn wrong_type(&mut self, expected: &str, node: &Node, key: Option<Place>) -> Option<Json> {
        let name = self.path.last().cloned().unwrap_or_default();
        let found = words::kind(node);
        let (message, help) = if node.is_null() {
            let empty = match expected {
                "a map" => format!("remove the key, or write `{name}: {{}}` for the defaults"),
                "a list" => format!("remove the key, or write `{name}: []`"),
                _ => "remove the key, or give it a value".to_owned(),
            };
            (format!("{} is empty, and must be {expected}", self.subject()), Some(empty))
        } else {
            let help = match (expected, &node.value) {
                ("a list", Value::Scalar(scalar)) => Some(format!("write `{name}: [{}]`", scalar.text)),
                _ => None,
            };
            (format!("{} must be {expected}, not {found}", self.subject()), help)
        };
        let place = match key {
            Some(key) if node.is_null() => key,
            _ => node.head(),
        };
        let mut finding = Diagnostic::error(codes::WRONG_TYPE, message);
        finding.label = (!node.is_null()).then(|| format!("this is {found}"));
        finding.help = help;
        self.report(finding, place);
        None
    }

    /// What the current path is, in words.
    pub(super) fn subject(&self) -> String {
        match self.path.as_slice() {
            [] => "the spec".to_owned(),
            [.., list, last] => match last.parse::<usize>() {
                Ok(index) => format!("item {} of `{list}`", index + 1),
                Err(_) => format!("`{last}`"),
            },
            [only] => format!("`{only}`"),
        }
    }

    /// Adds a finding at a place, with the current path.
    pub(super) fn report(&mut self, finding: Diagnostic, place: Place) {
        let path = self.path.join(".");
        self.report_at(finding, place, path);
    }

    /// Adds a finding about a key of the current value.
    pub(super) fn report_key(&mut self, finding: Diagnostic, place: Place, key: &str) {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path.join(".")) };
        self.report_at(finding, place, path);
    }

    fn report_at(&mut self, finding: Diagnostic, place: Place, path: String) {
        let finding = finding.with_span(Some(place.in_file(self.file)));
        self.findings.push(if path.is_empty() { finding } else { finding.with_path(path) });
    }

    /// Adds a second place to the last finding.
    pub(super) fn relate(&mut self, place: Place, message: &str) {
        let span = place.in_file(self.file);
        if let Some(finding) = self.findings.pop() {
            self.findings.push(finding.with_related(Some(span), message));
        }
    }

    /// Whether a text matches; a pattern that cannot be compiled matches all.
    pub(super) fn matches(&mut self, pattern: &'a Pattern, text: &str) -> bool {
        let regex = self.patterns.entry(pattern.regex.as_str()).or_insert_with(|| Regex::new(&pattern.regex).ok());
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// What a length should be, when it is not.
pub(super) fn out_of_length(found: usize, length: Length, unit: &str) -> Option<String> {
    if found < length.least {
        Some(format!("at least {}", count(length.least, unit)))
    } else if found > length.most {
        Some(format!("at most {}", count(length.most, unit)))
    } else {
        None
    }
}

/// `1 item`, `2 items`.
pub(super) fn count(number: usize, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}
