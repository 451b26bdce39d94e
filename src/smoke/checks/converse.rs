//! Whether Bedrock's Converse API is there.

use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{Gateway, Middleware};
use super::super::outcome::Outcome;

/// What stays as it is in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Why an answer of Bedrock ends.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
const STOP_REASONS: [&str; 9] = [
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "content_filtered",
    "guardrail_intervened",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
];

pub(super) struct Converse;

#[async_trait]
impl Check for Converse {
    fn name(&self) -> &'static str {
        "converse"
    }

    fn proves(&self) -> &'static str {
        "Bedrock's Converse API answers for the model"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = not_served(gateway).await? {
            return one(skip);
        }
        let path = format!("/bedrock/model/{}/converse", segment(gateway.model().await?));
        let answer = gateway.post("Converse", &path, &body(gateway)).await?;
        if !answer.is_success() {
            return one(explain::wrong_beside(gateway, "Converse", &answer));
        }
        let words = read(&answer.json()).map_err(|wrong| {
            Box::new(
                Outcome::fail(format!("Converse: {wrong}"))
                    .of(&answer)
                    .next(gateway.middleware_logs(answer.request_id().as_deref())),
            )
        })?;
        one(gateway.served(Outcome::pass(words).of(&answer)).await)
    }
}

/// Why Converse cannot be tried: nobody serves it.
pub(super) async fn not_served(gateway: &Gateway) -> Result<Option<Outcome>, Box<Outcome>> {
    if gateway.expected.converse == Some(false) {
        return Ok(Some(Outcome::skip("the spec has no Bedrock API (`gateway.middleware.bedrock_api`)")));
    }
    match gateway.middleware().await {
        Middleware::Present => Ok(None),
        Middleware::Dead(_) => Ok(gateway.without_middleware().await),
        // LiteLLM serves it by itself, for models of Bedrock.
        Middleware::Absent => {
            let model = gateway.model().await?;
            let deployments = gateway.deployments().await?;
            let of_bedrock = deployments.iter().any(|one| one.model == model && one.is_bedrock());
            Ok((!of_bedrock)
                .then(|| Outcome::skip("no middleware answers behind this URL, and the model is not Bedrock's")))
        }
    }
}

/// The body of a call.
pub(super) fn body(gateway: &Gateway) -> Value {
    json!({
        "messages": [{"role": "user", "content": [{"text": gateway.ask.prompt}]}],
        "inferenceConfig": {"maxTokens": gateway.ask.max_tokens},
    })
}

/// A name as a segment of a path.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// Whether Bedrock has such a reason to end an answer.
pub(super) fn is_stop_reason(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| STOP_REASONS.contains(&reason))
}

fn read(body: &Value) -> Result<String, String> {
    let content =
        body.pointer("/output/message/content").and_then(Value::as_array).ok_or("the answer has no message")?;
    let has_text = |block: &Value| block.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let stop = body.get("stopReason").and_then(Value::as_str);
    if !content.iter().any(has_text) && stop != Some("max_tokens") {
        return Err("the answer has no text".to_owned());
    }
    if !is_stop_reason(stop) {
        return Err(format!("the answer ends with {}, which Bedrock does not have", stop.unwrap_or("no stopReason")));
    }
    usage(body.get("usage")).ok_or_else(|| "the answer does not say how many tokens it took".to_owned())
}

/// The tokens of an answer in words.
pub(super) fn usage(usage: Option<&Value>) -> Option<String> {
    let tokens = |name: &str| usage?.get(name)?.as_u64();
    Some(format!("{} tokens in, {} out", tokens("inputTokens")?, tokens("outputTokens")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_is_one_segment() {
        assert_eq!(segment("us.anthropic.claude-v1:0"), "us.anthropic.claude-v1%3A0");
        assert_eq!(segment("openai/gpt-4o"), "openai%2Fgpt-4o");
    }

    #[test]
    fn every_reason_of_bedrock_is_known() {
        for reason in ["malformed_model_output", "malformed_tool_use", "model_context_window_exceeded"] {
            assert!(is_stop_reason(Some(reason)), "{reason}");
        }
        assert!(!is_stop_reason(Some("stop")) && !is_stop_reason(None));
    }

    #[test]
    fn an_answer_of_bedrock_has_text_a_reason_and_tokens() {
        let answer = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "OK"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 1, "totalTokens": 4},
        });
        assert_eq!(read(&answer).unwrap(), "3 tokens in, 1 out");
        let mut other = answer.clone();
        other["stopReason"] = json!("stop");
        assert_eq!(read(&other).unwrap_err(), "the answer ends with stop, which Bedrock does not have");
        let mut other = answer;
        other["output"]["message"]["content"] = json!([{"text": null}]);
        assert_eq!(read(&other).unwrap_err(), "the answer has no text");
    }
}
