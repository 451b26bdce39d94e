//! Checks of a template that need no AWS: against the resource schemas, of its references, and of its size.

pub mod limits;
pub mod references;
pub mod schema;
mod shape;
pub(crate) mod suggestion;

use super::registry::Registry;
use super::template::{Member, Node, Template};
use crate::diagnostics::Diagnostic;

/// What a check assumes about where the template goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The region, to find types that it lacks. `None` looks for none.
    pub region: Option<&'a str>,
    /// The largest body in bytes: [`limits::INLINE_BODY_BYTES`], or [`limits::S3_BODY_BYTES`] when it goes through S3.
    pub body_bytes: usize,
}

impl Default for Target<'_> {
    fn default() -> Self {
        Self { region: None, body_bytes: limits::INLINE_BODY_BYTES }
    }
}

/// All checks of a template, in reading order.
pub fn check(template: &Template, registry: &Registry, target: Target<'_>) -> Vec<Diagnostic> {
    let mut findings = schema::check(template, registry, target.region).diagnostics;
    findings.extend(references::check(template, registry));
    findings.extend(limits::check(template, target.body_bytes));
    findings.sort_by(|a, b| {
        let start = |finding: &Diagnostic| finding.span.as_ref().map(|span| span.start);
        start(a).cmp(&start(b)).then_with(|| a.code.cmp(b.code))
    });
    findings
}

/// Calls `visit` for a node and every node below it.
fn walk<'a>(node: &'a Node, visit: &mut impl FnMut(&'a Node)) {
    visit(node);
    if let Some(items) = node.as_list() {
        items.iter().for_each(|item| walk(item, visit));
    }
    for Member { node, .. } in node.as_map().into_iter().flat_map(|map| map.values()) {
        walk(node, visit);
    }
}
