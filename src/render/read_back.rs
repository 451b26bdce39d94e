//! A rendered text read as a template, and findings about it moved to where it comes from.

use std::sync::Arc;

use super::source_map::SourceMap;
use crate::cfn::template::Template;
use crate::diagnostics::{Diagnostic, Position, Span};
use crate::render::template::{Output, Trace};
use crate::spec::SpanIndex;

/// A rendered text with where it comes from.
///
/// # Errors
/// A finding when it is no template.
pub(super) fn read_back(path: &str, output: &Output, trace: Trace) -> Result<SourceMap, Box<Diagnostic>> {
    match Template::parse(path, &output.text) {
        Ok(template) => Ok(SourceMap::new(Arc::new(template), trace)),
        Err(error) => {
            let mut finding = error.to_diagnostic();
            if let Some(origin) = trace.origin(error.place.start.line) {
                let start = Position { line: origin.line, column: 1 };
                let span = Span { file: origin.source.name.clone(), start, end: start };
                let rendered = finding.span.replace(span);
                finding = finding.with_related(rendered, "rendered here");
            }
            Err(Box::new(finding))
        }
    }
}

/// A finding about the rendered text, moved to the template's line, with the spec's values as related places.
pub(super) fn point_back(mut finding: Diagnostic, map: &SourceMap, spans: &SpanIndex) -> Diagnostic {
    let Some(rendered) = finding.span.take() else { return finding };
    let line = rendered.start.line;
    finding.span = map.template_span(line).or_else(|| Some(rendered.clone()));
    finding = finding.with_related(Some(rendered), "rendered here");
    // The checks say where in the template a finding is: `Resources.Vpc.Properties.CidrBlock`.
    let within = finding.path.take();
    let property = within.as_deref().and_then(|path| path.strip_prefix("Resources."));
    let paths = match property.map(|path| path.split_once('.').unwrap_or((path, ""))) {
        Some((logical_id, property)) => map.spec_paths(logical_id, property),
        None => map.line_spec_paths(line).to_vec(),
    };
    for path in &paths {
        finding = finding.with_related(spans.nearest(path), format!("from `{path}`"));
    }
    finding.path = paths.into_iter().next().or(within);
    finding
}
