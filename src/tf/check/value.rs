//! Values that are written out, against the type that is wanted.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};

use crate::tf::function;
use crate::tf::registry::Type;

/// A value of the wrong type.
pub(super) struct Mismatch {
    /// Where.
    pub(super) at: Option<Range<usize>>,
    /// Why, to stand after the argument's name.
    pub(super) reason: String,
}

/// What an expression surely gives.
enum Given<'a> {
    Text(&'a str),
    SomeText,
    Number,
    Bool,
    Tuple,
    Object,
    /// Only Terraform knows, or it is `null`.
    Unknown,
}

/// The values inside an expression that Terraform cannot convert to the type. Computed values count when their kind is
/// plain.
pub(super) fn mismatches(expression: &Expression, wanted: &Type) -> Vec<Mismatch> {
    let mut found = Vec::new();
    compare(expression, wanted, &mut found);
    found
}

fn compare(expression: &Expression, wanted: &Type, found: &mut Vec<Mismatch>) {
    match expression {
        Expression::Parenthesis(inner) => return compare(inner.inner(), wanted, found),
        Expression::Conditional(conditional) => {
            compare(&conditional.true_expr, wanted, found);
            return compare(&conditional.false_expr, wanted, found);
        }
        _ => {}
    }
    let given = given(expression);
    let mut wrong = |reason: String| found.push(Mismatch { at: expression.span(), reason });
    match (wanted, &given) {
        (Type::Dynamic, _) | (_, Given::Unknown) => {}
        (Type::String, Given::Text(_) | Given::SomeText | Given::Number | Given::Bool) => {}
        (Type::Number, Given::Number) | (Type::Bool, Given::Bool) => {}
        (Type::Number | Type::Bool, Given::SomeText) => {}
        (Type::Number, Given::Text(text)) => {
            if text.parse::<f64>().is_err() {
                wrong(format!(" is a number, and `{text}` is none"));
            }
        }
        (Type::Bool, Given::Text(text)) => {
            if !matches!(*text, "true" | "false" | "1" | "0") {
                wrong(format!(" is true or false, and `{text}` is neither"));
            }
        }
        (Type::List(item) | Type::Set(item), Given::Tuple) => {
            for member in expression.as_array().into_iter().flatten() {
                compare(member, item, found);
            }
        }
        (Type::Map(item), Given::Object) => {
            for (_, value) in expression.as_object().into_iter().flatten() {
                compare(value.expr(), item, found);
            }
        }
        (Type::Object(members), Given::Object) => {
            let Some(object) = expression.as_object() else { return };
            let named = |name: &str| object.iter().find(|(key, _)| key_text(key) == Some(name));
            let computed_keys = object.iter().any(|(key, _)| key_text(key).is_none());
            for (name, member) in members {
                match named(name) {
                    Some((_, value)) => compare(value.expr(), member, found),
                    None if computed_keys => {}
                    None => found.push(Mismatch {
                        at: expression.span(),
                        reason: format!(" needs `{name}` in each of its objects, `null` at least"),
                    }),
                }
            }
        }
        (wanted, given) => wrong(format!(" is a {wanted}, and this is {}", describe(given))),
    }
}

fn key_text(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
        ObjectKey::Expression(expression) => expression.as_str(),
    }
}

fn given(expression: &Expression) -> Given<'_> {
    match expression {
        Expression::String(text) => Given::Text(text.as_str()),
        // `"${x}"` alone is x, whatever that is.
        Expression::StringTemplate(template) if template.as_single_element().is_some() => Given::Unknown,
        Expression::StringTemplate(_) | Expression::HeredocTemplate(_) => Given::SomeText,
        Expression::Number(_) => Given::Number,
        Expression::Bool(_) => Given::Bool,
        Expression::Array(_) => Given::Tuple,
        Expression::Object(_) => Given::Object,
        Expression::ForExpr(each) if each.key_expr.is_some() => Given::Object,
        Expression::ForExpr(_) => Given::Tuple,
        Expression::FuncCall(call) if !call.name.is_namespaced() => {
            match function::function(call.name.name.as_str()).and_then(|known| known.gives) {
                Some(function::Kind::String) => Given::SomeText,
                Some(function::Kind::Number) => Given::Number,
                Some(function::Kind::Bool) => Given::Bool,
                None => Given::Unknown,
            }
        }
        _ => Given::Unknown,
    }
}

fn describe(given: &Given<'_>) -> &'static str {
    match given {
        Given::Text(_) | Given::SomeText => "text",
        Given::Number => "a number",
        Given::Bool => "true or false",
        Given::Tuple => "a list",
        Given::Object => "an object",
        Given::Unknown => "not known",
    }
}
