//! Values in a line of text.

use serde_json::Value;

use super::Change;
use crate::image::Reference;

/// Most characters of a value.
const WIDTH: usize = 70;

/// What stays of what two values have in common at their beginnings.
const CONTEXT: usize = 12;

/// A property before and after; `None` where it is not there, or not known.
pub(super) fn values<'c>(change: &'c Change, path: &[String]) -> (Option<&'c Value>, Option<&'c Value>) {
    let of = |value: &'c Option<Value>| value.as_ref().and_then(|value| lookup(value, path));
    (of(&change.before), of(&change.after))
}

fn lookup<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => value.get(key),
    })
}

/// A value, cut if it is long.
pub(super) fn value(value: &Value) -> String {
    cut(&line(value))
}

/// Two values: of long ones that begin alike, what is from shortly before the first difference on.
pub(super) fn pair(before: &Value, after: &Value) -> (String, String) {
    let (before, after) = (line(before), line(after));
    let common = before.chars().zip(after.chars()).take_while(|(one, other)| one == other).count();
    let is_long = before.chars().count().max(after.chars().count()) > WIDTH;
    if !is_long || common <= WIDTH / 2 || image(&before).is_some() {
        return (cut(&before), cut(&after));
    }
    let rest = |text: &str| cut(&format!("…{}", text.chars().skip(common - CONTEXT).collect::<String>()));
    (rest(&before), rest(&after))
}

/// What says more about a changed value than the value itself.
pub(super) fn hint(before: &Value, after: &Value) -> Option<&'static str> {
    let is_configuration = |value: &Value| {
        let hash = value.as_str()?.strip_prefix("config/")?.strip_suffix(".yaml")?;
        (hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(())
    };
    is_configuration(before).and(is_configuration(after)).map(|()| "gwinfra config diff")
}

fn line(value: &Value) -> String {
    let text = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    image(text).unwrap_or_else(|| format!("{}…", text.chars().take(WIDTH - 1).collect::<String>()))
}

/// An image by digest, so that two of them can be told apart: without its registry, and with the beginning of the digest.
fn image(text: &str) -> Option<String> {
    let reference: Reference = text.parse().ok()?;
    let digest = reference.digest.as_ref()?;
    Some(format!("{}@sha256:{}…", reference.repository, digest.short()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_long_values_that_begin_alike_the_difference_is_shown() {
        let policy = |action: &str| json!([{"Sid": "Prompts", "Effect": "Allow", "Action": ["bedrock:GetPrompt", "bedrock:ListPrompts", action], "Resource": "*"}]);
        let (before, after) = pair(&policy("bedrock:InvokeModel"), &policy("bedrock:*"));
        assert_eq!(before, r#"…,"bedrock:InvokeModel"],"Effect":"Allow","Resource":"*","Sid":"Prompts"}]"#);
        assert_eq!(after, r#"…,"bedrock:*"],"Effect":"Allow","Resource":"*","Sid":"Prompts"}]"#);
    }

    #[test]
    fn short_values_are_whole() {
        assert_eq!(pair(&json!("4096"), &json!("4097")), ("4096".to_owned(), "4097".to_owned()));
        assert_eq!(value(&json!("")), "\"\"");
    }

    #[test]
    fn a_configuration_is_known_by_its_hash() {
        let key = |digit: &str| json!(format!("config/{}.yaml", digit.repeat(64)));
        assert_eq!(hint(&key("a"), &key("b")), Some("gwinfra config diff"));
        assert_eq!(hint(&json!("config/a.yaml"), &key("b")), None);
    }
}
