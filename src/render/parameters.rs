//! The values of a stack's parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::input::{Account, Input};
use super::{ConfigObject, ParameterValue, codes};
use crate::blueprint::{Flag, ParameterSource, Stack};
use crate::cfn::template::Template;
use crate::diagnostics::{Diagnostic, SourceFile, Span};
use crate::render::template::nearest;

/// What the parameters of one stack are made of.
pub(super) struct Sources<'a> {
    pub input: &'a Input,
    pub manifest: &'a SourceFile,
    pub stack: &'a Stack,
    pub config: Option<&'a ConfigObject>,
    /// Outputs of the stacks that are there, by name of the stack.
    pub outputs: &'a BTreeMap<String, Vec<String>>,
}

impl Sources<'_> {
    /// The values of the parameters that a rendered template declares. One with a default and without a source keeps
    /// its default. `at` gives the template's place of a rendered line.
    ///
    /// # Errors
    /// A finding for each parameter without a value.
    pub fn parameters(
        &self,
        template: &Template,
        account: Option<&Account>,
        at: impl Fn(u32) -> Option<Span>,
    ) -> Result<BTreeMap<String, ParameterValue>, Vec<Diagnostic>> {
        let mut values = BTreeMap::new();
        let mut findings = Vec::new();
        for parameter in template.parameters() {
            let name = parameter.name;
            let has_default = parameter.default().is_some();
            let Some(given) = self.stack.parameters.get(name) else {
                if !has_default {
                    let near = nearest(name, self.stack.parameters.keys().map(String::as_str));
                    let help = match near {
                        Some(near) => format!("blueprint.yaml has `{near}`: is that it?"),
                        None => {
                            format!("name its source in blueprint.yaml, below `parameters` of `{}`", self.stack.name)
                        }
                    };
                    let message = format!("the parameter `{name}` has neither a source nor a default");
                    let place = at(parameter.key.start.line);
                    findings.push(Diagnostic::error(codes::PARAMETER, message).with_span(place).with_help(help));
                }
                continue;
            };
            match self.value(&given.source, account) {
                Ok(Some(value)) => {
                    values.insert(name.to_owned(), value);
                }
                Ok(None) if has_default => {}
                result => {
                    let reason = result.err().unwrap_or_else(|| "its source gives nothing".to_owned());
                    let message = format!("the parameter `{name}` has no value: {reason}");
                    findings.push(
                        Diagnostic::error(codes::PARAMETER, message)
                            .with_span(Some(given.place.in_file(&self.manifest.name)))
                            .with_related(at(parameter.key.start.line), "declared here"),
                    );
                }
            }
        }
        if findings.is_empty() { Ok(values) } else { Err(findings) }
    }

    /// The value that a source gives; `None` for null in the context.
    pub fn value(&self, source: &ParameterSource, account: Option<&Account>) -> Result<Option<ParameterValue>, String> {
        Ok(Some(match source {
            ParameterSource::Output { stack, output } => {
                let Some(outputs) = self.outputs.get(stack) else {
                    return Err(format!("this deployment has no stack `{stack}`"));
                };
                if !outputs.contains(output) {
                    return Err(format!("the stack `{stack}` has no output `{output}` here"));
                }
                ParameterValue::Output { stack: stack.clone(), output: output.clone() }
            }
            ParameterSource::Context(path) => {
                let value = match (path.strip_prefix("target."), account) {
                    (Some(path), Some(account)) => at_path(&account.context, path),
                    _ => at_path(&self.input.context, path),
                };
                let value = value.ok_or_else(|| format!("the render context has no `{path}`"))?;
                match text(&value) {
                    Some(text) => ParameterValue::Literal(text),
                    None if value.is_null() => return Ok(None),
                    None => return Err(format!("`{path}` of the render context is no text, number or list of them")),
                }
            }
            ParameterSource::Image(name) if self.input.images.contains_key(name) => ParameterValue::Image(name.clone()),
            ParameterSource::Image(name) => return Err(format!("this deployment has no image `{name}`")),
            ParameterSource::Config => match self.config {
                Some(config) => ParameterValue::Literal(config.key.clone()),
                None => return Err("this deployment has no configuration".to_owned()),
            },
            ParameterSource::Lookup(name) if self.input.lookups.contains_key(name) => {
                ParameterValue::Lookup(name.clone())
            }
            ParameterSource::Lookup(name) => return Err(format!("this deployment has no lookup `{name}`")),
        }))
    }
}

/// The value at a dotted path; list items by their index, or all of them by `*`.
pub(super) fn at_path<'v>(context: &'v Value, path: &str) -> Option<Cow<'v, Value>> {
    let mut value = context;
    let mut rest = path;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('.').unwrap_or((rest, ""));
        value = match value {
            Value::Array(items) if name == "*" => {
                let each: Option<Vec<Value>> =
                    items.iter().map(|item| at_path(item, after).map(Cow::into_owned)).collect();
                return each.map(|items| Cow::Owned(Value::Array(items)));
            }
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            value => value.get(name)?,
        };
        rest = after;
    }
    Some(Cow::Borrowed(value))
}

/// Whether a flag holds: null, false, 0, and what is empty or not there do not.
pub(super) fn holds(flag: &Flag, context: &Value) -> bool {
    match flag {
        Flag::Fixed(fixed) => *fixed,
        Flag::Context(path) => match at_path(context, path).as_deref() {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(map)) => !map.is_empty(),
        },
    }
}

/// The text that CloudFormation takes for a value: a list with commas.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| if item.is_array() { None } else { text(item) }).collect();
            Some(texts?.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}
