//! The blocks of the top level that are no resources, and names that are declared twice.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};

use super::{Checker, block, meta, value};
use crate::cfn::check::suggestion::did_you_mean;
use crate::diagnostics::Diagnostic;
use crate::tf::codes;
use crate::tf::expression::{Event, visit_expression};
use crate::tf::module::{Declaration, Kind};
use crate::tf::registry::Type;

const BLOCKS: &[&str] = &[
    "terraform",
    "provider",
    "variable",
    "locals",
    "data",
    "resource",
    "ephemeral",
    "output",
    "moved",
    "removed",
    "import",
    "check",
];

pub(super) fn check(checker: &mut Checker<'_>) {
    let module = checker.module;
    for (name, span) in module.stray() {
        let message = format!("`{name}` stands outside every block that could take it");
        checker.findings.push(Diagnostic::error(codes::DECLARATION, message).with_span(Some(span.clone())));
    }
    for declaration in module.declarations() {
        if labels(checker, declaration) {
            content(checker, declaration);
        }
    }
    duplicates(checker);
}

/// Whether the block is known and has its labels.
fn labels(checker: &mut Checker<'_>, declaration: &Declaration) -> bool {
    let Some(written) = declaration.as_block() else { return true };
    let (name, at) = (written.ident.as_str(), written.ident.span());
    match declaration.kind() {
        Kind::Unknown => {
            let help = did_you_mean(name, BLOCKS.iter().copied());
            checker.error(codes::DECLARATION, declaration, at, format!("Terraform has no block `{name}` here"), help);
            return false;
        }
        Kind::Module => {
            let help = Some("declare the resources here".to_owned());
            checker.error(codes::DECLARATION, declaration, at, "a blueprint calls no modules", help);
            return false;
        }
        _ => {}
    }
    let wanted = declaration.kind().labels();
    if written.labels.len() != wanted {
        let message = format!("`{name}` has {wanted} labels, and this one has {}", written.labels.len());
        checker.error(codes::DECLARATION, declaration, at, message, None);
        return false;
    }
    for label in &written.labels {
        let text = label.as_str();
        let mut chars = text.chars();
        let starts = chars.next().is_some_and(|first| first.is_alphabetic() || first == '_');
        if !(starts && chars.all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'))) {
            let message = format!("`{text}` is no name: letters, digits, `_` and `-`, with no digit first");
            checker.error(codes::DECLARATION, declaration, label.span(), message, None);
        }
    }
    true
}

fn content(checker: &mut Checker<'_>, declaration: &Declaration) {
    let Some(body) = declaration.body() else { return };
    let (arguments, blocks, needed): (&[&str], &[&str], &[&str]) = match declaration.kind() {
        Kind::Terraform => {
            (&["required_version", "experiments"], &["required_providers", "backend", "cloud", "provider_meta"], &[])
        }
        Kind::Variable => {
            (&["type", "default", "description", "sensitive", "nullable", "ephemeral"], &["validation"], &[])
        }
        Kind::Output => {
            (&["value", "description", "sensitive", "ephemeral", "depends_on"], &["precondition"], &["value"])
        }
        Kind::Moved => (&["from", "to"], &[], &["from", "to"]),
        Kind::Removed => (&["from"], &["lifecycle", "provisioner", "connection"], &["from"]),
        Kind::Import => (&["to", "id", "provider", "for_each"], &[], &["to", "id"]),
        Kind::Check => (&[], &["data", "assert"], &[]),
        Kind::Provider => return block::check_provider(checker, declaration),
        _ => return,
    };
    let what = declaration.as_block().map_or("", |written| written.ident.as_str());
    meta::known(checker, declaration, body, what, arguments, blocks);
    let header = declaration.as_block().and_then(|written| written.ident.span());
    for name in needed.iter().filter(|name| !body.has_attribute(name)) {
        let message = format!("`{}` needs the argument `{name}`", declaration.address());
        checker.error(codes::MISSING_ARGUMENT, declaration, header.clone(), message, None);
    }
    for name in ["validation", "precondition", "assert"] {
        for condition in body.get_blocks(name) {
            meta::check_condition(checker, declaration, condition);
        }
    }
    for name in ["sensitive", "nullable", "ephemeral"] {
        if let Some(flag) = body.get_attribute(name)
            && !flag.value.is_bool()
        {
            let message = format!("`{name}` is true or false, written out");
            checker.error(codes::WRONG_TYPE, declaration, flag.value.span(), message, None);
        }
    }
    if declaration.kind() == Kind::Variable {
        variable(checker, declaration);
    }
}

