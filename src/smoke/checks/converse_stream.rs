//! Whether Bedrock's ConverseStream API is there.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::Value;

use super::super::answer::{header, request_id};
use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::frames::{Frame, Frames};
use super::super::gateway::Gateway;
use super::super::outcome::Outcome;
use super::converse::{body, is_stop_reason, not_served, segment, usage};
use crate::plan::count;

pub(super) struct ConverseStream;

#[async_trait]
impl Check for ConverseStream {
    fn name(&self) -> &'static str {
        "converse-stream"
    }

    fn proves(&self) -> &'static str {
        "Bedrock's ConverseStream API streams frames that the SDKs read, from messageStart to metadata"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = not_served(gateway).await? {
            return one(skip);
        }
        let path = format!("/bedrock/model/{}/converse-stream", segment(gateway.model().await?));
        let begun = Instant::now();
        let opened = gateway.client.open(&path, gateway.key(), &body(gateway)).await;
        let mut response =
            opened.map_err(|failure| Box::new(explain::no_answer(gateway, "ConverseStream", &failure)))?;
        if !response.status().is_success() {
            let answer = gateway.answered("ConverseStream", gateway.client.whole(response, begun).await)?;
            return one(explain::wrong_beside(gateway, "ConverseStream", &answer));
        }
        let headers = response.headers().clone();
        let finish = |outcome: Outcome| Outcome {
            request_id: request_id(&headers),
            deployment: header(&headers, "x-litellm-model-id").map(ToOwned::to_owned),
            ..outcome
        };
        let failed = |detail: String| {
            Box::new(finish(Outcome::fail(detail).next(gateway.middleware_logs(request_id(&headers).as_deref()))))
        };
        let mut reading = Reading { begun, first: None, names: Vec::new(), cut: false, spent: 0, usage: None };
        let mut frames = Frames::default();
        loop {
            match gateway.client.part(&mut response).await {
                Ok(Some(part)) => {
                    let found = frames
                        .feed(&part)
                        .map_err(|reason| failed(format!("a frame is not what SDKs read: {reason}")))?;
                    for frame in found {
                        reading.take(frame).map_err(&failed)?;
                    }
                }
                Ok(None) if frames.is_cut() => {
                    return Err(failed(format!("the stream ended within a frame, after {}", reading.so_far())));
                }
                Ok(None) => break,
                Err(failure) => {
                    return Err(failed(format!("the stream broke off after {}: {failure}", reading.so_far())));
                }
            }
        }
        let (first, words) = reading.end().map_err(failed)?;
        one(gateway.served(finish(Outcome::pass(words).took(first))).await)
    }
}

struct Reading {
    begun: Instant,
    first: Option<Duration>,
    names: Vec<String>,
    /// Whether its tokens were used up.
    cut: bool,
    /// Tokens of the answer.
    spent: u64,
    usage: Option<String>,
}

impl Reading {
    fn so_far(&self) -> String {
        count(self.names.len(), "frame")
    }

    fn take(&mut self, frame: Frame) -> Result<(), String> {
        if frame.kind != "event" {
            let message = frame.payload.get("message").and_then(Value::as_str).unwrap_or_default();
            return Err(format!("{} after {}: {message}", frame.name, self.so_far()));
        }
        let last = self.names.last().map(String::as_str);
        let in_order = match frame.name.as_str() {
            "messageStart" => last.is_none(),
            "messageStop" => last.is_some() && self.stop(&frame).is_ok(),
            "metadata" => last == Some("messageStop"),
            _ => last.is_some() && !self.names.iter().any(|name| name == "messageStop"),
        };
        if frame.name == "messageStop" {
            self.stop(&frame)?;
            self.cut = frame.payload.get("stopReason").and_then(Value::as_str) == Some("max_tokens");
        }
        if !in_order {
            return Err(format!("{} comes after {}", frame.name, last.unwrap_or("nothing")));
        }
        if frame.name == "contentBlockDelta" {
            self.first.get_or_insert_with(|| self.begun.elapsed());
        }
        if frame.name == "metadata" {
            self.usage = usage(frame.payload.get("usage"));
            self.spent = frame.payload.pointer("/usage/outputTokens").and_then(Value::as_u64).unwrap_or_default();
        }
        self.names.push(frame.name);
        Ok(())
    }

