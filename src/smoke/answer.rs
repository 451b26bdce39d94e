//! An answer of the gateway.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Most characters of an answer that a message quotes.
const EXCERPT: usize = 300;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// From sending the request to the end of the answer.
    pub elapsed: Duration,
}

impl Answer {
    /// One of JSON without headers.
    #[cfg(test)]
    pub(super) fn of(status: u16, body: &Value) -> Self {
        let body = Bytes::from(body.to_string());
        Self { status, headers: HeaderMap::new(), body, elapsed: Duration::ZERO }
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The id of the request in the gateway's logs.
    pub fn request_id(&self) -> Option<String> {
        request_id(&self.headers)
    }

    /// LiteLLM's id of the deployment that answered.
    pub fn deployment(&self) -> Option<String> {
        self.header("x-litellm-model-id").map(ToOwned::to_owned)
    }

    /// Kind of error in LiteLLM's words, such as `no_db_connection`.
    pub fn error_type(&self) -> Option<String> {
        Some(self.json().pointer("/error/type")?.as_str()?.to_owned())
    }

    /// What it says is wrong, in one line.
    pub fn message(&self) -> String {
        message(&self.body)
    }

    /// Whether a load balancer or a firewall in front of the gateway made it, and not the gateway.
    pub fn is_from_the_front(&self) -> bool {
        self.header("server").is_some_and(|server| server.starts_with("awselb"))
            || (matches!(self.status, 403 | 502 | 503 | 504) && !self.body.trim_ascii_start().starts_with(b"{"))
    }

    /// Status and message: `500: AccessDenied`.
    pub fn told(&self) -> String {
        let message = self.message();
        if message.is_empty() { self.status.to_string() } else { format!("{}: {message}", self.status) }
    }
}

/// The value of a header.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
}

/// LiteLLM's id of a call, or else the one of whoever answered.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-litellm-call-id", "x-amzn-requestid", "x-request-id"]
        .iter()
        .find_map(|name| header(headers, name))
        .map(|id| id.chars().take(64).collect())
}

/// What a body says is wrong, in one line: the message of an error as LiteLLM, Bedrock and the middleware write them, or the
/// beginning of the text.
pub(super) fn message(body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let places = ["/error/message", "/message", "/Message", "/error", "/detail/error", "/detail"];
    let text = places.iter().find_map(|place| json.pointer(place)?.as_str().map(ToOwned::to_owned));
    let text = text.unwrap_or_else(|| without_markup(&String::from_utf8_lossy(body)));
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= EXCERPT { line } else { line.chars().take(EXCERPT).chain("...".chars()).collect() }
}

fn without_markup(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for character in text.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_an_error_is_found_in_each_dialect() {
        assert_eq!(message(br#"{"error":{"message":"No connected db.","type":"x"}}"#), "No connected db.");
        assert_eq!(message(br#"{"message":"Too many tokens"}"#), "Too many tokens");
        assert_eq!(message(br#"{"Message":"no"}"#), "no");
        assert_eq!(message(br#"{"detail":{"error":"Invalid token"}}"#), "Invalid token");
    }

    #[test]
    fn the_page_of_a_load_balancer_is_read_without_its_markup() {
        let page = b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body></body></html>";
        assert_eq!(message(page), "503 Service Temporarily Unavailable");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(message("é".repeat(900).as_bytes()).chars().count(), EXCERPT + 3);
    }
}
