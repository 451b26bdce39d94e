//! Intrinsic functions.

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{Body, address, availability_zones};
use crate::cfn::intrinsic::{SubPart, sub_parts};
use crate::simulator::identity::{partition, url_suffix};

/// What a change set writes where a value is known only after a resource has changed.
pub const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// A value that cannot be computed, in CloudFormation's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct EvaluateError(pub String);

/// Where values come from that the template does not hold.
pub trait Lookup {
    /// What `Ref` of a resource returns.
    fn reference(&self, logical_id: &str) -> Option<Value>;
    /// What `Fn::GetAtt` returns.
    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value>;
    /// The value of an export of this account and region.
    fn import(&self, name: &str) -> Option<String>;
}

/// The pseudo parameters.
#[derive(Debug, Clone)]
pub struct Pseudo {
    /// `AWS::AccountId`.
    pub account: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::StackId`.
    pub stack_id: String,
    /// `AWS::StackName`.
    pub stack_name: String,
    /// `AWS::NotificationARNs`.
    pub notification_arns: Vec<String>,
}

/// Evaluates the values of one template.
pub struct Evaluator<'a> {
    body: &'a Body,
    parameters: &'a BTreeMap<String, Value>,
    pseudo: &'a Pseudo,
    lookup: &'a dyn Lookup,
    conditions: RefCell<BTreeMap<String, bool>>,
}

type Evaluated = Result<Option<Value>, EvaluateError>;

fn error<T>(message: impl Into<String>) -> Result<T, EvaluateError> {
    Err(EvaluateError(message.into()))
}

impl<'a> Evaluator<'a> {
    /// An evaluator with these parameter values; list parameters are arrays.
    pub fn new(
        body: &'a Body,
        parameters: &'a BTreeMap<String, Value>,
        pseudo: &'a Pseudo,
        lookup: &'a dyn Lookup,
    ) -> Self {
        Self { body, parameters, pseudo, lookup, conditions: RefCell::default() }
    }

    /// A value with all functions worked out; `null` for `AWS::NoValue`.
    pub fn value(&self, value: &Value) -> Result<Value, EvaluateError> {
        Ok(self.evaluate(value)?.unwrap_or(Value::Null))
    }

    /// Whether a resource or output exists, by its `Condition`.
    pub fn exists(&self, member: &Value) -> Result<bool, EvaluateError> {
        member.get("Condition").and_then(Value::as_str).map_or(Ok(true), |name| self.condition(name))
    }

    /// The value of a named condition.
    pub fn condition(&self, name: &str) -> Result<bool, EvaluateError> {
        if let Some(known) = self.conditions.borrow().get(name) {
            return Ok(*known);
        }
        let Some(expression) = self.body.section("Conditions").and_then(|conditions| conditions.get(name)) else {
            return error(format!("Template error: unresolved condition dependency {name}"));
        };
        let value = self.truth(expression, 0)?;
        self.conditions.borrow_mut().insert(name.to_owned(), value);
        Ok(value)
    }

    fn truth(&self, expression: &Value, depth: usize) -> Result<bool, EvaluateError> {
        if depth > 50 {
            return error("Template error: Circular dependency between conditions");
        }
        let invalid =
            || EvaluateError("Template error: every Conditions member must be a condition function".to_owned());
        let (name, argument) = expression
            .as_object()
            .filter(|map| map.len() == 1)
            .and_then(|map| map.iter().next())
            .ok_or_else(invalid)?;
        let items = argument.as_array().map_or(&[][..], Vec::as_slice);
        match name.as_str() {
            "Condition" => {
                let name = argument.as_str().ok_or_else(invalid)?;
                if let Some(known) = self.conditions.borrow().get(name) {
                    return Ok(*known);
                }
                let Some(expression) = self.body.section("Conditions").and_then(|conditions| conditions.get(name))
                else {
                    return error(format!("Template error: unresolved condition dependency {name}"));
                };
                self.truth(expression, depth + 1)
            }
            "Fn::Not" => match items {
                [one] => Ok(!self.truth(one, depth + 1)?),
                _ => Err(invalid()),
            },
            "Fn::And" => items.iter().try_fold(true, |all, item| Ok(all & self.truth(item, depth + 1)?)),
            "Fn::Or" => items.iter().try_fold(false, |any, item| Ok(any | self.truth(item, depth + 1)?)),
            "Fn::Equals" => match items {
                [left, right] => {
                    let (left, right) = (self.value(left)?, self.value(right)?);
                    Ok(left == right || (text(&left).is_some() && text(&left) == text(&right)))
                }
                _ => Err(invalid()),
            },
            _ => Err(invalid()),
        }
    }

    fn evaluate(&self, value: &Value) -> Evaluated {
        match value {
            Value::Array(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().filter_map(|item| self.evaluate(item).transpose()).collect();
                Ok(Some(Value::Array(items?)))
            }
            Value::Object(map) => {
                if map.len() == 1
                    && let Some((name, argument)) = map.iter().next()
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument);
                }
                let mut result = Map::new();
                for (key, value) in map {
                    if let Some(value) = self.evaluate(value)? {
                        result.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(result)))
            }
            other => Ok(Some(other.clone())),
        }
    }

    fn function(&self, name: &str, argument: &Value) -> Evaluated {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => self.get_att(argument).map(Some),
            "Fn::Sub" => self.sub(argument).map(|text| Some(Value::String(text))),
            "Fn::If" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(name), yes, no]) => self.evaluate(if self.condition(name)? { yes } else { no }),
                _ => error("Template error: Fn::If requires a list argument with three elements"),
            },
            "Fn::Join" => self.join(argument).map(Some),
            "Fn::Split" => self.split(argument).map(Some),
            "Fn::Select" => self.select(argument),
            "Fn::FindInMap" => self.find_in_map(argument).map(Some),
            "Fn::ImportValue" => {
                let name = self.text(argument)?;
                match self.lookup.import(&name) {
                    Some(value) => Ok(Some(Value::String(value))),
                    None => error(format!("No export named {name} found. Rollback requested by user.")),
                }
            }
            "Fn::GetAZs" => {
                let region = self.text(argument)?;
                let region = if region.is_empty() { self.pseudo.region.as_str() } else { region.as_str() };
                Ok(Some(Value::Array(availability_zones(region).into_iter().map(Value::String).collect())))
            }
            "Fn::Cidr" => self.cidr(argument).map(Some),
            "Fn::Base64" => Ok(Some(Value::String(STANDARD.encode(self.text(argument)?)))),
            "Fn::ToJsonString" | "Fn::Length" if !self.body.has_language_extensions() => {
                error(format!("Template error: {name} needs the transform AWS::LanguageExtensions"))
            }
            "Fn::ToJsonString" => Ok(Some(Value::String(self.value(argument)?.to_string()))),
            "Fn::Length" => match self.value(argument)? {
                Value::Array(items) => Ok(Some(Value::from(items.len()))),
                _ => error("Template error: Fn::Length requires a list"),
            },
            "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => {
                let mut expression = Map::new();
                expression.insert(name.to_owned(), argument.clone());
                Ok(Some(Value::Bool(self.truth(&Value::Object(expression), 0)?)))
            }
            _ => error(format!("Template error: the function {name} is not modelled by the simulator")),
        }
    }

    fn reference(&self, name: &str) -> Evaluated {
        let pseudo = self.pseudo;
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::AccountId" => pseudo.account.clone(),
            "AWS::Region" => pseudo.region.clone(),
            "AWS::Partition" => partition(&pseudo.region).to_owned(),
            "AWS::URLSuffix" => url_suffix(&pseudo.region).to_owned(),
            "AWS::StackId" => pseudo.stack_id.clone(),
            "AWS::StackName" => pseudo.stack_name.clone(),
            "AWS::NotificationARNs" => return Ok(Some(Value::from(pseudo.notification_arns.clone()))),
            _ => {
                if let Some(value) = self.parameters.get(name) {
                    return Ok(Some(value.clone()));
                }
                return match self.lookup.reference(name) {
                    Some(value) => Ok(Some(value)),
                    None => error(format!(
                        "Unresolved resource dependencies [{name}] in the Resources block of the template"
                    )),
                };
            }
        };
        Ok(Some(Value::String(text)))
    }

    fn get_att(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let (id, attribute) = match argument {
            Value::String(text) => match text.split_once('.') {
                Some((id, attribute)) => (id.to_owned(), attribute.to_owned()),
                None => return error("Template error: Fn::GetAtt takes Resource.Attribute"),
            },
            Value::Array(items) => match items.as_slice() {
                [Value::String(id), attribute] => (id.clone(), self.text(attribute)?),
                _ => {
                    return error(
                        "Template error: Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
                    );
                }
            },
            _ => return error("Template error: Fn::GetAtt takes Resource.Attribute or a list"),
        };
        self.attribute(&id, &attribute)
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<Value, EvaluateError> {
        match self.lookup.attribute(id, attribute) {
            Some(value) => Ok(value),
            None => error(format!(
                "Template error: resource {id} does not support attribute type {attribute} in Fn::GetAtt"
            )),
        }
    }

    fn sub(&self, argument: &Value) -> Result<String, EvaluateError> {
        let (template, variables) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(items) => match items.as_slice() {
                [Value::String(text), variables] => (text.as_str(), Some(variables)),
                _ => {
                    return error(
                        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments.",
                    );
                }
            },
            _ => {
                return error(
                    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments.",
                );
            }
        };
        let mut result = String::new();
        for part in sub_parts(template) {
            match part {
                SubPart::Literal(literal) => result.push_str(literal),
                SubPart::Variable(name) => {
                    let value = match variables.and_then(|variables| variables.get(name)) {
                        Some(value) => self.value(value)?,
                        None => match name.split_once('.') {
                            Some((id, attribute)) => self.attribute(id, attribute)?,
                            None => self.reference(name)?.unwrap_or(Value::Null),
                        },
                    };
                    match text(&value) {
                        Some(value) => result.push_str(&value),
                        None => {
                            return error(format!(
                                "Template error: variable {name} in Fn::Sub expression does not resolve to a string"
                            ));
                        }
                    }
                }
            }
        }
        Ok(result)
    }

    fn text(&self, value: &Value) -> Result<String, EvaluateError> {
        let value = self.value(value)?;
        text(&value).ok_or_else(|| EvaluateError(format!("Template error: {value} is not a string")))
    }

    fn list(&self, value: &Value) -> Result<Vec<Value>, EvaluateError> {
        match self.value(value)? {
            Value::Array(items) => Ok(items),
            other => match text(&other) {
                // A value that is not known yet stands for a list of unknown values.
                Some(text) if text.contains(KNOWN_AFTER_APPLY) => Ok(vec![Value::String(KNOWN_AFTER_APPLY.to_owned())]),
                Some(text) => Ok(text.split(',').map(|item| Value::String(item.to_owned())).collect()),
                None => error("Template error: a list of values is required"),
            },
        }
    }

    fn pair<'v>(&self, name: &str, argument: &'v Value) -> Result<(&'v Value, &'v Value), EvaluateError> {
        match argument.as_array().map(Vec::as_slice) {
            Some([first, second]) => Ok((first, second)),
            _ => error(format!("Template error: every {name} object requires two parameters")),
        }
    }

    fn join(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let (delimiter, items) = self.pair("Fn::Join", argument)?;
        let delimiter = self.text(delimiter)?;
        let mut texts = Vec::new();
        for item in self.list(items)? {
            match text(&item) {
                Some(item) => texts.push(item),
                None => return error("Template error: every Fn::Join object requires a list of strings"),
            }
        }
        Ok(Value::String(texts.join(&delimiter)))
    }

    fn split(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let (delimiter, source) = self.pair("Fn::Split", argument)?;
        let (delimiter, source) = (self.text(delimiter)?, self.text(source)?);
        if source.contains(KNOWN_AFTER_APPLY) {
            return Ok(Value::String(KNOWN_AFTER_APPLY.to_owned()));
        }
        Ok(Value::Array(source.split(&delimiter).map(|item| Value::String(item.to_owned())).collect()))
    }

    fn select(&self, argument: &Value) -> Evaluated {
        let (index, items) = self.pair("Fn::Select", argument)?;
        let index = self.text(index)?;
        let unknown = matches!(self.value(items)?, Value::String(text) if text.contains(KNOWN_AFTER_APPLY));
        if unknown {
            return Ok(Some(Value::String(KNOWN_AFTER_APPLY.to_owned())));
        }
        let items = self.list(items)?;
        match index.parse::<usize>().ok().and_then(|index| items.get(index)) {
            Some(item) => Ok(Some(item.clone())),
            None => error(format!("Template error: Fn::Select cannot select nonexistent value at index {index}")),
        }
    }

    fn find_in_map(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let Some([map, top, second, rest @ ..]) = argument.as_array().map(Vec::as_slice) else {
            return error(
                "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
            );
        };
        let (map, top, second) = (self.text(map)?, self.text(top)?, self.text(second)?);
        let found = self.body.section("Mappings").and_then(|maps| maps.get(&map)?.get(&top)?.get(&second));
        match (found, rest.first().and_then(|options| options.get("DefaultValue"))) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(default)) if self.body.has_language_extensions() => self.value(default),
            (None, _) => error(format!("Template error: Unable to get mapping for {map}::{top}::{second}")),
        }
    }

    fn cidr(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let Some([block, count, rest @ ..]) = argument.as_array().map(Vec::as_slice) else {
            return error("Template error: Fn::Cidr requires a list argument with two or three elements");
        };
        let block = self.text(block)?;
        let number = |text: String| {
            text.parse::<u32>().map_err(|_| EvaluateError(format!("Template error: Fn::Cidr: {text} is not a number")))
        };
        let count = number(self.text(count)?)?;
        if block.contains(KNOWN_AFTER_APPLY) {
            return Ok(Value::Array(vec![Value::String(KNOWN_AFTER_APPLY.to_owned()); count as usize]));
        }
        let bits = match rest.first() {
            Some(bits) => number(self.text(bits)?)?,
            None => 8,
        };
        let blocks = address::cidr(&block, count, bits).map_err(EvaluateError)?;
        Ok(Value::Array(blocks.into_iter().map(Value::String).collect()))
    }
}

fn text(value: &Value) -> Option<String> {
    crate::simulator::request::scalar(value)
}
