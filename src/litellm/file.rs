//! A configuration of one's own, as a file.

use std::sync::Arc;

use serde_json::Value;

use super::lint;
use super::secrets::{mask, mask_unread};
use super::subject::{Origin, Subject};
use crate::diagnostics::{Diagnostic, Report, SourceFile, Sources};
use crate::spec::syntax::{self, Words};
use crate::spec::{SpanIndex, codes};
use crate::yaml::{self, Node};

/// The words about a configuration.
const WORDS: Words = Words {
    one: "a configuration",
    another_file: "name the file that LiteLLM is started with: `litellm --config FILE`",
    empty: "begin with a `model_list`",
    second_document: "put each configuration into a file of its own",
};

/// A configuration of one's own that could be read.
pub struct ConfigFile {
    /// The configuration. Anchors are resolved, and words such as `yes` are what LiteLLM takes them for.
    pub document: Value,
    /// Its text, with nothing in it that looks like a secret: only to be shown.
    pub source: SourceFile,
    spans: SpanIndex,
    findings: Vec<Diagnostic>,
}

impl ConfigFile {
    /// Reads a configuration. Pure: `name` is only shown.
    ///
    /// # Errors
    /// The finding after which nothing can be read: no text, no YAML, no map.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Report> {
        let name: Arc<str> = name.into();
        let failed =
            |finding: Diagnostic, text: &str| report(SourceFile::new(name.clone(), mask_unread(text)), vec![finding]);
        let parsed = syntax::parse(&name, bytes, &WORDS).map_err(|error| failed(error.0, &error.1))?;
        if parsed.root.as_map().is_none() {
            let finding = Diagnostic::error(codes::WRONG_TYPE, "a configuration is a map: `key: value` lines");
            let finding = finding.with_span(Some(parsed.root.head().in_file(&name)));
            return Err(failed(finding.with_help(WORDS.empty), &parsed.text));
        }
        Ok(Self {
            document: value(&parsed.root),
            source: SourceFile::new(name.clone(), mask(&parsed.text)),
            spans: SpanIndex::new(name, &parsed.root),
            findings: parsed.findings,
        })
    }

    /// The configuration as lints look at it.
    pub fn subject(&self) -> Subject<'_> {
        Subject { document: &self.document, origin: Origin::File, spans: &self.spans, written: Vec::new() }
    }

    /// Checks it against every lint. Findings are in the order of the file.
    pub fn check(&self) -> Report {
        let mut findings = self.findings.clone();
        lint::check(&self.subject(), &mut findings);
        report(self.source.clone(), findings)
    }
}

fn report(source: SourceFile, diagnostics: Vec<Diagnostic>) -> Report {
    let mut sources = Sources::default();
    sources.add(source);
    let mut report = Report { sources, diagnostics, ..Report::default() };
    report.sort();
    report
}

/// A value as LiteLLM's parser takes it, which still reads YAML 1.1: there, `yes` and `on` are true.
fn value(node: &Node) -> Value {
    match &node.value {
        yaml::Value::List(items) => items.iter().map(value).collect(),
        yaml::Value::Map(map) => map.iter().map(|(key, member)| (key.clone(), value(&member.node))).collect(),
        yaml::Value::Scalar(scalar) if scalar.plain => match scalar.text.as_str() {
            "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
            "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
            _ => crate::spec::shape::untyped(node),
        },
        yaml::Value::Scalar(scalar) => Value::String(scalar.text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Value {
        ConfigFile::read("config.yaml", text.as_bytes()).unwrap_or_else(|report| panic!("{report:?}")).document
    }

    #[test]
    fn words_are_what_litellm_takes_them_for() {
        let found = document("a: {b: yes, c: 'yes', d: off, e: 5, f: 0.5, g: ~}\n");
        assert_eq!(found["a"], serde_json::json!({"b": true, "c": "yes", "d": false, "e": 5, "f": 0.5, "g": null}));
    }

    #[test]
    fn anchors_are_resolved() {
        assert_eq!(document("a: &a {b: 1}\nc: {<<: *a}\n")["c"]["b"], 1);
    }

    #[test]
    fn a_list_is_no_configuration() {
        let Err(report) = ConfigFile::read("config.yaml", b"- a\n") else { panic!("it was read") };
        assert_eq!(report.diagnostics[0].code, codes::WRONG_TYPE);
    }

    #[test]
    fn a_text_that_cannot_be_read_is_shown_without_its_keys() {
        let Err(report) = ConfigFile::read("config.yaml", b"api_key: sk-secret: x\n") else { panic!("it was read") };
        let shown = &report.sources.get("config.yaml").unwrap().text;
        assert!(!shown.contains("secret"), "{shown}");
    }
}
