//! Bedrock's runtime API.

pub(super) mod converse;
mod count;
pub(super) mod invoke;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::call::{Call, Model, Ticket};
use super::fault::Fault;
use super::json;

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// An operation on a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Converse,
    ConverseStream,
    Invoke,
    InvokeStream,
    CountTokens,
}

/// What a path asks for: the model, whose id may be an ARN with slashes, and the operation.
pub(super) fn operation(path: &str) -> Option<(&str, Operation)> {
    let (model, operation) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let operation = match operation {
        "converse" => Operation::Converse,
        "converse-stream" => Operation::ConverseStream,
        "invoke" => Operation::Invoke,
        "invoke-with-response-stream" => Operation::InvokeStream,
        "count-tokens" => Operation::CountTokens,
        _ => return None,
    };
    (!model.is_empty()).then_some((model, operation))
}

/// Answers a call.
pub(super) async fn answer(
    model: &Arc<Model>,
    ticket: Ticket,
    headers: &HeaderMap,
    body: &Bytes,
    (name, operation): (&str, Operation),
) -> Result<Response, Fault> {
    let name = percent_decode_str(name).decode_utf8_lossy();
    match operation {
        Operation::Converse => converse::answer(model, ticket, headers, body, &name, false).await,
        Operation::ConverseStream => converse::answer(model, ticket, headers, body, &name, true).await,
        Operation::Invoke => invoke::answer(model, ticket, headers, body, &name, false).await,
        Operation::InvokeStream => invoke::answer(model, ticket, headers, body, &name, true).await,
        Operation::CountTokens => count::answer(body),
    }
}

/// Whether a path is that of a guardrail.
pub(super) fn is_guardrail(path: &str) -> bool {
    path.starts_with("/guardrail/") && path.ends_with("/apply")
}

/// A guardrail that lets everything pass.
pub(super) fn guardrail() -> Response {
    let usage = json!({
        "topicPolicyUnits": 0, "contentPolicyUnits": 0, "wordPolicyUnits": 0, "sensitiveInformationPolicyUnits": 0,
        "sensitiveInformationPolicyFreeUnits": 0, "contextualGroundingPolicyUnits": 0
    });
    let body = json!({"usage": usage, "action": "NONE", "outputs": [], "assessments": []});
    response(JSON, Body::from(json::text(&body)))
}

fn response(kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Tells an answer's tokens in headers, as `InvokeModel` does.
fn count_in_headers(response: &mut Response, call: &Call) {
    let mut set = |name, value| response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    set("x-amzn-bedrock-input-token-count", u64::from(call.input_tokens));
    set("x-amzn-bedrock-output-token-count", u64::from(call.output_tokens));
    set("x-amzn-bedrock-invocation-latency", call.milliseconds);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_model_and_an_operation() {
        assert_eq!(operation("/model/a.b-v1%3A0/converse"), Some(("a.b-v1%3A0", Operation::Converse)));
        let arn = "/model/arn:aws:bedrock:us-east-1:1:inference-profile/us.a/converse-stream";
        assert_eq!(operation(arn).map(|(model, _)| model), Some("arn:aws:bedrock:us-east-1:1:inference-profile/us.a"));
        for path in ["/model/a", "/model//converse", "/model/a/other", "/models", "/bedrock/model/a/converse"] {
            assert_eq!(operation(path), None, "{path}");
        }
    }
}
