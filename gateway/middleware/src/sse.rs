//! Streams of server-sent events, as lines. Bytes are kept until their line is whole: a character may be split over two
//! reads, an event over many.

use bytes::{Buf as _, Bytes, BytesMut};

/// What the last event of a chat stream says.
pub const DONE: &[u8] = b"[DONE]";

/// Longest line of a stream. An event with an image is a line.
const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// Splits bytes into lines.
#[derive(Debug)]
pub struct Lines {
    pending: BytesMut,
    /// Bytes of `pending` that are known to hold no end of line.
    searched: usize,
    longest: usize,
}

/// A line is longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the stream is too long")]
pub struct LineTooLong;

impl Default for Lines {
    fn default() -> Self {
        Self::new(LONGEST_LINE)
    }
}

impl Lines {
    /// A splitter of lines of at most `longest` bytes.
    fn new(longest: usize) -> Self {
        Self { pending: BytesMut::new(), searched: 0, longest }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// If what has come of a line is too long.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), LineTooLong> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() > self.longest && !self.pending.contains(&b'\n') { Err(LineTooLong) } else { Ok(()) }
    }

    /// The next whole line, with its end.
    pub fn next_line(&mut self) -> Option<Bytes> {
        match self.pending[self.searched..].iter().position(|&byte| byte == b'\n') {
            Some(position) => {
                let line = self.pending.split_to(self.searched + position + 1).freeze();
                self.searched = 0;
                Some(line)
            }
            None => {
                self.searched = self.pending.len();
                None
            }
        }
    }

    /// What is left when the stream ends without an end of line.
    pub fn rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        let rest = self.pending.copy_to_bytes(self.pending.len());
        (!rest.is_empty()).then_some(rest)
    }
}

/// The value of a line `data: value`. `None` for comments, other fields and empty lines.
pub fn data(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data:")?;
    Some(value.trim_ascii())
}

/// An event that carries a JSON text.
pub fn event(json: &str) -> Bytes {
    Bytes::from(format!("data: {json}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<Bytes> {
        let mut lines = Lines::new(1024);
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece).expect("short lines");
            found.extend(std::iter::from_fn(|| lines.next_line()));
        }
        found.extend(lines.rest());
        found
    }

    #[test]
    fn the_cut_of_reads_does_not_matter() {
        let text = "data: {\"a\":\"日本語\"}\r\n: ping\n\ndata: [DONE]".as_bytes();
        let whole = split(&[text]);
        assert_eq!(whole.len(), 4);
        for at in 0..text.len() {
            let (left, right) = text.split_at(at);
            assert_eq!(split(&[left, right]), whole, "cut at {at}");
        }
    }

    #[test]
    fn values_have_no_space_around_them() {
        assert_eq!(data(b"data: [DONE]\r\n"), Some(DONE));
        assert_eq!(data(b"data:{}\n"), Some(b"{}".as_slice()));
        assert_eq!(data(b": ping\n"), None);
        assert_eq!(data(b"event: x\n"), None);
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        assert_eq!(Lines::new(4).push(b"abcde"), Err(LineTooLong));
        assert_eq!(Lines::new(4).push(b"abc\nde"), Ok(()));
    }
}
