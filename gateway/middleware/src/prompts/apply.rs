//! A prompt put into a request: what it says comes first, what the request says follows, and parameters of the request
//! count more than those of the prompt.

use std::collections::{BTreeMap, BTreeSet};

use super::error::PromptError;
use super::prompt::Prompt;
use crate::converse::chat::ChatMessage;
use crate::converse::parameters;
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
    let fields = request.additional_model_request_fields.get_or_insert_default();
    // The caller may give each of them in either place.
    let given = Given::of(&asked, fields);
    request.inference_config = Some(InferenceConfig {
        max_tokens: asked.max_tokens.or(inference.max_tokens.filter(|_| !given.has(MAX_TOKENS))),
        temperature: asked.temperature.or(inference.temperature.filter(|_| !given.has(TEMPERATURE))),
        top_p: asked.top_p.or(inference.top_p.filter(|_| !given.has(TOP_P))),
        stop_sequences: asked.stop_sequences.or(inference.stop_sequences.filter(|_| !given.has(STOP))),
    });
    for (name, value) in additional {
        if !given.has(&name) {
            fields.insert(name, value);
        }
    }
    Ok(Applied { model, messages: prompted })
}

/// Names in a chat request of what `inferenceConfig` has.
const MAX_TOKENS: &str = "max_tokens";
const TEMPERATURE: &str = "temperature";
const TOP_P: &str = "top_p";
const STOP: &str = "stop";

/// The parameters that a caller gives, by their names in a chat request.
struct Given(BTreeSet<String>);

impl Given {
    fn of(config: &InferenceConfig, fields: &Members) -> Self {
        let InferenceConfig { max_tokens, temperature, top_p, stop_sequences } = config;
        let configured = [
            (MAX_TOKENS, max_tokens.is_some()),
            (TEMPERATURE, temperature.is_some()),
            (TOP_P, top_p.is_some()),
            (STOP, stop_sequences.is_some()),
        ];
        let configured = configured.iter().filter(|(_, given)| *given).map(|(name, _)| (*name).to_owned());
        Self(configured.chain(fields.names().map(str::to_owned)).collect())
    }

    /// Whether a parameter is among them, under any of its names.
    fn has(&self, name: &str) -> bool {
        parameters::names(name).iter().any(|name| self.0.contains(*name))
    }
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
