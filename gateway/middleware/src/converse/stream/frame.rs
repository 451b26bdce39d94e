//! Frames of `application/vnd.amazon.eventstream`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;

use super::event::Event;

/// The media type of the frames.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// An event that could not be put into a frame.
#[derive(Debug, thiserror::Error)]
#[error("an event does not fit into a frame")]
pub struct FrameError;

/// The frame of an event.
pub fn frame(event: &Event) -> Result<Bytes, FrameError> {
    let (kind, name) = match event {
        Event::Exception(_) => ("exception", ":exception-type"),
        _ => ("event", ":event-type"),
    };
    let text = |value: &'static str| HeaderValue::String(value.into());
    let headers = vec![
        Header::new(name, text(event.name())),
        Header::new(":content-type", text("application/json")),
        Header::new(":message-type", text(kind)),
    ];
    let payload = serde_json::to_vec(event).map_err(|_| FrameError)?;
    let mut frame = Vec::with_capacity(payload.len() + 128);
    write_message_to(&Message::new_from_parts(headers, payload), &mut frame).map_err(|_| FrameError)?;
    Ok(frame.into())
}

#[cfg(test)]
mod tests {
    use super::super::event::MessageStart;
    use super::*;

    #[test]
    fn a_frame_is_what_bedrock_sends_to_the_byte() {
        let frame = frame(&Event::MessageStart(MessageStart { role: "assistant" })).expect("a frame");
        let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "000000760000005296d5fade0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74656e742d747970650700\
             106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22726f6c65223a22617373697374616e\
             74227d6fa8c599"
        );
    }
}
