//! What Terraform itself reads in a resource: `count`, `for_each`, `depends_on`, `provider`, `lifecycle`.

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body, Structure};

use super::Checker;
use crate::cfn::check::suggestion::did_you_mean;
use crate::tf::codes;
use crate::tf::module::{Declaration, Kind};

/// Whether an argument belongs to Terraform and not to the provider's type.
pub(super) fn is_argument(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Provider => matches!(name, "alias" | "version"),
        _ => matches!(name, "count" | "for_each" | "depends_on" | "provider"),
    }
}

/// Whether a nested block belongs to Terraform and not to the provider's type.
pub(super) fn is_block(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Resource => matches!(name, "lifecycle" | "provisioner" | "connection"),
        Kind::Data | Kind::Ephemeral => name == "lifecycle",
        _ => false,
    }
}

/// Checks the meta-arguments of a resource, a data source or an ephemeral resource.
pub(super) fn check(checker: &mut Checker<'_>, declaration: &Declaration) {
    let Some(body) = declaration.body() else { return };
    let mut wrong = |at: Option<std::ops::Range<usize>>, message: String, help: Option<String>| {
        checker.error(codes::META_ARGUMENT, declaration, at, message, help);
    };
    let (count, for_each) = (body.get_attribute("count"), body.get_attribute("for_each"));
    if let (Some(_), Some(second)) = (count, for_each) {
        wrong(second.key.span(), "`count` and `for_each` exclude each other".to_owned(), None);
    }
    if let Some(count) = count
        && matches!(
            count.value,
            Expression::Array(_) | Expression::Object(_) | Expression::Bool(_) | Expression::Null(_)
        )
    {
        wrong(count.value.span(), "`count` is a number".to_owned(), None);
    }
    match for_each.map(|for_each| &for_each.value) {
        Some(list @ Expression::Array(_)) => {
            let help = Some("make a set of it with toset([...])".to_owned());
            wrong(list.span(), "`for_each` takes a map or a set of strings, and this is a list".to_owned(), help);
        }
        Some(list @ Expression::ForExpr(each)) if each.key_expr.is_none() => {
            let help = Some("make a set of it with toset([...])".to_owned());
            wrong(list.span(), "`for_each` takes a map or a set of strings, and this is a list".to_owned(), help);
        }
        Some(scalar @ (Expression::String(_) | Expression::Number(_) | Expression::Bool(_) | Expression::Null(_))) => {
            wrong(scalar.span(), "`for_each` takes a map or a set of strings".to_owned(), None)
        }
        _ => {}
    }
    if let Some(depends_on) = body.get_attribute("depends_on") {
        match &depends_on.value {
            Expression::Array(items) => {
                for item in items.iter().filter(|item| !item.is_traversal()) {
                    wrong(item.span(), "`depends_on` takes addresses, such as aws_vpc.main".to_owned(), None);
                }
            }
            other => wrong(other.span(), "`depends_on` is a list of addresses".to_owned(), None),
        }
    }
    for lifecycle in body.get_blocks("lifecycle") {
        check_lifecycle(checker, declaration, lifecycle);
    }
    check_provider_reference(checker, declaration, body);
}

fn check_lifecycle(checker: &mut Checker<'_>, declaration: &Declaration, lifecycle: &Block) {
    let (arguments, blocks): (&[&str], &[&str]) = match declaration.kind() {
        Kind::Resource => (
            &["create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"],
            &["precondition", "postcondition"],
        ),
        _ => (&[], &["precondition", "postcondition"]),
    };
    known(checker, declaration, &lifecycle.body, "lifecycle", arguments, blocks);
    for name in ["create_before_destroy", "prevent_destroy"] {
        if let Some(argument) = lifecycle.body.get_attribute(name)
            && !argument.value.is_bool()
        {
            let message = format!("`{name}` is true or false, written out");
            checker.error(codes::META_ARGUMENT, declaration, argument.value.span(), message, None);
        }
    }
    for condition in ["precondition", "postcondition"].iter().flat_map(|name| lifecycle.body.get_blocks(name)) {
        check_condition(checker, declaration, condition);
    }
    check_ignored(checker, declaration, lifecycle);
}

