//! Variables that hold keys.

use serde_json::{Map, Value, json};

use crate::model::container::RESERVED_VARIABLES;

/// The variables that the spec has to declare, and the secrets that hold them.
pub(super) struct Variables<'a> {
    name: &'a str,
    declared: Vec<String>,
}

impl<'a> Variables<'a> {
    /// Variables of the deployment of that name.
    pub(super) fn new(name: &'a str) -> Self {
        Self { name, declared: Vec::new() }
    }

    /// Declares a variable, unless gwinfra sets it itself. Returns whether a variable can have that name.
    pub(super) fn declare(&mut self, variable: &str) -> bool {
        if !is_variable(variable) {
            return false;
        }
        let set = ["AWS_DEFAULT_REGION"].contains(&variable) || RESERVED_VARIABLES.contains(&variable);
        if !set && !self.declared.iter().any(|known| known == variable) {
            self.declared.push(variable.to_owned());
        }
        true
    }

    /// Declares every variable below a value.
    pub(super) fn declare_within(&mut self, value: &Value) {
        for found in crate::litellm::strings::strings(value) {
            if let Some(variable) = found.text.strip_prefix("os.environ/") {
                self.declare(variable);
            }
        }
    }

    /// Names of secrets, with the variable that each is given to.
    pub(super) fn secrets(&self) -> Vec<(String, String)> {
        self.declared.iter().map(|variable| (self.secret(variable), variable.clone())).collect()
    }

    /// The spec's `gateway.litellm.secrets`.
    pub(super) fn spec(&self) -> Value {
        let secrets = self.declared.iter().map(|variable| (variable.clone(), json!({"secret": self.secret(variable)})));
        Value::Object(secrets.collect::<Map<String, Value>>())
    }

    fn secret(&self, variable: &str) -> String {
        format!("{}/{variable}", self.name)
    }
}

/// Whether a text is the name of a variable.
pub(super) fn is_variable(text: &str) -> bool {
    text.len() <= 128
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
