//! Calls of pure functions. A function that is not here, or whose arguments are not known, is unknown as a whole.

mod collection;
mod network;
mod text;

use hcl_edit::expr::FuncCall;

use super::expression::Scope;
use super::value::Value;

/// What a function makes of its arguments.
enum Outcome {
    /// The value.
    Known(Value),
    /// Only Terraform knows.
    Symbolic,
    /// Terraform would refuse the arguments.
    Refused,
}

impl From<Option<Value>> for Outcome {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Refused, Self::Known)
    }
}

pub(super) fn call(scope: &mut Scope<'_, '_>, call: &FuncCall) -> Option<Value> {
    let name = call.name.name.as_str();
    match name {
        "try" => {
            return call.args.iter().find_map(|argument| scope.attempt(argument));
        }
        "can" => {
            let argument = call.args.get(0)?;
            return Some(match scope.attempt(argument) {
                Some(value) if value.has_symbol() => Value::Unknown(format!("can({})", value.show())),
                value => Value::Bool(value.is_some()),
            });
        }
        _ => {}
    }
    let mut arguments = Vec::with_capacity(call.args.len());
    for argument in call.args.iter() {
        arguments.push(scope.attempt(argument)?);
    }
    if call.args.expand_final() {
        match arguments.pop()? {
            Value::List(items) => arguments.extend(items),
            symbol if symbol.is_symbol() => {
                return Some(Value::Unknown(format!("{}...)", shown(call, &arguments, Some(&symbol)))));
            }
            _ => return None,
        }
    }
    let outcome = if call.name.is_namespaced() { Outcome::Symbolic } else { apply(name, &arguments) };
    match outcome {
        Outcome::Known(value) => Some(value),
        Outcome::Symbolic => Some(Value::Unknown(format!("{})", shown(call, &arguments, None)))),
        Outcome::Refused => None,
    }
}

fn shown(call: &FuncCall, arguments: &[Value], last: Option<&Value>) -> String {
    let namespace = call.name.namespace.iter().map(|part| part.as_str());
    let name: Vec<&str> = namespace.chain([call.name.name.as_str()]).collect();
    let arguments: Vec<String> = arguments.iter().chain(last).map(Value::show).collect();
    format!("{}({}", name.join("::"), arguments.join(", "))
}

fn apply(name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("sensitive" | "nonsensitive" | "ephemeralasnull", [value]) => Outcome::Known(value.clone()),
        ("jsonencode", [value]) if value.is_symbol() => Outcome::Symbolic,
        ("jsonencode", [value]) => Outcome::Known(Value::Encoded(Box::new(value.clone()))),
        ("jsondecode", [Value::Encoded(value)]) => Outcome::Known((**value).clone()),
        ("jsondecode", [Value::Text(text)]) if !text.contains("${") => {
            serde_json::from_str(text).ok().map(|json| Value::from_json(&json)).into()
        }
        ("cidrsubnet", [Value::Text(prefix), bits, number]) if !prefix.contains("${") => {
            match (bits.as_count(), number.as_count()) {
                (Some(bits), Some(number)) => network::subnet(prefix, bits, number).map(Value::Text).into(),
                _ => Outcome::Symbolic,
            }
        }
        _ => text::apply(name, arguments).or_else(|| collection::apply(name, arguments)).unwrap_or(Outcome::Symbolic),
    }
}
