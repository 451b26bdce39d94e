//! One JSON object per event, on stderr.

use std::io::Write;

use crate::engine::{Event, EventSink};

/// Writes events as JSON lines.
pub(super) struct Ndjson;

impl EventSink for Ndjson {
    fn emit(&self, event: Event) {
        if let Ok(mut line) = serde_json::to_vec(&event) {
            line.push(b'\n');
            // Nothing sensible can be done when stderr is closed.
            let _ = std::io::stderr().lock().write_all(&line);
        }
    }
}
