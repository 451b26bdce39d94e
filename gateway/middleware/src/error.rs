//! What goes wrong, and how each dialect says it.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::converse::error::ErrorKind;
use crate::places::Bound;
use crate::prompts::PromptError;
use crate::request_id::RequestId;

/// Header with the name of an error of AWS.
pub const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// Header with AWS's id of a request.
pub const AMAZON_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Whose shape an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"error": {"message", "type", "param", "code"}}`.
    OpenAi,
    /// `{"message"}`, and the kind in the header `x-amzn-errortype`.
    Bedrock,
}

/// Why a request was not served. Its text is for the client: it names no address, no key and no part of a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No key was sent.
    #[error("Missing or invalid Authorization header: send `Authorization: Bearer <key>`")]
    MissingKey,
    /// LiteLLM does not know the key, or no longer takes it.
    #[error("The key is not valid")]
    InvalidKey,
    /// An access token is not accepted.
    #[error("Invalid or expired token")]
    InvalidToken,
    /// The managed prompt that the request names cannot be used.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The key may not do that.
    #[error("{0}")]
    Forbidden(String),
    /// The request is wrong, and how.
    #[error("{0}")]
    Invalid(String),
    /// The session does not exist, or is another's: a client cannot tell which.
    #[error("Unauthorized: API key does not match session owner, or there is no such session")]
    UnknownSession,
    /// The session cannot take more.
    #[error("The session is longer than {limit} bytes: start a new one")]
    SessionFull {
        /// Most bytes of a session.
        limit: usize,
    },
    /// The body is too large.
    #[error("The request body is larger than {limit} bytes")]
    TooLarge {
        /// Most bytes of a body.
        limit: usize,
    },
    /// What is made of the body would take more memory than a request may.
    #[error("The request has more messages and blocks than the gateway has memory for")]
    TooManyValues,
    /// The body is compressed.
    #[error("The request body has a content-encoding: send it without one")]
    Encoded,
    /// The body did not arrive in time.
    #[error("The request body did not arrive within {seconds} s")]
    BodyTimeout {
        /// How long was waited.
        seconds: u64,
    },
    /// The client's connection broke while it sent the body.
    #[error("The request body ended early")]
    BodyCut,
    /// No such path.
    #[error("There is nothing at this path")]
    NotFound,
    /// Not with this method.
    #[error("This path does not take this method")]
    MethodNotAllowed,
    /// Too many bodies at once.
    #[error("The gateway is busy: try again")]
    Busy,
    /// The key has its part of the service already.
    #[error("{0}")]
    KeyBusy(Bound),
    /// Chat history cannot be read or written now.
    #[error("Chat history is not available at the moment: try again")]
    HistoryUnavailable,
    /// LiteLLM cannot be reached.
    #[error("The model gateway cannot be reached: try again")]
    UpstreamUnreachable,
    /// LiteLLM took too long.
    #[error("The model gateway did not answer within {seconds} s")]
    UpstreamTimeout {
        /// How long was waited.
        seconds: u64,
    },
    /// LiteLLM answered something that cannot be understood.
    #[error("The model gateway answered something that cannot be understood")]
    UpstreamInvalid,
    /// LiteLLM refuses a key that it knows, such as one whose budget is spent.
    #[error("{message}")]
    Refused {
        /// LiteLLM's status.
        status: u16,
        /// What LiteLLM says.
        message: String,
    },
    /// LiteLLM could not say whose key it is.
    #[error("The key cannot be checked at the moment: try again")]
    KeyUnavailable,
    /// A mistake of this service.
    #[error("Internal error")]
    Internal,
}

impl Failure {
    /// Status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingKey | Self::InvalidKey | Self::InvalidToken | Self::UnknownSession => StatusCode::UNAUTHORIZED,
            Self::Prompt(error) => StatusCode::from_u16(error.kind().status()).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) | Self::BodyCut => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } | Self::SessionFull { .. } | Self::TooManyValues => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Refused { status, .. } => StatusCode::from_u16(*status).unwrap_or(StatusCode::FORBIDDEN),
            Self::BodyTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::KeyBusy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy | Self::HistoryUnavailable | Self::KeyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable | Self::UpstreamInvalid => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// OpenAI's `type`.
    pub fn kind(&self) -> &'static str {
        match self.status() {
            _ if matches!(self, Self::KeyBusy(_)) => "rate_limit_error",
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        }
    }

    /// OpenAI's `code`, the same for the same mistake.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingKey => "missing_api_key",
            Self::InvalidKey => "invalid_api_key",
            Self::InvalidToken => "invalid_token",
            Self::Prompt(_) => "prompt",
            Self::Forbidden(_) => "forbidden",
            Self::Invalid(_) => "invalid_request",
            Self::UnknownSession => "unknown_session",
            Self::SessionFull { .. } => "session_full",
            Self::TooLarge { .. } => "body_too_large",
            Self::TooManyValues => "too_many_values",
            Self::Encoded => "body_encoded",
            Self::Refused { .. } => "refused",
            Self::BodyTimeout { .. } => "body_timeout",
            Self::BodyCut => "body_cut",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Busy => "busy",
            Self::KeyBusy(_) => "rate_limit_exceeded",
            Self::HistoryUnavailable => "history_unavailable",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamTimeout { .. } => "upstream_timeout",
            Self::UpstreamInvalid => "upstream_invalid",
            Self::KeyUnavailable => "key_unavailable",
            Self::Internal => "internal_error",
        }
    }

    /// The exception of Bedrock that SDKs map to a type.
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors>
    pub fn exception(&self) -> &'static str {
        match self {
            Self::Prompt(error) => error.kind(),
            // LiteLLM's own 504 is of a server behind it; this one is of the model that did not answer.
            Self::UpstreamTimeout { .. } => ErrorKind::ModelTimeout,
            _ => ErrorKind::of_status(self.status().as_u16()),
        }
        .name()
    }

    /// Seconds after which it is worth to try again.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy | Self::KeyBusy(_) | Self::UpstreamUnreachable | Self::KeyUnavailable => Some(1),
            Self::HistoryUnavailable => Some(5),
            _ => None,
        }
    }

    /// Body in a dialect, as JSON.
    pub fn body(&self, dialect: Dialect, id: &RequestId) -> String {
        let message = self.to_string();
        match dialect {
            Dialect::OpenAi => json!({"error": {
                "message": message,
                "type": self.kind(),
                "param": null,
                "code": self.code(),
                "request_id": id.as_str(),
            }}),
            Dialect::Bedrock => json!({"message": message}),
        }
        .to_string()
    }

    /// The whole answer in a dialect.
    pub fn response(&self, dialect: Dialect, id: &RequestId) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body(dialect, id)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if dialect == Dialect::Bedrock {
            headers.insert(ERROR_TYPE, HeaderValue::from_static(self.exception()));
            headers.insert(AMAZON_REQUEST_ID, id.header());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openais_errors_have_openais_fields_and_the_request_id() {
        let id = RequestId::new("abc").expect("an id");
        let body: serde_json::Value =
            serde_json::from_str(&Failure::MissingKey.body(Dialect::OpenAi, &id)).expect("JSON");
        assert_eq!(body["error"]["type"], "authentication_error");
        assert_eq!(body["error"]["code"], "missing_api_key");
        assert_eq!(body["error"]["request_id"], "abc");
        assert!(body["error"]["message"].is_string() && body["error"]["param"].is_null());
    }

    #[test]
    fn bedrocks_errors_name_their_exception_in_a_header() {
        let id = RequestId::new("abc").expect("an id");
        let response = Failure::HistoryUnavailable.response(Dialect::Bedrock, &id);
        assert_eq!(response.headers()[&ERROR_TYPE], "ServiceUnavailableException");
        assert_eq!(response.headers()[&AMAZON_REQUEST_ID], "abc");
        assert_eq!(response.headers()[RETRY_AFTER], "5");
    }

    #[test]
    fn bedrocks_exceptions_are_those_of_their_status() {
        for (failure, exception) in [
            (Failure::UpstreamUnreachable, "ServiceUnavailableException"),
            (Failure::UpstreamInvalid, "ServiceUnavailableException"),
            (Failure::UpstreamTimeout { seconds: 1 }, "ModelTimeoutException"),
            (Failure::BodyTimeout { seconds: 1 }, "ModelTimeoutException"),
            (Failure::MethodNotAllowed, "ResourceNotFoundException"),
            (Failure::TooLarge { limit: 1 }, "ValidationException"),
            (Failure::KeyBusy(Bound::Memory), "ThrottlingException"),
            (Failure::Internal, "InternalServerException"),
        ] {
            assert_eq!(failure.exception(), exception, "{failure}");
        }
    }
}
