//! Blocks of text and of reasoning, one at a time.

use super::event::{BlockDelta, Event, ReasoningDelta};
use crate::converse::completion::Thinking;
use crate::converse::response::redacted;

/// The block that is open.
#[derive(Debug, Default)]
pub struct Blocks {
    open: Option<(u32, Kind)>,
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
        events.push(Event::delta(index, BlockDelta::ReasoningContent(ReasoningDelta::Text(text))));
    }

    /// Takes a piece of a block of reasoning.
    pub fn thinking(&mut self, thinking: Thinking, next: &mut u32, events: &mut Vec<Event>) {
        match thinking {
            Thinking::Thinking { thinking, signature } => {
                if let Some(text) = thinking.filter(|text| !text.is_empty()) {
                    self.reasoning(text, next, events);
                }
                if let Some(signature) = signature.filter(|signature| !signature.is_empty()) {
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
        index
    }
}
