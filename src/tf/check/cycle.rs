//! Declarations that wait for each other.

use super::Checker;
use crate::cfn::graph::Graph;
use crate::diagnostics::Diagnostic;
use crate::tf::codes;
use crate::tf::module::{Declaration, Kind};

pub(super) fn check(checker: &mut Checker<'_>) {
    let module = checker.module;
    let waits = |it: &&Declaration| it.kind().is_typed() || it.kind() == Kind::Local;
    let edges = module.declarations().iter().filter(waits).map(|it| {
        let needs = module.references(it.address());
        (it.address().to_owned(), needs.into_iter().collect())
    });
    let Err(cycle) = Graph::from_edges(edges).topological() else { return };
    let header = |address: &String| module.get(address).map(Declaration::header_span);
    let mut finding = Diagnostic::error(codes::CYCLE, format!("circular dependency: {}", cycle.ids.join(" -> ")))
        .with_span(cycle.ids.first().and_then(header));
    for address in cycle.ids.iter().skip(1).take(cycle.ids.len().saturating_sub(2)) {
        finding = finding.with_related(header(address), format!("`{address}` is part of it"));
    }
    checker.findings.push(
        finding.with_help("move one of the references into a resource of its own, such as a rule or an attachment"),
    );
}
