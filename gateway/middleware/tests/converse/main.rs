//! The Converse API, managed prompts and sign-up, from the outside: the service runs as it is shipped, beside a LiteLLM
//! whose answers the tests decide.

mod errors;
mod history;
mod malformed;
mod okta;
mod prompts;
mod sdk;
mod stream;
mod support;
mod text;
mod tools;
