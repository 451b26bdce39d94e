//! The configuration as text. LiteLLM reads it with PyYAML, which is of YAML 1.1: there, `yes` is true, `1:30` is ninety
//! and `2024-10-21`, a version of an API, is a date. The writer is of YAML 1.2 and leaves such strings without quotes.

use serde_json::{Map, Value};

/// Writes the document so that readers of YAML 1.1 and 1.2 take it alike.
pub(super) fn write(document: &Value) -> String {
    let mut quoted = Vec::new();
    let marked = mark(document, &marker(document), &mut quoted);
    // The document is made of strings, numbers, lists and maps with string keys: all of them have a YAML form, so the
    // fallback, which is JSON and thus YAML too, is never taken.
    let Ok(mut text) = serde_yaml::to_string(&marked) else { return document.to_string() };
    for (mark, string) in quoted {
        text = text.replacen(&mark, &Value::String(string).to_string(), 1);
    }
    text
}

/// A word that is nowhere in the document, and stands for a string that is written in quotes.
fn marker(document: &Value) -> String {
    let text = document.to_string();
    let mut marker = "quoted".to_owned();
    while text.contains(&marker) {
        marker.push('x');
    }
    marker
}

fn mark(value: &Value, marker: &str, quoted: &mut Vec<(String, String)>) -> Value {
    let string = |text: &str, quoted: &mut Vec<(String, String)>| {
        if !is_something_else(text) {
            return text.to_owned();
        }
        let mark = format!("{marker}{}z", quoted.len());
        quoted.push((mark.clone(), text.to_owned()));
        mark
    };
    match value {
        Value::String(text) => Value::String(string(text, quoted)),
        Value::Array(items) => items.iter().map(|item| mark(item, marker, quoted)).collect(),
        Value::Object(map) => {
            let mut marked = Map::new();
            for (key, value) in map {
                let key = string(key, quoted);
                marked.insert(key, mark(value, marker, quoted));
            }
            Value::Object(marked)
        }
        other => other.clone(),
    }
}

/// Whether a reader of YAML 1.1 may take the plain text for something else than a string: a boolean, a number, also one of
/// base sixty, a date or time, a merge key. <https://yaml.org/type/>
fn is_something_else(text: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"];
    // The writer itself quotes what YAML 1.2 takes for a number, and digits alone in either version.
    let number = !text.bytes().all(|byte| byte.is_ascii_digit())
        && text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"_:.+-xXoOtTzZ ".contains(&byte));
    number || text == "=" || text == "<<" || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_yaml_1_1_takes_for_something_else_is_quoted() {
        for text in ["2024-10-21", "yes", "Off", "y", "1:30", "190:20:30.15", "1_000", "1e3", "=", "<<", "~"] {
            assert_eq!(write(&json!({"a": text})), format!("a: \"{text}\"\n"));
        }
    }

    #[test]
    fn keys_are_quoted_as_well() {
        assert_eq!(write(&json!({"on": 1, "2024-10-21": ["no"]})), "\"on\": 1\n\"2024-10-21\":\n- \"no\"\n");
    }

    #[test]
    fn other_strings_stay_as_they_are() {
        let text = "a: bedrock/us.amazon.nova-lite-v1:0\nb: os.environ/KEY\nc: us-east-1\n";
        let document = json!({"a": "bedrock/us.amazon.nova-lite-v1:0", "b": "os.environ/KEY", "c": "us-east-1"});
        assert_eq!(write(&document), text);
    }

    #[test]
    fn a_string_like_the_marker_stays_what_it_is() {
        let document = json!({"quoted0z": "yes", "quotedx0z": "no"});
        let read: Value = serde_yaml::from_str(&write(&document)).unwrap();
        assert_eq!(read, document);
    }
}
