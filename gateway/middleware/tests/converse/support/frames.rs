//! Frames of a stream, read again by the crate of the AWS SDK.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use bytes::{Buf, BytesMut};
use serde_json::Value;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `event` or `exception`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Payload.
    pub payload: Value,
}

/// All events of a body.
#[track_caller]
pub fn events(body: &[u8]) -> Vec<Event> {
    let mut buffer = BytesMut::from(body);
    let mut decoder = MessageFrameDecoder::new();
    let mut events = Vec::new();
    while let DecodedFrame::Complete(message) = decoder.decode_frame(&mut buffer).expect("a frame") {
        let header = |name: &str| {
            let header = message.headers().iter().find(|header| header.name().as_str() == name);
            header.map(|header| header.value().as_string().expect("text").as_str().to_owned())
        };
        assert_eq!(header(":content-type").as_deref(), Some("application/json"));
        let kind = header(":message-type").expect("a type");
        let name = header(":event-type").or_else(|| header(":exception-type")).expect("a name");
        let payload = serde_json::from_slice(message.payload()).expect("JSON");
        events.push(Event { kind, name, payload });
    }
    assert!(!buffer.has_remaining(), "whole frames");
    events
}

/// The names of events.
pub fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}
