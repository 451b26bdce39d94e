//! For code scanning: SARIF 2.1.0.

use std::io;

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Reporter;
use crate::diagnostics::{Code, Diagnostic, Position, Report, Severity, Span, Subject};
use crate::hexadecimal::digits;

/// What a relative path must not have as a URI.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b':');

/// For code scanning.
#[derive(Debug, Clone, Copy, Default)]
pub struct SarifReporter<'a> {
    /// The codes that may occur, for the titles and texts of the rules.
    pub codes: &'a [Code],
    /// The file that findings without a place are about: code scanning shows no finding without a file.
    pub file: Option<&'a str>,
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invocations: Vec<Invocation<'a>>,
    results: Vec<ResultEntry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    level: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help<'a>>,
}

#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultEntry<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "gwinfra/v1")]
    code_and_path: String,
}

impl Reporter for SarifReporter<'_> {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        let mut rules: IndexMap<&str, Rule<'_>> = IndexMap::new();
        for finding in &report.diagnostics {
            rules.entry(finding.code).or_insert_with(|| self.rule(finding.code));
        }
        let results = report
            .diagnostics
            .iter()
            .map(|finding| self.result(finding, rules.get_index_of(finding.code).unwrap_or_default()))
            .collect();
        let driver = Driver {
            name: "gwinfra",
            version: env!("CARGO_PKG_VERSION"),
            information_uri: env!("CARGO_PKG_REPOSITORY"),
            rules: rules.into_values().collect(),
        };
        let log = Log {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool { driver },
                column_kind: "unicodeCodePoints",
                invocations: invocation(report).into_iter().collect(),
                results,
            }],
        };
        serde_json::to_writer_pretty(&mut *output, &log)?;
        writeln!(output)
    }
}

impl SarifReporter<'_> {
    fn rule<'a>(&'a self, code: &'a str) -> Rule<'a> {
        let known = self.codes.iter().find(|(id, ..)| *id == code);
        Rule {
            id: code,
            short_description: known.map(|(_, title, _)| Message { text: (*title).into() }),
            help: known.map(|(_, _, explanation)| Help { text: explanation, markdown: explanation }),
        }
    }

    fn result<'a>(&'a self, finding: &'a Diagnostic, rule_index: usize) -> ResultEntry<'a> {
        let text = match &finding.help {
            Some(help) => format!("{}. Help: {help}", finding.message).into(),
            None => finding.message.as_str().into(),
        };
        let related = finding.related.iter().enumerate().map(|(index, related)| Location {
            id: Some(index + 1),
            physical_location: physical(&related.span),
            logical_locations: Vec::new(),
            message: Some(Message { text: related.message.as_str().into() }),
        });
        ResultEntry {
            rule_id: finding.code,
            rule_index,
            level: level(finding.severity),
            message: Message { text },
            locations: self.location(finding).into_iter().collect(),
            related_locations: related.collect(),
            partial_fingerprints: Fingerprints { code_and_path: fingerprint(finding) },
        }
    }

    fn location<'a>(&'a self, finding: &'a Diagnostic) -> Option<Location<'a>> {
        let start = Position { line: 1, column: 1 };
        let first_line = || self.file.map(|file| Span { file: file.into(), start, end: start });
        let span = finding.span.clone().or_else(first_line)?;
        let resource = finding
            .subject
            .iter()
            .map(|subject| LogicalLocation { fully_qualified_name: &subject.resource, kind: Some("resource") });
        let of_spec = finding.path.iter().map(|path| LogicalLocation { fully_qualified_name: path, kind: None });
        let logical = resource.chain(of_spec);
        Some(Location {
            id: None,
            physical_location: physical(&span),
            logical_locations: logical.collect(),
            message: None,
        })
    }
}

/// What is said beside the results.
fn invocation(report: &Report) -> Option<Invocation<'_>> {
    let notifications = report.remarks.iter().map(|remark| Notification {
        level: level(remark.severity),
        message: Message { text: remark.message.as_str().into() },
    });
    (!report.remarks.is_empty())
        .then(|| Invocation { execution_successful: true, tool_execution_notifications: notifications.collect() })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn physical(span: &Span) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri: utf8_percent_encode(&span.file.replace('\\', "/"), PATH).to_string(),
        },
        region: Region {
            start_line: span.start.line,
            start_column: span.start.column,
            end_line: span.end.line,
            end_column: span.end.column,
        },
    }
}

/// The same for the same finding after lines have moved: made of the code and what it is about, a property of a resource or
/// a path in the spec, never of the line.
fn fingerprint(finding: &Diagnostic) -> String {
    let about = match &finding.subject {
        Some(Subject { resource, property }) => format!("{resource}\0{}", property.as_deref().unwrap_or_default()),
        None => finding.path.as_deref().unwrap_or(&finding.message).to_owned(),
    };
    let digest = Sha256::digest(format!("{}\0{about}", finding.code));
    digits(&digest[..16])
}
