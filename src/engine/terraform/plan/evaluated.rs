//! What the text of a root module says of its resources, without AWS and without Terraform.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::diagnostics::Diagnostic;
use crate::render::{Bundle, ParameterValue, RenderedModule};
use crate::tf::evaluate::{Instance, evaluate};
use crate::tf::{Kind, Module};

/// The files of a root module, read.
///
/// # Errors
/// Where they are not HCL.
pub(in crate::engine::terraform) fn parse(module: &RenderedModule) -> Result<Module, Vec<Diagnostic>> {
    let files: Vec<(String, Arc<str>)> = module
        .files
        .iter()
        .filter(|(name, _)| name.ends_with(".tf"))
        .map(|(name, text)| (format!("{}/{name}", module.key), text.clone()))
        .collect();
    Module::parse(&files).map_err(|errors| errors.iter().map(crate::tf::Error::to_diagnostic).collect())
}

/// What the variables of a root module are set to. What only AWS tells has a name in place of its value.
pub(in crate::engine::terraform) fn values(
    bundle: Option<&Bundle>,
    module: Option<&RenderedModule>,
) -> BTreeMap<String, Value> {
    let value = |value: &ParameterValue| match value {
        ParameterValue::Literal(text) => text.clone(),
        ParameterValue::Image(name) => {
            let known = bundle.and_then(|bundle| bundle.images.get(name)).cloned();
            known.unwrap_or_else(|| format!("${{image.{name}}}"))
        }
        ParameterValue::Lookup(name) => format!("${{lookup.{name}}}"),
        ParameterValue::Output { stack, output } => format!("${{{stack}.{output}}}"),
    };
    let variables = module.into_iter().flat_map(|module| &module.variables);
    variables.map(|(name, own)| (name.clone(), Value::String(value(own)))).collect()
}

/// The resources of a root module by address. A family whose members only AWS tells is one, under the address of the family.
pub(in crate::engine::terraform) fn instances(
    module: &Module,
    rendered: &RenderedModule,
    values: &BTreeMap<String, Value>,
) -> IndexMap<String, Instance> {
    let found = evaluate(module, values).instances.into_iter().filter(|own| own.kind == Kind::Resource);
    found
        .map(|mut own| {
            if let Some(family) = own.address.strip_suffix("[*]") {
                own.address = family.to_owned();
            }
            own.arguments.values_mut().for_each(|value| read_files(value, rendered));
            (own.address.clone(), own)
        })
        .collect()
}

/// Puts the text of a file that the root module brings in the place of the call that reads it.
fn read_files(value: &mut Value, module: &RenderedModule) {
    match value {
        Value::Object(members) => {
            let text = members.get("$unknown").and_then(Value::as_str).and_then(|call| file_of(call, module));
            match text {
                Some(text) => *value = json!(&**text),
                None => members.values_mut().for_each(|value| read_files(value, module)),
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| read_files(item, module)),
        _ => {}
    }
}

/// The text that `file("${path.module}/name")` reads.
fn file_of<'a>(call: &str, module: &'a RenderedModule) -> Option<&'a Arc<str>> {
    let path: String = serde_json::from_str(call.strip_prefix("file(")?.strip_suffix(')')?).ok()?;
    module.files.get(path.strip_prefix("${path.module}/")?)
}

/// A value as a person reads it: a reference or what only Terraform knows as its expression, and a text in JSON as what it
/// holds.
pub(in crate::engine::terraform) fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut all = members.iter();
            match (all.next(), all.next()) {
                (Some((name, tree)), None) if name == "$json" => plain(tree),
                (Some((name, expression)), None) if name == "$ref" || name == "$unknown" => expression.clone(),
                _ => Value::Object(members.iter().map(|(name, value)| (name.clone(), plain(value))).collect()),
            }
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}
