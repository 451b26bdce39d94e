//! A prompt put into a request: what it says comes first, what the request says follows, and parameters of the request
//! count more than those of the prompt.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::PromptError;
use super::prompt::Prompt;
use crate::converse::place::{Invalid, Place};
use crate::converse::request::{ConverseRequest, InferenceConfig, PromptVariable};
use crate::converse::translate;

const TWO_TOOL_CONFIGS: &str = "the prompt has tools of its own";

/// Puts a prompt into a request of Converse, and gives the model that answers.
pub fn to_converse(prompt: &Prompt, request: &mut ConverseRequest) -> Result<String, PromptError> {
    let variables = request.prompt_variables.take().unwrap_or_default();
    let Prompt { model, mut system, mut messages, tools, inference, additional } = prompt.filled(&variables)?;
    if tools.is_some() && request.tool_config.is_some() {
        return Err(Place::Request.member("toolConfig").invalid(TWO_TOOL_CONFIGS).into());
    }
    request.tool_config = request.tool_config.take().or(tools);
    system.extend(request.system.take().unwrap_or_default());
    request.system = Some(system);
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
        fields.entry(name).or_insert(value);
    }
    Ok(model)
}

/// Puts a prompt into a chat request of OpenAI's form, whose `promptVariables` it takes out.
pub fn to_chat(prompt: &Prompt, body: &mut Map<String, Value>) -> Result<(), PromptError> {
    let mut request = ConverseRequest {
        prompt_variables: Some(variables(body.remove("promptVariables"))?),
        ..ConverseRequest::default()
    };
    let model = to_converse(prompt, &mut request)?;
    let mut chat = translate::chat(request)?;
    if chat.parameters.contains_key("tools") && body.contains_key("tools") {
        return Err(Place::Request.member("tools").invalid(TWO_TOOL_CONFIGS).into());
    }
    // The newer name of the same.
    if body.contains_key("max_completion_tokens") {
        chat.parameters.shift_remove("max_tokens");
    }
    let said = chat.system.iter().chain(&chat.messages).map(serde_json::to_value);
    let mut messages: Vec<Value> = said.collect::<Result<_, _>>().map_err(|error| Invalid(error.to_string()))?;
    match body.remove("messages") {
        None | Some(Value::Null) => {}
        Some(Value::Array(more)) => messages.extend(more),
        Some(_) => return Err(Place::Request.member("messages").invalid("has to be a list").into()),
    }
    body.insert("model".to_owned(), Value::String(model));
    body.insert("messages".to_owned(), Value::Array(messages));
    for (name, value) in chat.parameters {
        body.entry(name).or_insert(value);
    }
    Ok(())
}

fn variables(given: Option<Value>) -> Result<BTreeMap<String, PromptVariable>, Invalid> {
    let place = Place::Request.member("promptVariables");
    let given = match given {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(place.invalid("has to be an object")),
    };
    let read = given.into_iter().map(|(name, value)| match serde_json::from_value(value) {
        Ok(variable) => Ok((name, variable)),
        Err(_) => Err(place.invalid(format_args!("`{name}` has to be {{\"text\": \"...\"}}"))),
    });
    read.collect()
}