fn check_ignored(checker: &mut Checker<'_>, declaration: &Declaration, lifecycle: &Block) {
    let registry = checker.registry;
    let schema = declaration.type_name().and_then(|name| registry.get(declaration.kind(), name));
    let (Some(schema), Some(ignored)) = (schema, lifecycle.body.get_attribute("ignore_changes")) else { return };
    let Expression::Array(items) = &ignored.value else { return };
    for item in items.iter() {
        let name = match item {
            Expression::Variable(name) => name.as_str(),
            Expression::Traversal(path) => match &path.expr {
                Expression::Variable(name) => name.as_str(),
                _ => continue,
            },
            _ => continue,
        };
        let block = schema.block();
        if !block.attributes.contains_key(name) && !block.block_types.contains_key(name) {
            let names = block.attributes.keys().chain(block.block_types.keys());
            let help = did_you_mean(name, names.map(String::as_str));
            let message = format!("`ignore_changes` names `{name}`, which the type does not have");
            checker.error(codes::META_ARGUMENT, declaration, item.span(), message, help);
        }
    }
}

/// A `precondition`, `postcondition`, `validation` or `assert` has a condition and a message.
pub(super) fn check_condition(checker: &mut Checker<'_>, declaration: &Declaration, block: &Block) {
    let name = block.ident.as_str();
    known(checker, declaration, &block.body, name, &["condition", "error_message"], &[]);
    for needed in ["condition", "error_message"] {
        if !block.body.has_attribute(needed) {
            let message = format!("`{name}` needs the argument `{needed}`");
            checker.error(codes::MISSING_ARGUMENT, declaration, block.ident.span(), message, None);
        }
    }
}

/// Adds a finding for each argument or block that is not among those that Terraform knows at a place.
pub(super) fn known(
    checker: &mut Checker<'_>,
    declaration: &Declaration,
    body: &Body,
    what: &str,
    arguments: &[&str],
    blocks: &[&str],
) {
    for structure in body {
        let (name, at, noun, names, others) = match structure {
            Structure::Attribute(it) => (it.key.as_str(), it.key.span(), "argument", arguments, blocks),
            Structure::Block(it) => (it.ident.as_str(), it.ident.span(), "block", blocks, arguments),
        };
        if names.contains(&name) {
            continue;
        }
        let (code, message) = if others.contains(&name) {
            (codes::BLOCK_OR_ARGUMENT, format!("`{name}` of `{what}` is no {noun}"))
        } else {
            (codes::UNKNOWN_ARGUMENT, format!("`{what}` has no {noun} `{name}`"))
        };
        let help = did_you_mean(name, names.iter().copied().filter(|other| *other != name));
        checker.error(code, declaration, at, message, help);
    }
}

/// `provider = aws.north` needs a provider with that alias.
fn check_provider_reference(checker: &mut Checker<'_>, declaration: &Declaration, body: &Body) {
    let Some(argument) = body.get_attribute("provider") else { return };
    let named = match &argument.value {
        Expression::Variable(_) => return,
        Expression::Traversal(path) => match (&path.expr, path.operators.first().map(|operator| operator.value())) {
            (Expression::Variable(name), Some(operator)) if path.operators.len() == 1 => {
                crate::tf::expression::attribute_name(operator).map(|alias| (name.as_str(), alias))
            }
            _ => None,
        },
        _ => None,
    };
    let Some((provider, alias)) = named else {
        let message = "`provider` is the name of a provider, or that and an alias: aws.north".to_owned();
        return checker.error(codes::META_ARGUMENT, declaration, argument.value.span(), message, None);
    };
    let has_alias = |it: &Declaration| it.argument("alias").and_then(|alias| alias.as_str()) == Some(alias);
    if !checker.module.of_kind(Kind::Provider).any(|it| it.name() == provider && has_alias(it)) {
        let message = format!("no provider `{provider}` has the alias `{alias}`");
        checker.error(codes::UNRESOLVED, declaration, argument.value.span(), message, None);
    }
}
