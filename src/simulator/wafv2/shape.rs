//! The same in the words of templates and of the API.

use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

const TEXT: &str = "SearchString";
const BYTES: &str = "SearchStringBase64";

/// What a template declares, as the API gives it: ARNs are spelled `ARN`, and what is looked for is given as bytes.
pub(super) fn given(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, value) in members {
                let (name, value) = match (name.as_str(), value) {
                    ("Arn", value) => ("ARN", value.clone()),
                    (TEXT, Value::String(text)) => (TEXT, json!(base64::encode(text))),
                    (BYTES, value) => (TEXT, value.clone()),
                    (name, value) => (name, given(value)),
                };
                out.insert(name.to_owned(), value);
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(given).collect(),
        other => other.clone(),
    }
}

/// What the API takes, as a template would declare it.
pub(super) fn declared(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, value) in members {
                let (name, value) = match (name.as_str(), value) {
                    ("ARN", value) => ("Arn", value.clone()),
                    (TEXT, Value::String(bytes)) => {
                        match base64::decode(bytes).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                            Some(text) => (TEXT, json!(text)),
                            None => (BYTES, json!(bytes)),
                        }
                    }
                    (name, value) => (name, declared(value)),
                };
                out.insert(name.to_owned(), value);
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(declared).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_and_taken_back_is_what_was_declared() {
        let rules = json!([
            {"Statement": {"IPSetReferenceStatement": {"Arn": "arn:aws:wafv2:x"}}},
            {"Statement": {"ByteMatchStatement": {"SearchString": "/admin"}}},
        ]);
        let api = given(&rules);
        assert_eq!(api[0]["Statement"]["IPSetReferenceStatement"], json!({"ARN": "arn:aws:wafv2:x"}));
        assert_eq!(api[1]["Statement"]["ByteMatchStatement"], json!({"SearchString": "L2FkbWlu"}));
        assert_eq!(declared(&api), rules);
    }
}
