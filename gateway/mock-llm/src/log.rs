//! A line of JSON for each call.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Where the lines go.
pub struct Log(Mutex<Box<dyn Write + Send>>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

/// A call, as the log tells it.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    /// When it ended.
    pub time: jiff::Timestamp,
    /// The id of the request.
    pub id: &'a str,
    /// `chat`, `converse`, `converse-stream` ...
    pub operation: &'static str,
    /// Whose call it was.
    pub account: &'a str,
    /// Region of the signature.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub region: &'a str,
    /// The model.
    pub model: &'a str,
    /// HTTP status.
    pub status: u16,
    /// What came of it: `answered`, `throttled`, `failed` or `aborted`.
    pub outcome: &'static str,
    /// Tokens of the prompt.
    pub input_tokens: u32,
    /// Tokens of the answer that were sent.
    pub output_tokens: u32,
    /// How long it took.
    pub milliseconds: f64,
}

impl Log {
    /// A log that writes to a place.
    pub fn new(place: Box<dyn Write + Send>) -> Self {
        Self(Mutex::new(place))
    }

    pub(super) fn write(&self, line: &Line<'_>) {
        let Ok(mut text) = serde_json::to_vec(line) else { return };
        text.push(b'\n');
        // A log that cannot be written must not fail the calls of a load test.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text);
    }

    /// Hands over what is still in memory.
    pub fn flush(&self) {
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).flush();
    }
}
