//! Findings with the lines of the templates and of the spec.

use serde_json::Value as Json;

use super::codes;
use super::finding::{Finding, FindingKind, Parity, Place};
use crate::diagnostics::{Diagnostic, Span};
use crate::render::Rendering;
use crate::spec::SpanIndex;

/// Longest value that a message shows, in characters.
const LONGEST: usize = 160;

/// The findings as diagnostics. The rendering is that whose bundle was compared.
pub fn diagnostics(parity: &Parity, rendering: &Rendering, spans: &SpanIndex) -> Vec<Diagnostic> {
    let make = |finding: &Finding| {
        let ours = finding.places.cloudformation.as_ref().map(|place| stack_place(rendering, place));
        let theirs = finding.places.terraform.as_ref().map(|place| module_place(rendering, place));
        let (ours, mut paths) = ours.unwrap_or_default();
        let (theirs, more) = theirs.unwrap_or_default();
        paths.extend(more);
        paths.sort();
        paths.dedup();
        let mut diagnostic = Diagnostic::error(code(finding.kind), message(finding));
        if ours.is_some() {
            diagnostic = diagnostic.with_span(ours).with_related(theirs, "Terraform");
        } else {
            diagnostic = diagnostic.with_span(theirs);
        }
        for path in paths {
            diagnostic = diagnostic.with_related(spans.nearest(&path), format!("from `{path}`"));
        }
        diagnostic.with_path(finding.node.clone())
    };
    parity.findings.iter().map(make).collect()
}

fn code(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Differs => codes::DIFFERS,
        FindingKind::Missing => codes::MISSING,
        FindingKind::Resource => codes::RESOURCE,
        FindingKind::Unmapped => codes::UNMAPPED,
        FindingKind::Unreadable => codes::UNREADABLE,
    }
}

/// What a finding says, in a line.
fn message(finding: &Finding) -> String {
    let Finding { node, fact, expected, cloudformation, terraform, .. } = finding;
    match finding.kind {
        FindingKind::Differs | FindingKind::Missing => {
            let model = expected.as_ref().map(|value| format!("; the model expects {}", show(Some(value))));
            format!(
                "`{fact}` of {node} is {} in CloudFormation and {} in Terraform{}",
                show(cloudformation.as_ref()),
                show(terraform.as_ref()),
                model.unwrap_or_default()
            )
        }
        FindingKind::Resource => match (cloudformation, terraform) {
            (Some(_), _) => format!("only CloudFormation has {node}"),
            (None, Some(_)) => format!("only Terraform has {node}"),
            (None, None) => format!("neither engine has {node}, which the model expects"),
        },
        FindingKind::Unmapped => format!("`blueprint.yaml` names no node for {node}"),
        FindingKind::Unreadable => node.clone(),
    }
}

fn show(value: Option<&Json>) -> String {
    let Some(value) = value else { return "not there".to_owned() };
    let text = value.as_str().map_or_else(|| value.to_string(), |text| format!("`{text}`"));
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain("...".chars()).collect()
}

/// The template's line of a property, and the keys of the spec that feed it.
fn stack_place(rendering: &Rendering, place: &Place) -> (Option<Span>, Vec<String>) {
    let path = place.path.join(".");
    let map = rendering.source_map(&place.place);
    if let Some(output) = place.name.strip_prefix("Outputs.") {
        let line = map.and_then(|map| {
            let found = map.template().outputs().find(|other| other.name == output)?;
            map.template_span(found.key.start.line)
        });
        return (line, Vec::new());
    }
    let span = map.and_then(|map| map.template_place(&place.name, &path));
    (span, rendering.spec_paths(&place.place, &place.name, &place.path))
}

/// The template's line of an argument, and the keys of the spec that feed it.
fn module_place(rendering: &Rendering, place: &Place) -> (Option<Span>, Vec<String>) {
    let span = rendering.module_maps.get(&place.place).and_then(|map| {
        let declaration = map.declaration(&place.name)?;
        let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
        let line = (1..=path.len()).rev().find_map(|length| declaration.attribute_lines(&path[..length]));
        let line = line.map_or_else(|| declaration.header_line(), |lines| *lines.start());
        map.template_span(declaration.file(), line)
    });
    (span, rendering.spec_paths(&place.place, &place.name, &place.path))
}
