//! Server-sent events as LiteLLM and OpenAI write them: `data:` lines, each event ended by an empty line.

/// Collects the parts of a stream into the texts of its events.
#[derive(Debug, Default)]
pub(super) struct Events {
    buffer: Vec<u8>,
}

impl Events {
    /// The events that a part completes. Bytes are split into lines first and decoded then: a part may end within a letter.
    pub fn feed(&mut self, part: &[u8]) -> Vec<String> {
        self.buffer.extend_from_slice(part);
        let mut events = Vec::new();
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(data) = line.trim_end().strip_prefix("data:") {
                events.push(data.trim_start().to_owned());
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_may_end_anywhere() {
        let text = "data: {\"a\":\"日本\"}\n\n: ping\n\ndata: [DONE]\n\n".as_bytes();
        for cut in 0..text.len() {
            let mut events = Events::default();
            let mut found = events.feed(&text[..cut]);
            found.extend(events.feed(&text[cut..]));
            assert_eq!(found, ["{\"a\":\"日本\"}", "[DONE]"], "cut at {cut}");
        }
    }
}
