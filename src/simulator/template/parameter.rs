//! Parameter values and their constraints.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Body;
use crate::simulator::request::scalar;

/// A parameter as a request gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// `ParameterKey`.
    pub key: String,
    /// `ParameterValue`; `None` with `UsePreviousValue`.
    pub value: Option<String>,
}

/// A parameter of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedParameter {
    /// Its name.
    pub key: String,
    /// The value as given.
    pub value: String,
    /// For parameters of an SSM type: the value that was read.
    pub resolved: Option<String>,
    /// `NoEcho`: shown as asterisks.
    pub no_echo: bool,
    /// Its value is a list.
    pub list: bool,
}

/// All parameters of a stack, in the template's order.
pub type ParameterSet = Vec<ResolvedParameter>;

/// The values for the evaluator: lists as arrays.
pub fn values(parameters: &[ResolvedParameter]) -> BTreeMap<String, Value> {
    parameters
        .iter()
        .map(|parameter| {
            let text = parameter.resolved.as_ref().unwrap_or(&parameter.value);
            let value = if parameter.list {
                Value::Array(text.split(',').map(|item| Value::String(item.trim().to_owned())).collect())
            } else {
                Value::String(text.clone())
            };
            (parameter.key.clone(), value)
        })
        .collect()
}

/// Works out the parameters of a template from a request, the stack's previous values and SSM. The error is CloudFormation's message.
pub fn resolve(
    body: &Body,
    given: &[Given],
    previous: &[ResolvedParameter],
    ssm: &dyn Fn(&str) -> Option<String>,
) -> Result<ParameterSet, String> {
    let empty = serde_json::Map::new();
    let declared = body.section("Parameters").unwrap_or(&empty);
    let unknown: Vec<&str> =
        given.iter().map(|one| one.key.as_str()).filter(|key| !declared.contains_key(*key)).collect();
    if !unknown.is_empty() {
        return Err(format!("Parameters: [{}] do not exist in the template", unknown.join(", ")));
    }
    let mut result = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for (key, declaration) in declared {
        let value = match given.iter().find(|one| one.key == *key) {
            Some(Given { value: Some(value), .. }) => Some(value.clone()),
            Some(Given { value: None, .. }) => match previous.iter().find(|one| one.key == *key) {
                Some(previous) => Some(previous.value.clone()),
                None => {
                    return Err(format!(
                        "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                    ));
                }
            },
            None => declaration.get("Default").and_then(scalar),
        };
        let Some(value) = value else {
            missing.push(key);
            continue;
        };
        let kind = declaration.get("Type").and_then(Value::as_str).unwrap_or("String");
        let resolved = match kind.strip_prefix("AWS::SSM::Parameter::Value<") {
            Some(_) => Some(ssm(&value).ok_or_else(|| {
                format!("Unable to fetch parameters [{value}] from parameter store for this account.")
            })?),
            None => None,
        };
        let list = kind == "CommaDelimitedList" || kind.contains("List<") || kind.contains("<CommaDelimitedList>");
        check(key, declaration, kind, list, &value)?;
        let no_echo = declaration.get("NoEcho").and_then(scalar).is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
        result.push(ResolvedParameter { key: key.clone(), value, resolved, no_echo, list });
    }
    if !missing.is_empty() {
        return Err(format!("Parameters: [{}] must have values", missing.join(", ")));
    }
    Ok(result)
}

fn check(key: &str, declaration: &Value, kind: &str, list: bool, value: &str) -> Result<(), String> {
    if value.len() > 4096 {
        return Err(format!("Parameter '{key}' must be at most 4096 bytes"));
    }
    let items: Vec<&str> = if list { value.split(',').map(str::trim).collect() } else { vec![value] };
    if let Some(allowed) = declaration.get("AllowedValues").and_then(Value::as_array) {
        let allowed: Vec<String> = allowed.iter().filter_map(scalar).collect();
        if items.iter().any(|item| !allowed.iter().any(|one| one == item)) {
            return match declaration.get("ConstraintDescription").and_then(Value::as_str) {
                Some(text) => Err(format!("Parameter '{key}' must be one of AllowedValues: {text}")),
                None => Err(format!("Parameter '{key}' must be one of AllowedValues: [{}]", allowed.join(", "))),
            };
        }
    }
    if let Some(pattern) = declaration.get("AllowedPattern").and_then(Value::as_str)
        && let Ok(regex) = Regex::new(&format!("^(?:{pattern})$"))
        && items.iter().any(|item| !regex.is_match(item))
    {
        return match declaration.get("ConstraintDescription").and_then(Value::as_str) {
            Some(text) => Err(format!("Parameter {key} failed to satisfy constraint: {text}")),
            None => Err(format!(
                "Parameter {key} failed to satisfy constraint: Parameter value {value} must match pattern {pattern}"
            )),
        };
    }
    if kind == "Number" || kind == "List<Number>" {
        for item in &items {
            let Ok(number) = item.parse::<f64>() else { return Err(format!("Parameter '{key}' must be a number.")) };
            let bound = |name: &str| declaration.get(name).and_then(scalar).and_then(|text| text.parse::<f64>().ok());
            if bound("MinValue").is_some_and(|least| number < least) {
                return Err(format!(
                    "Parameter '{key}' must be a number not less than {}",
                    bound("MinValue").unwrap_or_default()
                ));
            }
            if bound("MaxValue").is_some_and(|most| number > most) {
                return Err(format!(
                    "Parameter '{key}' must be a number not greater than {}",
                    bound("MaxValue").unwrap_or_default()
                ));
            }
        }
    }
    let bound = |name: &str| declaration.get(name).and_then(scalar).and_then(|text| text.parse::<usize>().ok());
    if let Some(least) = bound("MinLength")
        && value.chars().count() < least
    {
        return Err(format!("Parameter '{key}' must contain at least {least} characters"));
    }
    if let Some(most) = bound("MaxLength")
        && value.chars().count() > most
    {
        return Err(format!("Parameter '{key}' must contain at most {most} characters"));
    }
    Ok(())
}
