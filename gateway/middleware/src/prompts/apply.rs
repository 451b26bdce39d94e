//! A prompt put into a request: what it says comes first, what the request says follows, and parameters of the request
//! count more than those of the prompt.

use std::collections::BTreeMap;

use super::error::PromptError;
use super::prompt::Prompt;
use crate::converse::chat::ChatMessage;
use crate::converse::place::Place;
use crate::converse::request::{ConverseRequest, InferenceConfig, PromptVariable};
use crate::converse::translate::{self, Chat};
use crate::json::{Entries, Members};

/// What a prompt has made of a request of Converse.
#[derive(Debug)]
pub struct Applied {
    /// The model that answers.
    pub model: String,
    /// How many of the request's messages are the prompt's: the first ones.
    pub messages: usize,
}

/// Puts a prompt into a request of Converse.
pub fn to_converse(prompt: &Prompt, request: &mut ConverseRequest) -> Result<Applied, PromptError> {
    let variables = request.prompt_variables.take().unwrap_or_default();
    let Prompt { model, mut system, mut messages, tools, inference, additional } = prompt.filled(&variables.0)?;
    if tools.is_some() && request.tool_config.is_some() {
        return Err(Place::Request.member("toolConfig").invalid("the prompt has tools of its own").into());
    }
    request.tool_config = request.tool_config.take().or(tools);
    system.extend(request.system.take().unwrap_or_default());
    request.system = Some(system);
    let prompted = messages.len();
    messages.extend(request.messages.take().unwrap_or_default());
    request.messages = Some(messages);
    let asked = request.inference_config.take().unwrap_or_default();
    request.inference_config = Some(InferenceConfig {
        max_tokens: asked.max_tokens.or(inference.max_tokens),
        temperature: asked.temperature.or(inference.temperature),
        top_p: asked.top_p.or(inference.top_p),
        stop_sequences: asked.stop_sequences.or(inference.stop_sequences),
    });
    let fields = request.additional_model_request_fields.get_or_insert_default();
    for (name, value) in additional {
        if !fields.contains(&name) {
            fields.insert(name, value);
        }
    }
    Ok(Applied { model, messages: prompted })
}

/// A prompt as a chat request of OpenAI's form.
#[derive(Debug)]
pub struct ChatPrompt {
    /// The model that answers.
    pub model: String,
    /// What the prompt says.
    pub messages: Vec<ChatMessage>,
    /// Everything else, by its name.
    pub parameters: Members,
}

/// Makes a chat request of a prompt.
pub fn to_chat(prompt: &Prompt, variables: BTreeMap<String, PromptVariable>) -> Result<ChatPrompt, PromptError> {
    let mut request = ConverseRequest { prompt_variables: Some(Entries(variables)), ..ConverseRequest::default() };
    let Applied { model, .. } = to_converse(prompt, &mut request)?;
    let Chat { system, mut messages, parameters, .. } = translate::chat(request)?;
    if let Some(system) = system {
        messages.insert(0, system);
    }
    Ok(ChatPrompt { model, messages, parameters })
}
