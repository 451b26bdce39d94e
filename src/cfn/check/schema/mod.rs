//! Whether resources are what their types' schemas say.
//!
//! CloudFormation turns scalars into one another before a resource sees them: `"5"` and `5.0` are integers, `"true"` is
//! a boolean, and `5` and `true` are strings. So they are here. An intrinsic function may stand for any value; where
//! the kind of its result is known it is compared.

mod object;
mod pattern;
mod resource;
mod result;
mod scalar;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;

use self::pattern::Patterns;
use crate::cfn::codes;
use crate::cfn::registry::{Registry, ResourceSchema, keyword_of};
use crate::cfn::template::{Node, Place, Template, Value};
use crate::diagnostics::Diagnostic;

/// What the check found and what it could not check.
#[derive(Debug, Default)]
pub struct SchemaFindings {
    /// The findings, in template order.
    pub diagnostics: Vec<Diagnostic>,
    /// How many patterns this engine cannot compile (they look around); values were not compared with them.
    pub skipped_patterns: usize,
}

/// Checks every resource against its type's schema, and its type against the region.
pub fn check(template: &Template, registry: &Registry, region: Option<&str>) -> SchemaFindings {
    let mut patterns = Patterns::default();
    let mut diagnostics = Vec::new();
    for resource in template.resources() {
        resource::check(template, registry, region, &resource, &mut patterns, &mut diagnostics);
    }
    SchemaFindings { diagnostics, skipped_patterns: patterns.skipped() }
}

/// One step of the path to a value.
#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// Checks the properties of one resource.
struct Validator<'a, 'p> {
    template: &'a Template,
    registry: &'a Registry,
    schema: &'a ResourceSchema,
    logical_id: &'a str,
    path: Vec<Step<'a>>,
    patterns: &'p mut Patterns<'a>,
    findings: Vec<Diagnostic>,
}

