//! Errors in the form of Bedrock: a name that SDKs know, a status and a message.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Failure;

/// Most characters of a message that comes from LiteLLM.
const MESSAGE_LENGTH: usize = 2_000;
/// The type of LiteLLM's 400 for every key but the master key where it has no database to look for one. With other statuses it is
/// that of a database that is away.
const NO_DATABASE: &str = "no_db_connection";

/// The exceptions of Converse that a gateway has a use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The key is not known, or may not do that.
    AccessDenied,
    /// There is no such model, prompt or session.
    ResourceNotFound,
    /// Too much at once.
    Throttling,
    /// The model took too long.
    ModelTimeout,
    /// The model failed.
    ModelError,
    /// The gateway failed.
    InternalServer,
    /// LiteLLM or the database is not there.
    ServiceUnavailable,
    /// The request cannot be carried out as it is.
    Validation,
}

impl ErrorKind {
    /// The name, for the header `x-amzn-ErrorType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Throttling => "ThrottlingException",
            Self::ModelTimeout => "ModelTimeoutException",
            Self::ModelError => "ModelErrorException",
            Self::InternalServer => "InternalServerException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::Validation => "ValidationException",
        }
    }

    /// The status that Bedrock gives it.
    pub fn status(self) -> u16 {
        match self {
            Self::Validation => 400,
            Self::AccessDenied => 403,
            Self::ResourceNotFound => 404,
            Self::ModelTimeout => 408,
            Self::ModelError => 424,
            Self::Throttling => 429,
            Self::InternalServer => 500,
            Self::ServiceUnavailable => 503,
        }
    }

    /// The kind of an answer with a status.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::AccessDenied,
            404 | 405 => Self::ResourceNotFound,
            408 => Self::ModelTimeout,
            424 => Self::ModelError,
            429 => Self::Throttling,
            502..=504 => Self::ServiceUnavailable,
            400..=499 => Self::Validation,
            _ => Self::InternalServer,
        }
    }
}

/// An error as a client of Bedrock reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConverseError {
    /// Which.
    pub kind: ErrorKind,
    /// The status; LiteLLM's own where it gave one.
    pub status: u16,
    /// What went wrong.
    pub message: String,
    /// When to try again, as LiteLLM said it.
    pub retry_after: Option<String>,
}

impl ConverseError {
    /// What LiteLLM answered instead of an answer. Its status stays, so that retries and alarms work as they do there.
    pub fn of_upstream(status: u16, retry_after: Option<String>, body: &[u8]) -> Self {
        let error = upstream_error(body);
        if status == 400 && error.as_ref().is_some_and(|error| error.kind == Some(Value::from(NO_DATABASE))) {
            let kind = ErrorKind::AccessDenied;
            return Self { kind, status: kind.status(), message: Failure::InvalidKey.to_string(), retry_after };
        }
        let kind = ErrorKind::of_status(status);
        let status = if (400..600).contains(&status) { status } else { kind.status() };
        let message = error
            .and_then(|error| error.message())
            .unwrap_or_else(|| format!("the model's server answered with status {status}"));
        Self { kind, status, message, retry_after }
    }

    /// The body.
    pub fn body(&self) -> Value {
        json!({"message": self.message})
    }
}

/// An error of LiteLLM.
#[derive(Debug, Deserialize)]
pub struct UpstreamError {
    /// What went wrong.
    #[serde(default)]
    pub message: Option<String>,
    /// The status, as text or as a number.
    #[serde(default)]
    pub code: Option<Value>,
    /// LiteLLM's word for what went wrong.
    #[serde(default, rename = "type")]
    pub kind: Option<Value>,
}

impl UpstreamError {
    /// The status, if it is one.
    pub fn status(&self) -> Option<u16> {
        let status = match self.code.as_ref()? {
            Value::String(code) => code.parse().ok()?,
            code => u16::try_from(code.as_u64()?).ok()?,
        };
        (400..600).contains(&status).then_some(status)
    }

    /// What went wrong, of a length that can be shown.
    pub fn message(&self) -> Option<String> {
        let message = self.message.as_deref().filter(|message| !message.trim().is_empty())?;
        Some(message.chars().take(MESSAGE_LENGTH).collect())
    }
}

/// What LiteLLM says, in any of its forms. Anything else, such as the page of a proxy, is not for clients.
fn upstream_error(body: &[u8]) -> Option<UpstreamError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Body {
        Error { error: UpstreamError },
        Detail { detail: Detail },
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Detail {
        Text(String),
        Error { error: String },
    }
    Some(match serde_json::from_slice(body).ok()? {
        Body::Error { error } => error,
        Body::Detail { detail: Detail::Text(text) | Detail::Error { error: text } } => {
            UpstreamError { message: Some(text), code: None, kind: None }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_litellm_stays_and_names_the_exception() {
        let body = br#"{"error":{"message":"slow down","type":"throttling_error","param":null,"code":"429"}}"#;
        let error = ConverseError::of_upstream(429, Some("7".to_owned()), body);
        assert_eq!(
            (error.kind.name(), error.status, error.message.as_str()),
            ("ThrottlingException", 429, "slow down")
        );
        assert_eq!(error.retry_after.as_deref(), Some("7"));
        for (status, name) in [
            (400, "ValidationException"),
            (401, "AccessDeniedException"),
            (404, "ResourceNotFoundException"),
            (408, "ModelTimeoutException"),
            (422, "ValidationException"),
            (500, "InternalServerException"),
            (502, "ServiceUnavailableException"),
            (503, "ServiceUnavailableException"),
        ] {
            let error = ConverseError::of_upstream(status, None, b"");
            assert_eq!((error.kind.name(), error.status), (name, status));
        }
    }

    #[test]
    fn a_key_that_litellm_has_no_database_to_look_for_is_denied() {
        let body = br#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#;
        let error = ConverseError::of_upstream(400, None, body);
        assert_eq!(
            (error.kind, error.status, error.message.as_str()),
            (ErrorKind::AccessDenied, 403, "The key is not valid")
        );
        assert_eq!(
            ConverseError::of_upstream(503, None, body).kind,
            ErrorKind::ServiceUnavailable,
            "a database is away"
        );
    }

    #[test]
    fn a_page_of_a_proxy_is_not_shown() {
        let error = ConverseError::of_upstream(502, None, b"<html>http://127.0.0.1:4000 refused</html>");
        assert_eq!(error.message, "the model's server answered with status 502");
    }

    #[test]
    fn a_redirect_is_an_error_of_the_gateway() {
        assert_eq!(ConverseError::of_upstream(307, None, b"").status, 500);
    }
}
