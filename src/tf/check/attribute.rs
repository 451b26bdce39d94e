//! What an expression reads of a resource.

use std::ops::Range;

use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::{Decorated, Span as _};

use crate::cfn::check::suggestion::did_you_mean;
use crate::tf::codes;
use crate::tf::module::Declaration;
use crate::tf::registry::{Block, Nesting, Type, TypeSchema};

/// A step that leads nowhere.
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) at: Option<Range<usize>>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// Where a path has come to.
enum Shape<'a> {
    Block(&'a Block),
    Many(&'a Block, Nesting),
    Value(&'a Type),
}

/// Follows what stands after the address of a resource, data source or ephemeral resource.
pub(super) fn check(
    declaration: &Declaration,
    schema: Option<&TypeSchema>,
    operators: &[Decorated<TraversalOperator>],
) -> Result<(), Wrong> {
    let operators = instance(declaration, operators)?;
    let Some(schema) = schema else { return Ok(()) };
    let mut shape = Shape::Block(schema.block());
    let mut attribute_splat = false;
    for operator in operators {
        match operator.value() {
            // An index after `.*.name` picks from the list of results.
            TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_) if attribute_splat => return Ok(()),
            TraversalOperator::AttrSplat(_) => attribute_splat = true,
            _ => {}
        }
        let Some(next) = step(declaration, schema, &shape, operator)? else { return Ok(()) };
        shape = next;
    }
    Ok(())
}

/// Takes the instance key off the front, which is there exactly when there are instances.
fn instance<'a>(
    declaration: &Declaration,
    operators: &'a [Decorated<TraversalOperator>],
) -> Result<&'a [Decorated<TraversalOperator>], Wrong> {
    let address = declaration.address();
    let Some((first, rest)) = operators.split_first() else { return Ok(operators) };
    let wrong = |message: String, help: String| Wrong {
        code: codes::INSTANCE_KEY,
        at: first.span(),
        message,
        help: Some(help),
    };
    let (count, for_each) = (declaration.argument("count").is_some(), declaration.argument("for_each").is_some());
    match first.value() {
        TraversalOperator::GetAttr(_) if count || for_each => {
            let key = if count { "0" } else { "\"key\"" };
            let message = format!("`{address}` has instances, and an attribute is read from one of them");
            Err(wrong(message, format!("write {address}[{key}], or what the key is here")))
        }
        TraversalOperator::GetAttr(_) => Ok(operators),
        TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_) if for_each => {
            let message = format!("`{address}` has for_each, so it is a map, and `*` goes over lists");
            Err(wrong(message, format!("write values({address})[*]")))
        }
        TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_) => Ok(rest),
        TraversalOperator::Index(Expression::Number(_)) | TraversalOperator::LegacyIndex(_) if for_each => {
            let message = format!("`{address}` has for_each, and its instances have names");
            Err(wrong(message, format!("write {address}[\"key\"]")))
        }
        TraversalOperator::Index(Expression::String(_)) if count => {
            let message = format!("`{address}` has count, and its instances have numbers");
            Err(wrong(message, format!("write {address}[0]")))
        }
        TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_) if count || for_each => Ok(rest),
        TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_) => {
            let message = format!("`{address}` has neither count nor for_each, so it takes no key");
            Err(wrong(message, "remove the key".to_owned()))
        }
    }
}

fn step<'a>(
    declaration: &Declaration,
    schema: &'a TypeSchema,
    shape: &Shape<'a>,
    operator: &Decorated<TraversalOperator>,
) -> Result<Option<Shape<'a>>, Wrong> {
    let wrong = |message: String, help: Option<String>| {
        Err(Wrong { code: codes::UNKNOWN_ATTRIBUTE, at: operator.span(), message, help })
    };
    match (shape, operator.value()) {
        (Shape::Block(block), TraversalOperator::GetAttr(name)) => {
            if let Some(argument) = block.attributes.get(name.as_str()) {
                return Ok(Some(Shape::Value(&argument.value_type)));
            }
            if let Some(nested) = block.block_types.get(name.as_str()) {
                let Some(inner) = schema.resolve(&nested.block) else { return Ok(None) };
                return Ok(match nested.nesting_mode {
                    Nesting::Single | Nesting::Group => Some(Shape::Block(inner)),
                    Nesting::List | Nesting::Set => Some(Shape::Many(inner, nested.nesting_mode)),
                    Nesting::Map => None,
                });
            }
            let names = block.attributes.keys().chain(block.block_types.keys());
            let help = did_you_mean(name, names.map(String::as_str));
            let type_name = declaration.type_name().unwrap_or_default();
            wrong(format!("{type_name} has no attribute `{}`", name.as_str()), help)
        }
        (Shape::Many(_, Nesting::Set), TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_)) => {
            wrong("a set has no order, so its items have no index".to_owned(), Some("write one(...)".to_owned()))
        }
        (Shape::Many(..), TraversalOperator::GetAttr(name)) => {
            let help = Some(format!("write [0].{} or [*].{}", name.as_str(), name.as_str()));
            wrong(format!("`{}` is read from a block that may repeat", name.as_str()), help)
        }
        (Shape::Many(block, _), _) => Ok(Some(Shape::Block(block))),
        (Shape::Value(value_type), _) => of_value(value_type, operator, wrong),
        // `[*]` over one thing is that thing in a list.
        (Shape::Block(block), TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_)) => {
            Ok(Some(Shape::Block(block)))
        }
        (Shape::Block(_), TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_)) => Ok(None),
    }
}

fn of_value<'a>(
    value_type: &'a Type,
    operator: &Decorated<TraversalOperator>,
    wrong: impl Fn(String, Option<String>) -> Result<Option<Shape<'a>>, Wrong>,
) -> Result<Option<Shape<'a>>, Wrong> {
    match (value_type, operator.value()) {
        (Type::Dynamic, _) => Ok(None),
        (Type::Object(members), TraversalOperator::GetAttr(name)) => match members.get(name.as_str()) {
            Some(member) => Ok(Some(Shape::Value(member))),
            None => {
                let help = did_you_mean(name, members.keys().map(String::as_str));
                wrong(format!("there is no attribute `{}` here", name.as_str()), help)
            }
        },
        (Type::Map(item), TraversalOperator::GetAttr(_)) => Ok(Some(Shape::Value(item))),
        (_, TraversalOperator::GetAttr(name)) => {
            wrong(format!("a {value_type} has no attribute `{}`", name.as_str()), None)
        }
        (Type::List(item) | Type::Map(item), TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_)) => {
            Ok(Some(Shape::Value(item)))
        }
        (Type::Object(_), TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_)) => Ok(None),
        (_, TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_)) => {
            wrong(format!("a {value_type} has no index"), None)
        }
        (Type::List(item) | Type::Set(item), TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_)) => {
            Ok(Some(Shape::Value(item)))
        }
        (_, TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_)) => Ok(Some(Shape::Value(value_type))),
    }
}
