//! Messages of `application/vnd.amazon.eventstream`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;

/// Writes an event behind others. The headers stand in Bedrock's order.
pub(super) fn write(buffer: &mut Vec<u8>, event: &'static str, payload: impl Into<Bytes>) {
    let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let headers = vec![
        header(":event-type", event),
        header(":content-type", "application/json"),
        header(":message-type", "event"),
    ];
    // Only headers and payloads of megabytes do not fit into a message.
    let _ = write_message_to(&Message::new_from_parts(headers, payload), buffer);
}

/// An event alone.
pub(super) fn frame(event: &'static str, payload: impl Into<Bytes>) -> Bytes {
    let mut buffer = Vec::with_capacity(192);
    write(&mut buffer, event, payload);
    Bytes::from(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_written_byte_for_byte_as_bedrock_does() {
        // Read back by botocore's own parser, see the tests of the SDKs.
        let expected = "000000760000005296d5fade0b3a6576656e742d74797065070\
            00c6d65737361676553746172740d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22726f6c65223a22617373697374616e74227d6fa8c599";
        let written: String =
            frame("messageStart", r#"{"role":"assistant"}"#).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(written, expected);
    }
}
