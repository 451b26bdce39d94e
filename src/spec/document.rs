//! The text of a spec as a tree, before any environment is merged.

use std::sync::Arc;

use super::environments::overlay;
use super::json_schema::FIXED_KEYS;
use super::load::{Loaded, report};
use super::shape::{Checker, SPEC_SHAPE, did_you_mean, word_list};
use super::span_index::SpanIndex;
use super::syntax::{self, Parsed};
use super::{Spec, codes};
use crate::diagnostics::{Diagnostic, Report, SourceFile};
use crate::yaml::{Map, Node, Place, Value};

/// A text that is YAML, a map, and of a version that is known.
pub(super) struct Document {
    name: Arc<str>,
    text: Arc<str>,
    root: Node,
    /// What does not stop the rest from being checked: keys that are there twice, tags.
    findings: Vec<Diagnostic>,
}

impl Document {
    /// Reads a text.
    pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Self, Report> {
        let name: Arc<str> = name.into();
        let Parsed { text, root, findings } = syntax::parse(&name, bytes, &syntax::SPEC).map_err(|failed| {
            let (finding, text) = *failed;
            report(&name, &text, vec![finding])
        })?;
        let failed = |finding: Diagnostic| report(&name, &text, vec![finding]);
        check_version(&root, &name).map_err(|finding| failed(*finding))?;
        Ok(Self { name, text, root, findings })
    }