impl<'a> Validator<'a, '_> {
    /// Checks a value. `schema` may be a `$ref`.
    fn value(&mut self, node: &'a Node, schema: &'a Json) {
        let Some(schema) = self.schema.resolve(schema) else { return };
        if let Some((name, argument)) = node.as_intrinsic() {
            return self.function(name, argument, node, schema);
        }
        if !self.has_type(node, schema) {
            return;
        }
        match &node.value {
            Value::Map(map) => self.object(node, map, schema),
            Value::List(items) => self.list(node, items, schema),
            _ => self.scalar(node, schema),
        }
        self.alternatives(node, schema);
    }

    /// Whether the value is of one of the schema's types; a finding if not.
    fn has_type(&mut self, node: &Node, schema: &Json) -> bool {
        if node.value == Value::Null {
            self.error(codes::WRONG_TYPE, node.place, "null is no value in a template".to_owned());
            return false;
        }
        let mut allowed = types(schema).peekable();
        if allowed.peek().is_none() || allowed.any(|name| scalar::is_a(node, name)) {
            return true;
        }
        let expected = types(schema).map(article).collect::<Vec<_>>().join(" or ");
        let given = match node.as_str() {
            Some(text) => format!("the string `{}`", scalar::shortened(text)),
            None => node.kind().to_owned(),
        };
        let message = format!("`{}` is {expected}, and this is {given}", self.last_name());
        self.error(codes::WRONG_TYPE, node.place, message);
        false
    }

    fn list(&mut self, node: &'a Node, items: &'a [Node], schema: &'a Json) {
        if let Some(item_schema) = keyword_of(schema, "items") {
            for (at, item) in items.iter().enumerate() {
                self.path.push(Step::Index(at));
                self.value(item, item_schema);
                self.path.pop();
            }
        }
        // `Fn::If` may leave an item out, and AWS::NoValue does.
        let possible = items.iter().filter(|item| object::presence(item) != object::Presence::Absent).count() as u64;
        let certain = items.iter().filter(|item| object::presence(item) == object::Presence::Certain).count() as u64;
        let bound = |name: &str| keyword_of(schema, name).and_then(Json::as_u64);
        let name = self.last_name();
        if let Some(least) = bound("minItems").filter(|least| possible < *least) {
            let message = format!("`{name}` has {possible} items, and takes at least {least}");
            self.error(codes::SIZE, node.place, message);
        }
        if let Some(most) = bound("maxItems").filter(|most| certain > *most) {
            self.error(codes::SIZE, node.place, format!("`{name}` has {certain} items, and takes at most {most}"));
        }
        if keyword_of(schema, "uniqueItems").and_then(Json::as_bool) == Some(true) {
            self.unique(items, Node::to_json);
        }
        if let Some(keys) = keyword_of(schema, "uniqueKeys").and_then(Json::as_array) {
            let keys: Vec<&str> = keys.iter().filter_map(Json::as_str).collect();
            self.unique(items, |item| keys.iter().map(|key| item.get(key).map_or(Json::Null, Node::to_json)).collect());
        }
    }

    fn unique(&mut self, items: &[Node], identity: impl Fn(&Node) -> Json) {
        if items.len() < 2 {
            return;
        }
        let mut seen = std::collections::HashSet::new();
        for item in items {
            if !seen.insert(identity(item).to_string()) {
                self.error(codes::DUPLICATE_ITEM, item.place, format!("`{}` has this item already", self.last_name()));
            }
        }
    }

    /// Runs the alternatives of `anyOf` and `oneOf` and compares how many hold.
    fn alternatives(&mut self, node: &'a Node, schema: &'a Json) {
        for (keyword, only_one) in [("anyOf", false), ("oneOf", true)] {
            let Some(alternatives) = keyword_of(schema, keyword).and_then(Json::as_array) else { continue };
            let outer = std::mem::take(&mut self.findings);
            let mut failures: Vec<Vec<Diagnostic>> = Vec::new();
            let mut holding = 0;
            for alternative in alternatives {
                self.value(node, alternative);
                match std::mem::take(&mut self.findings) {
                    findings if findings.is_empty() => holding += 1,
                    findings => failures.push(findings),
                }
            }
            self.findings = outer;
            if holding == 0 {
                self.no_alternative(node, alternatives, failures);
            } else if only_one && holding > 1 && object::is_certain(node) {
                let message = format!("{} can have only one of {}", self.described(), names_of(alternatives));
                self.error(codes::GROUP, node.place, message);
            }
        }
    }

    fn no_alternative(&mut self, node: &Node, alternatives: &[Json], mut failures: Vec<Vec<Diagnostic>>) {
        if alternatives.iter().all(|alternative| keyword_of(alternative, "required").is_some()) {
            let message = format!("{} needs one of {}", self.described(), names_of(alternatives));
            return self.error(codes::GROUP, node.place, message);
        }
        // The alternative that came nearest tells most.
        failures.sort_by_key(Vec::len);
        self.findings.extend(failures.into_iter().next().unwrap_or_default());
    }

    fn error(&mut self, code: &'static str, place: Place, message: String) {
        self.findings.push(
            Diagnostic::error(code, message).with_span(Some(self.template.span(place))).with_path(self.path_text()),
        );
    }

    fn help(&mut self, help: Option<String>) {
        if let (Some(finding), Some(help)) = (self.findings.last_mut(), help) {
            finding.help = Some(help);
        }
    }

    /// `Resources.Vpc.Properties.Tags.0.Key`.
    fn path_text(&self) -> String {
        self.path.iter().fold(format!("Resources.{}.Properties", self.logical_id), |path, step| match step {
            Step::Key(key) => format!("{path}.{key}"),
            Step::Index(at) => format!("{path}.{at}"),
        })
    }

    /// The nearest property that a value belongs to.
    fn last_name(&self) -> &'a str {
        let key = |step: &Step<'a>| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        };
        self.path.iter().rev().find_map(key).unwrap_or("Properties")
    }

    /// What a finding about an object calls it.
    fn described(&self) -> String {
        match self.path.is_empty() {
            true => self.schema.type_name().to_owned(),
            false => format!("`{}`", self.last_name()),
        }
    }
}

/// The schema's types; empty when it names none.
fn types(schema: &Json) -> impl Iterator<Item = &str> {
    let own = keyword_of(schema, "type");
    let one = own.and_then(Json::as_str).into_iter();
    one.chain(own.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str))
}

fn article(type_name: &str) -> &str {
    match type_name {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "a list",
        "object" => "a map",
        other => other,
    }
}

/// The property groups that alternatives require: `A and B, C`.
fn names_of(alternatives: &[Json]) -> String {
    let group = |alternative: &Json| -> Option<String> {
        let names = keyword_of(alternative, "required")?.as_array()?.iter().filter_map(Json::as_str);
        Some(names.collect::<Vec<_>>().join(" and "))
    };
    alternatives.iter().filter_map(group).collect::<Vec<_>>().join(", ")
}
