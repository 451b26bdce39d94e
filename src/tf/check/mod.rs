//! Checks of a module that need neither AWS nor terraform: against the provider's schemas, and of its references.

mod attribute;
mod block;
mod cycle;
mod declaration;
mod ephemeral;
mod meta;
mod reference;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;

use super::module::{Declaration, Module};
use super::registry::Registry;
use crate::diagnostics::Diagnostic;

/// All checks of a module, by file and in reading order.
pub fn check(module: &Module, registry: &Registry) -> Vec<Diagnostic> {
    let mut checker = Checker { module, registry, findings: Vec::new(), ephemeral: ephemeral::addresses(module) };
    declaration::check(&mut checker);
    for declaration in module.declarations().iter().filter(|it| it.kind().is_typed()) {
        block::check(&mut checker, declaration);
    }
    reference::check(&mut checker);
    ephemeral::check(&mut checker);
    cycle::check(&mut checker);
    let mut findings = checker.findings;
    let order: Vec<&str> = module.declarations().iter().map(|declaration| &**declaration.file()).collect();
    findings.sort_by_key(|finding| {
        let span = finding.span.as_ref();
        let file = span.and_then(|span| order.iter().position(|file| *file == &*span.file));
        (file, span.map(|span| span.start), finding.code)
    });
    findings
}

struct Checker<'a> {
    module: &'a Module,
    registry: &'a Registry,
    findings: Vec<Diagnostic>,
    /// The addresses whose values are ephemeral.
    ephemeral: std::collections::BTreeSet<String>,
}

impl Checker<'_> {
    /// Adds an error about a node of a declaration.
    fn error(
        &mut self,
        code: &'static str,
        declaration: &Declaration,
        at: Option<Range<usize>>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let mut finding = Diagnostic::error(code, message).with_span(Some(declaration.span(at)));
        finding.help = help;
        self.findings.push(finding);
    }

    /// Adds a warning about a node of a declaration.
    fn warning(
        &mut self,
        code: &'static str,
        declaration: &Declaration,
        at: Option<Range<usize>>,
        message: impl Into<String>,
    ) {
        self.findings.push(Diagnostic::warning(code, message).with_span(Some(declaration.span(at))));
    }
}
