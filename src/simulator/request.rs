//! What a protocol layer hands to a service, and what it gets back.

use serde_json::Value;

use super::identity::Identity;

/// One API call, with the protocol taken off.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Who calls; already authenticated.
    pub identity: &'a Identity,
    /// The region from the credential scope of the signature.
    pub region: &'a str,
    /// The operation, such as `CreateStack`.
    pub action: &'a str,
    /// The input as an object with AWS's member names. The query protocol has only texts: `member` levels are taken out, lists are
    /// arrays, numbers and booleans are still texts. The accessors below read either form.
    pub params: &'a Value,
    /// The request id that the reply will carry.
    pub request_id: &'a str,
}

/// The output as an object with AWS's member names in AWS's order. The query protocol writes arrays as `<member>` lists and leaves
/// out `null`. Timestamps are ISO 8601 texts.
pub type Reply = Value;

/// A refused call. The protocol layer writes it as XML or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// HTTP status: 4xx for the sender's fault, 5xx for the receiver's.
    pub status: u16,
    /// The error code, such as `ValidationError`.
    pub code: String,
    /// AWS's text.
    pub message: String,
}

impl Fault {
    /// A 400 with this code.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into() }
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// CloudFormation's and STS's code for nearly every wrong input.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }
}

impl Request<'_> {
    /// A member that is a text, or a number or boolean as text. Empty texts count as absent.
    pub fn text(&self, name: &str) -> Option<String> {
        scalar(self.params.get(name)?).filter(|text| !text.is_empty())
    }

    /// A text member that must be there.
    pub fn required(&self, name: &str) -> Result<String, Fault> {
        self.text(name).ok_or_else(|| {
            let member = format!("{}{}", name.chars().take(1).flat_map(char::to_lowercase).collect::<String>(), name.get(1..).unwrap_or(""));
            Fault::validation(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    /// A boolean member; `None` if it is absent or neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.params.get(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// An integer member.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.params.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A list member; empty if it is absent.
    pub fn list(&self, name: &str) -> &[Value] {
        self.params.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A list of texts; empty if it is absent.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.list(name).iter().filter_map(scalar).collect()
    }

    /// A list of `{Key, Value}` pairs, in either capitalisation.
    pub fn tags(&self, name: &str) -> Vec<(String, String)> {
        self.list(name)
            .iter()
            .filter_map(|tag| {
                let member = |upper: &str, lower: &str| tag.get(upper).or_else(|| tag.get(lower)).and_then(scalar);
                Some((member("Key", "key")?, member("Value", "value").unwrap_or_default()))
            })
            .collect()
    }
}

/// A text, number or boolean as text.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
