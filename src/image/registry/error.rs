//! Why a registry could not be used.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use thiserror::Error;

use crate::image::Digest;

/// Why a registry could not be used.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// It was not reached, or the connection broke.
    #[error("could not reach the registry {registry} ({call})")]
    Unreachable {
        /// The registry.
        registry: String,
        /// What was asked.
        call: String,
        /// Why.
        #[source]
        source: Box<reqwest::Error>,
    },
    /// It says nothing.
    #[error("the registry {registry} does not answer ({call})")]
    Silent {
        /// The registry.
        registry: String,
        /// What was asked.
        call: String,
    },
    /// It wants to know who asks, or does not let them.
    #[error("the registry {registry} refuses ({call}){}", said(.message))]
    Denied {
        /// The registry.
        registry: String,
        /// What was asked.
        call: String,
        /// What it says.
        message: String,
        /// Whether it was told who asks.
        known: bool,
    },
    /// It has no such image, or no such repository.
    #[error("{what} is not there{}", said(.message))]
    NotFound {
        /// What is not there.
        what: String,
        /// What it says.
        message: String,
        /// Whether it is the repository that is missing.
        repository: bool,
    },
    /// A tag that is there already may not be given to another image.
    #[error("{what} is another image already, and tags of this repository are immutable")]
    Immutable {
        /// The tag.
        what: String,
    },
    /// It cannot answer now.
    #[error("the registry {registry} cannot answer now: {status} ({call}){}", said(.message))]
    Busy {
        /// The registry.
        registry: String,
        /// What was asked.
        call: String,
        /// The status.
        status: StatusCode,
        /// What it says.
        message: String,
        /// When it wants to be asked again.
        again: Option<Duration>,
    },
    /// It refuses for another reason.
    #[error("the registry {registry} answers {status} ({call}){}", said(.message))]
    Refused {
        /// The registry.
        registry: String,
        /// What was asked.
        call: String,
        /// The status.
        status: StatusCode,
        /// What it says.
        message: String,
    },
    /// Its answer is not what the specification says.
    #[error("the answer of the registry {registry} makes no sense ({call}): {reason}")]
    Answer {
        /// The registry.
        registry: String,
        /// What was asked.
        call: String,
        /// Why.
        reason: String,
    },
    /// What came is not what its digest says.
    #[error("{what} has the digest {actual}, and {wanted} was asked for")]
    Digest {
        /// What came.
        what: String,
        /// What was asked for.
        wanted: Digest,
        /// What it is.
        actual: Digest,
    },
    /// A login could not be read.
    #[error("could not read the login from {from}: {reason}")]
    Credentials {
        /// File or helper.
        from: String,
        /// Why.
        reason: String,
    },
    /// What is to be sent could not be read.
    #[error("could not read what is to be sent")]
    Source(#[source] Box<crate::image::SourceError>),
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

/// What a registry says when it refuses.
#[derive(Debug, Default, Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<Said>,
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// Longest text of a registry that is not in its JSON format and still shown.
const SHOWN: usize = 200;

impl RegistryError {
    /// Whether the same call may succeed in a moment.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => !source.is_builder() && !source.is_redirect() && !is_final(source),
            Self::Busy { .. } | Self::Silent { .. } => true,
            Self::Source(error) => error.passes(),
            _ => false,
        }
    }

    /// The error in one line, with everything that led to it.
    pub fn in_full(&self) -> String {
        causes(self)
    }

    /// When the registry wants to be asked again.
    pub fn again(&self) -> Option<Duration> {
        match self {
            Self::Busy { again, .. } => *again,
            _ => None,
        }
    }

    /// What was said in an answer that is no success.
    pub(super) fn of(
        registry: &str,
        call: &str,
        status: StatusCode,
        body: &[u8],
        known: bool,
        again: Option<Duration>,
    ) -> Self {
        let (code, message) = words(body);
        let (registry, call) = (registry.to_owned(), call.to_owned());
        match status.as_u16() {
            401 | 403 => Self::Denied { registry, call, message, known },
            404 => Self::NotFound { what: call, message, repository: code == "NAME_UNKNOWN" },
            // ECR: code TAG_INVALID, and the words tell it from a tag that is none.
            400 | 409 if message.contains("immutable") => Self::Immutable { what: call },
            408 | 429 | 500..=599 => Self::Busy { registry, call, status, message, again },
            _ => Self::Refused { registry, call, status, message },
        }
    }
}

/// Whether asking again changes nothing: the registry's certificate is not trusted, or nobody knows its name.
fn is_final(error: &reqwest::Error) -> bool {
    let words = causes(error);
    words.contains("certificate") || words.contains("not known")
}

/// Everything that led to an error.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}

/// Code and words of an answer that is no success.
fn words(body: &[u8]) -> (String, String) {
    if let Ok(Errors { errors }) = serde_json::from_slice::<Errors>(body)
        && let Some(first) = errors.into_iter().next()
    {
        let message = if first.message.is_empty() { first.code.clone() } else { first.message };
        return (first.code, message);
    }
    let text = String::from_utf8_lossy(body);
    let line = text.lines().next().unwrap_or_default().trim();
    let shown = if line.starts_with(['<', '{']) { String::new() } else { line.chars().take(SHOWN).collect() };
    (String::new(), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> RegistryError {
        let status = StatusCode::from_u16(status).unwrap();
        RegistryError::of("r.io", "a/b:v1", status, body.as_bytes(), true, None)
    }

    #[test]
    fn an_immutable_tag_is_told_from_other_refusals() {
        let body = r#"{"errors":[{"code":"TAG_INVALID","message":"The image tag 'v1' already exists in the 'a/b' repository and cannot be overwritten because the tag is immutable."}]}"#;
        assert!(matches!(of(400, body), RegistryError::Immutable { .. }));
        let body = r#"{"errors":[{"code":"TAG_INVALID","message":"manifest tag did not match URI"}]}"#;
        assert!(matches!(of(400, body), RegistryError::Refused { .. }));
    }

    #[test]
    fn a_missing_repository_is_told_from_a_missing_image() {
        let missing = |code: &str| of(404, &format!(r#"{{"errors":[{{"code":"{code}","message":"m"}}]}}"#));
        assert!(matches!(missing("NAME_UNKNOWN"), RegistryError::NotFound { repository: true, .. }));
        assert!(matches!(missing("MANIFEST_UNKNOWN"), RegistryError::NotFound { repository: false, .. }));
    }

    #[test]
    fn what_may_pass_is_tried_again_and_refusals_are_not() {
        assert!(of(429, "").passes() && of(503, "<html>").passes());
        assert!(!of(401, "").passes() && !of(404, "").passes() && !of(400, "").passes());
    }

    #[test]
    fn a_page_for_browsers_is_not_shown() {
        assert_eq!(
            of(503, "<html>x</html>").to_string(),
            "the registry r.io cannot answer now: 503 Service Unavailable (a/b:v1)"
        );
        assert!(of(418, "short and stout").to_string().ends_with(": short and stout"));
    }
}
