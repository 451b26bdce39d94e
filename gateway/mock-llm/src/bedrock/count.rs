//! `CountTokens`: the same estimate that an answer's usage has.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{JSON, converse, invoke, response};
use crate::fault::Fault;
use crate::json;

#[derive(Debug, Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    input: Input<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Input<'a> {
    #[serde(borrow)]
    Converse(&'a RawValue),
    InvokeModel {
        body: String,
    },
}

pub(super) fn answer(body: &Bytes) -> Result<Response, Fault> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))?;
    let tokens = match request.input {
        Input::Converse(input) => converse::count(input.get().as_bytes())?,
        Input::InvokeModel { body } => {
            let body = BASE64_STANDARD.decode(body).map_err(|error| Fault::Malformed(error.to_string()))?;
            invoke::count(&body)?
        }
    };
    Ok(response(JSON, Body::from(json::text(&json!({"inputTokens": tokens})))))
}
