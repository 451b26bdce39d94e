//! References of the render context as Terraform's expressions.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Unwritable;
use super::text::{escape, quoted};

/// The only key of a map that stands for an expression, printed as it is. No value can have it, because its character is
/// refused in all of them.
pub const EXPRESSION: &str = "\u{FFFFC}";

/// The expressions of a blueprint by the names that the render context has: `KmsKeyArn`, `Service.Name`.
#[derive(Debug, Clone, Default)]
pub struct References(Arc<IndexMap<String, String>>);

impl References {
    /// The table of a blueprint.
    pub fn new(expressions: IndexMap<String, String>) -> Self {
        Self(Arc::new(expressions))
    }

    /// The expression that a value is, when it is one of the forms that stand for one.
    pub(super) fn expression(&self, value: &Value) -> Result<Option<String>, Unwritable> {
        let Some((name, argument)) = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next())
        else {
            return Ok(None);
        };
        match (name.as_str(), argument) {
            (EXPRESSION, Value::String(expression)) => Ok(Some(expression.clone())),
            ("Ref", Value::String(name)) => self.named(name).map(Some),
            ("Fn::GetAtt", Value::Array(items)) => match items.as_slice() {
                [Value::String(id), Value::String(attribute)] => self.named(&format!("{id}.{attribute}")).map(Some),
                _ => Err(Unwritable::Function(name.clone())),
            },
            ("Fn::Sub", Value::String(text)) => self.template(text, None).map(Some),
            ("Fn::Sub", Value::Array(items)) => match items.as_slice() {
                [Value::String(text), Value::Object(variables)] => self.template(text, Some(variables)).map(Some),
                _ => Err(Unwritable::Function(name.clone())),
            },
            (name, _) if name.starts_with("Fn::") => Err(Unwritable::Function(name.to_owned())),
            _ => Ok(None),
        }
    }

    fn named(&self, name: &str) -> Result<String, Unwritable> {
        self.0.get(name).cloned().ok_or_else(|| Unwritable::Reference(name.to_owned()))
    }

    /// `Fn::Sub`'s text as a template; one that is nothing but a reference is that reference.
    fn template(&self, text: &str, variables: Option<&Map<String, Value>>) -> Result<String, Unwritable> {
        let mut out = String::from("\"");
        let mut rest = text;
        let mut pieces = Vec::new();
        while let Some((literal, after)) = rest.split_once("${") {
            escape(literal, &mut out);
            let Some((name, behind)) = after.split_once('}') else {
                escape(&format!("${{{after}"), &mut out);
                rest = "";
                break;
            };
            if let Some(name) = name.strip_prefix('!') {
                escape(&format!("${{{name}}}"), &mut out);
            } else {
                let expression = self.variable(name, variables)?;
                match expression.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
                    // A template in a template reads better as one.
                    Some(inner) => out.push_str(inner),
                    None => out.push_str(&format!("${{{expression}}}")),
                }
                pieces.push(expression);
            }
            rest = behind;
        }
        escape(rest, &mut out);
        out.push('"');
        match pieces.as_slice() {
            [only] if out == format!("\"${{{only}}}\"") => Ok(only.clone()),
            _ => Ok(out),
        }
    }

    fn variable(&self, name: &str, variables: Option<&Map<String, Value>>) -> Result<String, Unwritable> {
        match variables.and_then(|variables| variables.get(name)) {
            Some(Value::String(text)) => Ok(quoted(text)),
            Some(Value::Number(number)) => Ok(quoted(&number.to_string())),
            Some(value) => match self.expression(value)? {
                Some(expression) => Ok(expression),
                None => Err(Unwritable::Reference(name.to_owned())),
            },
            None => self.named(name),
        }
    }
}
