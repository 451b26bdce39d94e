//! Whole assistant messages, from answers and from the chunks of streams.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::calls::Calls;

/// Fields of an assistant message that the next request may hold. The rest describes the answer (annotations, fields of the
/// provider), and providers refuse it in a request.
const KEPT: &[&str] =
    &["role", "content", "refusal", "tool_calls", "function_call", "reasoning_content", "thinking_blocks"];
/// What the model said in sound. A request could name it by its id for an hour; its words, it can say for ever.
/// <https://platform.openai.com/docs/guides/audio>
const AUDIO: &str = "audio";

/// Puts the chunks of a stream together.
#[derive(Debug, Default)]
pub struct Assembly {
    message: Map<String, Value>,
    calls: Calls,
    /// The words of what was said in sound.
    spoken: String,
    finish_reason: Option<String>,
    failed: bool,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    delta: Option<Map<String, Value>>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    choices: Vec<AnswerChoice<'a>>,
}

#[derive(Deserialize)]
struct AnswerChoice<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

impl Assembly {
    /// Takes a chunk of a stream, the JSON of its `data`. Chunks without choices (usage), and texts that are no chunk, change
    /// nothing.
    pub fn add(&mut self, json: &[u8]) {
        let Ok(chunk) = serde_json::from_slice::<Chunk>(json) else { return };
        self.failed |= chunk.error.is_some();
        // History keeps the first of several answers, as it does without streaming.
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            for (name, value) in choice.delta.unwrap_or_default() {
                match name.as_str() {
                    "tool_calls" => self.calls.add(value),
                    // Not its sound, which would be held to the end of the stream.
                    AUDIO => self.spoken.push_str(transcript(&value)),
                    _ => merge(&mut self.message, name, value),
                }
            }
            self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        }
    }

    /// Why the model stopped, once it has.
    pub fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }

    /// Whether the stream told of an error.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// The message, as JSON. `None` if the assistant has said nothing.
    pub fn message(&self) -> Option<String> {
        kept(self.whole())
    }

    /// The message of a stream that was cut. `None` if no word was said by then. Calls of tools may be half there: they are
    /// left out, for a model refuses a conversation with a call that has no answer.
    pub fn partial(&self) -> Option<String> {
        let mut message = self.whole();
        if self.finish_reason.is_none() {
            message.shift_remove("tool_calls");
            message.shift_remove("function_call");
        }
        if says(&message) { kept(message) } else { None }
    }

    fn whole(&self) -> Map<String, Value> {
        let mut message = self.message.clone();
        message.extend(self.calls.value().map(|calls| ("tool_calls".to_owned(), calls)));
        speak(&mut message, &self.spoken);
        message
    }
}

/// The words of a sound.
fn transcript(audio: &Value) -> &str {
    audio.get("transcript").and_then(Value::as_str).unwrap_or_default()
}

/// Puts the words of a sound where a text is, unless there is one.
fn speak(message: &mut Map<String, Value>, spoken: &str) {
    let is_text = message.get("content").is_some_and(|content| !content.is_null() && content != "");
    if !is_text && !spoken.is_empty() {
        message.insert("content".to_owned(), json!(spoken));
    }
}

/// Whether there is a word in a message. The first chunk of a stream has a role and an empty text.
fn says(message: &Map<String, Value>) -> bool {
    let said = message.iter().filter(|&(name, _)| name != "role" && KEPT.contains(&name.as_str()));
    said.map(|(_, value)| value).any(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    })
}

/// The first message of an answer that is not streamed, as JSON.
pub fn answered(body: &[u8]) -> Option<String> {
    let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
    let message = answer.choices.into_iter().next()?.message?;
    kept(serde_json::from_str(message.get()).ok()?)
}

/// Members that are said once or again and again, while a text comes piece by piece. Some servers say them again as empty
/// texts.
const NAMES: &[&str] = &["role", "id", "type", "name"];

