//! Managed prompts in chat requests: a model that is the ARN of a prompt.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::app::App;
use crate::auth::Credential;
use crate::converse::request::PromptVariable;
use crate::error::Failure;
use crate::prompts::apply::{self, ChatPrompt};
use crate::prompts::{Prompt, PromptArn};
use crate::request_id::RequestId;

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

/// The prompt that a model's name is the ARN of. `None` if it is no prompt, or if prompts are off.
///
/// LiteLLM is asked about the key first: prompts, and the names of their variables, are for those who may use the gateway.
///
/// # Errors
/// If the key is not valid, or if the prompt cannot be read.
pub async fn find(
    app: &App,
    model: &str,
    credential: &Credential,
    id: &RequestId,
) -> Result<Option<Arc<Prompt>>, Failure> {
    let Some(prompts) = app.prompts() else { return Ok(None) };
    let Some(arn) = PromptArn::parse(model).transpose()? else { return Ok(None) };
    match app.keys().describe(credential, id).await {
        // A LiteLLM without a database cannot say. It still checks the key when it is asked for an answer.
        Ok(_) | Err(Failure::KeyUnavailable) => {}
        Err(failure) => return Err(failure),
    }
    Ok(Some(prompts.get(&arn).await?))
}

/// Renders the prompt that a request names. `None` if its model is no prompt.
///
/// # Errors
/// If the prompt does not exist, or the variables are not the ones that it has.
pub async fn resolve(
    app: &App,
    model: &str,
    variables: Option<&RawValue>,
    credential: &Credential,
    id: &RequestId,
) -> Result<Option<Rendered>, Failure> {
    let Some(prompt) = find(app, model, credential, id).await? else { return Ok(None) };
    let ChatPrompt { model, messages, parameters } = apply::to_chat(&prompt, values(variables)?)?;
    let messages: Result<_, _> = messages.iter().map(serde_json::to_string).collect();
    Ok(Some(Rendered {
        model: Some(model),
        messages: messages.map_err(|_| Failure::Internal)?,
        defaults: parameters.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
    }))
}

fn values(variables: Option<&RawValue>) -> Result<BTreeMap<String, PromptVariable>, Failure> {
    let Some(variables) = variables else { return Ok(BTreeMap::new()) };
    let values: Option<BTreeMap<String, PromptVariable>> = serde_json::from_str(variables.get()).map_err(|_| {
        Failure::Invalid("`promptVariables` is an object of values such as {\"name\": {\"text\": \"...\"}}".to_owned())
    })?;
    Ok(values.unwrap_or_default())
}
