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
    use super::super::event::{BlockDelta, Exception, ExceptionKind, MessageStart, MessageStop, Metadata};
    use super::*;
    use crate::converse::response::{Metrics, StopReason, TokenUsage};

    /// The hexadecimal digits of an event's frame.
    fn hex(event: &Event) -> String {
        frame(event).expect("a frame").iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // What is expected was computed without the library that writes frames.

    #[test]
    fn a_frame_is_what_bedrock_sends_to_the_byte() {
        assert_eq!(
            hex(&Event::MessageStart(MessageStart { role: "assistant" })),
            "000000760000005296d5fade0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74656e742d747970650700\
             106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22726f6c65223a2261737369737461\
             6e74227d6fa8c599"
        );
    }

    #[test]
    fn the_frame_of_a_piece_of_text_is_too() {
        assert_eq!(
            hex(&Event::delta(0, BlockDelta::Text("Hel".to_owned()))),
            "000000950000005789cbb35e0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d74\
             7970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74426c\
             6f636b496e646578223a302c2264656c7461223a7b2274657874223a2248656c227d7d6413a776"
        );
    }

    #[test]
    fn the_frame_of_the_end_of_a_block_is_too() {
        assert_eq!(
            hex(&Event::stop(0)),
            "0000007d00000056e6680fd60b3a6576656e742d74797065070010636f6e74656e74426c6f636b53746f700d3a636f6e74656e742d7479\
             70650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74426c6f\
             636b496e646578223a307db32e4d34"
        );
    }

    #[test]
    fn the_frame_of_the_end_is_too() {
        assert_eq!(
            hex(&Event::MessageStop(MessageStop { stop_reason: StopReason::EndTurn })),
            "0000007a00000051ca2c46650b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d74797065070010\
             6170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2273746f70526561736f6e223a22656e\
             645f7475726e227d5fbf09fc"
        );
    }

    #[test]
    fn the_frame_of_tokens_and_time_is_too() {
        let usage = TokenUsage {
            input_tokens: 5,
            output_tokens: 7,
            total_tokens: 12,
            cache_read_input_tokens: None,
            cache_write_input_tokens: None,
            cache_details: Vec::new(),
        };
        let (usage, metrics) = (Some(usage), Metrics { latency_ms: 30 });
        assert_eq!(
            hex(&Event::Metadata(Metadata { usage, metrics, trace: None, service_tier: None })),
            "000000b60000004e6bc14e4a0b3a6576656e742d747970650700086d657461646174610d3a636f6e74656e742d74797065070010617070\
             6c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b227573616765223a7b22696e707574546f6b65\
             6e73223a352c226f7574707574546f6b656e73223a372c22746f74616c546f6b656e73223a31327d2c226d657472696373223a7b226c61\
             74656e63794d73223a33307d7d3c35431a"
        );
    }

    #[test]
    fn the_frames_of_exceptions_are_too() {
        assert_eq!(
            hex(&Event::exception(ExceptionKind::Throttling, "no more")),
            "00000086000000616131cb950f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e\
             74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b\
             226d657373616765223a226e6f206d6f7265227d9ecc54a3"
        );
        let exception = Exception {
            kind: ExceptionKind::ModelStreamError,
            message: "no more".to_owned(),
            original_status_code: Some(500),
            original_message: Some("boom".to_owned()),
        };
        assert_eq!(
            hex(&Event::Exception(exception)),
            "000000be0000006719039de70f3a657863657074696f6e2d747970650700196d6f64656c53747265616d4572726f72457863657074696f\
             6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507000965786365\
             7074696f6e7b226d657373616765223a226e6f206d6f7265222c226f726967696e616c537461747573436f6465223a3530302c226f7269\
             67696e616c4d657373616765223a22626f6f6d227d83b98774"
        );
    }
}
