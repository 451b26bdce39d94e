//! The few fields of a chat request that matter here, read without building the rest.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::body::{SMALL, Share};
use crate::converse::parameters;
use crate::error::Failure;
use crate::json;
use crate::routes::prompt::Rendered;

/// Fields that are this gateway's own: where it looks at requests, LiteLLM never sees them.
const OWN: &[&str] = &["enable_history", "session_id", "promptVariables"];

/// Most fields of a request.
const FIELDS: usize = 1_000;
/// Bytes that a message takes beside its text, twice while their list grows.
const MESSAGE: usize = 96;

/// What is looked at in every request.
#[derive(Debug, Deserialize)]
pub struct Peek<'a> {
    /// JSON text of the model.
    #[serde(borrow, default)]
    pub model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    // A field that is there and null is there.
    #[serde(default, deserialize_with = "present")]
    enable_history: Option<Option<bool>>,
    #[serde(default, deserialize_with = "present")]
    session_id: Option<Option<String>>,
    #[serde(borrow, default, rename = "promptVariables", deserialize_with = "present")]
    prompt_variables: Option<&'a RawValue>,
}

fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<'a> Peek<'a> {
    /// Looks at a body.
    ///
    /// # Errors
    /// If it is not a JSON object, or a field that matters has another type.
    pub fn of(body: &'a [u8]) -> Result<Self, Failure> {
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Failure::Invalid("Invalid JSON: the body is not an object".to_owned()));
        }
        serde_json::from_slice(body).map_err(|error| Failure::Invalid(format!("Invalid JSON: {error}")))
    }

    /// Whether the turn is kept: if it is asked for, or if a session goes on.
    pub fn wants_history(&self) -> bool {
        self.enable_history.flatten().unwrap_or(self.session_id().is_some())
    }

    /// The session that goes on.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_ref()?.as_deref()
    }

    /// JSON text of the variables of a managed prompt.
    pub fn prompt_variables(&self) -> Option<&'a RawValue> {
        self.prompt_variables
    }

    /// Whether there is anything that LiteLLM may not see.
    pub fn has_own_fields(&self) -> bool {
        self.enable_history.is_some() || self.session_id.is_some() || self.prompt_variables.is_some()
    }

    /// JSON texts of the messages. The share grows by what they take.
    ///
    /// # Errors
    /// If they are not a list of objects with a role.
    pub fn messages(&self, share: &mut Share) -> Result<Vec<String>, Failure> {
        #[derive(Deserialize)]
        struct Role<'a> {
            #[serde(borrow, rename = "role")]
            _role: Cow<'a, str>,
        }
        let wrong = || Failure::Invalid("`messages` is a list of objects with a `role`".to_owned());
        let messages = self.messages.ok_or_else(wrong)?;
        let length = messages.get().len();
        let objects = if length > SMALL { json::objects(messages.get().as_bytes()) } else { 0 };
        share.grow(length + objects.saturating_mul(MESSAGE))?;
        let messages: Vec<&RawValue> = serde_json::from_str(messages.get()).map_err(|_| wrong())?;
        if messages.is_empty()
            || messages.iter().any(|message| serde_json::from_str::<Role<'_>>(message.get()).is_err())
        {
            return Err(wrong());
        }
        Ok(messages.into_iter().map(|message| message.get().to_owned()).collect())
    }
}

/// A JSON object with its fields in order, their values as they were written.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    if fields.len() == FIELDS {
                        return Err(A::Error::custom(format_args!("more than {FIELDS} fields")));
                    }
                    fields.push((name, value));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields).map(Object)
    }
}

/// The body for LiteLLM: without this gateway's own fields, with the session's messages before the request's, and with what
/// a managed prompt says. Everything else is copied as it was written.
///
/// # Errors
/// If the body is not a JSON object.
pub fn compose(
    body: &[u8],
    history: Option<(&[String], &[String])>,
    rendered: Option<&Rendered>,
) -> Result<String, Failure> {
    let invalid = |error| Failure::Invalid(format!("Invalid JSON: {error}"));
    let Object(fields) = serde_json::from_slice(body).map_err(invalid)?;
    let past: &[String] = history.map_or(&[], |(past, _)| past);
    let added = history.map(|(_, messages)| messages).or(rendered.map(|rendered| rendered.messages.as_slice()));
    let model = rendered.and_then(|rendered| rendered.model.as_ref());
    let mut composed = Composed::new(body.len() + past.iter().map(|message| message.len() + 1).sum::<usize>());
    for (name, value) in &fields {
        let replaced = match name.as_ref() {
            "messages" => added.is_some(),
            "model" => model.is_some(),
            name => OWN.contains(&name),
        };
        if !replaced {
            composed.field(name, value.get())?;
        }
    }
    if let Some(model) = model {
        composed.field("model", &serde_json::to_string(model).map_err(|_| Failure::Internal)?)?;
    }
    for (name, value) in rendered.map_or(&[][..], |rendered| &rendered.defaults) {
        let names = parameters::names(name);
        if !fields.iter().any(|(given, _)| names.contains(&given.as_ref())) {
            composed.field(name, value)?;
        }
    }
    if let Some(added) = added {
        composed.name("messages")?;
        composed.text.push('[');
        for (index, message) in past.iter().chain(added).enumerate() {
            if index > 0 {
                composed.text.push(',');
            }
            composed.text.push_str(message);
        }
        composed.text.push(']');
    }
    composed.text.push('}');
    Ok(composed.text)
}

/// An object that is being written.
struct Composed {
    text: String,
}

