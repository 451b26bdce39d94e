//! Calls of tools of an assistant message, put together from the pieces of a stream.

use serde_json::{Map, Value};

use super::assembly::merge;
use crate::tool_calls::{CallKey, said};

/// The calls of an answer, with whatever the provider says about each.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    calls: Vec<(CallKey, Map<String, Value>)>,
    last_index: u32,
}

impl Calls {
    /// Takes the pieces of a chunk.
    pub fn add(&mut self, pieces: Value) {
        let Value::Array(pieces) = pieces else { return };
        for piece in pieces {
            if let Value::Object(piece) = piece {
                self.piece(piece);
            }
        }
    }

    fn piece(&mut self, mut piece: Map<String, Value>) {
        // The index counts within a stream; a request has no such field.
        let index = piece.shift_remove("index").and_then(|index| u32::try_from(index.as_u64()?).ok());
        let index = index.unwrap_or(self.last_index);
        self.last_index = index;
        let key = CallKey { index, id: said(piece.get("id").and_then(Value::as_str).map(str::to_owned)) };
        if !self.calls.iter().any(|(call, _)| call.takes(&key)) {
            self.calls.push((CallKey { index, id: None }, Map::new()));
        }
        let Some((known, call)) = self.calls.iter_mut().rev().find(|(call, _)| call.takes(&key)) else { return };
        known.id = known.id.take().or(key.id);
        for (name, value) in piece {
            merge(call, name, value);
        }
    }

    /// All calls, as a request may hold them. `None` if there is none.
    pub fn value(&self) -> Option<Value> {
        let calls: Vec<Value> = self.calls.iter().map(|(_, call)| Value::Object(call.clone())).collect();
        (!calls.is_empty()).then_some(Value::Array(calls))
    }
}
