//! Ids of requests.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::{Builder, Uuid};

/// Header of the id, in requests, towards LiteLLM and in answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

/// Id of a request: the client's own if it is sane, else a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of a text, if it is short and plain enough for headers and logs.
    pub fn new(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=/+".contains(&byte);
        let sane = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(plain);
        HeaderValue::from_str(text).ok().filter(|_| sane).map(Self)
    }

    /// The client's id, or a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).and_then(Self::new);
        sent.unwrap_or_else(Self::random)
    }

    /// A new id.
    pub fn random() -> Self {
        let mut buffer = Uuid::encode_buffer();
        // Nothing is guarded by it: it need not be hard to guess.
        let random = Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
        let text = random.hyphenated().encode_lower(&mut buffer);
        Self(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown")))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// As the value of a header.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_of_the_client_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("client-7"));
        assert_eq!(RequestId::of(&headers).as_str(), "client-7");
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        for bad in ["", "a b", "a\"b", "{}", &"x".repeat(129)] {
            assert_eq!(RequestId::new(bad), None, "{bad}");
        }
        assert_ne!(RequestId::random(), RequestId::random());
    }
}