/// A variable's default is a constant of the variable's type.
fn variable(checker: &mut Checker<'_>, declaration: &Declaration) {
    let value_type = match declaration.argument("type").map(|written| (written, type_of(written))) {
        None => Type::Dynamic,
        Some((_, Some(known))) => known,
        Some((written, None)) => {
            let message = "this is no type: string, number, bool, any, list(...), set(...), map(...), object({...})";
            return checker.error(codes::DECLARATION, declaration, written.span(), message, None);
        }
    };
    let Some(default) = declaration.argument("default") else { return };
    let mut computed = Vec::new();
    visit_expression(default, &mut Vec::new(), &mut |event| {
        computed.push(match event {
            Event::Reference(reference) => Some(reference.range),
            Event::Call(call) => call.name.name.span(),
        });
    });
    for at in computed {
        checker.error(codes::DECLARATION, declaration, at, "the default of a variable is a constant", None);
    }
    for wrong in value::mismatches(default, &value_type) {
        let message = format!("the default of `{}`{}", declaration.address(), wrong.reason);
        checker.error(codes::WRONG_TYPE, declaration, wrong.at, message, None);
    }
}

/// The type that a type constraint names. An object with optional attributes counts as anything.
fn type_of(constraint: &Expression) -> Option<Type> {
    match constraint {
        Expression::Variable(name) => match name.as_str() {
            "string" => Some(Type::String),
            "number" => Some(Type::Number),
            "bool" => Some(Type::Bool),
            "any" => Some(Type::Dynamic),
            _ => None,
        },
        Expression::FuncCall(call) => {
            let argument = call.args.get(0)?;
            match call.name.name.as_str() {
                "list" => Some(Type::List(Box::new(type_of(argument)?))),
                "set" => Some(Type::Set(Box::new(type_of(argument)?))),
                "map" => Some(Type::Map(Box::new(type_of(argument)?))),
                "tuple" => argument.as_array().map(|_| Type::Dynamic),
                "optional" => type_of(argument),
                "object" => {
                    let mut members = BTreeMap::new();
                    let mut has_optional = false;
                    for (key, member) in argument.as_object()? {
                        let name = match key {
                            ObjectKey::Ident(name) => name.as_str(),
                            ObjectKey::Expression(Expression::Variable(name)) => name.as_str(),
                            ObjectKey::Expression(expression) => expression.as_str()?,
                        };
                        has_optional |=
                            member.expr().as_func_call().is_some_and(|it| it.name.name.as_str() == "optional");
                        members.insert(name.to_owned(), type_of(member.expr())?);
                    }
                    Some(if has_optional { Type::Dynamic } else { Type::Object(members) })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn duplicates(checker: &mut Checker<'_>) {
    let mut first: BTreeMap<String, &Declaration> = BTreeMap::new();
    for declaration in checker.module.declarations() {
        let name = match declaration.kind() {
            Kind::Provider => {
                let alias = declaration.argument("alias").and_then(|alias| alias.as_str());
                format!("{}{}", declaration.address(), alias.map(|alias| format!(".{alias}")).unwrap_or_default())
            }
            kind if kind.is_addressable() => declaration.address().to_owned(),
            _ => continue,
        };
        if let Some(other) = first.get(&name) {
            let message = format!("`{name}` is declared twice");
            let finding = Diagnostic::error(codes::DUPLICATE, message)
                .with_span(Some(declaration.header_span()))
                .with_related(Some(other.header_span()), "here first");
            checker.findings.push(finding);
        } else {
            first.insert(name, declaration);
        }
    }
}