    /// Names of the environments, in the order of the file.
    pub(super) fn environments(&self) -> impl Iterator<Item = &str> {
        self.environment_map().into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    fn environment_map(&self) -> Option<&Map> {
        self.root.get("environments").and_then(Node::as_map)
    }

    /// Merges an environment, checks the shape of the whole and makes the spec.
    pub(super) fn load(&self, environment: Option<&str>) -> Result<Loaded, Report> {
        match self.check(environment) {
            (Some(loaded), findings) if findings.is_empty() => Ok(loaded),
            (_, findings) => Err(self.report(findings)),
        }
    }

    /// The same, with the findings and, if all of it can be read but for keys that do not belong there, the spec without
    /// those: what it says can be checked all the same.
    pub(super) fn check(&self, environment: Option<&str>) -> (Option<Loaded>, Vec<Diagnostic>) {
        let mut findings = self.findings.clone();
        findings.extend(self.check_environments());
        let merged;
        let root = match environment {
            None => &self.root,
            Some(name) => {
                let Some(member) = self.environment_map().and_then(|map| map.get(name)) else {
                    findings.push(self.unknown_environment(name));
                    return (None, findings);
                };
                // What is not a map was found above.
                let fits = member.node.as_map().is_some();
                merged = if fits { self.with_environment(&member.node) } else { self.root.clone() };
                &merged
            }
        };
        let (value, found) = Checker::new(&SPEC_SHAPE, &self.name).check(root);
        findings.extend(found);
        // What is wrong in the environments hides nothing of the rest.
        let value = value.or_else(|| Checker::new(&SPEC_SHAPE, &self.name).check(&without_environments(root)).0);
        let Some(value) = value else { return (None, findings) };
        let spec: Spec = match serde_json::from_value(value) {
            Ok(spec) => spec,
            Err(error) => {
                // What is wrong already may be why.
                if findings.is_empty() {
                    let finding = Diagnostic::error(codes::NOT_A_SPEC, format!("the spec cannot be read: {error}"));
                    findings.push(finding.with_span(Some(root.head().in_file(&self.name))));
                }
                return (None, findings);
            }
        };
        let loaded = Loaded {
            spec,
            spans: SpanIndex::new(self.name.clone(), root),
            source: SourceFile::new(self.name.clone(), self.text.clone()),
            environment: environment.map(str::to_owned),
        };
        (Some(loaded), findings)
    }

    fn with_environment(&self, over: &Node) -> Node {
        let mut over = over.clone();
        if let Value::Map(map) = &mut over.value {
            map.retain(|key, _| !FIXED_KEYS.contains(&key.as_str()));
        }
        overlay(&self.root, &over, &SPEC_SHAPE, Some(SPEC_SHAPE.root()))
    }

    /// What an environment may not be, whichever one is chosen.
    fn check_environments(&self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for (name, member) in self.environment_map().into_iter().flatten() {
            let path = format!("environments.{name}");
            let Value::Map(map) = &member.node.value else {
                if !member.node.is_null() {
                    let message = format!("the environment `{name}` must be a map of parts of the spec");
                    findings.push(self.finding(codes::WRONG_TYPE, message, member.node.head()).with_path(path));
                }
                continue;
            };
            for (key, fixed) in map.iter().filter(|(key, _)| FIXED_KEYS.contains(&key.as_str())) {
                let message = format!("an environment may not change `{key}`");
                let help = match key.as_str() {
                    "name" => "remove it: the environment's own name is part of every resource name already",
                    _ => "remove it",
                };
                let finding = self.finding(codes::FIXED_KEY, message, fixed.key);
                findings.push(finding.with_path(format!("{path}.{key}")).with_help(help));
            }
        }
        findings
    }

    fn unknown_environment(&self, name: &str) -> Diagnostic {
        let names: Vec<&str> = self.environments().collect();
        let place = match self.root.as_map().and_then(|map| map.get("environments")) {
            Some(member) => member.key,
            None => self.root.head(),
        };
        let help = match (did_you_mean(name, names.iter().copied()), names.is_empty()) {
            (_, true) => "the spec has no environments: leave `-e` out, or add them under `environments`".to_owned(),
            (Some(meant), _) => format!("did you mean `{meant}`? Environments: {}", word_list(names)),
            (None, _) => format!("environments: {}", word_list(names)),
        };
        let message = format!("there is no environment `{name}`");
        self.finding(codes::UNKNOWN_ENVIRONMENT, message, place).with_path("environments").with_help(help)
    }

    fn finding(&self, code: &'static str, message: String, place: Place) -> Diagnostic {
        Diagnostic::error(code, message).with_span(Some(place.in_file(&self.name)))
    }

    /// The findings with the text that they point into.
    pub(super) fn report(&self, findings: Vec<Diagnostic>) -> Report {
        report(&self.name, &self.text, findings)
    }
}

/// A spec without its environments.
fn without_environments(root: &Node) -> Node {
    let mut root = root.clone();
    if let Value::Map(map) = &mut root.value {
        map.retain(|key, _| key != "environments");
    }
    root
}

/// The version decides how all the rest is read, so nothing else is said when it is wrong.
fn check_version(root: &Node, name: &Arc<str>) -> Result<(), Box<Diagnostic>> {
    let Some(map) = root.as_map() else {
        let message = "a spec is a map: `key: value` lines".to_owned();
        let finding = Diagnostic::error(codes::WRONG_TYPE, message).with_span(Some(root.head().in_file(name)));
        return Err(Box::new(finding.with_help("begin with `version: 1`, or let `gwinfra init` write a spec")));
    };
    let Some(member) = map.get("version") else {
        let finding = Diagnostic::error(codes::VERSION, "the spec does not say its version");
        let finding = finding.with_span(Some(root.head().in_file(name))).with_path("version");
        return Err(Box::new(finding.with_help("add `version: 1` as the first line")));
    };
    match member.node.as_scalar() {
        // In quotes it is of the wrong type, which the shape check says.
        Some(version) if version.text == "1" => Ok(()),
        _ => {
            let message = match member.node.as_scalar() {
                Some(version) if !version.is_null() => {
                    format!("this gwinfra reads version 1 of the spec, not version {}", version.text)
                }
                _ => "`version` must be 1".to_owned(),
            };
            let finding = Diagnostic::error(codes::VERSION, message).with_path("version");
            let finding = finding.with_span(Some(member.node.head().in_file(name)));
            Err(Box::new(finding.with_help("write `version: 1`, or use the gwinfra that the spec was written for")))
        }
    }
}
