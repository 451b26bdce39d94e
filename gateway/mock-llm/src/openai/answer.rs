//! OpenAI's answers, whole and as server-sent events.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::answer::Words;
use crate::call::{Call, Model, Wanted};
use crate::json::{self, Writer};
use crate::pace::{self, Script};
use crate::tool::ToolCall;

/// Owner of the models, and fingerprint of the system.
const OWNER: &str = "mock-llm";

/// The list of models.
pub fn models(model: &Model) -> Response {
    let mut names = model.settings.models.clone();
    if names.is_empty() {
        // Any name is a model. A client that wants to choose one finds at least this.
        names = model.stats.models();
        names.push(OWNER.to_owned());
    }
    let models: Vec<_> = names
        .iter()
        .map(|name| json!({"id": name, "object": "model", "created": 1_700_000_000, "owned_by": OWNER}))
        .collect();
    response("application/json", Body::from(json::text(&json!({"object": "list", "data": models}))))
}

/// An answer that comes at once.
pub fn whole(call: Call, id: Uuid, wanted: &Wanted<'_>) -> Response {
    let model = call.model().clone();
    let text = model.answers.text(call.output_tokens);
    let mut answer = Writer::with_room(text.len() + wanted.model.len() + 768);
    answer.raw("{");
    identity(&mut answer, id, "chat.completion", wanted.model);
    answer.raw(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",");
    match &wanted.tool {
        None => answer.raw("\"content\":\"").raw(text).raw("\",\"refusal\":null,\"annotations\":[]"),
        Some(tool) => {
            answer.raw("\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"call_").hex(id);
            answer.raw("\",\"type\":\"function\",\"function\":{\"name\":").string(&tool.name);
            answer.raw(",\"arguments\":").string(&tool.arguments).raw("}}]")
        }
    };
    answer.raw("},\"logprobs\":null,\"finish_reason\":\"").raw(finish_reason(&call, wanted)).raw("\"}],");
    usage(&mut answer, &call);
    answer.raw("}");
    call.answered();
    response("application/json", Body::from(answer.finish()))
}

/// An answer token by token.
pub fn stream(call: Call, id: Uuid, wanted: &Wanted<'_>, with_usage: bool) -> Response {
    let mut chunk = Writer::with_room(256);
    chunk.raw("data: {");
    identity(&mut chunk, id, "chat.completion.chunk", wanted.model);
    let chunk = chunk.finish();
    // A client that asked for the usage finds none in every chunk but the last.
    let end: &[u8] = if with_usage { b"],\"usage\":null}\n\n" } else { b"]}\n\n" };
    let piece = |parts: &[&[u8]]| Bytes::from([chunk.as_slice(), &parts.concat(), end].concat());
    let mut finish = Writer::with_room(512);
    finish.raw(",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"");
    finish.raw(finish_reason(&call, wanted)).raw("\"}");
    let mut tail = piece(&[&finish.finish()]).to_vec();
    if with_usage {
        let mut last = Writer::with_room(512);
        last.raw(&chunk).raw(",\"choices\":[],");
        usage(&mut last, &call);
        tail.extend(last.raw("}\n\n").take());
    }
    tail.extend_from_slice(b"data: [DONE]\n\n");
    let tail = Bytes::from(tail);
    let script = match &wanted.tool {
        None => {
            let delta =
                b",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\
                \"logprobs\":null,\"finish_reason\":null}";
            let before = [&chunk, ",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"".as_bytes()].concat();
            let after = [b"\"},\"logprobs\":null,\"finish_reason\":null}", end].concat();
            Script {
                head: piece(&[delta]),
                before: before.into(),
                words: call.model().words.openai.clone(),
                after: after.into(),
                tail,
            }
        }
        Some(tool) => {
            let (head, words) = tool_events(tool, id);
            let words = words.iter().map(|word| piece(&[word])).collect();
            Script {
                head: piece(&[&head]),
                before: Bytes::new(),
                words: Arc::new(Words::of(words)),
                after: Bytes::new(),
                tail,
            }
        }
    };
    let mut response = response("text/event-stream; charset=utf-8", pace::body(script, call));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The choices of a tool call's first chunk, and of those with its arguments.
fn tool_events(tool: &ToolCall, id: Uuid) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut head = Writer::with_room(256);
    head.raw(",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"call_");
    head.hex(id).raw("\",\"type\":\"function\",\"function\":{\"name\":").string(&tool.name);
    head.raw(",\"arguments\":\"\"}}],\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}");
    let words = tool.pieces().into_iter().map(|piece| {
        let mut word = Writer::with_room(160);
        word.raw(",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":");
        word.string(piece).raw("}}]},\"logprobs\":null,\"finish_reason\":null}");
        word.finish()
    });
    (head.finish(), words.collect())
}

fn identity(answer: &mut Writer, id: Uuid, object: &str, model: &str) {
    let created = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    answer.raw("\"id\":\"chatcmpl-").hex(id).raw("\",\"object\":\"").raw(object);
    answer.raw("\",\"created\":").number(created).raw(",\"model\":").string(model);
    answer.raw(",\"service_tier\":\"default\",\"system_fingerprint\":\"").raw(OWNER).raw("\"");
}

fn usage(answer: &mut Writer, call: &Call) {
    answer.raw("\"usage\":{\"prompt_tokens\":").number(call.input_tokens);
    answer.raw(",\"completion_tokens\":").number(call.output_tokens);
    answer.raw(",\"total_tokens\":").number(u64::from(call.input_tokens) + u64::from(call.output_tokens));
    answer.raw(
        ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{\
         \"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}",
    );
}

fn finish_reason(call: &Call, wanted: &Wanted<'_>) -> &'static str {
    match (&wanted.tool, call.cut_off) {
        (Some(_), _) => "tool_calls",
        (None, true) => "length",
        (None, false) => "stop",
    }
}

fn response(kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
