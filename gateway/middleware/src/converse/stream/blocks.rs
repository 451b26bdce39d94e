//! Blocks of text and of reasoning, one at a time.

use super::event::{BlockDelta, Event, ReasoningDelta};
use crate::converse::completion::Thinking;
use crate::converse::response::redacted;

/// The block that is open.
#[derive(Debug, Default)]
pub struct Blocks {
    open: Option<(u32, Kind)>,
    /// The text of the block of reasoning that is open.
    reasoning: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Reasoning,
    /// Reasoning that is signed, and so over.
    Signed,
}

impl Blocks {
    /// Takes a piece of text.
    pub fn text(&mut self, text: String, next: &mut u32, events: &mut Vec<Event>) {
        let index = self.block(Kind::Text, next, events);
        events.push(Event::delta(index, BlockDelta::Text(text)));
    }

    /// Takes a piece of reasoning without a signature.
    pub fn reasoning(&mut self, text: String, next: &mut u32, events: &mut Vec<Event>) {
        let index = self.block(Kind::Reasoning, next, events);
        self.reasoning.push_str(&text);
        events.push(Event::delta(index, BlockDelta::ReasoningContent(ReasoningDelta::Text(text))));
    }

    /// Takes a piece of a block of reasoning.
    pub fn thinking(&mut self, thinking: Thinking, next: &mut u32, events: &mut Vec<Event>) {
        match thinking {
            Thinking::Thinking { thinking, signature } => {
                let signature = signature.filter(|signature| !signature.is_empty());
                // LiteLLM's streams of Anthropic's models say the whole text once more beside the signature.
                let again = signature.is_some() && self.is_reasoning(thinking.as_deref());
                if let Some(text) = thinking.filter(|text| !text.is_empty() && !again) {
                    self.reasoning(text, next, events);
                }
                if let Some(signature) = signature {
                    let index = self.block(Kind::Reasoning, next, events);
                    events
                        .push(Event::delta(index, BlockDelta::ReasoningContent(ReasoningDelta::Signature(signature))));
                    self.open = Some((index, Kind::Signed));
                }
            }
            Thinking::RedactedThinking { data } => {
                self.close(events);
                let index = self.block(Kind::Signed, next, events);
                let delta = ReasoningDelta::RedactedContent(redacted(data));
                events.push(Event::delta(index, BlockDelta::ReasoningContent(delta)));
                self.close(events);
            }
        }
    }

    /// Ends the block that is open.
    pub fn close(&mut self, events: &mut Vec<Event>) {
        if let Some((index, _)) = self.open.take() {
            events.push(Event::stop(index));
        }
    }

    /// Whether a text is all that the open block of reasoning has said.
    fn is_reasoning(&self, text: Option<&str>) -> bool {
        matches!(self.open, Some((_, Kind::Reasoning))) && text == Some(self.reasoning.as_str())
    }

    fn block(&mut self, kind: Kind, next: &mut u32, events: &mut Vec<Event>) -> u32 {
        if let Some((index, open)) = self.open
            && open == kind
        {
            return index;
        }
        self.close(events);
        let index = *next;
        *next += 1;
        self.open = Some((index, kind));
        self.reasoning.clear();
        index
    }
}
