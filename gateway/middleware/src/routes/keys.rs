//! `/key/generate`: a caller who is no administrator makes keys for nobody but himself.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Response};
use serde::Deserialize;

use super::{answer, id_of, pass, read};
use crate::app::App;
use crate::auth::Credential;
use crate::error::{Dialect, Failure};
use crate::headers;
use crate::request_id::RequestId;
use crate::upstream::Call;

const GENERATE: &str = "/key/generate";

/// The fields that say whose a key will be.
#[derive(Deserialize)]
struct Wanted {
    user_id: Option<String>,
}

/// `POST /key/generate`.
pub async fn generate(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(guarded(&app, request, &id).await, Dialect::OpenAi, &id)
}

async fn guarded(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let credential = Credential::from_headers(&parts.headers)?;
    let held = read(app, &parts, body, &credential, id).await?;
    // LiteLLM takes an empty body as a key with defaults.
    let text = if held.bytes().trim_ascii().is_empty() { b"{}".as_slice() } else { held.bytes() };
    let wanted: Wanted = serde_json::from_slice(text)
        .map_err(|error| Failure::Invalid(format!("The body is not a JSON object of a key: {error}")))?;
    check(app, &credential, &wanted, id).await?;
    let headers = headers::for_upstream(&parts.headers, Some(&credential), id);
    let call = Call {
        method: Method::POST,
        path: PathAndQuery::from_static(GENERATE),
        headers,
        body: Body::from(held.bytes().clone()),
    };
    app.upstream().send(call).await.map(pass)
}

async fn check(app: &App, credential: &Credential, wanted: &Wanted, id: &RequestId) -> Result<(), Failure> {
    let key = app.keys().describe(credential, id).await?;
    if key.user.is_some() && (wanted.user_id.is_none() || wanted.user_id == key.user) {
        // Whether the user may make keys of a team, LiteLLM knows.
        return Ok(());
    }
    if app.keys().is_administrator(credential, &key, id).await? {
        return Ok(());
    }
    if key.user.is_none() {
        return Err(Failure::Forbidden("This key belongs to no user, so it cannot make keys".to_owned()));
    }
    Err(Failure::Forbidden("Only an administrator makes keys for another user".to_owned()))
}
