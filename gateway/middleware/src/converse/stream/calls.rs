//! Calls of tools, whose pieces come in any order.
//!
//! A stream of Converse has one block at a time in practice: clients read pieces until the block is over. A chat stream
//! may mix the pieces of several calls. The first call goes on as it comes; the others wait until its input is whole.

use std::collections::VecDeque;

use serde::de::IgnoredAny;

use super::event::{BlockDelta, BlockStart, ContentBlockStart, Event, ToolUseDelta, ToolUseStart};
use crate::converse::completion::{Call, CalledFunction};
use crate::converse::response::new_tool_use_id;
use crate::tool_calls::{CallKey, said};

/// The calls of an answer.
#[derive(Debug, Default)]
pub struct Calls {
    open: Option<(u32, Pending)>,
    waiting: VecDeque<Pending>,
    closed: Vec<u32>,
    last_index: u32,
    malformed: bool,
    any: bool,
}

#[derive(Debug, Default)]
struct Pending {
    key: CallKey,
    name: Option<String>,
    arguments: String,
}

/// A piece of a call that is over, or a call without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The call went on after its end.
    #[error("the model went on with the input of a tool after its end")]
    AfterEnd,
    /// The call has no name.
    #[error("the model called a tool without a name")]
    NoName,
}

impl Calls {
    /// Whether there was any.
    pub fn any(&self) -> bool {
        self.any
    }

    /// Whether the input of one was not JSON.
    pub fn malformed(&self) -> bool {
        self.malformed
    }

    /// Takes a piece. `next` is the index of the block that is opened next.
    pub fn piece(&mut self, piece: Call, next: &mut u32, events: &mut Vec<Event>) -> Result<(), CallError> {
        self.any = true;
        let index = piece.index.unwrap_or(self.last_index);
        self.last_index = index;
        let key = CallKey { index, id: said(piece.id) };
        let CalledFunction { name, arguments } = piece.function.unwrap_or_default();
        let (name, arguments) = (said(name), arguments.unwrap_or_default());
        if let Some(call) = self.waiting.iter_mut().rev().find(|call| call.key.takes(&key)) {
            call.key.id = call.key.id.take().or(key.id);
            call.name = call.name.take().or(name);
            call.arguments.push_str(&arguments);
        } else if let Some((block, open)) = self.open.as_mut().filter(|(_, open)| open.key.takes(&key)) {
            if !arguments.is_empty() {
                open.arguments.push_str(&arguments);
                events.push(input(*block, arguments));
            }
        } else if key.id.is_none() && name.is_none() && self.closed.contains(&index) {
            if !arguments.trim().is_empty() {
                return Err(CallError::AfterEnd);
            }
        } else {
            self.waiting.push_back(Pending { key, name, arguments });
        }
        self.advance(next, events);
        Ok(())
    }

    /// Ends all of them.
    pub fn finish(&mut self, next: &mut u32, events: &mut Vec<Event>) -> Result<(), CallError> {
        self.close(events);
        while let Some(call) = self.waiting.pop_front() {
            if call.name.is_none() {
                return Err(CallError::NoName);
            }
            self.start(call, next, events);
            self.close(events);
        }
        Ok(())
    }

    /// Opens the calls whose turn it is.
    fn advance(&mut self, next: &mut u32, events: &mut Vec<Event>) {
        while self.waiting.front().is_some_and(|call| call.name.is_some()) {
            if self.open.as_ref().is_some_and(|(_, open)| !open.is_whole()) {
                return;
            }
            self.close(events);
            if let Some(call) = self.waiting.pop_front() {
                self.start(call, next, events);
            }
        }
    }

    fn start(&mut self, mut call: Pending, next: &mut u32, events: &mut Vec<Event>) {
        let index = *next;
        *next += 1;
        let tool_use = ToolUseStart {
            tool_use_id: call.key.id.get_or_insert_with(new_tool_use_id).clone(),
            name: call.name.clone().unwrap_or_default(),
        };
        let start = BlockStart::ToolUse(tool_use);
        events.push(Event::ContentBlockStart(ContentBlockStart { content_block_index: index, start }));
        if !call.arguments.is_empty() {
            events.push(input(index, call.arguments.clone()));
        }
        self.open = Some((index, call));
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        let Some((index, call)) = self.open.take() else { return };
        // No input is an empty object. Clients read the pieces as JSON.
        if call.arguments.trim().is_empty() {
            events.push(input(index, "{}".to_owned()));
        } else if !call.is_whole() {
            self.malformed = true;
        }
        events.push(Event::stop(index));
        self.closed.push(call.key.index);
    }
}

impl Pending {
    fn is_whole(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
    }
}

fn input(index: u32, input: String) -> Event {
    Event::delta(index, BlockDelta::ToolUse(ToolUseDelta { input }))
}