impl Composed {
    fn new(capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity + 64);
        text.push('{');
        Self { text }
    }

    fn name(&mut self, name: &str) -> Result<(), Failure> {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str(&serde_json::to_string(name).map_err(|_| Failure::Internal)?);
        self.text.push(':');
        Ok(())
    }

    fn field(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        self.name(name)?;
        self.text.push_str(value);
        Ok(())
    }
}

/// Puts the session's id first in the text of a JSON object. Anything else is left alone.
pub fn announce(json: &[u8], session: &str) -> Bytes {
    let start = json.len() - json.trim_ascii_start().len();
    if json.get(start) != Some(&b'{') {
        return Bytes::copy_from_slice(json);
    }
    let rest = &json[start + 1..];
    let comma = if rest.trim_ascii_start().first() == Some(&b'}') { "" } else { "," };
    // Ids of sessions have no character that JSON would escape.
    let field = format!("\"session_id\":\"{session}\"{comma}");
    let mut announced = Vec::with_capacity(json.len() + field.len());
    announced.extend_from_slice(&json[..=start]);
    announced.extend_from_slice(field.as_bytes());
    announced.extend_from_slice(rest);
    announced.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share() -> Share {
        crate::body::Memory::new(1024, 1024).share()
    }

    fn composed(body: &str, history: Option<(&[String], &[String])>) -> String {
        compose(body.as_bytes(), history, None).expect("an object")
    }

    #[test]
    fn own_fields_go_and_the_rest_stays_as_it_was_written() {
        let body =
            r#"{"model":"m","enable_history":true,"big":12345678901234567890123,"session_id":null,"x":{"a": [1.0]}}"#;
        assert_eq!(composed(body, None), r#"{"model":"m","big":12345678901234567890123,"x":{"a": [1.0]}}"#);
    }

    #[test]
    fn the_past_comes_before_the_new_messages() {
        let (past, new) = (["1".to_owned(), "2".to_owned()], ["3".to_owned()]);
        let body = r#"{"messages":[3],"model":"m"}"#;
        assert_eq!(composed(body, Some((&past, &new))), r#"{"model":"m","messages":[1,2,3]}"#);
    }

    #[test]
    fn a_prompt_replaces_model_and_messages_and_yields_to_the_callers_parameters() {
        let rendered = Rendered {
            model: Some("claude".to_owned()),
            messages: vec!["1".to_owned()],
            defaults: vec![("temperature".to_owned(), "0.1".to_owned()), ("top_p".to_owned(), "0.9".to_owned())],
        };
        let body = br#"{"model":"arn:x","messages":[],"temperature":0.7,"promptVariables":{}}"#;
        let text = compose(body, None, Some(&rendered)).expect("an object");
        assert_eq!(text, r#"{"temperature":0.7,"model":"claude","top_p":0.9,"messages":[1]}"#);
    }

    #[test]
    fn a_limit_of_the_caller_replaces_that_of_a_prompt_under_either_name() {
        for (given, default) in [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")] {
            let defaults = vec![(default.to_owned(), "100".to_owned())];
            let rendered = Rendered { model: None, messages: vec!["1".to_owned()], defaults };
            let body = format!("{{\"{given}\":7}}");
            let text = compose(body.as_bytes(), None, Some(&rendered)).expect("an object");
            assert_eq!(text, format!("{{\"{given}\":7,\"messages\":[1]}}"));
        }
    }

    #[test]
    fn bodies_that_are_no_objects_are_refused() {
        for body in ["", "[]", "null", "{", "{}x", r#"{"enable_history":"yes"}"#, r#"{"session_id":7}"#] {
            assert!(matches!(Peek::of(body.as_bytes()), Err(Failure::Invalid(_))), "{body}");
        }
    }

    #[test]
    fn a_session_goes_on_without_being_asked_for_and_can_be_switched_off() {
        let wants = |body: &str| Peek::of(body.as_bytes()).expect("an object").wants_history();
        assert!(wants(r#"{"session_id":"a"}"#));
        assert!(wants(r#"{"enable_history":true}"#));
        assert!(!wants(r#"{"enable_history":false,"session_id":"a"}"#));
        assert!(!wants("{}"));
    }

    #[test]
    fn own_fields_that_are_null_are_own_fields() {
        for name in OWN {
            let body = format!("{{\"{name}\":null}}");
            let peek = Peek::of(body.as_bytes()).expect("an object");
            assert!(peek.has_own_fields() && !peek.wants_history(), "{name}");
        }
        assert!(!Peek::of(b"{}").expect("an object").has_own_fields());
    }

    #[test]
    fn a_request_of_endless_fields_is_refused_before_they_are_held() {
        let fields: Vec<String> = (0..=FIELDS).map(|number| format!("\"{number}\":0")).collect();
        let body = format!("{{{}}}", fields.join(","));
        assert!(matches!(compose(body.as_bytes(), None, None), Err(Failure::Invalid(_))));
    }

    #[test]
    fn messages_without_roles_are_refused_before_they_are_kept() {
        for messages in ["null", "{}", "[]", "[1]", "[{}]", r#"[{"role":1}]"#] {
            let body = format!("{{\"messages\":{messages}}}");
            assert!(Peek::of(body.as_bytes()).expect("an object").messages(&mut share()).is_err(), "{messages}");
        }
    }

    #[test]
    fn the_session_is_announced_in_objects_only() {
        assert_eq!(announce(b"{\"a\":1}", "s"), b"{\"session_id\":\"s\",\"a\":1}".as_slice());
        assert_eq!(announce(b" {}", "s"), b" {\"session_id\":\"s\"}".as_slice());
        assert_eq!(announce(b"[1]", "s"), b"[1]".as_slice());
    }
}
