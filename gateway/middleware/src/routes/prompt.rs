//! Managed prompts in chat requests: a model that is the ARN of a prompt.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::app::App;
use crate::auth::Credential;
use crate::converse::request::PromptVariable;
use crate::error::Failure;
use crate::json::Entries;
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

/// The name of a model, if it may be the ARN of a managed prompt: cheap, for every request is asked. Takes the JSON text, which
/// may write any character of it as an escape.
pub fn name(model: &RawValue) -> Option<Cow<'_, str>> {
    let text = model.get();
    let may_be = |text: &str, begins: &str| text.starts_with(begins) && text.contains("prompt/");
    if !text.contains('\\') {
        return may_be(text, "\"arn:").then(|| Cow::Borrowed(text.trim_matches('"')));
    }
    let name: String = serde_json::from_str(text).ok()?;
    may_be(&name, "arn:").then_some(Cow::Owned(name))
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
    app.keys().admit(credential, id).await?;
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
        defaults: parameters.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect(),
    }))
}

/// What a request says to a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Before what the session holds, and not kept.
    pub before: Vec<String>,
    /// Behind it, and kept.
    pub added: Vec<String>,
}

impl Said {
    /// What a request says whose own messages follow those of a prompt. What the session holds of a prompt is not said again.
    ///
    /// Without own messages the prompt is the caller's turn: its last message, and what leads up to it.
    pub fn new<S: AsRef<str>>(mut prompt: Vec<String>, own: Vec<String>, past: &[S]) -> Self {
        let holds = |wanted: &[String]| {
            let same = |(held, wanted): (&S, &String)| held.as_ref() == wanted;
            !wanted.is_empty() && past.windows(wanted.len()).any(|held| held.iter().zip(wanted).all(same))
        };
        if own.is_empty() {
            let lead = prompt.len().saturating_sub(1);
            let known = holds(&prompt[..lead]);
            return Self { before: Vec::new(), added: if known { prompt.split_off(lead) } else { prompt } };
        }
        Self { before: if holds(&prompt) { Vec::new() } else { prompt }, added: own }
    }
}

fn values(variables: Option<&RawValue>) -> Result<BTreeMap<String, PromptVariable>, Failure> {
    let Some(variables) = variables else { return Ok(BTreeMap::new()) };
    let values: Option<Entries<PromptVariable>> = serde_json::from_str(variables.get()).map_err(|_| {
        Failure::Invalid("`promptVariables` is an object of values such as {\"name\": {\"text\": \"...\"}}".to_owned())
    })?;
    Ok(values.unwrap_or_default().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(prompt: &[&str], own: &[&str], past: &[&str]) -> (Vec<String>, Vec<String>) {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let Said { before, added } = Said::new(owned(prompt), owned(own), past);
        (before, added)
    }

    #[test]
    fn a_name_is_found_however_its_characters_are_written() {
        let name = |text: &str| {
            let model: Box<RawValue> = serde_json::from_str(text).expect("JSON");
            super::name(&model).map(Cow::into_owned)
        };
        let arn = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ";
        assert_eq!(name(&format!("\"{arn}\"")).as_deref(), Some(arn));
        assert_eq!(name(&format!("\"{}\"", arn.replace('/', "\\/"))).as_deref(), Some(arn));
        assert_eq!(name(&format!("\"{}\"", arn.replace('/', "\\u002f"))).as_deref(), Some(arn));
        assert_eq!(name(&format!("\"{}\"", arn.replace("arn", "\\u0061rn"))).as_deref(), Some(arn));
        for other in ["\"claude\"", "7", "null", "\"a\\/b\"", "[\"arn:prompt/\"]"] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn of_a_request_with_messages_of_its_own_only_those_are_kept() {
        assert_eq!(said(&["p", "q"], &["a"], &["b", "c"]), (texts(&["p", "q"]), texts(&["a"])));
    }

    #[test]
    fn without_them_the_prompt_is_the_turn() {
        assert_eq!(said(&["p", "q"], &[], &["b", "c"]), (texts(&[]), texts(&["p", "q"])));
    }

    #[test]
    fn what_the_session_holds_of_a_prompt_is_not_said_again() {
        assert_eq!(said(&["p", "q"], &[], &["p", "old", "answer"]), (texts(&[]), texts(&["q"])));
        assert_eq!(said(&["p", "q"], &["a"], &["p", "q", "answer"]), (texts(&[]), texts(&["a"])));
    }

    #[test]
    fn a_prompt_of_one_message_is_said_in_every_turn() {
        assert_eq!(said(&["p"], &[], &["p", "answer"]), (texts(&[]), texts(&["p"])));
    }
}