    fn stop(&self, frame: &Frame) -> Result<(), String> {
        let reason = frame.payload.get("stopReason").and_then(Value::as_str);
        if is_stop_reason(reason) {
            return Ok(());
        }
        Err(format!("the stream stops with {}, which Bedrock does not have", reason.unwrap_or("no stopReason")))
    }

    fn end(self) -> Result<(Duration, String), String> {
        let has = |wanted: &str| self.names.iter().any(|name| name == wanted);
        // A model that thinks first may have used its tokens up by then.
        let has_text = has("contentBlockDelta") || !self.cut || self.spent == 0;
        let frames = ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
        let wanted = frames.iter().filter(|name| has_text || !name.starts_with("contentBlock"));
        if let Some(missing) = wanted.into_iter().find(|name| !has(name)) {
            return Err(format!("the stream ended after {} without {missing}", self.so_far()));
        }
        let usage = self.usage.as_deref().ok_or("metadata does not say how many tokens it took")?;
        let Some(first) = self.first else {
            return Ok((
                self.begun.elapsed(),
                format!("no text before its tokens were used up, {}, {usage}", self.so_far()),
            ));
        };
        Ok((first, format!("first token after {} ms, {}, {usage}", first.as_millis(), self.so_far())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(frames: &[(&str, &str, Value)]) -> Result<String, String> {
        let mut reading =
            Reading { begun: Instant::now(), first: None, names: Vec::new(), cut: false, spent: 0, usage: None };
        for (kind, name, payload) in frames {
            reading.take(Frame { kind: (*kind).to_owned(), name: (*name).to_owned(), payload: payload.clone() })?;
        }
        reading.end().map(|(_, words)| words)
    }

    fn whole() -> Vec<(&'static str, &'static str, Value)> {
        vec![
            ("event", "messageStart", json!({"role": "assistant"})),
            ("event", "contentBlockDelta", json!({"delta": {"text": "OK"}})),
            ("event", "contentBlockStop", json!({})),
            ("event", "messageStop", json!({"stopReason": "end_turn"})),
            ("event", "metadata", json!({"usage": {"inputTokens": 3, "outputTokens": 1}})),
        ]
    }

    #[test]
    fn a_stream_of_bedrock_goes_from_start_to_metadata() {
        assert!(read(&whole()).unwrap().ends_with("5 frames, 3 tokens in, 1 out"));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(read(&whole()[..3]).unwrap_err(), "the stream ended after 3 frames without messageStop");
        assert_eq!(read(&whole()[..4]).unwrap_err(), "the stream ended after 4 frames without metadata");
    }

    #[test]
    fn a_model_that_thinks_first_may_use_its_tokens_up() {
        let stop = |reason: &str| ("event", "messageStop", json!({"stopReason": reason}));
        let start = ("event", "messageStart", json!({"role": "assistant"}));
        let usage = |tokens: u64| ("event", "metadata", json!({"usage": {"inputTokens": 3, "outputTokens": tokens}}));
        let words = read(&[start.clone(), stop("max_tokens"), usage(8)]).unwrap();
        assert_eq!(words, "no text before its tokens were used up, 3 frames, 3 tokens in, 8 out");
        for (reason, tokens) in [("end_turn", 8), ("max_tokens", 0)] {
            let error = read(&[start.clone(), stop(reason), usage(tokens)]).unwrap_err();
            assert_eq!(error, "the stream ended after 3 frames without contentBlockDelta");
        }
    }

    #[test]
    fn an_exception_is_told_in_its_own_words() {
        let mut frames = whole();
        frames.insert(2, ("exception", "throttlingException", json!({"message": "Too many tokens"})));
        assert_eq!(read(&frames).unwrap_err(), "throttlingException after 2 frames: Too many tokens");
    }

    #[test]
    fn what_is_out_of_order_is_named() {
        let mut frames = whole();
        frames.swap(0, 1);
        assert_eq!(read(&frames).unwrap_err(), "contentBlockDelta comes after nothing");
    }
}
