//! What goes wrong, in the words of each dialect.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::json;
use super::quota::Exhausted;
use super::settings::ErrorStatus;

/// Whose API was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI.
    OpenAi,
    /// Bedrock.
    Bedrock,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quota is used up. Seconds until the minute is over.
    Throttled(Exhausted, u64),
    /// It failed, as it was told to.
    Failed(ErrorStatus),
    /// The request is not one. For OpenAI also the parameter.
    Invalid(String, Option<&'static str>),
    /// The body is no JSON.
    Malformed(String),
    /// There is no such model.
    NoModel(String),
    /// There is no such path, or method of it.
    NoPath(String),
}

pub(super) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

impl Fault {
    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Throttled(..) | Self::Failed(ErrorStatus::Throttled) => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(ErrorStatus::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Failed(ErrorStatus::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Invalid(..) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoModel(_) | Self::NoPath(_) => StatusCode::NOT_FOUND,
        }
    }

    /// The answer that tells it.
    pub fn response(&self, dialect: Dialect) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = match (dialect, self) {
            // To Bedrock a model that it does not have is a request that is not valid.
            (Dialect::Bedrock, Self::NoModel(_)) => StatusCode::BAD_REQUEST,
            _ => self.status(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = match dialect {
            Dialect::OpenAi => {
                if let Self::Throttled(_, seconds) = self {
                    headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                }
                self.openai()
            }
            Dialect::Bedrock => {
                let (name, message) = self.bedrock();
                headers.insert(ERROR_TYPE, HeaderValue::from_static(name));
                json!({"message": message})
            }
        };
        *response.body_mut() = Body::from(json::text(&body));
        response
    }

    fn openai(&self) -> serde_json::Value {
        let error = |message: String, kind: &str, parameter: Option<&str>, code: Option<&str>| json!({"error": {"message": message, "type": kind, "param": parameter, "code": code}});
        match self {
            Self::Throttled(exhausted, seconds) => {
                let (words, kind) = match exhausted {
                    Exhausted::Requests => ("requests per min (RPM)", "requests"),
                    Exhausted::Tokens => ("tokens per min (TPM)", "tokens"),
                };
                let message = format!("Rate limit reached on {words}. Please try again in {seconds}s.");
                error(message, kind, None, Some("rate_limit_exceeded"))
            }
            Self::Failed(ErrorStatus::Throttled) => {
                let message = "Rate limit reached on requests per min (RPM). Please try again in 1s.";
                error(message.to_owned(), "requests", None, Some("rate_limit_exceeded"))
            }
            Self::Failed(ErrorStatus::Internal) => error(
                "The server had an error while processing your request. Sorry about that!".to_owned(),
                "server_error",
                None,
                None,
            ),
            Self::Failed(ErrorStatus::Unavailable) => error(
                "The engine is currently overloaded, please try again later.".to_owned(),
                "server_error",
                None,
                Some("engine_overloaded"),
            ),
            Self::Invalid(message, parameter) => error(message.clone(), "invalid_request_error", *parameter, None),
            Self::Malformed(why) => error(
                format!("We could not parse the JSON body of your request: {why}"),
                "invalid_request_error",
                None,
                None,
            ),
            Self::NoModel(model) => error(
                format!("The model `{model}` does not exist or you do not have access to it."),
                "invalid_request_error",
                Some("model"),
                Some("model_not_found"),
            ),
            Self::NoPath(call) => {
                error(format!("Invalid URL ({call})"), "invalid_request_error", None, Some("unknown_url"))
            }
        }
    }

    fn bedrock(&self) -> (&'static str, String) {
        let words = |name, message: &str| (name, message.to_owned());
        match self {
            Self::Throttled(Exhausted::Tokens, _) => {
                words("ThrottlingException", "Too many tokens, please wait before trying again.")
            }
            Self::Throttled(Exhausted::Requests, _) | Self::Failed(ErrorStatus::Throttled) => {
                words("ThrottlingException", "Too many requests, please wait before trying again.")
            }
            Self::Failed(ErrorStatus::Internal) => words(
                "InternalServerException",
                "The system encountered an unexpected error during processing. Try your request again.",
            ),
            Self::Failed(ErrorStatus::Unavailable) => {
                words("ServiceUnavailableException", "Bedrock is unable to process your request.")
            }
            Self::Invalid(message, _) => words("ValidationException", message),
            Self::Malformed(why) => ("SerializationException", format!("the body is not the JSON of this call: {why}")),
            Self::NoModel(_) => words("ValidationException", "The provided model identifier is invalid."),
            Self::NoPath(_) => words("UnknownOperationException", "mock-llm has no such operation."),
        }
    }
}
