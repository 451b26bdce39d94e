//! `/user/new`: with an access token of the identity provider, everybody makes his own user; with a key, LiteLLM decides.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, Response};
use serde_json::Value;

use super::{answer, id_of, pass, read};
use crate::app::App;
use crate::auth::Credential;
use crate::body::SMALL;
use crate::error::{Dialect, Failure};
use crate::headers;
use crate::okta::{Defaults, TokenError, Verifier, user};
use crate::request_id::RequestId;
use crate::upstream::Call;

const NEW: &str = "/user/new";

/// What keys of LiteLLM begin with, and access tokens do not.
const KEY_PREFIX: &str = "sk-";

/// `POST /user/new`.
pub async fn new(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(made(&app, request, &id).await, Dialect::OpenAi, &id)
}

async fn made(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let credential = Credential::from_headers(&parts.headers)?;
    let verifier = app.okta().filter(|_| !credential.token().starts_with(KEY_PREFIX));
    let held = match verifier {
        Some(verifier) => {
            let known = async { subject(verifier, &credential).await.map(drop) };
            app.intake().read(parts.extensions.get(), &parts.headers, body, known).await?
        }
        None => read(app, &parts, body, &credential, id).await?,
    };
    let (headers, body) = match verifier {
        Some(verifier) => {
            let (Some(okta), Some(master_key)) = (&app.config().okta, &app.config().master_key) else {
                return Err(Failure::Internal);
            };
            let body = own(verifier, &credential, held.bytes(), &okta.defaults).await?;
            // Of the caller's headers none: some tell LiteLLM what only administrators may.
            let mut json = HeaderMap::new();
            json.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let master_key = Credential::new(master_key.reveal());
            (headers::for_upstream(&json, Some(&master_key), id), Body::from(body))
        }
        None => (headers::for_upstream(&parts.headers, Some(&credential), id), Body::from(held.bytes().clone())),
    };
    let call = Call { method: Method::POST, path: PathAndQuery::from_static(NEW), headers, body };
    app.upstream().send(call).await.map(pass)
}

/// Whose access token it is.
async fn subject(verifier: &Verifier, token: &Credential) -> Result<String, Failure> {
    verifier.subject(token.token()).await.map_err(|error| match error {
        TokenError::Invalid => Failure::InvalidToken,
        TokenError::NoSubject | TokenError::NoScope => Failure::Forbidden(error.to_string()),
        TokenError::Unavailable => Failure::KeyUnavailable,
    })
}

/// The body for LiteLLM of a user who is who the token says.
async fn own(verifier: &Verifier, token: &Credential, body: &[u8], defaults: &Defaults) -> Result<String, Failure> {
    let subject = subject(verifier, token).await?;
    // It has three short members.
    if body.len() > SMALL {
        return Err(Failure::TooLarge { limit: SMALL });
    }
    let body = if body.trim_ascii().is_empty() { b"{}".as_slice() } else { body };
    let asked = match serde_json::from_slice(body) {
        Ok(Value::Object(asked)) => asked,
        Ok(_) => return Err(Failure::Invalid("The body is not a JSON object".to_owned())),
        Err(error) => return Err(Failure::Invalid(format!("Invalid JSON: {error}"))),
    };
    let body = user::body(asked, &subject, defaults).map_err(|error| Failure::Invalid(error.to_string()))?;
    Ok(Value::Object(body).to_string())
}
