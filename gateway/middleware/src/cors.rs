//! Cross-origin requests. Off unless origins are configured: the API is for programs, and a page of any origin that could
//! read answers would be a hole. Keys travel in headers, so credentials (cookies) are never allowed.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

/// Headers of answers that a page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static("x-session-id, x-request-id, retry-after, x-litellm-call-id");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");

/// The origin of a request, if it may read the answer.
pub fn allowed(origins: &[HeaderValue], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    origins.iter().find(|allowed| *allowed == origin).cloned()
}

/// The answer to a preflight request, if it is one and the origin is allowed.
pub fn preflight<B>(origin: Option<&HeaderValue>, request: &Request<B>) -> Option<Response<Body>> {
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if origin.is_none() || !asks {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(wanted) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Some(response)
}

/// Adds what lets the origin's page read an answer.
pub fn mark(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(VARY, HeaderValue::from_static("origin"));
}
