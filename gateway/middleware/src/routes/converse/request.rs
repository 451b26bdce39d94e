//! A request of Converse as the body that LiteLLM gets.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::auth::Credential;
use crate::body::{Held, SMALL};
use crate::converse::chat::ChatMessage;
use crate::converse::translate::{self, Chat};
use crate::error::Failure;
use crate::history::Past;
use crate::json::{self, Members};
use crate::prompts::apply::{self, Applied};
use crate::request_id::RequestId;
use crate::routes::kept::Kept;
use crate::routes::prompt::{self, Said};

/// How many copies of a body's text are held while it is translated: what was read, what is made of it, and a third of that
/// once more where text becomes base64.
const COPIES: usize = 3;
/// Bytes that a message or a block takes beside its text, as it was read and as it goes on, twice while their lists grow.
const BLOCK: usize = 256;

/// Bytes of a body beside its messages, parameters and model, and room for their commas.
const AROUND: usize = 1024;

/// What is needed to call LiteLLM, and afterwards.
pub struct Prepared {
    /// The body.
    pub body: Bytes,
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
    parameters: &'a Members,
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
    mut held: Held,
    streamed: bool,
    credential: &Credential,
    id: &RequestId,
) -> Result<Prepared, Failure> {
    let length = held.bytes().len();
    let objects = if length > SMALL { json::objects(held.bytes()) } else { 0 };
    held.share().grow(length.saturating_mul(COPIES - 1).saturating_add(objects.saturating_mul(BLOCK)))?;
    let mut request = translate::parse(held.bytes())?;
    let mut share = held.into_share();
    let mut prompted = 0;
    if let Some(prompt) = prompt::find(app, &model, credential, id).await? {
        Applied { model, messages: prompted } = apply::to_converse(&prompt, &mut request)?;
    }
    let Chat { system, messages, parameters, session } = translate::chat(request)?;
    let system = system.as_ref().map(text).transpose()?;
    // Each is gone when its text is there: they may hold images.
    let mut prompt = messages.into_iter().map(|message| text(&message)).collect::<Result<Vec<String>, Failure>>()?;
    let texts = system.iter().chain(&prompt).map(String::len).sum::<usize>() + parameters.bytes();
    share.shrink_to(texts);
    let own = prompt.split_off(prompted);
    let (turn, past) = match session.wanted() {
        true => {
            let owner = app.keys().owner(credential, id).await?;
            let (turn, past) = app.history()?.begin(&owner, session.id.as_deref(), &mut share).await?;
            (Some(turn), past)
        }
        false => (None, Past::default()),
    };
    let holds: Vec<&str> = past.conversation().collect();
    let Said { before, added } = Said::new(prompt, own, &holds);
    // Instructions of the request replace those of the session, as every request of Converse has its own.
    let instruction = system.as_deref().or(past.instruction());
    let all = instruction.into_iter().chain(strs(&before)).chain(holds).chain(strs(&added));
    let all: Result<Vec<&RawValue>, _> = all.map(serde_json::from_str).collect();
    let streamed = streamed.then_some(Streamed { stream: true, stream_options: StreamOptions { include_usage: true } });
    let chat =
        ChatRequest { model: &model, messages: all.map_err(|_| Failure::Internal)?, parameters: &parameters, streamed };
    // The new body has what the request and the session have.
    let both = texts + past.bytes();
    share.grow(both)?;
    let mut body = Vec::with_capacity(both + model.len() + AROUND);
    serde_json::to_writer(&mut body, &chat).map_err(|_| Failure::Internal)?;
    let body = String::from_utf8(body).map_err(|_| Failure::Internal)?;
    // Instructions that are in the session already are not kept once more.
    let new = system.filter(|system| past.instruction() != Some(system.as_str()));
    drop(past);
    let kept = if turn.is_some() { new.iter().chain(&added).map(String::len).sum() } else { 0 };
    let (body, share) = share.replace(body, kept);
    let kept = turn.map(|mut turn| {
        if new.is_some() {
            turn.instruct();
        }
        Kept::new(turn, new.into_iter().chain(added).collect(), share, app.metrics().clone())
    });
    Ok(Prepared { body, guarded: parameters.contains("guardrailConfig"), kept })
}

fn strs(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(String::as_str)
}

fn text(message: &ChatMessage) -> Result<String, Failure> {
    serde_json::to_string(message).map_err(|_| Failure::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"{"role":"user","content":"hi"}"#;

    #[test]
    fn a_stream_asks_for_its_tokens() {
        let mut parameters = Members::default();
        parameters.insert("top_k", serde_json::json!(1));
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
