//! JSON that is written piece by piece: an answer is one buffer, and of its text only the bytes are copied.

use std::io::Write;

use uuid::Uuid;

/// A JSON text that is being written.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// With room for a text of that size.
    pub fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds text as it is.
    pub fn raw(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.0.extend_from_slice(text.as_ref());
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        // Writing to memory does not fail.
        let _ = write!(self.0, "{}", number.into());
        self
    }

    /// Adds a string with its quotes, escaped.
    pub fn string(&mut self, text: &str) -> &mut Self {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if plain {
            self.raw("\"").raw(text).raw("\"")
        } else {
            let _ = serde_json::to_writer(&mut self.0, text);
            self
        }
    }

    /// Adds the 32 hexadecimal digits of an id.
    pub fn hex(&mut self, id: Uuid) -> &mut Self {
        let mut buffer = Uuid::encode_buffer();
        let digits = id.as_simple().encode_lower(&mut buffer);
        self.0.extend_from_slice(digits.as_bytes());
        self
    }

    /// The text so far, after which a new one begins.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// The text.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// A short text as JSON, for what is not written often.
pub(super) fn text(value: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