/// Takes a member of a piece into what has come so far.
pub(super) fn merge(message: &mut Map<String, Value>, name: String, value: Value) {
    match (message.get_mut(&name), value) {
        (_, Value::Null) => {}
        (_, Value::String(text)) if text.is_empty() && NAMES.contains(&name.as_str()) => {}
        (Some(Value::Array(blocks)), Value::Array(more)) if name == "thinking_blocks" => merge_thinking(blocks, more),
        (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
        (Some(Value::Object(object)), Value::Object(more)) => {
            for (name, value) in more {
                merge(object, name, value);
            }
        }
        (Some(Value::String(text)), Value::String(more)) if !NAMES.contains(&name.as_str()) => {
            text.push_str(&more);
        }
        (_, value) => {
            message.insert(name, value);
        }
    }
}

/// A block of reasoning comes in pieces, the last of which has the signature. A model takes it back whole only.
fn merge_thinking(blocks: &mut Vec<Value>, more: Vec<Value>) {
    let is_thinking = |block: &Value| block["type"] == "thinking";
    let is_signed = |block: &Value| block["signature"].as_str().is_some_and(|signature| !signature.is_empty());
    for piece in more {
        match blocks.last_mut() {
            Some(open) if is_thinking(open) && is_thinking(&piece) && !is_signed(open) => {
                // LiteLLM's streams of Anthropic's models say the whole text once more beside the signature.
                if !(is_signed(&piece) && piece["thinking"] == open["thinking"]) {
                    let texts = [&open["thinking"], &piece["thinking"]];
                    open["thinking"] = texts.map(|text| text.as_str().unwrap_or_default()).concat().into();
                }
                if is_signed(&piece) {
                    open["signature"] = piece["signature"].clone();
                }
            }
            _ => blocks.push(piece),
        }
    }
}

/// What is stored of a message.
fn kept(mut message: Map<String, Value>) -> Option<String> {
    if let Some(audio) = message.shift_remove(AUDIO) {
        speak(&mut message, transcript(&audio));
    }
    message.retain(|name, value| KEPT.contains(&name.as_str()) && !value.is_null());
    if let Some(Value::Array(calls)) = message.get_mut("tool_calls") {
        // Some servers count the calls of whole answers, too; a request has no such field.
        for call in calls.iter_mut().filter_map(Value::as_object_mut) {
            call.shift_remove("index");
        }
        if calls.is_empty() {
            message.shift_remove("tool_calls");
        }
    }
    if message.keys().all(|name| name == "role") {
        return None;
    }
    message.insert("role".to_owned(), json!("assistant"));
    if !message.contains_key("content") {
        // Models refuse a message without content, unless it calls tools.
        let says = ["tool_calls", "function_call"].iter().any(|&name| message.contains_key(name));
        message.insert("content".to_owned(), if says { Value::Null } else { json!("") });
    }
    serde_json::to_string(&message).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(deltas: &[Value]) -> Assembly {
        let mut assembly = Assembly::default();
        for delta in deltas {
            assembly.add(json!({"choices": [{"index": 0, "delta": delta}]}).to_string().as_bytes());
        }
        assembly
    }

    fn value(message: Option<String>) -> Value {
        serde_json::from_str(&message.expect("a message")).expect("JSON")
    }

    #[test]
    fn texts_are_put_together_and_the_role_is_said_once() {
        let assembly = assemble(&[
            json!({"role": "assistant", "content": ""}),
            json!({"role": "assistant", "content": "Hel"}),
            json!({"content": "lo"}),
        ]);
        assert_eq!(value(assembly.message()), json!({"role": "assistant", "content": "Hello"}));
    }

    #[test]
    fn calls_of_tools_are_put_together_by_index() {
        let assembly = assemble(&[
            json!({"role": "assistant", "content": null}),
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
            json!({"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\""}}]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
        ]);
        let expected = json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
            {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        ]});
        assert_eq!(value(assembly.message()), expected);
    }

    #[test]
    fn ids_and_names_that_are_said_again_as_empty_texts_stay() {
        let piece = |id: &str, name: &str, arguments: &str| {
            let function = json!({"name": name, "arguments": arguments});
            json!({"role": "", "tool_calls": [{"index": 0, "id": id, "type": "", "function": function}]})
        };
        let assembly = assemble(&[
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
            piece("", "", "{\"x\""),
            piece("", "", ":1}"),
        ]);
        let function = json!({"name": "f", "arguments": "{\"x\":1}"});
        let expected = json!([{"id": "a", "type": "function", "function": function}]);
        assert_eq!(value(assembly.message())["tool_calls"], expected);
    }

    #[test]
    fn calls_of_one_index_are_told_apart_by_their_ids() {
        let call = |id: Value, arguments: &str| json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": {"arguments": arguments}}]});
        let assembly = assemble(&[
            call(json!("a"), "{\"x\""),
            call(Value::Null, ":1}"),
            call(json!("b"), "{\"y\""),
            call(Value::Null, ":2}"),
        ]);
        let expected = json!([
            {"id": "a", "type": "function", "function": {"arguments": "{\"x\":1}"}},
            {"id": "b", "type": "function", "function": {"arguments": "{\"y\":2}"}},
        ]);
        assert_eq!(value(assembly.message())["tool_calls"], expected);
    }

    #[test]
    fn calls_without_an_index_are_told_apart_by_their_ids() {
        let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let assembly = assemble(&[json!({"tool_calls": [call("a"), call("b")]})]);
        assert_eq!(value(assembly.message())["tool_calls"], json!([call("a"), call("b")]));
    }

    #[test]
    fn a_stream_that_was_cut_before_a_word_has_no_message() {
        let half = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x"}}]});
        let begun = json!({"role": "assistant", "content": ""});
        assert_eq!(assemble(std::slice::from_ref(&begun)).partial(), None);
        assert_eq!(assemble(&[begun, half]).partial(), None);
    }

    #[test]
    fn a_stream_that_was_cut_keeps_its_text_and_no_half_call() {
        let assembly = assemble(&[
            json!({"content": "I will look"}),
            json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x"}}]}),
        ]);
        assert_eq!(value(assembly.partial()), json!({"role": "assistant", "content": "I will look"}));
    }

    #[test]
    fn chunks_without_choices_and_other_answers_change_nothing() {
        let mut assembly = assemble(&[json!({"content": "a"})]);
        assembly.add(br#"{"choices":[],"usage":{"total_tokens":3}}"#);
        assembly.add(br#"{"choices":[{"index":1,"delta":{"content":"z"}}]}"#);
        assembly.add(b"not JSON");
        assert_eq!(value(assembly.message())["content"], "a");
    }

    #[test]
    fn of_what_is_said_in_sound_the_words_are_kept() {
        let expected = json!({"role": "assistant", "content": "hi there"});
        let audio = json!({"id": "audio_1", "data": "AAAA", "transcript": "hi there", "expires_at": 1});
        let body = json!({"choices": [{"message": {"role": "assistant", "content": null, "audio": audio}}]});
        assert_eq!(value(answered(body.to_string().as_bytes())), expected);
        let assembly = assemble(&[
            json!({"role": "assistant", "content": "", "audio": {"id": "audio_1", "transcript": "hi"}}),
            json!({"audio": {"data": "AAAA"}}),
            json!({"audio": {"transcript": " there"}}),
            json!({"audio": {"expires_at": 1}}),
        ]);
        assert_eq!(value(assembly.message()), expected);
        assert_eq!(value(assembly.partial()), expected);
        assert_eq!(assemble(&[json!({"audio": {"id": "audio_1", "data": "AAAA"}})]).message(), None);
    }

    #[test]
    fn a_text_beside_a_sound_is_the_one_that_is_kept() {
        let audio = json!({"id": "audio_1", "transcript": "spoken"});
        let body = json!({"choices": [{"message": {"role": "assistant", "content": "written", "audio": audio}}]});
        let expected = json!({"role": "assistant", "content": "written"});
        assert_eq!(value(answered(body.to_string().as_bytes())), expected);
    }

    #[test]
    fn silence_is_no_message() {
        assert_eq!(assemble(&[json!({"role": "assistant"})]).message(), None);
    }

    #[test]
    fn pieces_of_reasoning_are_one_block_with_its_signature() {
        let thinking = |block: Value| json!({"thinking_blocks": [block]});
        let assembly = assemble(&[
            thinking(json!({"type": "thinking", "thinking": "h"})),
            thinking(json!({"type": "thinking", "thinking": "m"})),
            thinking(json!({"type": "thinking", "thinking": "", "signature": "s"})),
            thinking(json!({"type": "thinking", "thinking": "ah"})),
            thinking(json!({"type": "redacted_thinking", "data": "x"})),
            json!({"content": "a"}),
        ]);
        assert_eq!(
            value(assembly.message())["thinking_blocks"],
            json!([
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "thinking", "thinking": "ah"},
                {"type": "redacted_thinking", "data": "x"}
            ])
        );
    }

    #[test]
    fn reasoning_that_is_said_again_with_its_signature_is_kept_once() {
        let thinking = |block: Value| json!({"thinking_blocks": [block]});
        let assembly = assemble(&[
            thinking(json!({"type": "thinking", "thinking": "h"})),
            thinking(json!({"type": "thinking", "thinking": "m", "signature": ""})),
            thinking(json!({"type": "thinking", "thinking": "hm", "signature": "s"})),
            thinking(json!({"type": "thinking", "thinking": "ah"})),
            thinking(json!({"type": "thinking", "thinking": "ah", "signature": "t"})),
        ]);
        assert_eq!(
            value(assembly.message())["thinking_blocks"],
            json!([
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "thinking", "thinking": "ah", "signature": "t"}
            ])
        );
    }

    #[test]
    fn a_whole_answer_keeps_what_the_next_request_may_hold() {
        let body = json!({"choices": [{"message": {
            "role": "assistant", "content": null, "annotations": [], "provider_specific_fields": {"x": 1},
            "thinking_blocks": [{"type": "thinking", "thinking": "t", "signature": "s"}],
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        }}]});
        let expected = json!({"role": "assistant", "content": null,
            "thinking_blocks": [{"type": "thinking", "thinking": "t", "signature": "s"}],
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
        assert_eq!(value(answered(body.to_string().as_bytes())), expected);
    }
}
