//! A request of Converse as the body that LiteLLM gets.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::kept::Kept;
use crate::app::App;
use crate::auth::Credential;
use crate::converse::chat::ChatMessage;
use crate::converse::translate::{self, Chat};
use crate::error::Failure;
use crate::prompts::apply;
use crate::request_id::RequestId;
use crate::routes::prompt;

/// What is needed to call LiteLLM, and afterwards.
pub struct Prepared {
    /// The body.
    pub body: String,
    /// Whether a guardrail has a say.
    pub guarded: bool,
    /// The turn of a session, if it is kept.
    pub kept: Option<Kept>,
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<&'a RawValue>,
    #[serde(flatten)]
    parameters: &'a Map<String, Value>,
    #[serde(flatten)]
    streamed: Option<Streamed>,
}

/// What makes a chat request a stream, and its last chunk count tokens.
#[derive(Serialize)]
struct Streamed {
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// Reads a request, puts the prompt in that it names and the session that it goes on with, and writes the body.
pub async fn prepare(
    app: &App,
    mut model: String,
    body: &[u8],
    streamed: bool,
    credential: &Credential,
    id: &RequestId,
) -> Result<Prepared, Failure> {
    let mut request = translate::parse(body)?;
    if let Some(prompt) = prompt::find(app, &model, credential, id).await? {
        model = apply::to_converse(&prompt, &mut request)?;
    }
    let Chat { system, messages, parameters, session } = translate::chat(request)?;
    let system = system.as_ref().map(text).transpose()?;
    let messages = messages.iter().map(text).collect::<Result<Vec<String>, Failure>>()?;
    let turn = match session.wanted() {
        true => {
            let owner = app.keys().owner(credential, id).await?;
            Some(app.history()?.begin(&owner, session.id.as_deref()).await?)
        }
        false => None,
    };
    let past = turn.as_ref().map_or(&[][..], |turn| turn.past());
    let all = conversation(past, system.as_deref(), &messages);
    let all: Result<Vec<&RawValue>, _> = all.into_iter().map(serde_json::from_str).collect();
    let streamed = streamed.then_some(Streamed { stream: true, stream_options: StreamOptions { include_usage: true } });
    let chat =
        ChatRequest { model: &model, messages: all.map_err(|_| Failure::Internal)?, parameters: &parameters, streamed };
    let body = serde_json::to_string(&chat).map_err(|_| Failure::Internal)?;
    let kept = match turn {
        Some(turn) => {
            // Instructions that are in the session already are not kept once more.
            let new = system.filter(|system| instructions(turn.past()).last() != Some(system.as_str()));
            let added = new.into_iter().chain(messages).collect();
            Some(Kept::new(turn, added, app.metrics().clone()))
        }
        None => None,
    };
    Ok(Prepared { body, guarded: parameters.contains_key("guardrailConfig"), kept })
}

/// What LiteLLM gets: what the session holds, and what the request says. Instructions of the request replace those of the
/// session, as every request of Converse has its own.
fn conversation<'a>(past: &'a [String], system: Option<&'a str>, messages: &'a [String]) -> Vec<&'a str> {
    let replaced = system.is_some();
    let past = past.iter().map(String::as_str).filter(move |message| !replaced || !is_instruction(message));
    system.into_iter().chain(past).chain(messages.iter().map(String::as_str)).collect()
}

fn instructions(past: &[String]) -> impl Iterator<Item = &str> {
    past.iter().map(String::as_str).filter(|message| is_instruction(message))
}

fn is_instruction(message: &str) -> bool {
    #[derive(Deserialize)]
    struct Role<'a> {
        role: &'a str,
    }
    serde_json::from_str::<Role<'_>>(message).is_ok_and(|message| matches!(message.role, "system" | "developer"))
}

fn text(message: &ChatMessage) -> Result<String, Failure> {
    serde_json::to_string(message).map_err(|_| Failure::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"{"role":"user","content":"hi"}"#;
    const OLD: &str = r#"{"role":"system","content":"old"}"#;
    const NEW: &str = r#"{"role":"system","content":"new"}"#;

    #[test]
    fn instructions_of_a_session_last_until_a_request_has_its_own() {
        let past = [OLD.to_owned(), USER.to_owned()];
        let messages = [USER.to_owned()];
        assert_eq!(conversation(&past, None, &messages), [OLD, USER, USER]);
        assert_eq!(conversation(&past, Some(NEW), &messages), [NEW, USER, USER]);
    }

    #[test]
    fn a_stream_asks_for_its_tokens() {
        let parameters = Map::from_iter([("top_k".to_owned(), Value::from(1))]);
        let messages = vec![serde_json::from_str(USER).expect("JSON")];
        let streamed = Some(Streamed { stream: true, stream_options: StreamOptions { include_usage: true } });
        let chat = ChatRequest { model: "m", messages, parameters: &parameters, streamed };
        assert_eq!(
            serde_json::to_string(&chat).expect("JSON"),
            format!(
                r#"{{"model":"m","messages":[{USER}],"top_k":1,"stream":true,"stream_options":{{"include_usage":true}}}}"#
            )
        );
    }
}
