//! The service beside LiteLLM: the Bedrock Converse API, managed prompts and chat history for every model that it serves.
//!
//! A request comes in through [`server`], gets an id and is counted in [`service`], and is routed by [`routes`]. What a
//! route needs is in [`app::App`]:
//!
//! | need | call |
//! |---|---|
//! | the settings | [`app::App::config`] |
//! | the caller's key | [`auth::Credential::from_headers`] |
//! | the whole request body, within the limits | [`routes::read`], which asks about the key before a large one |
//! | an answer of LiteLLM, its body as a stream | [`upstream::Upstream::send`] with an [`upstream::Call`] |
//! | whether as much is under way as may be, also of a key | [`places::Places::begin`], for every request but health checks |
//! | whether a key is one | [`keys::Keys::admit`] |
//! | who owns a key's sessions | [`keys::Keys::owner`] |
//! | what a session holds, and a place to put this turn | [`history::Store::begin`], [`history::Turn::open`], [`history::Turn::finish`] |
//! | lines and events of a stream | [`sse::Lines`] |
//! | a Converse request as a chat request, and back | [`converse`] |
//! | a managed prompt | [`app::App::prompts`] |
//! | whose access token it is | [`app::App::okta`] |
//! | which call of a tool a piece of a stream belongs to | [`tool_calls::CallKey`] |
//! | a whole assistant message from a stream's chunks | [`history::assembly::Assembly`] |
//! | the id of the request | [`request_id::RequestId`], an extension of every request |
//! | an error in the caller's own dialect | [`error::Failure::response`] with a [`error::Dialect`] |
//!
//! Only [`config`] knows the names of variables, and only `main` reads them.

pub mod app;
pub mod auth;
pub mod body;
pub mod broken;
pub mod client;
pub mod config;
pub mod converse;
pub mod cors;
pub mod error;
pub mod headers;
pub mod healthcheck;
pub mod history;
pub mod json;
pub mod keys;
pub mod okta;
pub mod places;
pub mod prompts;
pub mod request_id;
pub mod routes;
pub mod server;
pub mod service;
pub mod sse;
pub mod tasks;
pub mod telemetry;
pub mod tool_calls;
pub mod upstream;
