//! The frames of ConverseStream, decoded as the SDKs decode them: lengths, checksums and headers are proved on the way.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_eventstream::smithy::parse_response_headers;
use bytes::BytesMut;
use serde_json::Value;

/// A frame that says something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// `event` or `exception`.
    pub kind: String,
    /// `messageStart`, `throttlingException`, ...
    pub name: String,
    /// Its payload.
    pub payload: Value,
}

/// Collects the parts of a stream into frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    decoder: MessageFrameDecoder,
    buffer: BytesMut,
    received: usize,
    used: usize,
}

impl Frames {
    /// The frames that a part completes.
    ///
    /// # Errors
    /// When a length, a checksum or a header is wrong.
    pub fn feed(&mut self, part: &[u8]) -> Result<Vec<Frame>, String> {
        self.buffer.extend_from_slice(part);
        self.received += part.len();
        let mut frames = Vec::new();
        while let DecodedFrame::Complete(message) =
            self.decoder.decode_frame(&mut self.buffer).map_err(|error| told(&error))?
        {
            self.used = self.received - self.buffer.len();
            let headers = parse_response_headers(&message).map_err(|error| told(&error))?;
            frames.push(Frame {
                kind: headers.message_type.as_str().to_owned(),
                name: headers.smithy_type.as_str().to_owned(),
                payload: serde_json::from_slice(message.payload()).unwrap_or_default(),
            });
        }
        Ok(frames)
    }

    /// Whether the stream ended within a frame.
    pub fn is_cut(&self) -> bool {
        self.used != self.received
    }
}

fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `messageStart` as Bedrock writes it.
    const START: &str = "000000760000005296d5fade0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22726f6c65223a22617373697374616e74227d6fa8c599";
    /// One without `:message-type`, which no SDK in Rust reads.
    const WITHOUT_TYPE: &str = "000000400000001bb7b44ecc0b3a6576656e742d7479706507000c6d65737361676553746172747b22726f6c65223a2022617373697374616e74227d38f0e0fd";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn a_frame_may_come_in_parts() {
        let all = bytes(START);
        let mut frames = Frames::default();
        assert_eq!(frames.feed(&all[..40]).unwrap(), []);
        assert!(frames.is_cut());
        let found = frames.feed(&all[40..]).unwrap();
        assert_eq!((found[0].kind.as_str(), found[0].name.as_str()), ("event", "messageStart"));
        assert_eq!(found[0].payload["role"], "assistant");
        assert!(!frames.is_cut());
    }

    #[test]
    fn a_wrong_checksum_is_told() {
        let mut broken = bytes(START);
        let last = broken.len() - 1;
        broken[last] ^= 1;
        assert!(Frames::default().feed(&broken).unwrap_err().contains("checksum"));
    }

    #[test]
    fn a_missing_header_is_told() {
        assert!(Frames::default().feed(&bytes(WITHOUT_TYPE)).unwrap_err().contains(":message-type"));
    }
}
