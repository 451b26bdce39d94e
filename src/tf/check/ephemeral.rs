//! Values that must not be stored, and where they may stand.

use std::collections::BTreeSet;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;

use super::Checker;
use crate::tf::codes;
use crate::tf::expression::{Event, Target, visit_expression};
use crate::tf::module::{Declaration, Kind, Module};

/// The addresses whose values are ephemeral: ephemeral resources, variables that say so, and local values that read
/// either.
pub(super) fn addresses(module: &Module) -> BTreeSet<String> {
    let says_so = |it: &&Declaration| it.argument("ephemeral").and_then(Expression::as_bool) == Some(true);
    let declared = module.ephemerals().chain(module.variables().filter(says_so));
    let mut found: BTreeSet<String> = declared.map(|it| it.address().to_owned()).collect();
    loop {
        let before = found.len();
        for local in module.locals() {
            if local.value().is_some_and(|value| first(value, &found).is_some()) {
                found.insert(local.address().to_owned());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The first ephemeral address that an expression reads and gives on.
fn first(expression: &Expression, ephemeral: &BTreeSet<String>) -> Option<String> {
    let mut found = None;
    let mut nulled = false;
    visit_expression(expression, &mut Vec::new(), &mut |event| match event {
        Event::Call(call) => nulled |= call.name.name.as_str() == "ephemeralasnull",
        Event::Reference(reference) => {
            if let Target::Address(address) = reference.target()
                && found.is_none()
                && ephemeral.contains(&address)
            {
                found = Some(address);
            }
        }
    });
    found.filter(|_| !nulled)
}

/// Outputs and the number of instances are stored.
pub(super) fn check(checker: &mut Checker<'_>) {
    let module = checker.module;
    for declaration in module.declarations() {
        match declaration.kind() {
            Kind::Output => {
                if let Some(value) = declaration.value() {
                    stored(checker, declaration, value, "an output of a root module");
                }
            }
            kind if kind.is_typed() => {
                for name in ["count", "for_each"] {
                    if let Some(value) = declaration.argument(name) {
                        stored(checker, declaration, value, &format!("`{name}`"));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Adds a finding when an expression that is stored reads an ephemeral value.
pub(super) fn stored(checker: &mut Checker<'_>, declaration: &Declaration, value: &Expression, what: &str) {
    if checker.ephemeral.is_empty() {
        return;
    }
    if let Some(address) = first(value, &checker.ephemeral) {
        let message = format!("`{address}` is ephemeral, and {what} is stored");
        let help = Some("use a write-only argument, whose name ends in _wo".to_owned());
        checker.error(codes::EPHEMERAL, declaration, value.span(), message, help);
    }
}
