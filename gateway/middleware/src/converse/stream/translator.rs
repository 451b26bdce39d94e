//! Chunks in, events out.

use std::time::Duration;

use serde_json::Value;

use super::blocks::Blocks;
use super::calls::{CallError, Calls};
use super::chunk::{Chunk, ChunkChoice, Delta};
use super::event::{Event, Exception, ExceptionKind, MessageStart, MessageStop, Metadata};
use crate::converse::completion::ProviderFields;
use crate::converse::error::UpstreamError;
use crate::converse::response::{StopReason, TokenUsage, service_tier};

/// Makes the events of ConverseStream of the chunks of one chat stream.
#[derive(Debug, Default)]
pub struct Translator {
    guarded: bool,
    state: State,
    next: u32,
    blocks: Blocks,
    calls: Calls,
    usage: Option<TokenUsage>,
    trace: Option<Value>,
    service_tier: Option<Value>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing has come.
    #[default]
    New,
    /// The model speaks.
    Started,
    /// It stopped; tokens may still come.
    Stopped,
    /// Nothing follows.
    Ended,
}

impl Translator {
    /// For a request with a guardrail or one without: the chunks do not tell a guardrail from a filter.
    pub fn new(guarded: bool) -> Self {
        Self { guarded, ..Self::default() }
    }

    /// Whether an exception has ended the stream.
    pub fn ended(&self) -> bool {
        self.state == State::Ended
    }

    /// The events of a chunk, given as its JSON.
    pub fn data(&mut self, data: &[u8], events: &mut Vec<Event>) {
        if self.ended() {
            return;
        }
        match serde_json::from_slice(data) {
            Ok(chunk) => self.chunk(chunk, events),
            Err(_) => {
                self.fail(ExceptionKind::InternalServer, "the model's server sent a chunk that is not one", events)
            }
        }
    }

    /// The events of a chunk.
    pub fn chunk(&mut self, chunk: Chunk, events: &mut Vec<Event>) {
        if self.ended() {
            return;
        }
        if let Some(error) = chunk.error {
            return self.upstream(&error, events);
        }
        if let Some(usage) = &chunk.usage {
            self.usage = Some(usage.into());
        }
        if let Some(tier) = chunk.service_tier.as_deref().and_then(service_tier) {
            self.service_tier = Some(tier);
        }
        let of_choices = chunk.choices.into_iter().flatten().next();
        let of_choice = of_choices.as_ref().and_then(|choice| choice.provider_specific_fields.clone());
        for fields in [chunk.provider_specific_fields, of_choice].into_iter().flatten() {
            self.trace = fields.trace.filter(Value::is_object).or(self.trace.take());
        }
        if let Some(choice) = of_choices
            && let Err(error) = self.choice(choice, events)
        {
            self.fail(ExceptionKind::ModelStreamError, error.to_string(), events);
        }
    }

    /// The events of an end that the model's server announced, and after which nothing follows.
    pub fn done(&mut self, latency: Duration, events: &mut Vec<Event>) {
        match self.state {
            State::New => return self.cut(events),
            // Some servers say that they are done, and not why.
            State::Started => {
                if let Err(error) = self.stop(None, None, events) {
                    return self.fail(ExceptionKind::ModelStreamError, error.to_string(), events);
                }
            }
            State::Stopped => {}
            State::Ended => return,
        }
        self.state = State::Ended;
        events.push(Event::Metadata(Metadata {
            usage: self.usage.take(),
            metrics: latency.into(),
            trace: self.trace.take(),
            service_tier: self.service_tier.take(),
        }));
    }

    /// The events of an end that nobody announced.
    pub fn broken(&mut self, latency: Duration, events: &mut Vec<Event>) {
        match self.state {
            State::Stopped => self.done(latency, events),
            _ => self.cut(events),
        }
    }

    /// The events of an error of the gateway.
    pub fn fail(&mut self, kind: ExceptionKind, message: impl Into<String>, events: &mut Vec<Event>) {
        if !self.ended() {
            self.state = State::Ended;
            events.push(Event::exception(kind, message));
        }
    }

    fn cut(&mut self, events: &mut Vec<Event>) {
        self.fail(ExceptionKind::ModelStreamError, "the answer of the model broke off", events);
    }

    fn upstream(&mut self, error: &UpstreamError, events: &mut Vec<Event>) {
        let status = error.status();
        let message = error.message().unwrap_or_else(|| "the model failed".to_owned());
        let kind = match status {
            Some(429) => ExceptionKind::Throttling,
            Some(503) => ExceptionKind::ServiceUnavailable,
            Some(400) => ExceptionKind::Validation,
            _ => ExceptionKind::ModelStreamError,
        };
        let original = (kind == ExceptionKind::ModelStreamError).then(|| message.clone());
        self.state = State::Ended;
        events.push(Event::Exception(Exception {
            kind,
            message,
            original_status_code: status.filter(|_| original.is_some()),
            original_message: original,
        }));
    }

    fn choice(&mut self, choice: ChunkChoice, events: &mut Vec<Event>) -> Result<(), CallError> {
        if self.state == State::New {
            self.state = State::Started;
            events.push(Event::MessageStart(MessageStart { role: "assistant" }));
        }
        if self.state != State::Started {
            return Ok(());
        }
        if let Some(delta) = choice.delta {
            self.delta(delta, events)?;
        }
        let reason = choice.finish_reason.filter(|reason| !reason.is_empty());
        if let Some(reason) = reason {
            let native = choice
                .provider_specific_fields
                .and_then(|ProviderFields { native_finish_reason, .. }| native_finish_reason);
            self.stop(Some(&reason), native.as_deref(), events)?;
        }
        Ok(())
    }

    fn delta(&mut self, delta: Delta, events: &mut Vec<Event>) -> Result<(), CallError> {
        let thinking = delta.thinking_blocks.unwrap_or_default();
        // The text of the blocks, once more.
        let reasoning = delta.reasoning_content.filter(|text| thinking.is_empty() && !text.is_empty());
        let texts = [delta.content, delta.refusal].into_iter().flatten().filter(|text| !text.is_empty());
        let texts: Vec<String> = texts.collect();
        if !thinking.is_empty() || reasoning.is_some() || !texts.is_empty() {
            self.calls.finish(&mut self.next, events)?;
        }
        for thinking in thinking {
            self.blocks.thinking(thinking, &mut self.next, events);
        }
        if let Some(text) = reasoning {
            self.blocks.reasoning(text, &mut self.next, events);
        }
        for text in texts {
            self.blocks.text(text, &mut self.next, events);
        }
        for call in delta.tool_calls.unwrap_or_default() {
            self.blocks.close(events);
            self.calls.piece(call, &mut self.next, events)?;
        }
        Ok(())
    }

    fn stop(&mut self, reason: Option<&str>, native: Option<&str>, events: &mut Vec<Event>) -> Result<(), CallError> {
        self.blocks.close(events);
        self.calls.finish(&mut self.next, events)?;
        let mut stop_reason = StopReason::new(reason, native, self.calls.any(), self.guarded);
        // An answer that was cut short is cut short, whatever it was in the middle of.
        if stop_reason == StopReason::ToolUse && self.calls.malformed() {
            stop_reason = StopReason::MalformedToolUse;
        }
        self.state = State::Stopped;
        events.push(Event::MessageStop(MessageStop { stop_reason }));
        Ok(())
    }
}
