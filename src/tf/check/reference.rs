//! Whether everything that is read is there, and everything that is declared is read.

use std::collections::BTreeSet;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::FuncCall;

use super::{Checker, attribute};
use crate::cfn::check::suggestion::did_you_mean;
use crate::diagnostics::Diagnostic;
use crate::tf::codes;
use crate::tf::expression::{Event, Reference, Target, visit_declaration};
use crate::tf::function;
use crate::tf::module::{Declaration, Kind};

pub(super) fn check(checker: &mut Checker<'_>) {
    let module = checker.module;
    let mut used = BTreeSet::new();
    for declaration in module.declarations() {
        visit_declaration(declaration, &mut |event| match event {
            Event::Reference(reference) => {
                let target = reference.target();
                match &target {
                    Target::Address(address) => address_reference(checker, declaration, &reference, address),
                    Target::Builtin(name) => builtin(checker, declaration, &reference, name),
                    Target::Incomplete => incomplete(checker, declaration, &reference),
                }
                if let Target::Address(address) = target
                    && !(declaration.kind() == Kind::Variable && declaration.address() == address)
                {
                    used.insert(address);
                }
            }
            Event::Call(call) => function_call(checker, declaration, call),
        });
    }
    for declaration in module.declarations() {
        let noun = match declaration.kind() {
            Kind::Variable => "variable",
            Kind::Local => "local value",
            Kind::Data => "data source",
            _ => continue,
        };
        if !used.contains(declaration.address()) {
            let message = format!("the {noun} `{}` is not used", declaration.address());
            let finding = Diagnostic::warning(codes::UNUSED, message).with_span(Some(declaration.header_span()));
            checker.findings.push(finding);
        }
    }
}

fn address_reference(checker: &mut Checker<'_>, declaration: &Declaration, reference: &Reference<'_>, address: &str) {
    let (module, registry) = (checker.module, checker.registry);
    let named = module.get(address).filter(|named| named.kind() != Kind::Output);
    let Some(named) = named else {
        if !is_in_check(declaration, address) {
            undeclared(checker, declaration, reference, address);
        }
        return;
    };
    let Some(type_name) = named.type_name() else { return };
    let schema = registry.get(named.kind(), type_name);
    if let Err(wrong) = attribute::check(named, schema, reference.rest()) {
        checker.error(wrong.code, declaration, wrong.at, wrong.message, wrong.help);
    }
}

/// Whether a `check` block itself declares the data source.
fn is_in_check(declaration: &Declaration, address: &str) -> bool {
    let blocks = declaration.body().filter(|_| declaration.kind() == Kind::Check);
    blocks.is_some_and(|body| {
        body.get_blocks("data").any(|data| {
            let labels: Vec<&str> = data.labels.iter().map(|label| label.as_str()).collect();
            address.strip_prefix("data.") == Some(labels.join(".").as_str())
        })
    })
}

fn undeclared(checker: &mut Checker<'_>, declaration: &Declaration, reference: &Reference<'_>, address: &str) {
    let module = checker.module;
    let at = Some(reference.range.clone());
    let noun = match reference.root {
        "var" => "variable",
        "local" => "local value",
        "data" => "data source",
        "ephemeral" => "ephemeral resource",
        "module" => "module",
        _ => "resource",
    };
    let like = |prefix: &str| {
        let addresses = module.addresses().filter(move |known| known.starts_with(prefix));
        did_you_mean(address, addresses)
    };
    let help = match reference.root {
        root @ ("var" | "local" | "data" | "ephemeral") => like(&format!("{root}.")),
        _ => {
            let data = format!("data.{address}");
            let known = module.get(&data).map(|_| format!("did you mean `{data}`?"));
            known.or_else(|| did_you_mean(address, module.resources().map(Declaration::address)))
        }
    };
    checker.error(codes::UNRESOLVED, declaration, at, format!("`{address}` is no declared {noun}"), help);
}

