//! Why a prompt could not be used.

use crate::converse::error::ErrorKind;
use crate::converse::place::Invalid;

/// Why a prompt could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// The ARN is not one.
    #[error(
        "`{arn}` is not the ARN of a prompt: arn:aws:bedrock:<region>:<account>:prompt/<id>[:<version>] is expected"
    )]
    Arn {
        /// As it was given.
        arn: String,
    },
    /// There is none.
    #[error("there is no prompt {arn}")]
    NotFound {
        /// Which.
        arn: String,
    },
    /// The gateway's role may not read it.
    #[error("the gateway may not read the prompt {arn}: its role needs bedrock:GetPrompt")]
    Denied {
        /// Which.
        arn: String,
    },
    /// Prompts were read too often.
    #[error("Bedrock refuses to give more prompts for now")]
    Throttled,
    /// Bedrock gave no answer.
    #[error("the prompt {arn} could not be read from Bedrock")]
    Unavailable {
        /// Which.
        arn: String,
    },
    /// The prompt has something that this gateway cannot carry.
    #[error("the prompt {arn} {reason}")]
    Unusable {
        /// Which.
        arn: String,
        /// What.
        reason: &'static str,
    },
    /// The variables do not fit the template.
    #[error(
        "Prompt variable mismatch. Template placeholders: [{}]. Provided variables: [{}].",
        placeholders.join(", "),
        variables.join(", ")
    )]
    Variables {
        /// Names in the template, sorted.
        placeholders: Vec<String>,
        /// Names in the request, sorted.
        variables: Vec<String>,
    },
    /// The request does not fit the prompt.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl PromptError {
    /// The kind, in the words of Bedrock.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::ResourceNotFound,
            Self::Denied { .. } => ErrorKind::AccessDenied,
            Self::Throttled => ErrorKind::Throttling,
            Self::Unavailable { .. } => ErrorKind::ServiceUnavailable,
            Self::Arn { .. } | Self::Unusable { .. } | Self::Variables { .. } | Self::Invalid(_) => {
                ErrorKind::Validation
            }
        }
    }

    /// Whether the same question would have the same answer for a while.
    pub fn lasts(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Denied { .. } | Self::Unusable { .. })
    }
}
