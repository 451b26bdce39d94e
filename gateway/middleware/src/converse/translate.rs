//! A Converse request as the chat request that LiteLLM takes.

use super::chat::ChatMessage;
use super::place::{Invalid, Place};
use super::request::ConverseRequest;
use super::{messages, parameters, tools};
use crate::json::{Json, Members};

/// A chat request, but for the model and for what makes it a stream.
#[derive(Debug)]
pub struct Chat {
    /// The instructions.
    pub system: Option<ChatMessage>,
    /// The conversation.
    pub messages: Vec<ChatMessage>,
    /// Everything else, by its name.
    pub parameters: Members,
    /// What the client asks of the chat history.
    pub session: Session,
}

/// What a client asks of the chat history, among the `additionalModelRequestFields`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Keep this turn, or do not. `None`: if a session goes on.
    pub enable_history: Option<bool>,
    /// Go on with that session.
    pub id: Option<String>,
}

impl Session {
    /// Whether the turn is kept.
    pub fn wanted(&self) -> bool {
        self.enable_history.unwrap_or(self.id.is_some())
    }
}

/// Reads the body of a request.
pub fn parse(body: &[u8]) -> Result<ConverseRequest, Invalid> {
    // A client that has nothing to say but the name of a prompt may say nothing.
    if body.is_empty() {
        return Ok(ConverseRequest::default());
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(body);
    let request = serde_path_to_error::deserialize(&mut *deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner();
        if path == "." { Invalid(reason.to_string()) } else { Invalid(format!("{path}: {reason}")) }
    })?;
    deserializer.end().map_err(|error| Invalid(error.to_string()))?;
    Ok(request)
}

/// Translates a request. What cannot be carried is an error: nothing is left out.
pub fn chat(mut request: ConverseRequest) -> Result<Chat, Invalid> {
    let mut fields = request.additional_model_request_fields.take().unwrap_or_default();
    let session = session(&mut fields)?;
    let mut body = Members::default();
    parameters::put(&request, &mut body)?;
    if let Some(config) = &request.tool_config {
        let tools = tools::tools(config)?;
        body.insert("tools", Json::of(&tools).map_err(|error| Invalid(error.to_string()))?);
        if let Some(choice) = &config.tool_choice {
            body.insert("tool_choice", tools::choice(choice));
        }
    }
    let guarded = body.contains("guardrailConfig");
    parameters::put_additional(fields, &mut body)?;
    let messages = messages::messages(request.messages.as_deref().unwrap_or_default(), guarded)?;
    if messages.is_empty() {
        return Err(Place::Request.member("messages").invalid("is empty"));
    }
    let system = messages::system(request.system.as_deref().unwrap_or_default())?;
    Ok(Chat { system, messages, parameters: body, session })
}

fn session(fields: &mut Members) -> Result<Session, Invalid> {
    let place = Place::Request.member("additionalModelRequestFields");
    let mut own = |name| fields.remove(name).unwrap_or_default();
    let enable_history = serde_json::from_str(own("enable_history").get());
    let id = serde_json::from_str(own("session_id").get());
    Ok(Session {
        enable_history: enable_history
            .map_err(|_| place.member("enable_history").invalid("has to be true or false"))?,
        id: id.map_err(|_| place.member("session_id").invalid("has to be a string"))?,
    })
}