fn incomplete(checker: &mut Checker<'_>, declaration: &Declaration, reference: &Reference<'_>) {
    let module = checker.module;
    let root = reference.root;
    let named = ["var", "local"].iter().map(|prefix| format!("{prefix}.{root}")).find(|it| module.get(it).is_some());
    let help = match named {
        Some(address) => format!("did you mean `{address}`?"),
        None => "text stands in double quotes, and a resource is TYPE.NAME".to_owned(),
    };
    let message = format!("`{root}` alone refers to nothing");
    checker.error(codes::UNRESOLVED, declaration, Some(reference.range.clone()), message, Some(help));
}

fn builtin(checker: &mut Checker<'_>, declaration: &Declaration, reference: &Reference<'_>, name: &str) {
    let member = reference.names(1).first().copied().unwrap_or_default();
    let members: &[&str] = match name {
        "each" => &["key", "value"],
        "count" => &["index"],
        "path" => &["module", "root", "cwd"],
        "terraform" => &["workspace", "applying"],
        _ => &[],
    };
    let wrong = match name {
        "each" | "count" => {
            let argument = if name == "each" { "for_each" } else { "count" };
            let may = declaration.kind().is_typed() || declaration.kind() == Kind::Import;
            match declaration.argument(argument).filter(|_| may) {
                None => Some(format!("`{name}` exists only in a resource with `{argument}`")),
                Some(own) if encloses(own.span(), &reference.range) => {
                    Some(format!("`{argument}` cannot read `{name}`, which it makes"))
                }
                Some(_) => None,
            }
        }
        "self" if !may_read_self(declaration, &reference.range) => {
            Some("`self` exists only in provisioners, connections and postconditions".to_owned())
        }
        _ => None,
    };
    let at = Some(reference.range.clone());
    if let Some(message) = wrong {
        checker.error(codes::SCOPE, declaration, at, message, None);
    } else if !members.is_empty() && !members.contains(&member) {
        let help = did_you_mean(member, members.iter().copied());
        checker.error(codes::SCOPE, declaration, at, format!("`{name}` has no `{member}`"), help);
    }
}

fn may_read_self(declaration: &Declaration, range: &Range<usize>) -> bool {
    let Some(body) = declaration.body() else { return false };
    let postconditions = body.get_blocks("lifecycle").flat_map(|it| it.body.get_blocks("postcondition"));
    let mut places = body.get_blocks("provisioner").chain(body.get_blocks("connection")).chain(postconditions);
    places.any(|place| encloses(place.span(), range))
}

fn encloses(outer: Option<Range<usize>>, inner: &Range<usize>) -> bool {
    outer.is_some_and(|outer| outer.start <= inner.start && inner.end <= outer.end)
}

fn function_call(checker: &mut Checker<'_>, declaration: &Declaration, call: &FuncCall) {
    let name = call.name.name.as_str();
    let at = call.name.name.span();
    let namespace: Vec<&str> = call.name.namespace.iter().map(|part| part.as_str()).collect();
    match namespace.as_slice() {
        [] | ["core"] => {}
        ["provider", "aws"] if function::OF_PROVIDER.contains(&name) => return,
        _ => {
            let help = did_you_mean(name, function::OF_PROVIDER.iter().copied());
            let message = format!("there is no function `{}::{name}`", namespace.join("::"));
            return checker.error(codes::FUNCTION, declaration, at, message, help);
        }
    }
    let Some(known) = function::function(name) else {
        let help = did_you_mean(name, function::names());
        return checker.error(codes::FUNCTION, declaration, at, format!("there is no function `{name}`"), help);
    };
    // `...` spreads a list over the arguments.
    if !call.args.expand_final() && !known.arguments.contains(&call.args.len()) {
        let (least, most) = (*known.arguments.start(), *known.arguments.end());
        let takes = match (least, most) {
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let message = format!("`{name}` takes {takes} arguments, and here are {}", call.args.len());
        checker.error(codes::FUNCTION, declaration, at, message, None);
    }
}
