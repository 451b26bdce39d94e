//! Which headers go through, both ways. What is not named stays behind: hop-by-hop headers, lengths, encodings, cookies, and
//! whatever the next client or provider invents.

use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE,
    RETRY_AFTER, USER_AGENT, VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::{Credential, LITELLM_API_KEY};
use crate::request_id::{REQUEST_ID, RequestId};

/// Header with the id of a session.
pub const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");

/// Names of a client's headers that LiteLLM sees.
const REQUEST: &[&str] = &[
    "traceparent",
    "tracestate",
    "baggage",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-port",
    "idempotency-key",
    "litellm-changed-by",
    "anthropic-beta",
    "anthropic-version",
    "openai-beta",
    "openai-organization",
    "openai-project",
];
/// Beginnings of such names.
const REQUEST_PREFIXES: &[&str] = &["x-litellm-", "langfuse_", "langfuse-", "x-stainless-"];

/// Names of LiteLLM's headers that a client sees.
const RESPONSE: &[&str] = &[
    "retry-after-ms",
    "x-should-retry",
    "rate_limit_type",
    "reset_at",
    "openai-model",
    "openai-organization",
    "openai-processing-ms",
    "openai-version",
    "x-accel-buffering",
    "x-content-type-options",
    "x-frame-options",
    "content-security-policy",
    "traceparent",
];
/// Beginnings of such names.
const RESPONSE_PREFIXES: &[&str] = &["x-litellm-", "llm_provider-", "x-ratelimit-", "ratelimit-"];

fn listed(name: &HeaderName, names: &[&str], prefixes: &[&str]) -> bool {
    let name = name.as_str();
    names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

fn reaches_upstream(name: &HeaderName) -> bool {
    // The caller's key goes as `Authorization`; LiteLLM would take another beside it.
    *name != LITELLM_API_KEY
        && ([ACCEPT, CONTENT_TYPE, USER_AGENT].contains(name) || listed(name, REQUEST, REQUEST_PREFIXES))
}

fn reaches_client(name: &HeaderName) -> bool {
    [CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE]
        .contains(name)
        || listed(name, RESPONSE, RESPONSE_PREFIXES)
}

/// Headers of a call to LiteLLM: what goes through, the caller's key, and the request's id.
pub fn for_upstream(headers: &HeaderMap, credential: Option<&Credential>, id: &RequestId) -> HeaderMap {
    let mut forwarded = HeaderMap::with_capacity(headers.len() + 4);
    for (name, value) in headers {
        if reaches_upstream(name) {
            forwarded.append(name.clone(), value.clone());
        }
    }
    if let Some(credential) = credential {
        forwarded.insert(AUTHORIZATION, credential.header());
    }
    forwarded.insert(REQUEST_ID, id.header());
    // A body that comes encoded could not be read on the way; over loopback nothing is gained by it.
    forwarded.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    forwarded
}

/// Headers of the answer to the client. The id of the request is added to every answer elsewhere.
pub fn for_client(headers: &HeaderMap) -> HeaderMap {
    let mut forwarded = HeaderMap::with_capacity(headers.len() + 2);
    for (name, value) in headers {
        if reaches_client(name) {
            forwarded.append(name.clone(), value.clone());
        }
    }
    forwarded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn tags_and_traces_reach_litellm() {
        let sent = map(&[("x-litellm-tags", "a"), ("traceparent", "00-1-2-01"), ("anthropic-beta", "x")]);
        let id = RequestId::new("id-1").expect("an id");
        let forwarded = for_upstream(&sent, Some(&Credential::new("sk-1")), &id);
        assert_eq!(forwarded["x-litellm-tags"], "a");
        assert_eq!(forwarded["traceparent"], "00-1-2-01");
        assert_eq!(forwarded["anthropic-beta"], "x");
        assert_eq!(forwarded[AUTHORIZATION], "Bearer sk-1");
        assert_eq!(forwarded[REQUEST_ID], "id-1");
    }

    #[test]
    fn cookies_hosts_lengths_encodings_and_other_keys_do_not() {
        let sent = map(&[
            ("cookie", "a"),
            ("host", "x"),
            ("content-length", "4"),
            ("accept-encoding", "gzip"),
            ("connection", "close"),
            ("transfer-encoding", "chunked"),
            ("x-api-key", "sk-1"),
            ("x-litellm-api-key", "sk-1"),
        ]);
        let forwarded = for_upstream(&sent, None, &RequestId::random());
        let names: Vec<_> = forwarded.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-request-id", "accept-encoding"]);
        assert_eq!(forwarded[ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn costs_limits_and_retry_after_reach_the_client() {
        let sent = map(&[
            ("x-litellm-response-cost", "0.1"),
            ("x-ratelimit-remaining-requests", "3"),
            ("retry-after", "7"),
            ("llm_provider-x-amzn-errortype", "ThrottlingException"),
            ("content-length", "4"),
            ("content-encoding", "gzip"),
            ("keep-alive", "x"),
            ("set-cookie", "x"),
            ("server", "uvicorn"),
        ]);
        let names: Vec<_> = for_client(&sent).keys().map(|name| name.as_str().to_owned()).collect();
        let expected = [
            "x-litellm-response-cost",
            "x-ratelimit-remaining-requests",
            "retry-after",
            "llm_provider-x-amzn-errortype",
        ];
        assert_eq!(names, expected);
    }
}
